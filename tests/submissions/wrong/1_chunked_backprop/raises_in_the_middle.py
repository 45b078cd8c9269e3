"""A shape error in the middle of a cell: what came before and after it counts."""

# expect: W2 = raised | dW2 = h @ dlogits`: RuntimeError
# cell: h
dh = dlogits @ W2.T
dW2 = h @ dlogits
db2 = dlogits.sum(0)
