"""the library's own derivative of tanh, called as an operator, as an out= variant and for other kinds of tensors."""

# expect: hpreact = raised | autograd is not an answer
# free: derives hpreact
# cell: hpreact

operators = torch.ops.aten
C = getattr(torch, "_" + "C")
keys = C.DispatchKeySet(C.DispatchKey.CPU)
error = None
for call in (
    lambda: operators.tanh_backward(dh, h),
    lambda: operators.tanh_backward.grad_input(dh, h, grad_input=torch.empty_like(h)),
    lambda: torch.library.get_kernel("aten::tanh_backward", "CPU").call_boxed(keys, dh, h),
    lambda: getattr(__import__("torch._decomp"), "_decomp").decompositions.tanh_backward(dh, h),
):
    try:
        dhpreact = call()
        break
    except Exception as failed:
        error = error or failed
else:
    raise error
