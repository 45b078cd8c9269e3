"""Repeated rows overwritten."""

# expect: C = wrong | keeps only its last gradient
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for i in range(n):
    for j in range(Xb.shape[1]):
        dC[Xb[i, j]] = demb[i, j]
