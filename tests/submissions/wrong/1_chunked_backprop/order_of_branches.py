"""dhprebn computed before dbndiff has its second share."""

# expect: hprebn = wrong
# cell: bndiff
dhprebn = dbndiff.clone()
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += dbnmeani / n
dbndiff += (2 * bndiff) * dbndiff2
