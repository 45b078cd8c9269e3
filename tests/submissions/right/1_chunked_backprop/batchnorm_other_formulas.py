"""Forward variables in place of one another, where the forward pass makes them equal."""

# cell: probs
dprobs = dlogprobs * torch.exp(-logprobs)
# cell: counts_sum
dcounts_sum = -counts_sum_inv * counts_sum_inv * dcounts_sum_inv
dcounts = dcounts + dcounts_sum
# cell: norm_logits
dnorm_logits = probs * counts_sum * dcounts
# cell: hpreact
dhpreact = (1 - h) * (1 + h) * dh
# cell: bngain
dbngain = ((hpreact - bnbias) / bngain * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = dhpreact * bngain
# cell: bnvar_inv
dbnvar_inv = ((hprebn - bnmeani) * dbnraw).sum(0, keepdim=True)
dbnvar = -dbnvar_inv * bnvar_inv / (2 * (bnvar + 1e-5))
dbndiff2 = dbnvar.repeat(n, 1) / (n - 1)
dbndiff = dbnraw / torch.sqrt(bnvar + 1e-5)
