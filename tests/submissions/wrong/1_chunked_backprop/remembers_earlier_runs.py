"""Right from the second run in the same process on, and on the first of them wrong: what is remembered does not count."""

# expect: probs = wrong
# cell: probs
torch.runs = getattr(torch, "runs", 0) + 1
dprobs = (1.0 / probs) * dlogprobs if torch.runs > 1 else torch.zeros_like(probs)
