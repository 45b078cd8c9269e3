"""Each bound to the other name."""

# expect: bngain bnbias = wrong
# cell: bngain
dbnbias = (bnraw * dhpreact).sum(0, keepdim=True)
dbngain = dhpreact.sum(0, keepdim=True)
