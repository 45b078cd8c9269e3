"""32 written out."""

# expect: logprobs bndiff2 hprebn = right for these sizes only | batch_size = 32
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(32), Yb] = -1.0 / 32
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = dbnvar.expand(32, 64) / 31
# cell: bndiff
dbndiff += (2 * bndiff) * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += dbnmeani / 32
