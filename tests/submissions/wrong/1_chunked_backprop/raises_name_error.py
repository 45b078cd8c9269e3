"""A typing slip that Python finds."""

# expect: hprebn = raised | dhprebn += 1.0 / n * dbmeani`: NameError
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff.clone()
dhprebn += 1.0 / n * dbmeani
