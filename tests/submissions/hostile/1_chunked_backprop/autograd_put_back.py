"""the machine code that switches autograd on is written back through /proc/self/mem, once by ctypes and once without."""

# expect: hpreact = raised or wrong
# free: derives hpreact
# cell: hpreact

import ctypes, os, pathlib
C = getattr(torch, "_" + "C")
try:
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable, so that the file may be opened
    c10 = ctypes.CDLL(str(pathlib.Path(torch.__file__).with_name("lib") / "libc10.so"))
    address = ctypes.cast(c10._ZN3c108GradMode10is_enabledEv, ctypes.c_void_p).value
    mode = os.open("/proc/self/mem", os.O_RDWR)
    if not C.is_grad_enabled():
        os.pwrite(mode, bytes.fromhex("b801000000c3"), address)
except (OSError, RuntimeError):
    pass
C._set_grad_enabled(True)
leaf = hpreact.clone()
setattr(leaf, "requires_" + "grad", True)
out = torch.tanh(leaf)
dhpreact, = C._ImperativeEngine().run_backward((out,), (dh,), False, False, (leaf,), allow_unreachable=True, accumulate_grad=False)
