"""The fused softmax, the mask and the scale."""

# answer: the diagonal alone
# mistake: masked = term or factor
# warned: The diagonal alone
# cell: masked
dmasked = att * (1 - att) * datt

# answer: the sum left out
# mistake: masked = sum left out
# warned: The sum is left out
# cell: masked
dmasked = att * (datt - att * datt)

# answer: no second term
# mistake: masked = term
# warned: The diagonal alone
# cell: masked
dmasked = att * datt

# answer: the second term alone
# mistake: masked = term
# cell: masked
dmasked = -att * (att * datt).sum(2, keepdim=True)

# answer: the sum over the queries
# mistake: masked = dimension
# warned: The sum runs down the columns
# cell: masked
dmasked = att * (datt - (att * datt).sum(1, keepdim=True))

# answer: no keepdim
# expect: masked = wrong or raised or right for these sizes only
# mistake: masked = keepdim or dimension or transpose
# warned: `keepdim`
# cell: masked
dmasked = att * (datt - (att * datt).sum(2)[:, None, :])

# answer: a mean
# mistake: masked = mean for sum
# cell: masked
dmasked = att * (datt - (att * datt).mean(2, keepdim=True))

# answer: the sum of the gradient alone
# mistake: masked = sum of one factor or factor or term
# warned: The sum takes too little
# cell: masked
dmasked = att * (datt - datt.sum(2, keepdim=True))

# answer: the mean of the gradient taken away, as in a layer norm
# mistake: masked = mean for sum or factor or term
# cell: masked
dmasked = att * (datt - datt.mean(2, keepdim=True))

# answer: the sum takes too little
# mistake: masked = sum of one factor
# warned: The sum takes too little
# cell: masked
dmasked = att * (datt - att * datt.sum(2, keepdim=True))

# answer: a plus
# mistake: masked = sign
# cell: masked
dmasked = att * (datt + (att * datt).sum(2, keepdim=True))

# answer: the whole with a minus
# mistake: masked = sign
# cell: masked
dmasked = att * ((att * datt).sum(2, keepdim=True) - datt)

# answer: the factor in front left out
# mistake: masked = factor
# cell: masked
dmasked = datt - (att * datt).sum(2, keepdim=True)

# answer: the bracket closes too late
# mistake: masked = sum of one factor or precedence or sum too many
# cell: masked
dmasked = att * (datt - att * datt).sum(2, keepdim=True)

# answer: the bracket forgotten
# mistake: masked = precedence or factor
# cell: masked
dmasked = att * datt - (att * datt).sum(2, keepdim=True)

# answer: the square in the sum
# mistake: masked = twice or exponent or factor
# cell: masked
dmasked = att * (datt - (att * att * datt).sum(2, keepdim=True))

# answer: att for its gradient
# mistake: masked = value for gradient or another name or exponent
# cell: masked
dmasked = att * (datt - (att * att).sum(2, keepdim=True))

# answer: the gradient of cross-entropy, one layer further
# mistake: masked = another name or value for gradient or term or operator
# cell: masked
dmasked = att - datt

# answer: the slope of a sigmoid
# mistake: masked = term or factor or sum left out or derivative
# warned: The diagonal alone
# cell: masked
dmasked = datt * att * (1 - att)

# answer: the scores' gradient passed on
# mistake: masked = layer skipped or factor or upstream
# cell: masked
dmasked = datt.clone()

# answer: the mask left out
# mistake: scaled = layer skipped or factor or index or upstream
# warned: The mask is left out
# cell: scaled
dscaled = dmasked.clone()
dscores = head_size**-0.5 * dscaled

# answer: the mask upside down
# mistake: scaled = index
# warned: The mask is upside down
# cell: scaled
dscaled = dmasked.masked_fill(~future, 0.0)
dscores = head_size**-0.5 * dscaled

# answer: the mask with the future in it
# mistake: scaled = index
# warned: The mask is upside down
# cell: scaled
dscaled = dmasked * future
dscores = head_size**-0.5 * dscaled

# answer: filled with minus infinity
# mistake: scaled = not finite
# warned: Minus infinity
# cell: scaled
dscaled = dmasked.masked_fill(future, float("-inf"))
dscores = head_size**-0.5 * dscaled

# answer: filled with ones
# mistake: scaled = constant or index or start
# cell: scaled
dscaled = dmasked.masked_fill(future, 1.0)
dscores = head_size**-0.5 * dscaled

# answer: triu for tril
# mistake: scaled = index or function
# warned: The mask is upside down
# cell: scaled
dscaled = dmasked.triu()
dscores = head_size**-0.5 * dscaled

# answer: the diagonal is lost
# mistake: scaled = index
# cell: scaled
dscaled = dmasked.tril(-1)
dscores = head_size**-0.5 * dscaled

# answer: the scale left out
# mistake: scores = factor or constant or layer skipped
# warned: The scale is left out
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = dscaled.clone()

# answer: the scale upside down
# mistake: scores = upside down or exponent
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = dscaled * head_size**0.5

# answer: the scale without its root
# mistake: scores = exponent
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = dscaled / head_size

# answer: the scale of another layer
# mistake: scores = another name or constant
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = n_embd**-0.5 * dscaled

# answer: scaled for its gradient
# mistake: scores = value for gradient or another name or not finite
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = head_size**-0.5 * scaled

# answer: the width for its root
# mistake: scores = exponent
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = dscaled / head_size
