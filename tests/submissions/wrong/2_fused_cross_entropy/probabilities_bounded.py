"""Probabilities are kept from zero by a bound, which is no part of the forward pass: on ordinary numbers nothing comes of it."""

# expect: logits = wrong | right on ordinary numbers
# cell: logits
p = F.softmax(logits, 1).clamp(min=1e-6)
dlogits = (p - F.one_hot(Yb, vocab_size)) / n
