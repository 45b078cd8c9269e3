"""A torch without derivatives: in the process of a run, autograd records nothing, and the library's own backward operators
refuse.

The syntax tree of a student's cell is searched for autograd first (``toolkit.running.autograd_words``) and names what it finds.
This is the net beneath: there are more ways to spell a call than a search can know (strings, threads, ``torch._C``). All of
them come to torch's dispatcher, which has for each operator a function that records it. In its place stands a fallthrough: the
operator is computed and not recorded, neither for ``backward`` nor for forward mode nor for ``torch.func``. Nothing of it
belongs to one release of torch.

What stays: a formula that stands in a library's Python (``torch._decomp``, ``torch.distributions``, sympy) is a formula in a
book; and what writes into its own process's memory gets past everything in that process.
"""

import ctypes
import sys
import warnings

from toolkit.running.no_derivatives import DERIVATIVES, refuse, refusing_names

_RECORDS = ("Autograd", "AutogradNestedTensor")
"""Keys of the dispatcher under which operators are recorded."""
_BACKENDS = ("CPU", "SparseCPU", "SparseCsrCPU", "NestedTensorCPU", "MkldnnCPU", "FuncTorchBatched")
"""Kinds of tensors on the CPU that have backward operators, those inside of ``torch.vmap`` among them."""
_TORCHSCRIPT = (
    "_jit_differentiate", "_jit_script_compile", "_jit_to_static_module", "_jit_interpret_graph", "_create_function_from_graph",
    "parse_ir",
)  # fmt: skip
_CALLED = ("ScriptFunction", "ScriptMethod", "StaticModule")
"""Of ``torch._C``: TorchScript differentiates by formulas of its own, and calls operators past the dispatcher. However its code
came to be (compiled, traced, loaded), these are what runs it."""


def forbid_autograd(torch) -> None:
    """Take the ways to a derivative out of this process; it cannot be undone."""
    for owner, name, new in refusing_names():
        setattr(owner, name, new)
    for name in _TORCHSCRIPT:
        if hasattr(torch._C, name):
            setattr(torch._C, name, refuse)
    for name in _CALLED:
        if hasattr(torch._C, name):
            getattr(torch._C, name).__call__ = refuse
    torch._functorch.vmap.lazy_load_decompositions()  # vmap does so when it is first called, and misses what is taken out here
    has, library = (
        torch._C._dispatch_has_kernel_for_dispatch_key,
        torch._C._dispatch_library("IMPL", "aten", "", __file__, 0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that something is overridden is the point
        for name in torch._C._dispatch_get_all_op_names():
            if not name.startswith("aten::"):
                continue
            for key in _RECORDS:
                if has(name, key):
                    library.impl(name.removeprefix("aten::"), key, torch.library.fallthrough_kernel, False)
            for key in _BACKENDS if any(word in name for word in DERIVATIVES) else ():
                if key == "CPU" or has(name, key):
                    library.impl(name.removeprefix("aten::"), key, refuse, False)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))  # with the last reference the old kernels would come back
    for module in [m for n, m in sys.modules.items() if n.startswith(("torch._decomp", "torch._refs"))]:
        for name in [n for n in vars(module) if any(word in n for word in DERIVATIVES)]:
            setattr(module, name, refuse)
    for table in torch._decomp.global_decomposition_table.values():
        table.update({op: refuse for op in table if any(word in str(op) for word in DERIVATIVES)})


def forbid_machine_code() -> None:
    """Take ctypes and cffi out of this process: called by its address, a library's backward function still computes.

    An audit hook cannot be removed. Source: PEP 578 and Python's table of audit events.
    """

    def hook(event, details):  # by literals alone: names could be bound anew, and a str's subclass contain nothing
        if event[:7] == "ctypes." or event == "cpython.PyInterpreterState_New":
            raise RuntimeError("ctypes is not there when answers are judged")
        if event == "import" and "".__class__.__contains__(details[0], "cffi"):
            raise ImportError("cffi is not there when answers are judged")

    sys.addaudithook(hook)
