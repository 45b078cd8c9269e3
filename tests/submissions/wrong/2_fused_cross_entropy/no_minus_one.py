"""The -1 at the label is missing."""

# expect: logits = wrong | gather(1, Yb
# cell: logits
dlogits = F.softmax(logits, 1) / n
