"""Right answers in other ways of writing."""

# answer: projection
# cell: hprebn
Q = torch.eye(n, dtype=hprebn.dtype) - 1 / n
g = Q @ (dhpreact * bngain)
dhprebn = (g - bnraw * (g * bnraw).sum(0) / (n - 1)) * bnvar_inv

# answer: column by column with einsum
# cell: hprebn
cols = []
for d, x, s, w in zip(dhpreact.T, bnraw.T, bnvar_inv[0], bngain[0]):
    cols.append(w * s * (d - d.mean() - x * torch.dot(d, x) / (len(d) - 1)))
dhprebn = torch.stack(cols, 1)
