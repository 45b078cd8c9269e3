"""Shapes without the dimension."""

# expect: value:bnmean value:bnvar = right value, wrong shape | has shape (200,), wanted is (1, 200)
# cell: calibrate
with torch.no_grad():
    emb = C[Xtr]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1 + b1
    bnmean = hprebn.mean(0)
    bnvar = hprebn.var(0, unbiased=True)
