"""n for n-1."""

# expect: hprebn = wrong | hprebn is used in 3 places
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - bnraw * (dhpreact * bnraw).sum(0))
