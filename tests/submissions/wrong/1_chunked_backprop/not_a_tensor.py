"""Lists, numbers, arrays, and None in place of a tensor."""

# expect: probs = wrong | is a list
# expect: norm_logits = wrong | is a ndarray
# expect: hpreact = wrong | is None
# expect: b2 = wrong | is a float
# cell: probs
dprobs = (dlogprobs / probs).tolist()
# cell: norm_logits
dnorm_logits = (counts * dcounts).numpy()
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = 0.0
# cell: hpreact
dhpreact = print((1 - h**2) * dh)
