"""The share through the variance is missing."""

# expect: hprebn = wrong
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0))
