"""The sign."""

# expect: logits = wrong | sign
# cell: logits
dlogits = (F.one_hot(Yb, vocab_size) - F.softmax(logits, 1)) / n
