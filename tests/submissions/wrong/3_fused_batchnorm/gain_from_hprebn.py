"""hprebn for bnraw in dbngain."""

# expect: bngain = wrong
# cell: bngain
dbngain = (hprebn * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
