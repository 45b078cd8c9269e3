"""What autograd has left."""

# expect: logits = uses autograd
# cell: logits
dlogits = logits.grad
