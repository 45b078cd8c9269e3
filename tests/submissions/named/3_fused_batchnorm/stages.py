"""Step 2 by stages, with helpers of one's own."""

# answer: no epsilon
# mistake: hprebn = epsilon
# cell: hprebn
std = torch.sqrt(bnvar)
dxhat = bngain * dhpreact
dhprebn = (dxhat - dxhat.mean(0) - bnraw * (dxhat * bnraw).sum(0) / (n - 1)) / std

# answer: epsilon outside of the root
# mistake: hprebn = epsilon or precedence
# cell: hprebn
std = torch.sqrt(bnvar) + eps
dxhat = bngain * dhpreact
dhprebn = (dxhat - dxhat.mean(0) - bnraw * (dxhat * bnraw).sum(0) / (n - 1)) / std

# answer: epsilon subtracted
# mistake: hprebn = epsilon or sign or not finite
# cell: hprebn
inv = (bnvar - eps) ** -0.5
dxhat = bngain * dhpreact
dhprebn = inv * (dxhat - dxhat.mean(0) - bnraw * (dxhat * bnraw).sum(0) / (n - 1))

# answer: no root
# mistake: hprebn = exponent or layer skipped
# cell: hprebn
var = bnvar + eps
dxhat = bngain * dhpreact
dhprebn = (dxhat - dxhat.mean(0) - bnraw * (dxhat * bnraw).sum(0) / (n - 1)) / var

# answer: two means
# mistake: hprebn = constant or mean for sum
# cell: hprebn
dxhat = bngain * dhpreact
dhprebn = bnvar_inv * (dxhat - dxhat.mean(0) - bnraw * (dxhat * bnraw).mean(0))

# answer: two sums
# mistake: hprebn = constant or factor or mean for sum
# cell: hprebn
dxhat = bngain * dhpreact
dhprebn = bnvar_inv * (dxhat - dxhat.sum(0) - bnraw * (dxhat * bnraw).sum(0) / (n - 1))

# answer: the mean of one factor
# mistake: hprebn = sum of one factor or mean for sum
# cell: hprebn
dxhat = bngain * dhpreact
dhprebn = bnvar_inv * (dxhat - dxhat.mean(0) - n / (n - 1) * bnraw * dxhat * bnraw.mean(0))

# answer: the variance of the batch
# mistake: hprebn = constant
# cell: hprebn
mu = hprebn.mean(0, keepdim=True)
var = hprebn.var(0, keepdim=True, unbiased=False)
std = (var + eps).sqrt()
xhat = (hprebn - mu) / std
dxhat = dhpreact * bngain
dhprebn = (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0)) / std

# answer: a helper three lines above
# mistake: hprebn = another name or value for gradient
# cell: hprebn
dxhat = bngain * hpreact
s1 = dxhat.sum(0, keepdim=True)
s2 = (dxhat * bnraw).sum(0, keepdim=True)
dhprebn = bnvar_inv * (dxhat - s1 / n - bnraw * s2 / (n - 1))

# answer: a helper that is not summed
# mistake: hprebn = sum left out
# cell: hprebn
dxhat = bngain * dhpreact
mean_dxhat = dxhat / n
dot = (dxhat * bnraw).sum(0, keepdim=True) / (n - 1)
dhprebn = bnvar_inv * (dxhat - mean_dxhat - bnraw * dot)

# answer: the helpers exchanged
# mistake: hprebn = another name or upside down
# cell: hprebn
dxhat = bngain * dhpreact
s1 = dxhat.sum(0, keepdim=True)
s2 = (dxhat * bnraw).sum(0, keepdim=True)
dhprebn = bnvar_inv * (dxhat - s2 / n - bnraw * s1 / (n - 1))

# answer: the third power of a half
# mistake: hprebn = exponent
# cell: hprebn
# stage 2
dvar = (bngain * dhpreact * (hprebn - bnmeani)).sum(0) * -0.5 * (bnvar + eps) ** -0.5
# stage 3
dmu = -(bngain * dhpreact * bnvar_inv).sum(0)
# stage 4
dhprebn = bngain * dhpreact * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: no half in stage 2
# mistake: hprebn = constant or factor
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -(dxhat * (hprebn - bnmeani)).sum(0) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: no two in stage 4
# mistake: hprebn = constant or factor
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * (dxhat * (hprebn - bnmeani)).sum(0) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: stage 4 divides by n
# mistake: hprebn = constant
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * (dxhat * (hprebn - bnmeani)).sum(0) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / n + dmu / n

# answer: stage 4 divides by n - 1
# mistake: hprebn = constant
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * (dxhat * (hprebn - bnmeani)).sum(0) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / (n - 1)

# answer: the mean not centred
# mistake: hprebn = another name or term
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * (dxhat * hprebn).sum(0) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: the mean has no minus
# mistake: hprebn = sign
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * (dxhat * (hprebn - bnmeani)).sum(0) * (bnvar + eps) ** -1.5
dmu = (dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: the variance not summed
# mistake: hprebn = sum left out
# cell: hprebn
dxhat = bngain * dhpreact
dvar = -0.5 * dxhat * (hprebn - bnmeani) * (bnvar + eps) ** -1.5
dmu = -(dxhat * bnvar_inv).sum(0)
dhprebn = dxhat * bnvar_inv + dvar * 2 * (hprebn - bnmeani) / (n - 1) + dmu / n

# answer: a function without Bessel
# mistake: hprebn = constant
# cell: hprebn
def batchnorm_backward(dout, xhat, gamma, inv_std):
    m = dout.shape[0]
    dxhat = dout * gamma
    return inv_std / m * (m * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0))

dhprebn = batchnorm_backward(dhpreact, bnraw, bngain, bnvar_inv)

# answer: a lambda over the wrong dimension
# mistake: hprebn = dimension
# cell: hprebn
rows = lambda t: t.sum(1, keepdim=True)
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - rows(dhpreact) - n / (n - 1) * bnraw * rows(dhpreact * bnraw))
