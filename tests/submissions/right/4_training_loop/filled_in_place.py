"""Gradients in tensors of before the loop, filled anew in place by a function of the student's own."""

# replace: train | db1 = dhprebn.sum(0) | fill(db1, dhprebn.sum(0))
# cell: extra before train
def fill(tensor, values):
    tensor.copy_(values)
