"""torch.vmap and torch.func.vmap, which batch and do not differentiate."""

# cell: probs
dprobs = torch.vmap(lambda p, d: d / p)(probs, dlogprobs)
# cell: h
dh = torch.vmap(lambda d: W2 @ d)(dlogits)
dW2 = torch.vmap(torch.outer)(h, dlogits).sum(0)
db2 = torch.func.vmap(torch.sum, in_dims=1)(dlogits)
# cell: hpreact
dhpreact = torch.vmap(torch.vmap(lambda x, d: (1 - torch.tanh(x) ** 2) * d))(hpreact, dh)
# cell: norm_logits
dnorm_logits = torch.vmap(torch.mul, out_dims=0)(counts, dcounts)
