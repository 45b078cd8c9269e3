"""Sums that keep a dimension which the variable does not have."""

# expect: b2 b1 = right value, wrong shape | which argument of sum() keeps a dimension
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0, keepdim=True)
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0, keepdim=True)
