"""What autograd has left."""

# expect: hprebn = uses autograd
# cell: hprebn
dhprebn = hprebn.grad
