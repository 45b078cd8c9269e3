"""Zeros."""

# expect: logits = wrong
# cell: logits
dlogits = torch.zeros_like(logits)
