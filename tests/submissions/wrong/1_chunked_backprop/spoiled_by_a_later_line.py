"""Right, until a later line binds the name anew or changes it; and nan from a negative base."""

# expect: probs = wrong | a later line sets it to None: cell probs, line 2 `dprobs = None`
# expect: logprobs = wrong | a later line changes it: cell counts_sum_inv, line 1 `dlogprobs /= 2`
# expect: bnvar = wrong | holds nan on every minibatch
# cell: probs
dprobs = (1.0 / probs) * dlogprobs
dprobs = None
# cell: counts_sum_inv
dlogprobs /= 2
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (0.5 * (-bnvar - 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = (1.0 / (n - 1)) * torch.ones_like(bndiff2) * dbnvar
