"""A sum over the wrong dimension."""

# expect: hprebn = wrong
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(1, keepdim=True) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
