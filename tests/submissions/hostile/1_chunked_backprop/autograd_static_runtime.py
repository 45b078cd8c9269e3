"""TorchScript's static runtime, which calls operators past the dispatcher; a jvp operator; the table of decompositions."""

# expect: hpreact = raised | autograd is not an answer
# free: derives hpreact
# cell: hpreact

C = getattr(torch, "_" + "C")
def by_runtime():
    graph = C.parse_ir("graph(%g : Tensor, %h : Tensor):\n  %b : Tensor = aten::tanh_backward(%g, %h)\n  return (%b)\n")
    return getattr(C, "_jit_to_static_module")(graph)(dh, h)
def by_jvp():
    both = torch.cat([torch.ones_like(h), 2 * hpreact], 1)
    up = torch.cat([torch.zeros_like(h), 2 * torch.ones_like(h)], 1)
    return 2 * torch.ops.aten.glu_jvp(torch.nn.functional.glu(both, 1), both, up, 1) * dh
def by_table():
    return __import__("torch._decomp")._decomp.decomposition_table[torch.ops.aten.tanh_backward.default](dh, h)
error = None
for way in (by_runtime, by_jvp, by_table):
    try:
        dhpreact = way()
        break
    except Exception as failed:
        error = error or failed
else:
    raise error
