"""32 and 31 written out."""

# start: solution
# cell: hprebn
dhprebn = bngain * bnvar_inv / 32 * (32 * dhpreact - dhpreact.sum(0) - 32 / 31 * bnraw * (dhpreact * bnraw).sum(0))
