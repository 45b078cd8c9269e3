"""dC row by row: all places where the row was read."""

# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.stack([demb[Xb == row].sum(0) for row in range(C.shape[0])])
