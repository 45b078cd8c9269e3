"""n where n-1 belongs, and n-1 where n does."""

# expect: bndiff2 = wrong | n - 1
# expect: hprebn = wrong
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = (1.0 / n) * torch.ones_like(bndiff2) * dbnvar
# cell: bndiff
dbndiff += (2 * bndiff) * dbndiff2
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff + dbnmeani / (n - 1)
