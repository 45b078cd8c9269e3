"""dlogits bound to the tensor of dnorm_logits and then changed."""

# expect: norm_logits = wrong | two names are bound to one tensor
# cell: logit_maxes
dlogits = dnorm_logits
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes
