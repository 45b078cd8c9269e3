"""Step 2 in one expression, as most people write it."""

# answer: no Bessel
# mistake: hprebn = constant
# warned: Bessel's correction is gone
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - bnraw*(dhpreact*bnraw).sum(0))

# answer: n over n minus one
# mistake: hprebn = precedence
# warned: `n / n - 1` is
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/n-1*bnraw*(dhpreact*bnraw).sum(0))

# answer: n - 1 for n in front
# mistake: hprebn = constant
# cell: hprebn
dhprebn = bngain*bnvar_inv/(n-1) * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the fractions exchanged
# mistake: hprebn = upside down or constant
# warned: Which is which, and which line of the forward pass is each one from?
# cell: hprebn
dhprebn = bngain * bnvar_inv * (dhpreact - dhpreact.sum(0) / (n - 1) - bnraw * (dhpreact * bnraw).sum(0) / n)

# answer: Bessel at the mean's term
# mistake: hprebn = upside down or constant or factor
# warned: Which is which, and which line of the forward pass is each one from?
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - n/(n-1)*dhpreact.sum(0) - bnraw*(dhpreact*bnraw).sum(0))

# answer: Bessel upside down
# mistake: hprebn = upside down or constant
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - (n-1)/n*bnraw*(dhpreact*bnraw).sum(0))

# answer: both sums missing
# mistake: hprebn = sum left out
# warned: A sum over the batch is missing
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact - n/(n-1)*bnraw*(dhpreact*bnraw))

# answer: the first sum missing
# mistake: hprebn = sum left out
# warned: A sum over the batch is missing
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the second sum missing
# mistake: hprebn = sum left out
# warned: A sum over the batch is missing
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw))

# answer: the sum takes too little
# mistake: hprebn = sum of one factor
# warned: The sum takes too little
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*dhpreact*bnraw.sum(0))

# answer: the sum takes the gradient alone
# mistake: hprebn = sum of one factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*bnraw*dhpreact.sum(0))

# answer: the sum takes too much
# mistake: hprebn = sum of one factor or sum too many or precedence
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*(bnraw*dhpreact*bnraw).sum(0))

# answer: hpreact in the first term
# mistake: hprebn = another name or value for gradient
# warned: `hpreact` for `dhpreact`
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*hpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: hpreact in the second term
# mistake: hprebn = another name or value for gradient
# warned: `hpreact` for `dhpreact`
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - hpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: hpreact in the third term
# mistake: hprebn = another name or value for gradient
# warned: `hpreact` for `dhpreact`
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(hpreact*bnraw).sum(0))

# answer: hpreact everywhere
# mistake: hprebn = another name or value for gradient
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*hpreact - hpreact.sum(0) - n/(n-1)*bnraw*(hpreact*bnraw).sum(0))

# answer: hprebn outside of the sum
# mistake: hprebn = another name
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*hprebn*(dhpreact*bnraw).sum(0))

# answer: hprebn in the sum
# mistake: hprebn = another name
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*hprebn).sum(0))

# answer: the bias for the gain
# mistake: hprebn = another name
# cell: hprebn
dhprebn = bnbias*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the variance for its inverse
# mistake: hprebn = another name or exponent
# cell: hprebn
dhprebn = bngain*bnvar/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: divided by the inverse
# mistake: hprebn = upside down
# cell: hprebn
dhprebn = bngain/bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: no gain
# mistake: hprebn = factor
# cell: hprebn
dhprebn = bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: no standard deviation
# mistake: hprebn = factor
# cell: hprebn
dhprebn = bngain/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: no 1/n
# mistake: hprebn = constant or factor
# cell: hprebn
dhprebn = bngain*bnvar_inv * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: no n in the first term
# mistake: hprebn = factor or constant
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the first term alone
# mistake: hprebn = term
# cell: hprebn
dhprebn = bngain * bnvar_inv * dhpreact

# answer: no term of the mean
# mistake: hprebn = term
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: no term of the variance
# mistake: hprebn = term
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0))

# answer: plus the mean
# mistake: hprebn = sign
# warned: What about the signs of the second and of the third term?
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact + dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: plus the variance
# mistake: hprebn = sign
# warned: What about the signs of the second and of the third term?
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) + n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: minus a bracket
# mistake: hprebn = sign or precedence
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - (dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0)))

# answer: bnraw outside left out
# mistake: hprebn = factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*(dhpreact*bnraw).sum(0))

# answer: bnraw inside left out
# mistake: hprebn = factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*dhpreact.sum(0))

# answer: over the neurons
# mistake: hprebn = dimension
# warned: it would matter here if we summed over the other dimension
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(1, keepdim=True) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(1, keepdim=True))

# answer: the second sum over the neurons
# mistake: hprebn = dimension
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(1, keepdim=True))

# answer: over everything
# mistake: hprebn = dimension or sum too many
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum() - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: a mean in the bracket
# mistake: hprebn = mean for sum
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.mean(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: two
# mistake: hprebn = constant or factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - 2*n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: a half
# mistake: hprebn = constant or factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - 0.5*n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the gain inside only
# mistake: hprebn = precedence or factor
# cell: hprebn
dhprebn = bnvar_inv/n * (n*bngain*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: the bracket ends too early
# mistake: hprebn = precedence
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0)) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0)

# answer: the inverse cubed
# mistake: hprebn = exponent or factor
# cell: hprebn
dhprebn = bngain*bnvar_inv**3/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))

# answer: bnraw squared
# mistake: hprebn = exponent or twice or factor
# cell: hprebn
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw**2*(dhpreact*bnraw).sum(0))

# answer: the results of step 1 exchanged
# mistake: hprebn = another name
# cell: hprebn
dhprebn = bngain * bnvar_inv * (dhpreact - dbngain / n - bnraw * dbnbias / (n - 1))

# answer: the results of step 1 and no Bessel
# mistake: hprebn = constant
# cell: hprebn
dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * dbngain / n)
