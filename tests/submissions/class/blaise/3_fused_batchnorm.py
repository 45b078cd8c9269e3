"""Two sums that drop a dimension."""

# start: solution
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0)
dbnbias = dhpreact.sum(0)
