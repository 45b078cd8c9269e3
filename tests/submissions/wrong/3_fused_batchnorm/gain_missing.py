"""The gain is missing."""

# expect: hprebn = wrong | the factor bngain
# cell: hprebn
dhprebn = bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
