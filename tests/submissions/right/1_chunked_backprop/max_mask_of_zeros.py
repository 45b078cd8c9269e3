"""The row maximum as the place where norm_logits is zero, in float."""

# cell: logit_maxes
mask = (norm_logits == 0).float()
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits + mask * dlogit_maxes
