"""Wrong gradients that the next ones do not use: those are right in a true backward pass, and keep their points."""

# expect: norm_logits bndiff = wrong
# cell: norm_logits
dnorm_logits = counts * dcounts + 1
# cell: logit_maxes
dlogits = (probs - F.one_hot(Yb, num_classes=probs.shape[1])) / n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
# cell: bndiff
dbnmeani = -(dbndiff + 2 * bndiff * dbndiff2).sum(0, keepdim=True)
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dbnbias - n / (n - 1) * bnraw * dbngain)
