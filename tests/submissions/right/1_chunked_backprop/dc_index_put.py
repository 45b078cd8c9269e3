"""dC by index_put_ with accumulate."""

# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_put_((Xb,), demb, accumulate=True)
