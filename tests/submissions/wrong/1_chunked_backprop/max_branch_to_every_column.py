"""The share through the row maximum broadcast over the whole row."""

# expect: logits = wrong
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits = dnorm_logits + dlogit_maxes
