"""One of the two shares of dbndiff."""

# expect: bndiff = wrong | bndiff is read by 2 lines, bndiff2 and bnraw. Your tensor is the share that comes back through bnraw only
# cell: bndiff
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff + dbnmeani / n
