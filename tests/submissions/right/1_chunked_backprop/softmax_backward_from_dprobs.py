"""dlogits by the Jacobian of the softmax, from dprobs."""

# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = probs * (dprobs - (dprobs * probs).sum(1, keepdim=True))
