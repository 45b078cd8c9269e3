"""dC by one index_add_ for each place of the context."""

# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for t in range(Xb.shape[1]):
    dC.index_add_(0, Xb[:, t], demb[:, t])
