"""A loop that never ends between two answers: only what needs it is lost."""

# seconds: 1
# expect: W2 = timed out | did not end
# cell: h
dh = dlogits @ W2.T
dW2 = torch.zeros_like(W2)
while dW2.sum() == 0:
    dW2 += 0
db2 = dlogits.sum(0)
