"""A cell whose += was run twice."""

# expect: counts = wrong | a later line changes it: cell counts_sum, line 3 `dcounts +=
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += torch.ones_like(counts) * dcounts_sum
dcounts += torch.ones_like(counts) * dcounts_sum
