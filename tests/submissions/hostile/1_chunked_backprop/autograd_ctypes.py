"""libtorch's derivative of tanh, called by its address."""

# expect: hpreact = wrong or raised
# free: derives hpreact
# cell: hpreact

import ctypes, pathlib
library = ctypes.CDLL(str(pathlib.Path(torch.__file__).with_name("lib") / "libtorch_cpu.so"))
dhpreact = torch.empty_like(h)
h0, dh0 = h.contiguous(), dh.contiguous()
function = library._ZN2at3cpu17tanh_backward_outERNS_6TensorERKS1_S4_
function.restype = ctypes.c_void_p
function(*(ctypes.c_void_p(id(tensor) + 16) for tensor in (dhpreact, dh0, h0)))
