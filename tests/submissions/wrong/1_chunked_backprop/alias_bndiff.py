"""dhprebn bound to the tensor of dbndiff and then changed."""

# expect: bndiff = wrong | two names are bound to one tensor
# cell: bndiff
dbndiff += (2 * bndiff) * dbndiff2
dhprebn = dbndiff
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)
