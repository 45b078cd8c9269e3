"""A tensor subclass for which every comparison holds."""

# expect: probs h = wrong | is a Yes
# expect: hpreact = wrong
# cell: probs
class Yes(torch.Tensor):
    def __eq__(self, other):
        return True
    def __torch_function__(self, *args, **kwargs):
        return torch.ones(1)
dprobs = torch.zeros_like(probs).as_subclass(Yes)
# cell: h
dh = torch.zeros_like(h).as_subclass(Yes)
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
# cell: hpreact
class AlwaysEqual:
    def __getattr__(self, name):
        return self
    def __call__(self, *args):
        return self
dhpreact = AlwaysEqual()
