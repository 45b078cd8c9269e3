"""A cell that uses a value which only an earlier run had left behind."""

# expect: h = raised | NameError
# cell: h
dh = dlogits @ W2_transposed
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
