"""dC by a product with one-hot rows, cast with .float() as the lecture's notebook needs it."""

# cell: emb
demb = dembcat.view(emb.shape)
dC = F.one_hot(Xb.view(-1), num_classes=C.shape[0]).float().T @ demb.view(-1, C.shape[1])
