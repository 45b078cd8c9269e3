"""A statement that goes back through two steps at once; the second gets its other share later."""

# cell: norm_logits
dlogits = (dnorm_logits := counts * dcounts).clone()
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits[torch.arange(len(dlogits)), logits.argmax(1)] += dlogit_maxes.squeeze(1)
# cell: bnvar_inv
dbnvar_inv, dbndiff = (bndiff * dbnraw).sum(0, keepdim=True), bnvar_inv * dbnraw
dbndiff2 = (dbnvar := -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv).expand_as(bndiff2) / (n - 1)
