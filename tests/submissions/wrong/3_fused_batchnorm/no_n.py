"""The 1/n is missing."""

# expect: hprebn = wrong | the constant factor 1/n
# cell: hprebn
dhprebn = bngain * bnvar_inv * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
