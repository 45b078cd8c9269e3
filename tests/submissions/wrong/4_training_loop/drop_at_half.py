"""The learning rate drops after half of the steps, wherever lr_drop is."""

# expect: loop:rate = wrong | drops at step 12 of a run in which lr_drop is 14
# expect: loop:trajectory = wrong | first to leave the path
# replace: train | lr = 0.1 if i < lr_drop else 0.01 | lr = 0.1 if i < max_steps // 2 else 0.01
