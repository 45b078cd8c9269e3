"""Statistics of one minibatch for those of the training set."""

# expect: value:bnmean value:bnvar = wrong | is that of a single minibatch
# cell: calibrate
emb = C[Xb]
hprebn = emb.view(emb.shape[0], -1) @ W1 + b1
bnmean = hprebn.mean(0, keepdim=True)
bnvar = hprebn.var(0, keepdim=True)
