"""Step 1."""

# answer: gain not summed
# mistake: bngain = sum left out
# warned: neither (H,) nor (n, H)
# cell: bngain
dbngain = bnraw * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: one factor summed
# mistake: bngain = sum of one factor
# cell: bngain
dbngain = bnraw * dhpreact.sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: hpreact for dhpreact in the gain
# mistake: bngain = another name or value for gradient
# warned: one letter apart, of the same shape, and no error message
# cell: bngain
dbngain = (bnraw * hpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: hpreact for dhpreact in the bias
# mistake: bnbias = another name or value for gradient
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = hpreact.sum(0, keepdim=True)

# answer: hprebn for bnraw in the gain
# mistake: bngain = another name
# cell: bngain
dbngain = (dhpreact * hprebn).sum(0, True)
dbnbias = dhpreact.sum(0, True)

# answer: means
# mistake: bngain bnbias = mean for sum
# cell: bngain
dbngain = (bnraw * dhpreact).mean(0, keepdim=True)
dbnbias = dhpreact.mean(0, keepdim=True)

# answer: over the neurons
# mistake: bnbias = dimension
# warned: Which dimension has to go?
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(1, keepdim=True)

# answer: the gain once more
# mistake: bngain = factor
# cell: bngain
dbngain = (bngain * bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: a column of the batch
# mistake: bnbias = index or sum left out
# cell: bngain
dbngain = torch.sum(bnraw * dhpreact, 0, keepdim=True)
dbnbias = dhpreact[:1]

# answer: the dimension dropped
# expect: bngain = right value, wrong shape
# mistake: bngain = keepdim
# warned: `keepdim`
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0)
dbnbias = dhpreact.sum(0, keepdim=True)
