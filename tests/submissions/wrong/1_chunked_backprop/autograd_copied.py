""".grad copied."""

# expect: probs hpreact b2 = uses autograd | .grad
# cell: probs
dprobs = probs.grad
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = b2.grad.clone()
# cell: hpreact
dhpreact = 1 * hpreact.grad
