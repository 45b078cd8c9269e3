"""Changes in place of what is one's own."""

# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] -= 1
dlogprobs /= n
# cell: probs
dprobs = torch.empty_like(probs)
torch.div(dlogprobs, probs, out=dprobs)
# cell: counts_sum_inv
product = counts.clone()
product *= dprobs
dcounts_sum_inv = product.sum(1, keepdim=True)
dcounts = dprobs.clone().mul_(counts_sum_inv)
# cell: counts_sum
dcounts_sum = counts_sum.clone().pow_(-2).neg_()
dcounts_sum *= dcounts_sum_inv
dcounts.add_(dcounts_sum)
# cell: logit_maxes
dlogits, dlogit_maxes = dnorm_logits.clone(), torch.zeros_like(logit_maxes)
dlogit_maxes[:] = -dnorm_logits.sum(1, keepdim=True)
dlogits[range(n), logits.argmax(1)] += dlogit_maxes[:, 0]
# cell: bnvar_inv
bndiff *= dbnraw  # a forward variable: it is as it was when the next cell starts
dbnvar_inv = bndiff.sum(0, keepdim=True)
dbndiff = bnvar_inv * dbnraw
dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv
dbndiff2 = torch.zeros_like(bndiff2)
dbndiff2 += dbnvar
dbndiff2 /= n - 1
