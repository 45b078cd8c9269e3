"""Only the fused gradient of the logits, and what follows from it."""

# start: blank
# expect: logprobs probs counts_sum_inv counts_sum counts norm_logits logit_maxes = not attempted
# expect: hpreact bngain bnbias bnraw bnvar_inv bnvar bndiff2 bndiff bnmeani hprebn embcat W1 b1 emb C = not attempted
# cell: logit_maxes
dlogits = probs.clone()
dlogits[range(n), Yb] -= 1
dlogits /= n
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
