"""The share through the mean is missing."""

# expect: hprebn = wrong | hprebn is used in 3 places
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
