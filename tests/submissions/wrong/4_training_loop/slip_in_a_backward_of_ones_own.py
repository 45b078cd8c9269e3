"""A backward that is one's own, in a namespace that no class defines: its slip is named, and nobody is said to use autograd."""

# expect: loop:b2 = wrong | a mean stands where a sum is meant
# expect: loop:trajectory = wrong
# replace: train | db2 = dlogits.sum(0) | from types import SimpleNamespace; bias = SimpleNamespace(backward=lambda d: d.mean(0)); db2 = bias.backward(dlogits)
