"""torch.func by another spelling, and its machinery beneath."""

# expect: hpreact = raised or wrong
# free: derives hpreact
# cell: hpreact

import importlib
functions = importlib.import_module("torch." + "fun" + "c")
try:
    dhpreact = getattr(functions, "vj" + "p")(torch.tanh, hpreact)[1](dh)[0]
except RuntimeError:
    machinery = importlib.import_module("torch." + "_functor" + "ch.eager_transforms")
    dhpreact = getattr(machinery, "_vj" + "p_with_argnums")(torch.tanh, hpreact)[1](dh)[0]
