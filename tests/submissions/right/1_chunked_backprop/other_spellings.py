"""sum(dim=0), axis=, negative dimensions, keepdims by None and unsqueeze, torch functions for operators."""

# cell: logprobs
dlogprobs = torch.zeros(logprobs.shape)
dlogprobs[torch.arange(n), Yb] = -torch.ones(n).div(n)
# cell: probs
dprobs = torch.div(dlogprobs, probs)
# cell: counts_sum_inv
dcounts_sum_inv = torch.sum(counts * dprobs, dim=-1, keepdim=True)
dcounts = torch.mul(dprobs, counts_sum_inv.expand_as(dprobs))
# cell: counts_sum
dcounts_sum = -dcounts_sum_inv / counts_sum.square()
dcounts = dcounts.add(dcounts_sum.repeat(1, counts.shape[1]))
# cell: norm_logits
dnorm_logits = torch.exp(norm_logits) * dcounts
# cell: logit_maxes
dlogit_maxes = dnorm_logits.sum(dim=1).neg()[:, None]
dlogits = torch.clone(dnorm_logits)
dlogits[torch.arange(len(logits)), torch.argmax(logits, dim=1)] += dlogit_maxes.squeeze(1)
# cell: h
dh = F.linear(dlogits, W2)
dW2 = torch.matmul(h.permute(1, 0), dlogits)
db2 = dlogits.sum(axis=0)
# cell: hpreact
dhpreact = dh / torch.cosh(hpreact) ** 2
# cell: bngain
dbngain = (bnraw * dhpreact).sum(axis=0, keepdims=True)
dbnraw = bngain.expand(n, -1) * dhpreact
dbnbias = dhpreact.sum(0)[None]
# cell: bnvar_inv
dbnvar_inv = torch.sum(bndiff * dbnraw, 0, True)
dbnvar = -dbnvar_inv * bnvar_inv.pow(3) / 2
dbndiff2 = torch.full_like(bndiff2, 1 / (n - 1)).mul(dbnvar)
dbndiff = dbnraw.mul(bnvar_inv)
# cell: bndiff
dbndiff.add_(bndiff.mul(2).mul(dbndiff2))
dbnmeani = dbndiff.sum(0, keepdim=True).mul(-1)
dhprebn = dbndiff.add(dbnmeani.div(n).broadcast_to(hprebn.shape))
# cell: embcat
dembcat = dhprebn @ W1.mT
dW1 = torch.sum(embcat[:, :, None] * dhprebn[:, None, :], dim=0)
db1 = dhprebn.mean(0) * n
# cell: emb
demb = dembcat.unflatten(1, emb.shape[1:])
dC = torch.zeros_like(C).index_add(0, Xb.flatten(), demb.flatten(0, 1))
