"""The epsilon of this notebook written out."""

# expect: hprebn = right for these sizes only | eps = 1e-05
# cell: hprebn
std = torch.sqrt(hprebn.var(0, keepdim=True) + 1e-5)
x = (hprebn - hprebn.mean(0, keepdim=True)) / std
d = dhpreact * bngain
dhprebn = (d - d.mean(0) - x * (d * x).sum(0) / (n - 1)) / std
