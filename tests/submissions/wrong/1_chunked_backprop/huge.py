"""A tensor that is far too large."""

# expect: probs = wrong | too large
# expect: hpreact = wrong | shape (
# cell: probs
dprobs = torch.zeros(1).expand(10**6, 10**6)
# cell: hpreact
dhpreact = torch.zeros(1000, 1000)
