"""Helpers under other names, among them names of the data set's cells, and shares under names of their own."""

# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts_1 = counts_sum_inv * dprobs
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts_2 = dcounts_sum.expand_as(counts)
dcounts = dcounts_1 + dcounts_2
# cell: bnvar_inv
p = bnvar + 1e-5
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * p**-1.5 * dbnvar_inv
t = torch.ones_like(bndiff2)
dbndiff2 = t * dbnvar / (n - 1)
ix = bnvar_inv * dbnraw
# cell: bndiff
dbndiff = ix + 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + torch.ones_like(hprebn) / n * dbnmeani
