"""autograd's gradient first, then the answer: the answer counts. And the other way round."""

# expect: hpreact = uses autograd
# cell: probs
dprobs = probs.grad
dprobs = dlogprobs / probs
# cell: hpreact
dhpreact = (1 - h**2) * dh
dhpreact = hpreact.grad
