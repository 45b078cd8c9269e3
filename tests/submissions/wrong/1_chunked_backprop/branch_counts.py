"""The other share of dcounts."""

# expect: counts = wrong | the share that comes back through counts_sum only
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts = torch.ones_like(counts) * dcounts_sum
