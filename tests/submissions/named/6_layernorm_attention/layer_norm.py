"""The chunked layer norm."""

# answer: over the batch alone
# mistake: lngain lnbias = dimension or sum left out
# warned: one sum too few
# cell: lngain
dlngain = (lnraw * dhpreact).sum(0)
dlnbias = dhpreact.sum(0)
dlnraw = lngain * dhpreact

# answer: over the positions alone
# mistake: lnbias = dimension or sum left out
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum(1)
dlnraw = lngain * dhpreact

# answer: over the neurons, as the mean is taken
# mistake: lngain = dimension
# warned: over the wrong dimension
# cell: lngain
dlngain = (lnraw * dhpreact).sum(2)
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact

# answer: not summed at all
# mistake: lngain = sum left out
# cell: lngain
dlngain = lnraw * dhpreact
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact

# answer: one factor summed
# mistake: lngain = sum of one factor
# cell: lngain
dlngain = lnraw * dhpreact.sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact

# answer: a mean over the batch
# mistake: lnbias = mean for sum
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.mean((0, 1))
dlnraw = lngain * dhpreact

# answer: dimensions kept
# expect: lngain lnbias = right value, wrong shape
# mistake: lngain lnbias = keepdim
# warned: a dimension too many
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1), keepdim=True)
dlnbias = dhpreact.sum((0, 1), keepdim=True)
dlnraw = lngain * dhpreact

# answer: a value for its gradient
# mistake: lngain = value for gradient or another name
# cell: lngain
dlngain = (lnraw * hpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact

# answer: another variable
# mistake: lngain = another name
# cell: lngain
dlngain = (lndiff * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact

# answer: the bias for the gain
# mistake: lnraw = another name
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lnbias * dhpreact

# answer: the gain left out
# mistake: lnraw = factor or layer skipped
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = dhpreact.clone()

# answer: a plus where it multiplies
# mistake: lnraw = operator
# cell: lngain
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain + dhpreact

# answer: exponent not gone down
# mistake: lnvar = exponent
# replace: lnvar_inv | -1.5 | -0.5

# answer: no epsilon
# mistake: lnvar = epsilon
# replace: lnvar_inv | (lnvar + eps) | lnvar

# answer: epsilon with a minus
# mistake: lnvar = epsilon
# replace: lnvar_inv | lnvar + eps | lnvar - eps

# answer: the sign of the power
# mistake: lnvar = sign
# replace: lnvar_inv | -0.5 * | 0.5 *

# answer: the factor of the power left out
# mistake: lnvar = factor or constant
# replace: lnvar_inv | -0.5 * | -1.0 *

# answer: H minus one, as batchnorm has it
# mistake: lndiff2 = constant
# warned: Bessel
# replace: lnvar_inv | 1 / n_hidden * | 1 / (n_hidden - 1) *

# answer: the number of examples for the number of neurons
# mistake: lndiff2 = constant or another name
# warned: `n` for `n_hidden`
# replace: lnvar_inv | 1 / n_hidden * | 1 / n *

# answer: no factor
# mistake: lndiff2 = constant
# replace: lnvar_inv | 1 / n_hidden * |

# answer: sum over the batch
# mistake: lnvar_inv = dimension
# warned: over the wrong dimension
# replace: lnvar_inv | .sum(2, keepdim=True) | .sum(0, keepdim=True)

# answer: no sum
# mistake: lnvar_inv = sum left out
# replace: lnvar_inv | .sum(2, keepdim=True) |

# answer: sum of one factor
# mistake: lnvar_inv = sum of one factor
# replace: lnvar_inv | (lndiff * dlnraw).sum(2, keepdim=True) | lndiff * dlnraw.sum(2, keepdim=True)

# answer: dimension dropped
# expect: lnvar_inv = right value, wrong shape
# mistake: lnvar_inv = keepdim
# cell: lnvar_inv
dlndiff = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2)
dlnvar = -0.5 * (lnvar + eps) ** -1.5 * dlnvar_inv[:, :, None]
dlndiff2 = 1 / n_hidden * torch.ones_like(lndiff2) * dlnvar

# answer: lnraw for lndiff
# mistake: lnvar_inv = another name or input for output
# replace: lnvar_inv | (lndiff * dlnraw) | (lnraw * dlnraw)

# answer: upstream left out of the variance
# mistake: lnvar = upstream or factor
# replace: lnvar_inv | ** -1.5 * dlnvar_inv | ** -1.5

# answer: only the first share
# mistake: lndiff = term or another name
# warned: Only one share
# cell: lndiff
dlndiff = lnvar_inv * dlnraw
dlnmean = -dlndiff.sum(2, keepdim=True)
dhpreln = dlndiff + 1 / n_hidden * dlnmean

# answer: only the second share
# mistake: lndiff = overwritten or term
# warned: Only one share
# replace: lndiff | dlndiff + 2 * | 2 *

# answer: no two
# mistake: lndiff = constant
# replace: lndiff | + 2 * lndiff | + lndiff

# answer: the mean's share left out
# mistake: hpreln = term
# warned: Only one share
# replace: lndiff | dlndiff + 1 / n_hidden * dlnmean | dlndiff.clone()

# answer: the mean's share with a minus
# mistake: hpreln = sign
# replace: lndiff | dlndiff + 1 / n_hidden | dlndiff - 1 / n_hidden

# answer: the mean's share divided by n
# mistake: hpreln = constant or another name
# warned: `n` for `n_hidden`
# replace: lndiff | 1 / n_hidden | 1 / n

# answer: the mean's share not divided
# mistake: hpreln = constant
# replace: lndiff | 1 / n_hidden * dlnmean | dlnmean

# answer: the sign of the mean
# mistake: lnmean = sign
# replace: lndiff | -dlndiff.sum | dlndiff.sum

# answer: the mean over the batch
# mistake: lnmean = dimension
# replace: lndiff | .sum(2, keepdim=True) | .sum(0, keepdim=True)

# answer: the mean of the mean
# mistake: lnmean = mean for sum
# replace: lndiff | .sum(2, keepdim=True) | .mean(2, keepdim=True)

# answer: two names for one tensor
# mistake: lndiff = clone or changed later
# warned: Two names for one tensor
# cell: lndiff
dlndiff = dlndiff + 2 * lndiff * dlndiff2
dlnmean = -dlndiff.sum(2, keepdim=True)
dhpreln = dlndiff
dhpreln += 1 / n_hidden * dlnmean
