"""The probability differentiated, not its logarithm."""

# expect: logits = wrong
# cell: logits
p = F.softmax(logits, 1)
py = p[range(n), Yb][:, None]
dlogits = -py * (F.one_hot(Yb, vocab_size) - p) / n
