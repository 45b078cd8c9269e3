"""torch's comparisons patched: the judge compares elsewhere."""

# expect: probs = wrong or raised
# cell: probs
import torch, builtins
torch.allclose = torch.equal = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: torch.ones(1, dtype=torch.bool)
torch.Tensor.allclose = torch.Tensor.equal = lambda *a, **k: True
builtins.all = builtins.isinstance = lambda *a: True
dprobs = torch.zeros_like(probs)
