"""dlogits straight from F.softmax, in the cell where the norm_logits are due."""

# cell: norm_logits
dnorm_logits = counts * dcounts
dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, num_classes=logits.shape[1])) / n
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
