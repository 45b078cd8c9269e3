"""Assigned, not added, at the place of the maximum."""

# expect: logits = wrong
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] = dlogit_maxes[:, 0]
