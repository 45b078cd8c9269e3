"""Only the label's column."""

# expect: logits = wrong
# cell: logits
dlogits = torch.zeros_like(logits)
dlogits[range(n), Yb] = (F.softmax(logits, 1)[range(n), Yb] - 1) / n
