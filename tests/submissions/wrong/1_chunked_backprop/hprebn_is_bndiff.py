"""The share of dhprebn through the mean left out."""

# expect: hprebn = wrong | Your tensor is the share that comes back through bndiff only
# cell: bndiff
dbndiff += (2 * bndiff) * dbndiff2
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff
