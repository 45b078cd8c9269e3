"""forward-mode derivatives, by the functions beneath torch.autograd.forward_ad."""

# expect: hpreact = raised or wrong
# free: derives hpreact
# cell: hpreact

level = torch._VF._enter_dual_level() if hasattr(torch._VF, "_enter_dual_level") else getattr(torch, "_" + "C")._enter_dual_level()
dual = torch._VF._make_dual(hpreact, torch.ones_like(hpreact), level=level)
tangent = torch._VF._unpack_dual(torch.tanh(dual), level=level)[1]
dhpreact = tangent * dh
