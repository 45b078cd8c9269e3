"""dlogits gets its second share in the next cell, and dbndiff in the cell before."""

# cell: logit_maxes
dlogits = dnorm_logits.clone()
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
# cell: h
dlogits[range(n), logits.argmax(1)] += dlogit_maxes[:, 0]
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
# cell: bnvar_inv
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = dbnvar * torch.ones_like(bndiff2) / (n - 1)
dbndiff = bnvar_inv * dbnraw + 2 * bndiff * dbndiff2
# cell: bndiff
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmeani / n
