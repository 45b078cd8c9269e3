"""torch.autograd.functional under a short name."""

# expect: hpreact = uses autograd
# cell: hpreact
import torch.autograd.functional as AF
dhpreact = AF.vjp(torch.tanh, hpreact, dh)[1]
