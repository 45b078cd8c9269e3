"""Softmax written out, and the eight lines of exercise 1 taken back."""

# answer: the sum of everything
# mistake: logits = dimension or sum too many
# cell: logits
e = (logits - logits.max(1, keepdim=True).values).exp()
p = e / e.sum()
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: the sum of the columns
# mistake: logits = dimension
# cell: logits
e = torch.exp(logits - logits.max(1, keepdim=True).values)
p = e / e.sum(0, keepdim=True)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: not normalised
# mistake: logits = factor or layer skipped or function
# cell: logits
e = torch.exp(logits - logits.max(1, keepdim=True).values)
dlogits = (e - F.one_hot(Yb, vocab_size)) / n

# answer: divided by the mean of the row
# mistake: logits = mean for sum
# cell: logits
e = torch.exp(logits - logits.max(1, keepdim=True).values)
p = e / e.mean(1, keepdim=True)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: divided by the maximum
# mistake: logits = another name or layer skipped or operator or sum left out
# cell: logits
e = torch.exp(logits - logits.max(1, keepdim=True).values)
p = e / e.max(1, keepdim=True).values
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: no exponential
# mistake: logits = layer skipped or derivative or factor
# cell: logits
p = logits / logits.sum(1, keepdim=True)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: the minus within the exponential
# mistake: logits = sign
# cell: logits
m = logits.max(1, keepdim=True).values
e = torch.exp(m - logits)
p = e / e.sum(1, keepdim=True)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: the maxima of the columns are subtracted
# mistake: logits = dimension
# cell: logits
e = torch.exp(logits - logits.max(0, keepdim=True).values)
p = e / e.sum(1, keepdim=True)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n

# answer: one share of counts
# mistake: logits = term
# cell: logits
norm_logits = logits - logits.max(1, keepdim=True).values
counts = norm_logits.exp()
counts_sum = counts.sum(1, keepdim=True)
probs = counts / counts_sum
dprobs = torch.zeros_like(probs)
dprobs[range(n), Yb] = -1.0 / (n * probs[range(n), Yb])
dcounts = dprobs / counts_sum
dlogits = dcounts * counts

# answer: the other share of counts has the wrong sign
# mistake: logits = sign
# cell: logits
norm_logits = logits - logits.max(1, keepdim=True).values
counts = norm_logits.exp()
counts_sum = counts.sum(1, keepdim=True)
probs = counts / counts_sum
dprobs = torch.zeros_like(probs)
dprobs[range(n), Yb] = -1.0 / (n * probs[range(n), Yb])
dcounts_sum = (counts * dprobs).sum(1, keepdim=True) / counts_sum**2
dcounts = dprobs / counts_sum + dcounts_sum
dlogits = dcounts * counts

# answer: the other share of counts is not squared
# mistake: logits = exponent or factor
# cell: logits
norm_logits = logits - logits.max(1, keepdim=True).values
counts = norm_logits.exp()
counts_sum = counts.sum(1, keepdim=True)
probs = counts / counts_sum
dprobs = torch.zeros_like(probs)
dprobs[range(n), Yb] = -1.0 / (n * probs[range(n), Yb])
dcounts_sum = -(counts * dprobs).sum(1, keepdim=True) / counts_sum
dcounts = dprobs / counts_sum + dcounts_sum
dlogits = dcounts * counts

# answer: the exponential skipped
# mistake: logits = factor or layer skipped
# cell: logits
norm_logits = logits - logits.max(1, keepdim=True).values
counts = norm_logits.exp()
counts_sum = counts.sum(1, keepdim=True)
probs = counts / counts_sum
dprobs = torch.zeros_like(probs)
dprobs[range(n), Yb] = -1.0 / (n * probs[range(n), Yb])
dcounts_sum = -(counts * dprobs).sum(1, keepdim=True) / counts_sum**2
dlogits = dprobs / counts_sum + dcounts_sum

# answer: the Jacobian without its diagonal
# mistake: logits = term
# cell: logits
p = F.softmax(logits, 1)
dp = torch.zeros_like(p)
dp[range(n), Yb] = -1 / (n * p[range(n), Yb])
dlogits = -p * (p * dp).sum(1, keepdim=True)

# answer: the Jacobian's sum over the batch
# mistake: logits = dimension
# cell: logits
p = F.softmax(logits, 1)
dp = torch.zeros_like(p)
dp[range(n), Yb] = -1 / (n * p[range(n), Yb])
dlogits = p * (dp - (p * dp).sum(0, keepdim=True))

# answer: softmax of the transpose
# mistake: logits = dimension or transpose
# cell: logits
probs = torch.softmax(logits.t(), 1).t()
dlogits = probs.clone()
dlogits[range(n), Yb] -= 1
dlogits /= n
