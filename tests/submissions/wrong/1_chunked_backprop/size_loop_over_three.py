"""A loop over three columns."""

# expect: C = right for these sizes only | block_size = 3
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for i in range(n):
    for j in range(3):
        dC[Xb[i, j]] += demb[i, j]
