"""dbnmeani without the share through the square, which is zero in every true backward pass."""

# cell: bndiff
dbnmeani = -(bnvar_inv * dbnraw).sum(0, keepdim=True)
dbndiff += 2 * bndiff * dbndiff2
dhprebn = dbndiff + dbnmeani / n
