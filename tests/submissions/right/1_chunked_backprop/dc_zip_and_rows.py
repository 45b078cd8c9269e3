"""dC by loops over values, and by rows that are views."""

# cell: emb
demb = dembcat.view(emb.shape)
dC = C * 0
for contexts, grads in zip(Xb.tolist(), demb):
    for ix, grad in zip(contexts, grads):
        row = dC[ix]
        row += grad
