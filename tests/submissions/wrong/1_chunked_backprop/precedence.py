"""a * b.sum(), and 1 / n - 1."""

# expect: counts_sum_inv = wrong
# expect: bngain = wrong
# expect: bndiff2 = wrong
# cell: counts_sum_inv
dcounts_sum_inv = counts * dprobs.sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs
# cell: bngain
dbngain = bnraw.sum(0, keepdim=True) * dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = (1.0 / n - 1) * torch.ones_like(bndiff2) * dbnvar
