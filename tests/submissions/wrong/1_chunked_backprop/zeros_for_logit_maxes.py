"""dlogit_maxes as zeros, since they look like zeros."""

# expect: logit_maxes = wrong | zeros
# cell: logit_maxes
dlogits = dnorm_logits.clone()
dlogit_maxes = torch.zeros_like(logit_maxes)
dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes
