"""dhprebn bound to dbndiff before the second share is added to it: hprebn has it all the same, and bndiff too much."""

# expect: bndiff = wrong
# cell: bndiff
dhprebn = dbndiff
dbndiff += (2 * bndiff) * dbndiff2
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += dbnmeani / n
