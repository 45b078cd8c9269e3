"""Sums that drop a dimension which the variable has."""

# expect: bngain bnbias bnvar_inv bnmeani = right value, wrong shape | a sum dropped a dimension
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0)
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = (1.0 / (n - 1)) * torch.ones_like(bndiff2) * dbnvar
# cell: bndiff
dbndiff += (2 * bndiff) * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = (-dbndiff).sum(0)
dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)
