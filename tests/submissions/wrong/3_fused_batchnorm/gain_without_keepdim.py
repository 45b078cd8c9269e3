"""Sums that drop the dimension."""

# expect: bngain bnbias = right value, wrong shape
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0)
dbnbias = dhpreact.sum(0)
