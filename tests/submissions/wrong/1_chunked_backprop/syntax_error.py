"""A cell that Python cannot read."""

# expect: W2 b2 = raised | line 2 `dW2 = h.T @ @ dlogits`: SyntaxError
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ @ dlogits
db2 = dlogits.sum(0)
