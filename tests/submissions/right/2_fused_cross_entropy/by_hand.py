"""Softmax written out, the maximum subtracted."""

# cell: logits
e = torch.exp(logits - logits.max(1, keepdim=True).values)
dlogits = e / e.sum(1, keepdim=True)
for i in range(n):
    dlogits[i, Yb[i]] -= 1.0
dlogits *= 1 / n
