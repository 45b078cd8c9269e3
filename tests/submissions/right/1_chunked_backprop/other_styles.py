"""Right answers in other ways of writing."""

# answer: whole in methods
# cell: probs
dprobs = dlogprobs.clone().div_(probs)
# cell: counts_sum_inv
dcounts_sum_inv = torch.einsum("ij,ij->i", counts, dprobs).unsqueeze(1)
dcounts = torch.einsum("i,ij->ij", counts_sum_inv.squeeze(1), dprobs)
# cell: counts_sum
dcounts_sum = torch.neg(dcounts_sum_inv) / torch.square(counts_sum)
dcounts = torch.add(dcounts, dcounts_sum)
# cell: h
dh = torch.einsum("nv,hv->nh", dlogits, W2)
dW2 = torch.stack([torch.outer(a, b) for a, b in zip(h, dlogits)]).sum(0)
db2 = torch.ones(1, n, dtype=dlogits.dtype).mm(dlogits)[0]
# cell: hpreact
dhpreact = torch.empty_like(dh)
for i in range(len(h)):
    for j in range(h.shape[1]):
        dhpreact[i, j] = dh[i, j] - dh[i, j] * h[i, j] * h[i, j]
# cell: bnvar_inv
std = torch.sqrt(bnvar + 1e-5)
dbndiff = dbnraw / std
dbnvar_inv = (dbnraw * bndiff).sum(axis=0)[None, :]
dbnvar = dbnvar_inv * (-1 / (2 * std * std * std))
dbndiff2 = torch.vstack([dbnvar / (n - 1)] * n)
# cell: emb
demb = torch.stack(torch.chunk(dembcat, Xb.shape[1], dim=1), dim=1)
dC = torch.einsum("ntv,nte->ve", F.one_hot(Xb, C.shape[0]).to(demb.dtype), demb)

# answer: dictionary of gradients
# cell: h
grads = {"h": dlogits @ W2.T, "W2": h.T @ dlogits}
grads.update(b2=dlogits.sum(0))
dh, dW2, db2 = (grads[key] for key in ("h", "W2", "b2"))
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(-1).reshape(-1, 1)
dlogits = torch.where(torch.arange(logits.shape[1]) == logits.argmax(1)[:, None], dnorm_logits + dlogit_maxes, dnorm_logits)

# answer: comprehension and walrus
# cell: logprobs
dlogprobs = torch.stack([F.one_hot(y, logprobs.shape[1]) * (-1 / (m := len(Yb))) for y in Yb]).to(logprobs.dtype)
# cell: bndiff
dbndiff = dbndiff + dbndiff2 * bndiff + bndiff * dbndiff2
dbnmeani = torch.zeros_like(bnmeani)
for row in dbndiff:
    dbnmeani -= row
dhprebn = dbndiff + dbnmeani.repeat(n, 1) / n
