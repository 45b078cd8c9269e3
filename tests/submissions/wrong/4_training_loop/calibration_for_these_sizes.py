"""Mean and variance of the whole training set, with a size of this notebook written out."""

# expect: value:bnmean value:bnvar = right for these sizes only | not right at other sizes
# replace: calibrate | embcat = emb.view(emb.shape[0], -1) | embcat = emb.view(-1, 30)
