"""The layer norm in one expression, its gain and bias, and the two tables."""

# answer: over the batch alone
# mistake: embgain embbias = dimension or sum left out
# warned: one sum too few
# cell: embgain
dembgain = (embraw * dxnorm).sum(0)
dembbias = dxnorm.sum(0)

# answer: xnorm for its gradient
# mistake: embgain = value for gradient or another name
# cell: embgain
dembgain = (embraw * xnorm).sum((0, 1))
dembbias = dxnorm.sum((0, 1))

# answer: the embedding for the normalized embedding
# mistake: embgain = another name or input for output
# cell: embgain
dembgain = (emb * dxnorm).sum((0, 1))
dembbias = dxnorm.sum((0, 1))

# answer: the gain in front of the bracket
# mistake: emb = factor or another name or precedence or sum of one factor
# warned: The gain in front of the bracket
# cell: emb
demb = embgain * embvar_inv * (dxnorm - dxnorm.mean(2, keepdim=True) - embraw * (embraw * dxnorm).mean(2, keepdim=True))

# answer: the gain left out
# mistake: emb = factor
# cell: emb
demb = embvar_inv * (dxnorm - dxnorm.mean(2, keepdim=True) - embraw * (embraw * dxnorm).mean(2, keepdim=True))

# answer: over the batch, as batchnorm
# mistake: emb = dimension
# warned: Means over the wrong dimension
# cell: emb
dembraw = embgain * dxnorm
demb = embvar_inv * (dembraw - dembraw.mean(0, keepdim=True) - embraw * (embraw * dembraw).mean(0, keepdim=True))

# answer: over the positions
# mistake: emb = dimension
# warned: Means over the wrong dimension
# cell: emb
dembraw = embgain * dxnorm
demb = embvar_inv * (dembraw - dembraw.mean(1, keepdim=True) - embraw * (embraw * dembraw).mean(1, keepdim=True))

# answer: the mean's term missing
# mistake: emb = term
# cell: emb
dembraw = embgain * dxnorm
demb = embvar_inv * (dembraw - embraw * (embraw * dembraw).mean(2, keepdim=True))

# answer: the variance's term missing
# mistake: emb = term
# cell: emb
dembraw = embgain * dxnorm
demb = embvar_inv * (dembraw - dembraw.mean(2, keepdim=True))

# answer: Bessel
# mistake: emb = constant
# warned: Bessel's correction is back
# cell: emb
g = embgain * dxnorm
demb = embvar_inv / n_embd * (n_embd * g - g.sum(2, keepdim=True) - n_embd / (n_embd - 1) * embraw * (embraw * g).sum(2, keepdim=True))

# answer: n for n_embd
# mistake: emb = constant or another name
# warned: `n` for `n_embd`
# cell: emb
g = embgain * dxnorm
demb = embvar_inv / n * (n * g - g.sum(2, keepdim=True) - embraw * (embraw * g).sum(2, keepdim=True))

# answer: the number of neurons for that of dimensions
# mistake: emb = constant or another name
# cell: emb
g = embgain * dxnorm
demb = embvar_inv / n_hidden * (n_hidden * g - g.sum(2, keepdim=True) - embraw * (embraw * g).sum(2, keepdim=True))

# answer: sums for means
# mistake: emb = mean for sum
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.sum(2, keepdim=True) - embraw * (embraw * g).sum(2, keepdim=True))

# answer: one sum for a mean
# mistake: emb = mean for sum
# warned: A sum for a mean
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.mean(2, keepdim=True) - embraw * (embraw * g).sum(2, keepdim=True))

# answer: the mean takes too little
# mistake: emb = sum of one factor
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.mean(2, keepdim=True) - embraw * embraw * g.mean(2, keepdim=True))

# answer: the second factor embraw left out
# mistake: emb = factor
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.mean(2, keepdim=True) - (embraw * g).mean(2, keepdim=True))

# answer: a plus before the last term
# mistake: emb = sign
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.mean(2, keepdim=True) + embraw * (embraw * g).mean(2, keepdim=True))

# answer: the factor in front left out
# mistake: emb = factor
# cell: emb
g = embgain * dxnorm
demb = g - g.mean(2, keepdim=True) - embraw * (embraw * g).mean(2, keepdim=True)

# answer: the variance for its inverse root
# mistake: emb = another name or input for output or exponent
# cell: emb
g = embgain * dxnorm
demb = embvar * (g - g.mean(2, keepdim=True) - embraw * (embraw * g).mean(2, keepdim=True))

# answer: emb for embraw
# mistake: emb = another name or input for output
# cell: emb
g = embgain * dxnorm
demb = embvar_inv * (g - g.mean(2, keepdim=True) - emb * (embraw * g).mean(2, keepdim=True))

# answer: no epsilon
# mistake: emb = epsilon
# warned: where `eps` goes
# cell: emb
g = embgain * dxnorm
demb = (g - g.mean(2, keepdim=True) - embraw * (embraw * g).mean(2, keepdim=True)) / torch.sqrt(embvar)

# answer: epsilon outside of the root
# mistake: emb = epsilon
# cell: emb
g = embgain * dxnorm
demb = (g - g.mean(2, keepdim=True) - embraw * (embraw * g).mean(2, keepdim=True)) / (torch.sqrt(embvar) + eps)

# answer: overwritten rows
# mistake: C = overwritten or index
# warned: overwritten
# cell: C
dP = demb.sum(0)
dC = torch.zeros_like(C)
dC[Xb] += demb

# answer: the last position alone
# mistake: C = index or overwritten or term
# cell: C
dP = demb.sum(0)
dC = torch.zeros_like(C)
for i in range(n):
    dC[Xb[i, -1]] += demb[i, -1]

# answer: not summed over the batch
# mistake: P = sum left out
# warned: not summed
# cell: C
dP = demb.clone()
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))

# answer: summed over the positions
# mistake: P = dimension
# cell: C
dP = demb.sum(1)
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))

# answer: a mean over the batch
# mistake: P = mean for sum
# cell: C
dP = demb.mean(0)
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))

# answer: starts from the table itself
# mistake: C = start or value for gradient or another name or added to
# cell: C
dP = demb.sum(0)
dC = C.detach().clone().index_add_(0, Xb.flatten(), demb.flatten(0, 1))

# answer: starts from ones
# mistake: C = start
# cell: C
dP = demb.sum(0)
dC = torch.ones_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))
