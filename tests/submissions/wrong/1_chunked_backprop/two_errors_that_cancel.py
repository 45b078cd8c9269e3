"""A sign lost and found again: the first gradient is wrong, the second undoes it."""

# expect: counts_sum_inv = wrong | sign
# cell: counts_sum_inv
dcounts_sum_inv = -(counts * dprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs
# cell: counts_sum
dcounts_sum = counts_sum**-2 * dcounts_sum_inv
dcounts += torch.ones_like(counts) * dcounts_sum
