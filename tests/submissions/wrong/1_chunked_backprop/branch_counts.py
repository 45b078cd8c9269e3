"""The other share of dcounts."""

# expect: counts = wrong | `=` throws away what was there before
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts = torch.ones_like(counts) * dcounts_sum
