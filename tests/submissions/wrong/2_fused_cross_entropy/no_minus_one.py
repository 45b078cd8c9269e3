"""The -1 at the label is missing."""

# expect: logits = wrong
# cell: logits
dlogits = F.softmax(logits, 1) / n
