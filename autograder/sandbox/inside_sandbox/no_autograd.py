"""A torch without derivatives: in the process of a run, autograd cannot record, forward-mode has no tangents, and the
library's own backward operators refuse.

The syntax tree of a student's cell is searched for autograd first (``toolkit.cells``) and names what it finds. This is the
net beneath: there are more ways to spell a call than a search can know (strings, threads, ``torch._C``, a C library), so
it is the machine code of the two functions all of them come through that is changed: ``c10::GradMode::is_enabled`` says
no, ``c10::TensorImpl::_set_fw_grad`` does nothing. TorchScript has derivatives of its own, by formulas and without autograd:
the function that makes them ends the process. Elsewhere than on Linux with x86-64 or ARM64 only the Python names refuse.
"""

import ctypes
import mmap
import platform
import sys
import warnings
from pathlib import Path

from toolkit.no_derivatives import refuse, refusing_names

_RETURN_FALSE = {"x86_64": bytes.fromhex("31c0c3"), "aarch64": bytes.fromhex("00008052c0035fd6")}
_RETURN = {"x86_64": bytes.fromhex("c3"), "aarch64": bytes.fromhex("c0035fd6")}
_TRAP = {"x86_64": bytes.fromhex("0f0b"), "aarch64": bytes.fromhex("00000000")}
NATIVE = {
    "_ZN3c108GradMode10is_enabledEv": ("libc10.so", _RETURN_FALSE),
    "_ZN3c1010TensorImpl12_set_fw_gradERKN2at10TensorBaseES4_mb": ("libc10.so", _RETURN),
    "_ZN5torch3jit13differentiateERSt10shared_ptrINS0_5GraphEE": ("libtorch_cpu.so", _TRAP),
}
"""Functions by their linker names: the library that each is in, and the code that takes its place."""
_BACKENDS = ("CPU", "SparseCPU", "SparseCsrCPU", "NestedTensorCPU", "MkldnnCPU", "FuncTorchBatched")
"""Kinds of tensors on the CPU that have backward operators, those inside of ``torch.vmap`` among them."""


def forbid_autograd(torch) -> None:
    """Take every way to a derivative out of this process; it cannot be undone.

    Raises:
        RuntimeError: this torch has other functions than those that are known here.
    """
    _replace_native_code(torch)
    for owner, name, new in refusing_names():
        setattr(owner, name, new)
    _refuse_operators(torch)


def forbid_machine_code() -> None:
    """Take ctypes and cffi out of this process: called by its address, a library's backward function still computes.

    An audit hook cannot be removed. What corrupts the interpreter's own memory gets past it, as past everything in one
    process. Source: PEP 578 and Python's table of audit events.
    """

    def hook(event, details):  # by literals alone: names could be bound anew, and a str's subclass contain nothing
        if event[:7] == "ctypes." or event == "cpython.PyInterpreterState_New":
            raise RuntimeError("ctypes is not there when answers are judged")
        if event == "import" and "".__class__.__contains__(details[0], "cffi"):
            raise ImportError("cffi is not there when answers are judged")
        if event == "object.__setattr__" and details[1] == "__code__":
            raise RuntimeError("a function's code cannot be changed when answers are judged")

    sys.addaudithook(hook)


def _replace_native_code(torch) -> None:
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if sys.platform != "linux" or machine not in _RETURN:
        return
    mprotect = ctypes.CDLL(None, use_errno=True).mprotect
    for symbol, (library, codes) in NATIVE.items():
        loaded = ctypes.CDLL(str(Path(torch.__file__).with_name("lib") / library))
        try:
            address = ctypes.cast(getattr(loaded, symbol), ctypes.c_void_p).value
        except AttributeError:
            raise RuntimeError(
                f"torch {torch.__version__} has no {symbol}; install the version that requirements.txt names."
            ) from None
        code = codes[machine]
        start = address & -mmap.PAGESIZE
        length = ctypes.c_size_t(address + len(code) - start)
        for protection in (mmap.PROT_READ | mmap.PROT_WRITE, mmap.PROT_READ | mmap.PROT_EXEC):
            if mprotect(ctypes.c_void_p(start), length, protection) != 0:
                raise RuntimeError(f"the code of {symbol} cannot be replaced: {ctypes.get_errno()}")
            if protection & mmap.PROT_WRITE:
                ctypes.memmove(address, code, len(code))


def _refuse_operators(torch) -> None:
    """The operators that autograd is made of (``aten::tanh_backward``) hold the derivatives that are asked for."""
    torch._functorch.vmap.lazy_load_decompositions()  # vmap does so when it is first called, and misses what is taken out here
    library = torch._C._dispatch_library("IMPL", "aten", "", __file__, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that something is overridden is the point
        for name in torch._C._dispatch_get_all_op_names():
            if name.startswith("aten::") and "backward" in name:
                for backend in _BACKENDS:
                    if backend == "CPU" or torch._C._dispatch_has_kernel_for_dispatch_key(name, backend):
                        library.impl(name.removeprefix("aten::"), backend, refuse, False)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))  # with the last reference the old kernels would come back
    for module in [m for n, m in sys.modules.items() if n.startswith(("torch._decomp", "torch._refs"))]:
        for name in [n for n in vars(module) if "backward" in n]:
            setattr(module, name, refuse)
    for table in torch._decomp.global_decomposition_table.values():
        for operator in [operator for operator in table if "backward" in str(operator)]:
            del table[operator]
