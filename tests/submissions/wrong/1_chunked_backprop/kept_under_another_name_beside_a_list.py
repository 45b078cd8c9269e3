"""The value is there, under a name of the student's own; beside it stand names that hold no tensor."""

# expect: h = not attempted | your grad_hidden holds its value
# expect: W2 b2 = not attempted
# cell: h
notes, count = ["h is read by logits alone"], 3
grad_hidden = dlogits @ W2.T
