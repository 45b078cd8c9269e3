"""A cell whose += was run twice."""

# expect: counts = wrong | is in it twice
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += torch.ones_like(counts) * dcounts_sum
dcounts += torch.ones_like(counts) * dcounts_sum
