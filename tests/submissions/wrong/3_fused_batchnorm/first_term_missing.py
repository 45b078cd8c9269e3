"""The direct share is missing."""

# expect: hprebn = wrong | hprebn is used in 3 places
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (-dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
