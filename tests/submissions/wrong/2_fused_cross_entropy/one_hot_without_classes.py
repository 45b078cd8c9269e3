"""one_hot without num_classes."""

# expect: logits = raised
# cell: logits
dlogits = (F.softmax(logits, 1) - F.one_hot(Yb)) / n
