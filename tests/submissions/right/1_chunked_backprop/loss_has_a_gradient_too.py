"""The chain begun at dloss."""

# cell: logprobs
dloss = torch.tensor(1.0)
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -dloss / n
