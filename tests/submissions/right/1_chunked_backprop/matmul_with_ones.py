"""Every sum as a product with ones."""

# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs) @ torch.ones(counts.shape[1], 1)
dcounts = (counts_sum_inv @ torch.ones(1, counts.shape[1])) * dprobs
# cell: counts_sum
dcounts_sum = -counts_sum_inv**2 * dcounts_sum_inv
dcounts += dcounts_sum @ torch.ones(1, counts.shape[1])
# cell: logit_maxes
dlogit_maxes = -dnorm_logits @ torch.ones(logits.shape[1], 1)
dlogits = dnorm_logits + (logits == logit_maxes) * dlogit_maxes
# cell: h
dh = dlogits.matmul(W2.t())
dW2 = torch.mm(h.t(), dlogits)
db2 = torch.ones(n) @ dlogits
# cell: bngain
ones = torch.ones(1, n)
dbngain = ones @ (bnraw * dhpreact)
dbnraw = dhpreact @ torch.diag(bngain[0])
dbnbias = ones @ dhpreact
# cell: bnvar_inv
dbnvar_inv = ones @ (bndiff * dbnraw)
dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv
dbndiff2 = ones.T @ dbnvar / (n - 1)
dbndiff = dbnraw * bnvar_inv
# cell: bndiff
dbndiff = dbndiff + dbndiff2 * bndiff * 2
dbnmeani = -(ones @ dbndiff)
dhprebn = dbndiff + ones.T @ dbnmeani / n
# cell: embcat
dembcat = dhprebn @ W1.transpose(0, 1)
dW1 = (dhprebn.T @ embcat).T
db1 = torch.ones(n).matmul(dhprebn)
