"""n for n-1."""

# expect: hprebn = wrong | the constant factor n/(n-1)
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - bnraw * (dhpreact * bnraw).sum(0))
