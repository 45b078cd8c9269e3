"""The first line reads a gradient that comes later: what the judge could put there does not count."""

# expect: logprobs = raised | NameError: name 'dprobs' is not defined
# cell: logprobs
dlogprobs = 1.0 / dprobs
