"""The second learning rate from the first step on."""

# expect: loop:rate = wrong | the learning rate is 0.01 all the time; it must be 0.1 before step lr_drop
# expect: loop:update = wrong | with this step's learning rate it should be -0.1 times
# expect: loop:trajectory = wrong
# replace: train | 0.1 if i < lr_drop else 0.01 | 0.01
