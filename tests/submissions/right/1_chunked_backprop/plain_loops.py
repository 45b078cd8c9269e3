"""Loops in plain Python wherever there is a sum."""

# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
for i in range(n):
    dlogprobs[i, Yb[i]] = -1 / n
# cell: counts_sum_inv
dcounts = counts_sum_inv * dprobs
dcounts_sum_inv = torch.zeros_like(counts_sum_inv)
for i in range(counts.shape[0]):
    for j in range(counts.shape[1]):
        dcounts_sum_inv[i, 0] += counts[i, j] * dprobs[i, j]
# cell: logit_maxes
dlogits = dnorm_logits.clone()
dlogit_maxes = torch.zeros_like(logit_maxes)
for i in range(n):
    best = 0
    for j in range(logits.shape[1]):
        dlogit_maxes[i] -= dnorm_logits[i, j]
        if logits[i, j] > logits[i, best]:
            best = j
    dlogits[i, best] += dlogit_maxes[i, 0]
# cell: h
db2 = torch.zeros_like(b2)
dh = torch.zeros_like(h)
dW2 = torch.zeros_like(W2)
for i in range(n):
    db2 += dlogits[i]
    dW2 += torch.outer(h[i], dlogits[i])
    for k in range(W2.shape[0]):
        dh[i, k] = (dlogits[i] * W2[k]).sum()
# cell: bngain
dbngain, dbnbias = torch.zeros_like(bngain), torch.zeros_like(bnbias)
dbnraw = torch.empty_like(bnraw)
for i in range(n):
    dbngain += bnraw[i] * dhpreact[i]
    dbnbias += dhpreact[i]
    dbnraw[i] = bngain * dhpreact[i]
