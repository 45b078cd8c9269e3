"""Steps in the cells of their neighbours, early or late, with cells of one's own between."""

# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
dprobs = dlogprobs / probs
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
# cell: probs

# cell: counts_sum_inv
dcounts = counts_sum_inv * dprobs
# cell: counts_sum

# cell: norm_logits

# cell: extra before logit_maxes
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += dcounts_sum
# cell: logit_maxes
dnorm_logits = counts * dcounts
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
# cell: extra after logit_maxes
dlogits = dnorm_logits.clone()
# cell: h
dlogits += F.one_hot(logits.argmax(1), num_classes=logits.shape[1]) * dlogit_maxes
dh, db2 = dlogits @ W2.T, dlogits.sum(0)
# cell: hpreact
dW2 = h.T @ dlogits
dhpreact = dh - h**2 * dh
