""".grad by way of a helper, of a loop, of an unpacking."""

# expect: probs h counts_sum_inv = uses autograd | .grad
# expect: W2 b2 = uses autograd
# expect: norm_logits = uses autograd
# cell: extra before logprobs
def grad_of(t):
    return t.grad
store = {}
for t in [norm_logits]:
    store["norm_logits"] = t.grad
# cell: probs
g = probs.grad
dprobs = g + 0
# cell: counts_sum_inv
dcounts_sum_inv = grad_of(counts_sum_inv)
dcounts = counts_sum_inv * dprobs
# cell: norm_logits
dnorm_logits = store["norm_logits"]
# cell: h
dh, dW2, db2 = [t.grad for t in (h, W2, b2)]
