"""The share through the variance is missing."""

# expect: hprebn = wrong | hprebn is used in 3 places
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0))
