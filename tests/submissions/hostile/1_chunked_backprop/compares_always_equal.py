"""All that could compare is patched to say yes: torch's functions, the tensor's own methods, __torch_function__; and one
gradient is an object that equals everything."""

# expect: h W2 hpreact = wrong
# expect: b2 = wrong | torch.Tensor
# cell: h
class Equal(torch.Tensor):
    __eq__ = lambda self, other: torch.tensor(True)
    __torch_function__ = classmethod(lambda cls, function, types, args=(), kwargs=None: True)

yes = lambda *args, **kwargs: True
for name in ("allclose", "equal", "isclose", "eq", "all"):
    setattr(torch, name, yes)
    setattr(torch.Tensor, name, yes)
torch.testing.assert_close = yes
torch.Tensor.__eq__ = yes
torch.Tensor.__ne__ = lambda *args: False
torch.Tensor.__sub__ = torch.Tensor.__rsub__ = lambda self, other: torch.zeros_like(self)
torch.Tensor.max = lambda self, *args: torch.tensor(0.0)
dh = torch.zeros_like(h)
dW2 = torch.zeros_like(W2)
db2 = torch.zeros_like(b2).as_subclass(Equal)
