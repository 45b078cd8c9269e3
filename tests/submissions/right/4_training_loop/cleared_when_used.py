"""A gradient that has been used is cleared, or freed, for the next step."""

# answer: zeros
# replace: train | lossi.append(loss.item()) | lossi.append(loss.item()); dC.zero_()

# answer: two that are bound last
# replace: train | lossi.append(loss.item()) | lossi.append(loss.item()); dC.zero_(); dembcat.zero_(); dW1.zero_()

# answer: deleted
# replace: train | lossi.append(loss.item()) | lossi.append(loss.item()); del dC, dW1

# answer: none
# replace: train | lossi.append(loss.item()) | lossi.append(loss.item()); dC = None; demb = None
