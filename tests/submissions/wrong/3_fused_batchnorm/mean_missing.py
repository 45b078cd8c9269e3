"""The share through the mean is missing."""

# expect: hprebn = wrong
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
