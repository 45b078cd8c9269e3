"""Helpers with names of the inputs: g (the generator), ix, batch sizes by float, and the list of parameters looked at."""

# cell: logprobs
N = float(n)
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1 / N
# cell: norm_logits
g = counts * dcounts
dnorm_logits = g
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = g.clone()
ix = logits.argmax(1)
dlogits[range(n), ix] += dlogit_maxes[:, 0]
g = dlogits
# cell: h
dh = g @ W2.T
dW2 = h.T @ g
db2 = g.sum(0)
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(parameters[0])
for p in parameters:
    print(p.shape)
for i in range(len(Xb)):
    for j in range(len(Xb[i])):
        dC[Xb[i][j]] += demb[i][j]
