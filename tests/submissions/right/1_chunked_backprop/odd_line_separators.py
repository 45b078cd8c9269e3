"""Characters that split lines elsewhere, but not in Python: form feed, line separator."""

# cell: probs
# pasted from the webor a book
dprobs = dlogprobs / probs
# cell: h
text = "a b"; dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
