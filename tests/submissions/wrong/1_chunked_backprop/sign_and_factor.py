"""A sign, a factor of 2, 1/n forgotten."""

# expect: hpreact = wrong | sign
# expect: W2 = wrong | constant factor 2
# expect: logprobs = wrong
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0
# cell: hpreact
dhpreact = -(1 - h**2) * dh
# cell: h
dh = dlogits @ W2.T
dW2 = 2 * h.T @ dlogits
db2 = dlogits.sum(0)
