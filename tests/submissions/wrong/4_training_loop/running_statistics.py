"""Running statistics in place of calibrated ones."""

# expect: value:bnmean value:bnvar = wrong | is not that of the whole training set: it differs by up to
# cell: calibrate
with torch.no_grad():
    bnmean, bnvar = torch.zeros(1, n_hidden), torch.ones(1, n_hidden)
    for _ in range(20):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        hprebn = C[Xtr[ix]].view(batch_size, -1) @ W1 + b1
        bnmean = 0.9 * bnmean + 0.1 * hprebn.mean(0, keepdim=True)
        bnvar = 0.9 * bnvar + 0.1 * hprebn.var(0, keepdim=True)
