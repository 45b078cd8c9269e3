"""one_hot without num_classes: right only if the last class is the largest somewhere."""

# expect: logits = raised
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits + F.one_hot(logits.argmax(1)) * dlogit_maxes
