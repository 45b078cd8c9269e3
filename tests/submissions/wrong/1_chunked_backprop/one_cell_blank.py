"""One cell left empty, one with a comment only."""

# expect: probs = not attempted | there is no dprobs
# expect: h W2 b2 = not attempted
# cell: probs
# cell: h
# YOUR CODE HERE
