"""db1 is forgotten in the loop, and that of step 1 is there still: the gradient is zero but for rounding, so that nothing goes wrong."""

# expect: loop:b1 = not attempted | the one that it reads is from before it
# replace: train | db1 = dhprebn.sum(0) | pass
