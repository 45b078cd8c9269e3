"""Lines with the prompts of a session, as IPython takes them."""

# cell: probs
>>> dprobs = (
...     dlogprobs / probs
... )
# cell: counts_sum_inv
In [7]: dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)

In [8]: dcounts = counts_sum_inv * dprobs
