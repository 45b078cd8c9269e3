"""No maximum subtracted: not a number at logits of a thousand."""

# expect: logits = overflows on large numbers | line 1 `e = logits.exp()`: e is the first that is not finite
# cell: logits
e = logits.exp()
dlogits = e / e.sum(1, keepdim=True)
dlogits[range(n), Yb] -= 1
dlogits /= n
