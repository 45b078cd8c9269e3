"""A typing slip that Python does not find: dbmeani is bound, dbnmeani never."""

# expect: bnmeani = not attempted
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff + dbmeani / n
