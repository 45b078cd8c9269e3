"""dlogits straight from the softmax: right on a true backward pass."""

# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits = probs.clone()
dlogits[range(n), Yb] -= 1
dlogits /= n
