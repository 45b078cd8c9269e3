"""log-softmax where the probability belongs."""

# expect: logits = wrong
# cell: logits
dlogits = F.log_softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
