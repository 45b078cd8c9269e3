"""Steps 9 to 11: batch normalization in small steps."""

# answer: gain not summed
# mistake: bngain = sum left out
# cell: bngain
dbngain = bnraw * dhpreact
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: a matrix product for the gain
# mistake: bngain = matrix product or transpose
# cell: bngain
dbngain = (bnraw.T @ dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: one factor of the gain summed
# mistake: bngain = sum of one factor
# cell: bngain
dbngain = bnraw * dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: both factors of the gain summed
# mistake: bngain = sum of one factor
# cell: bngain
dbngain = bnraw.sum(0, keepdim=True) * dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bias averaged
# mistake: bnbias = mean for sum
# cell: bngain
dbnbias = dhpreact.mean(0, keepdim=True)
dbngain = (dhpreact * bnraw).sum(0, keepdim=True)
dbnraw = dhpreact * bngain

# answer: the value for its gradient
# mistake: bngain = another name or value for gradient
# cell: bngain
dbngain = (bnraw * hpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: the gain for what it multiplies
# mistake: bngain = another name
# cell: bngain
dbngain = (bngain * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bnraw for the gain
# mistake: bnraw = another name
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bnraw * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: divided by the gain
# mistake: bnraw = upside down
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = dhpreact / bngain
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bias times bias
# mistake: bnbias = factor
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = (bnbias * dhpreact).sum(0, keepdim=True)

# answer: tanh skipped
# mistake: bnbias = another name or upstream
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dh.sum(0, keepdim=True)

# answer: gain over the neurons
# mistake: bngain = dimension
# cell: bngain
dbngain = (bnraw * dhpreact).sum(1, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: the bias in dbnraw
# mistake: bnraw = term
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact + bnbias
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: gain as it came
# mistake: bnraw = factor or layer skipped
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = dhpreact.clone()
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bnraw twice
# mistake: bngain = twice or exponent or factor
# cell: bngain
dbngain = (bnraw * bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bndiff for bnraw
# mistake: bngain = another name
# cell: bngain
dbngain = (bndiff * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)

# answer: bnraw for bndiff
# mistake: bnvar_inv = another name
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bnraw * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: bnvar_inv not summed
# mistake: bnvar_inv = sum left out
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = bndiff * dbnraw
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv).sum(0, keepdim=True)
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the gain's upstream for bnvar_inv
# mistake: bnvar_inv = another name or upstream
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dhpreact).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the exponent stays
# mistake: bnvar = exponent
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the exponent goes up
# mistake: bnvar = exponent
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** 0.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: no minus before the half
# mistake: bnvar = sign
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = 0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: no half
# mistake: bnvar = constant or factor
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -((bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: no epsilon in a helper
# mistake: bnvar = epsilon
# cell: bnvar_inv
inv_std = 1 / torch.sqrt(bnvar)
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * inv_std**3 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: epsilon subtracted
# mistake: bnvar = epsilon or sign
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar - 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the inverse squared
# mistake: bnvar = exponent or factor
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * bnvar_inv**2 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: no bracket around the variance
# mistake: bnvar = precedence or exponent
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * bnvar + 1e-5 ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the slope taken at the inverse
# mistake: bnvar = another name or input for output or exponent
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar_inv + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: no Bessel
# mistake: bndiff2 = constant
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = torch.ones_like(bndiff2) / n * dbnvar

# answer: one over n, minus one
# mistake: bndiff2 = precedence
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = (1.0 / n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: not expanded
# expect: bndiff2 = right value, wrong shape
# mistake: bndiff2 = keepdim
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * dbnvar

# answer: n - 1 upside down
# mistake: bndiff2 = upside down or constant
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: the variance a sum
# mistake: bndiff2 = factor or constant
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = torch.ones_like(bndiff2) * dbnvar

# answer: the square already in it
# mistake: bndiff2 = factor or derivative
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 2 * bndiff / (n - 1) * dbnvar

# answer: dbnvar_inv for dbnvar
# mistake: bndiff2 = another name or upstream
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar_inv

# answer: first share of bndiff divided
# mistake: bndiff = upside down or another name
# cell: bnvar_inv
dbndiff = dbnraw / bnvar_inv
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: first share of bndiff with the variance
# mistake: bndiff = another name
# cell: bnvar_inv
dbndiff = bnvar * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * torch.ones_like(bndiff2) * dbnvar

# answer: bndiff overwritten
# mistake: bndiff = overwritten or term
# cell: bndiff
dbndiff = 2 * bndiff * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: no two
# mistake: bndiff = constant or factor
# cell: bndiff
dbndiff += bndiff * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: the square for its root
# mistake: bndiff = another name or input for output or exponent
# cell: bndiff
dbndiff += 2 * bndiff2 * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: plus for times
# mistake: bndiff = operator
# cell: bndiff
dbndiff += 2 * bndiff + dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: second share of bndiff subtracted
# mistake: bndiff = sign
# cell: bndiff
dbndiff -= 2 * bndiff * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: second share of bndiff summed
# mistake: bndiff = sum too many
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2.sum(0, keepdim=True)
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn += dbnmeani / n

# answer: the mean without its minus
# mistake: bnmeani = sign
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + torch.ones_like(hprebn) * dbnmeani / n

# answer: the mean not summed
# mistake: bnmeani = sum left out
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff
dhprebn = dbndiff + dbnmeani.sum(0, keepdim=True) / n

# answer: the mean averaged
# mistake: bnmeani = mean for sum
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.mean(0, keepdim=True)
dhprebn = dbndiff + dbnmeani / n

# answer: no 1/n
# mistake: hprebn = constant or factor
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmeani

# answer: n - 1 for n
# mistake: hprebn = constant
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmeani / (n - 1)

# answer: the share of the mean subtracted
# mistake: hprebn = sign
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff - dbnmeani / n

# answer: the share of the mean times hprebn
# mistake: hprebn = factor
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + 1 / n * hprebn * dbnmeani

# answer: the share of the mean alone
# mistake: hprebn = overwritten or term
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbnmeani / n * torch.ones_like(hprebn)

# answer: no share of the mean
# mistake: hprebn = term or layer skipped
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff.clone()

# answer: dhprebn is dbndiff
# mistake: bndiff = clone
# warned: Two names for one tensor
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff
dhprebn += dbnmeani / n

# answer: all of it below the line
# mistake: hprebn = precedence or upside down
# cell: bndiff
dbndiff += 2 * bndiff * dbndiff2
dbnmeani = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + 1.0 / (n * dbnmeani)
