"""torch.autograd.grad."""

# expect: bndiff bnmeani hprebn = uses autograd | .autograd
# cell: bndiff
dbndiff, dbnmeani, dhprebn = torch.autograd.grad(loss, [bndiff, bnmeani, hprebn], retain_graph=True)
