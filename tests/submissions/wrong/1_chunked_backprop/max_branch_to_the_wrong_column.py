"""The share through the row maximum sent to the target's column."""

# expect: logits = wrong
# cell: logit_maxes
dlogits = dnorm_logits.clone()
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits[range(n), Yb] += dlogit_maxes[:, 0]
