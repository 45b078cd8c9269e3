"""torch.func."""

# expect: hpreact embcat b1 W1 = uses autograd | torch.func
# expect: h W2 b2 = uses autograd | import func
# cell: h
from torch.func import vjp
_, back = vjp(lambda a, b, c: a @ b + c, h, W2, b2)
dh, dW2, db2 = back(dlogits)
# cell: hpreact
dhpreact = torch.func.vjp(torch.tanh, hpreact)[1](dh)[0]
# cell: embcat
dembcat, dW1, db1 = torch.func.vjp(lambda a, b, c: a @ b + c, embcat, W1, b1)[1](dhprebn)
