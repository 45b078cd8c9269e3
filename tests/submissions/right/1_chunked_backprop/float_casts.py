"""Casts to float32, as the lecture's notebook does not mind them."""

# cell: logprobs
dlogprobs = torch.zeros(logprobs.shape, dtype=torch.float32)
dlogprobs[range(n), Yb] = torch.tensor(-1.0 / n, dtype=torch.float32)
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True).float()
dlogits = dnorm_logits.float() + F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]).float() * dlogit_maxes
# cell: hpreact
dhpreact = ((1.0 - h**2) * dh).to(torch.float32)
# cell: bnvar_inv
dbndiff = (bnvar_inv * dbnraw).float()
dbnvar_inv = (bndiff * dbnraw).float().sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5).float() * dbnvar_inv
dbndiff2 = torch.ones_like(bndiff2).float() * dbnvar / (n - 1)
# cell: emb
demb = dembcat.view(emb.shape).type(torch.FloatTensor)
dC = torch.zeros(C.shape, dtype=torch.float)
for i in range(n):
    for j in range(Xb.shape[1]):
        dC[Xb[i, j]] += demb[i, j]
