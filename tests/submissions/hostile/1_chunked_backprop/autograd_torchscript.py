"""TorchScript's own differentiation, by formulas, of a graph that is read from text."""

# expect: hpreact = raised or wrong
# free: derives hpreact
# cell: hpreact

C = getattr(torch, "_" + "C")
graph = C.parse_ir("graph(%a : Tensor):\n  %b : Tensor = aten::tanh(%a)\n  return (%b)\n")
made = getattr(C, "_jit_differentiate")(graph)
dhpreact, = C._create_function_from_graph("derivative", made.df)(dh, torch.tanh(hpreact))
