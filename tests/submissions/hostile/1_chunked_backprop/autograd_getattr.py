"""autograd by names that are put together."""

# expect: hpreact = raised or wrong
# free: derives hpreact
# cell: hpreact

import operator
leaf = hpreact.clone()
setattr(leaf, "requires_" + "grad", True)
with getattr(torch, "enable_" + "grad")():
    out = torch.tanh(leaf)
operator.methodcaller("back" + "ward", dh)(out)
dhpreact = operator.attrgetter("gr" + "ad")(leaf)
