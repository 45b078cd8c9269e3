"""The learning rate of W2 alone never drops, and its gradient is twice what it should be: the one does not hide the other."""

# expect: loop:W2 = wrong | factor 2
# expect: loop:rate = wrong | with this step's learning rate it should be -0.01 times
# expect: loop:trajectory = wrong
# replace: train | dW2 = h.T @ dlogits | dW2 = 2 * h.T @ dlogits
# replace: train | alpha=-lr | alpha=-(0.1 if p is W2 else lr)
