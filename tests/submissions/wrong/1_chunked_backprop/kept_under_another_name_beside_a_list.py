"""The value is there, under a name of the student's own; beside it stand names that hold no tensor."""

# expect: h W2 b2 = not attempted | your grad_hidden holds its value
# cell: h
notes, count = ["h is read by logits alone"], 3
grad_hidden = dlogits @ W2.T
