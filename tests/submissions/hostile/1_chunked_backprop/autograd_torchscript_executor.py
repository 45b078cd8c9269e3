"""TorchScript's older executor differentiates whatever it runs, by formulas of its own, and records that past the dispatcher."""

# expect: hpreact = raised | autograd is not an answer
# free: derives hpreact
# cell: hpreact

C = getattr(torch, "_" + "C")
C._jit_set_profiling_executor(False)
C._jit_set_profiling_mode(False)
C._debug_set_autodiff_subgraph_inlining(False)
leaf = hpreact.clone()
setattr(leaf, "requires_" + "grad", True)
code = "def f(x: Tensor):\n  return torch.tanh(x) * 1.0 + (torch.exp(x) - torch.exp(-x)) * 0.0\n"
error = None
for make in (
    lambda: torch.jit.CompilationUnit(code).f,
    lambda: __import__("torch.jit._trace").jit._trace.trace(lambda x: torch.tanh(x) * 1.0 + 0.0 * torch.exp(x) * x, hpreact),
):
    try:
        C._set_grad_enabled(True)
        scripted = make()
        for _ in range(4):
            out = scripted(leaf)
        dhpreact = C._ImperativeEngine().run_backward((out,), (dh,), False, False, (leaf,), allow_unreachable=True, accumulate_grad=False)[0]
        break
    except Exception as failed:
        error = error or failed
else:
    raise error
