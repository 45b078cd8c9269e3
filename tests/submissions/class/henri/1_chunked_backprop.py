"""Crashes in the middle: a typing slip, and a second share that is left out."""

# start: solution
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngian * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)
