"""A forward variable bound anew to make the answer come out: each cell starts from the forward pass."""

# expect: hpreact = wrong
# cell: extra before hpreact
h = torch.zeros_like(h)
hpreact = torch.zeros_like(hpreact)
# cell: hpreact
dhpreact = dh.clone()
