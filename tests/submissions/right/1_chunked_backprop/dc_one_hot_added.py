"""dC added to zeros, from one-hot rows that were cast in a line before, as the lecture's notebook needs it."""

# cell: emb
demb = dembcat.view(emb.shape)
rows = F.one_hot(Xb.view(-1), num_classes=C.shape[0]).float()
dC = torch.zeros_like(C)
dC += rows.T @ demb.view(-1, C.shape[1])
