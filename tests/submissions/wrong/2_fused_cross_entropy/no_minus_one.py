"""The -1 at the label is missing."""

# expect: logits = wrong | one entry in each row
# cell: logits
dlogits = F.softmax(logits, 1) / n
