"""bnvar_inv is missing."""

# expect: hprebn = wrong | the factor bnvar_inv
# cell: hprebn
dhprebn = bngain * 1 / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
