"""autograd's grad under another name."""

# expect: bndiff bnmeani hprebn = uses autograd
# expect: b1 = uses autograd
# cell: extra before logprobs
import torch.autograd as ag
# cell: bndiff
from torch.autograd import grad as derivative
dbndiff, dbnmeani, dhprebn = derivative(loss, [bndiff, bnmeani, hprebn], retain_graph=True)
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = ag.grad(loss, b1)[0]
