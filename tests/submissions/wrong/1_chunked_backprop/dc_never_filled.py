"""dC begun and not filled, and dC from empty memory."""

# expect: C = wrong | zeros
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for i in range(n):
    for j in range(Xb.shape[1]):
        Xb[i, j]
