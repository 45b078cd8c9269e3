"""Steps 1 to 6: from the loss to the logits."""

# answer: the sign of the loss
# mistake: logprobs = sign
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = 1.0 / n

# answer: no mean
# mistake: logprobs = constant or factor
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0

# answer: the mean of the whole matrix
# mistake: logprobs = constant or factor
# cell: logprobs
mask = torch.zeros_like(logprobs)
mask[range(n), Yb] = 1
dlogprobs = -mask / logprobs.numel()

# answer: n - 1 for n in the mean
# mistake: logprobs = constant
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[torch.arange(n), Yb] = -1 / (n - 1)

# answer: n upside down
# mistake: logprobs = upside down or constant
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 * n

# answer: ones to begin with
# mistake: logprobs = start
# cell: logprobs
dlogprobs = torch.ones_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n

# answer: the columns of all labels
# mistake: logprobs = index
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[:, Yb] = -1.0 / n

# answer: all pairs
# mistake: logprobs = index
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
for i in range(n):
    for y in Yb:
        dlogprobs[i, y] = -1.0 / n

# answer: the mean reaches every entry
# mistake: logprobs = index or start
# cell: logprobs
dlogprobs = -torch.ones_like(logprobs) / n

# answer: the last letter of the context for the label
# mistake: logprobs = another name or index
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Xb[:, -1]] = -1.0 / n

# answer: the logarithm already in it
# mistake: logprobs = derivative or factor or twice
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / (n * probs[range(n), Yb])

# answer: multiplied by what it is divided by
# mistake: probs = upside down or factor
# cell: probs
dprobs = probs * dlogprobs

# answer: one over the output
# mistake: probs = another name or input for output
# cell: probs
dprobs = dlogprobs / logprobs

# answer: minus
# mistake: probs = sign
# cell: probs
dprobs = -dlogprobs / probs

# answer: the slope alone
# mistake: probs = upstream or factor
# cell: probs
dprobs = 1.0 / probs

# answer: one over the square
# mistake: probs = exponent or twice
# cell: probs
# d/dx log(x) = 1/x^2 ?
dprobs = dlogprobs / probs**2

# answer: slope plus upstream
# mistake: probs = operator
# cell: probs
local = 1 / probs
dprobs = local + dlogprobs

# answer: counts for probs
# mistake: probs = another name
# cell: probs
dprobs = dlogprobs / counts

# answer: the logarithm again
# mistake: probs = derivative or another name
# cell: probs
dprobs = torch.log(probs) * dlogprobs

# answer: the mean a second time
# mistake: probs = factor or twice or constant
# cell: probs
dprobs = dlogprobs / (n * probs)

# answer: divided by the sum of the row
# mistake: probs = sum too many
# cell: probs
dprobs = dlogprobs / probs.sum(1, keepdim=True)

# answer: both below the line
# mistake: probs = precedence or upside down or not finite
# cell: probs
dprobs = 1.0 / (probs * dlogprobs)

# answer: added to what was there
# mistake: probs = added to or start or term
# cell: probs
dprobs = torch.ones_like(probs)
dprobs += dlogprobs / probs

# answer: a matrix product, summed
# mistake: counts_sum_inv = matrix product or transpose
# cell: counts_sum_inv
dcounts_sum_inv = (counts @ dprobs.T).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: no sum over the copies
# mistake: counts_sum_inv = sum left out
# cell: counts_sum_inv
dcounts_sum_inv = counts * dprobs
dcounts = counts_sum_inv * dprobs

# answer: one factor summed
# mistake: counts_sum_inv = sum of one factor
# cell: counts_sum_inv
dcounts_sum_inv = counts * dprobs.sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: summed over the batch
# mistake: counts_sum_inv = dimension
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(0, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: averaged over the copies
# mistake: counts_sum_inv = mean for sum
# cell: counts_sum_inv
tmp = counts * dprobs
dcounts_sum_inv = tmp.mean(1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: probs for counts
# mistake: counts_sum_inv = another name
# cell: counts_sum_inv
dcounts_sum_inv = (probs * dprobs).sum(dim=1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: the factor itself
# mistake: counts_sum_inv = another name
# cell: counts_sum_inv
dcounts_sum_inv = (counts_sum_inv * dprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: the gradient of the line after
# mistake: counts_sum_inv = upstream or another name
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dlogprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs

# answer: keepdim forgotten
# expect: counts_sum_inv = right value, wrong shape
# mistake: counts_sum_inv = keepdim
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1)
dcounts = counts_sum_inv * dprobs

# answer: the other letter in einsum
# mistake: counts_sum_inv = dimension or keepdim
# cell: counts_sum_inv
dcounts_sum_inv = torch.einsum("ij,ij->j", counts, dprobs)[:, None]
dcounts = torch.einsum("ij,ik->ij", dprobs, counts_sum_inv)

# answer: the maximum for the sum
# mistake: counts_sum_inv = another name or sum left out or operator
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).max(1, keepdim=True).values
dcounts = counts_sum_inv * dprobs

# answer: counts_sum for its inverse
# mistake: counts = another name or upside down
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts = counts_sum * dprobs

# answer: first share as it came
# mistake: counts = factor or layer skipped
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts = dprobs.clone()

# answer: first share summed
# mistake: counts = sum too many or sum of one factor
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs.sum(1, keepdim=True) * torch.ones_like(counts)

# answer: the exponent lost its sign
# mistake: counts_sum = exponent
# cell: counts_sum
dcounts_sum = -(counts_sum**2) * dcounts_sum_inv
dcounts += torch.ones_like(counts) * dcounts_sum

# answer: no minus before the power
# mistake: counts_sum = sign
# cell: counts_sum
dcounts_sum = counts_sum**-2 * dcounts_sum_inv
dcounts = dcounts + dcounts_sum

# answer: one over x again
# mistake: counts_sum = exponent or factor
# cell: counts_sum
dcounts_sum = -1.0 / counts_sum * dcounts_sum_inv
dcounts += dcounts_sum

# answer: the inverse not squared
# mistake: counts_sum = exponent or factor
# cell: counts_sum
dcounts_sum = -counts_sum_inv * dcounts_sum_inv
dcounts += dcounts_sum

# answer: integrated
# mistake: counts_sum = derivative or another name
# cell: counts_sum
dcounts_sum = torch.log(counts_sum) * dcounts_sum_inv
dcounts += dcounts_sum

# answer: brackets around the wrong part
# mistake: counts_sum = precedence or exponent or sign
# cell: counts_sum
dcounts_sum = (-counts_sum) ** -2 * dcounts_sum_inv
dcounts += dcounts_sum

# answer: taken at the inverse
# mistake: counts_sum = another name or input for output or exponent
# cell: counts_sum
dcounts_sum = -(counts_sum_inv**-2) * dcounts_sum_inv
dcounts += dcounts_sum

# answer: second share for both
# mistake: counts = overwritten or term
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts = dcounts_sum.expand_as(counts)

# answer: second share subtracted
# mistake: counts = sign
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts -= dcounts_sum

# answer: second share times counts
# mistake: counts = factor
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += counts * dcounts_sum

# answer: second share averaged
# mistake: counts = factor or mean for sum or constant
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += dcounts_sum / counts.shape[1]

# answer: shares multiplied
# mistake: counts = operator
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
share_1 = counts_sum_inv * dprobs
share_2 = torch.ones_like(counts) * dcounts_sum
dcounts = share_1 * share_2

# answer: one line too early
# mistake: counts = upstream or another name
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += dcounts_sum_inv

# answer: added twice
# mistake: counts = twice or changed later
# warned: `+=` adds again whenever its cell is run again
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
dcounts += dcounts_sum
# dcounts has two branches, so
dcounts = dcounts + torch.ones_like(counts) * dcounts_sum

# answer: the exponential's slope is one
# mistake: norm_logits = factor or layer skipped
# cell: norm_logits
dnorm_logits = dcounts.clone()

# answer: input for output
# mistake: norm_logits = another name or input for output
# cell: norm_logits
dnorm_logits = norm_logits * dcounts

# answer: divided by the slope
# mistake: norm_logits = upside down
# cell: norm_logits
dnorm_logits = dcounts / counts

# answer: exp of the output
# mistake: norm_logits = twice or input for output or derivative
# cell: norm_logits
dnorm_logits = counts.exp() * dcounts

# answer: the slope squared
# mistake: norm_logits = exponent or twice or factor
# cell: norm_logits
dnorm_logits = counts * counts * dcounts

# answer: probs for counts, again
# mistake: norm_logits = another name
# cell: norm_logits
dnorm_logits = probs * dcounts

# answer: the upstream of another line
# mistake: norm_logits = another name or upstream
# cell: norm_logits
dnorm_logits = counts * dprobs

# answer: power rule
# mistake: norm_logits = derivative or factor or another name
# cell: norm_logits
# d/dx e^x = x e^(x-1)
dnorm_logits = norm_logits * torch.exp(norm_logits - 1) * dcounts

# answer: exp plus
# mistake: norm_logits = operator
# cell: norm_logits
dnorm_logits = torch.exp(norm_logits) + dcounts

# answer: the minus of the difference
# mistake: logit_maxes = sign
# cell: logit_maxes
dlogit_maxes = dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes

# answer: summed down the columns
# mistake: logit_maxes = dimension
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(0, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes

# answer: averaged over the classes
# mistake: logit_maxes = mean for sum
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.mean(1, keepdim=True)
dlogits = dnorm_logits + F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes

# answer: no sum for the maximum
# mistake: logit_maxes = sum left out
# cell: logit_maxes
dlogit_maxes = -1.0 * dnorm_logits
dlogits = dnorm_logits + F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes.sum(1, keepdim=True)

# answer: the maximum of everything
# mistake: logits = index or dimension
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
hit = (logits == logits.max()).to(logits.dtype)
dlogits = dnorm_logits + hit * dlogit_maxes

# answer: the maxima of the columns
# mistake: logits = dimension or index
# cell: logit_maxes
dlogit_maxes = -(dnorm_logits.sum(1, keepdim=True))
dlogits = dnorm_logits + (logits == logits.max(0, keepdim=True).values) * dlogit_maxes

# answer: the maximum's share everywhere
# mistake: logits = index or factor
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits + dlogit_maxes

# answer: the maximum's share nowhere
# mistake: logits = term
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()

# answer: the label for the maximum
# mistake: logits = another name or index
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), Yb] += dlogit_maxes.view(-1)

# answer: the maxima's columns in every row
# mistake: logits = index
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[:, logits.argmax(1)] += dlogit_maxes

# answer: the maximum's share subtracted
# mistake: logits = sign
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits = dnorm_logits - F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes

# answer: one at the maximum
# mistake: logits = upstream or factor
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
is_max = F.one_hot(logits.max(1).indices, num_classes=logits.shape[1])
dlogits = dnorm_logits + is_max

# answer: the maximum's share alone
# mistake: logits = overwritten or term
# cell: logit_maxes
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits = torch.zeros_like(logits)
dlogits[range(n), logits.max(1).indices] = dlogit_maxes[:, 0]

# answer: no copy
# mistake: norm_logits = clone
# warned: Two names for one tensor
# cell: logit_maxes
dlogits = dnorm_logits
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.squeeze(1)

# answer: dcounts for the difference
# mistake: logit_maxes = another name or upstream
# cell: logit_maxes
dlogit_maxes = -dcounts.sum(1, keepdim=True)
dlogits = dnorm_logits + F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes
