"""dC[Xb] += demb, which reads each row once."""

# expect: C = wrong | keeps only its last gradient
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC[Xb] += demb
