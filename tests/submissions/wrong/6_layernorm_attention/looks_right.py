"""Answers that pass for right on one example, on one sequence, or in one shape."""

# answer: batchnorm's statistics for the layer norm
# expect: hpreln = wrong | dimension
# cell: lndiff
dlndiff = dlndiff + 2 * lndiff * dlndiff2
dlnmean = -dlndiff.sum(2, keepdim=True)
dhpreln = dlndiff - dlndiff.mean((0, 1), keepdim=True)

# answer: the softmax of the whole example
# expect: masked = wrong
# cell: masked
dmasked = att * (datt - (att * datt).sum((1, 2), keepdim=True))

# answer: the gradient of log softmax
# expect: masked = wrong
# cell: masked
dmasked = datt - att * datt.sum(2, keepdim=True)

# answer: queries see the keys' own queries
# expect: q = wrong
# cell: q
dq = dscores.transpose(1, 2) @ q
dk = dscores.transpose(1, 2) @ q

# answer: the values weighted by row sums
# expect: v = wrong
# cell: att
datt = dhead @ v.transpose(1, 2)
dv = att.sum(1).unsqueeze(2) * dhead

# answer: the embedding is not gone back through the norm
# expect: emb = wrong | alone
# cell: emb
demb = embvar_inv * embgain * dxnorm

# answer: the last example alone has a place
# expect: P = wrong
# cell: C
dP = demb[-1].clone()
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))
