"""No epsilon."""

# expect: hprebn = wrong
# cell: hprebn
std = torch.sqrt(hprebn.var(0, keepdim=True))
x = (hprebn - hprebn.mean(0, keepdim=True)) / std
d = dhpreact * bngain
dhprebn = (d - d.mean(0) - x * (d * x).sum(0) / (n - 1)) / std
