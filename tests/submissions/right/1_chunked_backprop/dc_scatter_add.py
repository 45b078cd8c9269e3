"""dC by scatter_add_."""

# cell: emb
demb = dembcat.view(emb.shape[0], emb.shape[1], emb.shape[2])
flat = demb.reshape(-1, C.shape[1])
dC = torch.zeros_like(C).scatter_add_(0, Xb.reshape(-1, 1).expand_as(flat), flat)
