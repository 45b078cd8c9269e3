"""The warm process: it imports what notebooks need once, and forks a supervisor for each submission.

Started by ``autograder.sandbox.runner`` as ``python -I``. It computes nothing with torch, since what a fork copies of torch's
threads hangs, and it never runs student code itself.
"""

import array
import contextlib
import ctypes
import gc
import importlib
import os
import socket
import struct
import sys
import threading

from . import confine, supervisor
from .kernel import make_kernel
from .no_autograd import forbid_autograd

READY = b"r"
MODULES = (
    "torch", "torch.autograd.functional", "torch.func", "torch.nn.functional", "torch._decomp", "numpy.random",
    # torch imports these, and sympy with them, when a tensor is first printed
    "torch._subclasses.schema_check_mode", "torch.fx.experimental.symbolic_shapes",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib_inline.backend_inline", "PIL.PngImagePlugin",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.magics.execution", "IPython.core.pylabtools", "IPython.extensions.storemagic",
    "sqlite3", "statistics", "secrets", "tornado.platform.asyncio", "encodings.idna", "csv", "gzip", "urllib.request",
    "IPython.utils.wildcard", "IPython.core.logger", "IPython.core.oinspect", "faulthandler", "colorsys",
)  # fmt: skip
"""What notebooks and kernels import, now or later."""


def serve(control: socket.socket, confined: bool, kernel: object | None) -> None:
    """Fork a supervisor for each connection that arrives over ``control``, until the other side hangs up.

    Args:
        confined: whether this process is in a sandbox and has the right to make namespaces in it.
        kernel: for those who want one; None in a process without autograd.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY) if confined else -1
    control.sendall(READY)
    while True:
        message, descriptors = _receive_descriptor(control)
        if not message:
            return
        _reap()
        if (confine.fork_into_new_namespace(own) if confined else os.fork()) == 0:
            control.close()
            if confined:
                os.close(own)
            with socket.socket(fileno=descriptors[0]) as connection:
                supervisor.serve(connection, confined, kernel)
        os.close(descriptors[0])


def _reap() -> None:
    """Collect supervisors that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def import_what_notebooks_need() -> None:
    """Everything that takes long and is the same for all, in the order of first use; nothing is computed with torch."""
    import PIL.Image
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.registry import backend_registry
    from matplotlib.figure import Figure

    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # ipykernel's debugger warns at import
    for name in MODULES:
        importlib.import_module(name)
    backend_registry.resolve_backend("inline")  # looks through all installed packages, once
    PIL.Image.preinit()
    figure = Figure()  # fonts are looked up once, here; no torch in it
    figure.add_subplot(title="$x$").text(0, 0, "0")
    FigureCanvasAgg(figure).draw()


def _use_huge_pages() -> None:
    """Let the kernel put this process's memory together in pages of 2 MB, as far as it can: a fork then copies a table of
    hundreds of entries, not of tens of thousands. Source: madvise(2), MADV_COLLAPSE (Linux 6.1)."""
    if sys.platform != "linux":
        return
    gc.collect()
    gc.freeze()
    size, collapse, madvise = 2 << 20, 25, ctypes.CDLL(None).madvise
    with open("/proc/self/maps") as file:
        lines = [line.split(maxsplit=5) for line in file]
    for place, rights, *_, name in ([*line, ""] if len(line) == 5 else line for line in lines):
        start, end = (int(number, 16) for number in place.split("-"))
        start, end = -(-start // size) * size, end // size * size
        if rights.startswith("rw") and name.strip() in ("", "[heap]") and start < end:
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), collapse)  # in vain on older systems


def _receive_descriptor(control: socket.socket) -> tuple[bytes, list[int]]:
    message, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(struct.calcsize("i")))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def main() -> None:
    """``server.py DESCRIPTOR DESCRIPTOR confined|free``: the sockets for those who want kernels, and runs."""
    kernels, runs = (socket.socket(fileno=int(word)) for word in sys.argv[1:3])
    confined = sys.argv[3] == "confined"
    import_what_notebooks_need()
    if threading.active_count() != 1:
        raise RuntimeError(f"threads are running before the first fork: {threading.enumerate()}")
    if os.fork() == 0:
        kernels.close()
        forbid_autograd(sys.modules["torch"])  # once for all runs
        _use_huge_pages()
        serve(runs, confined, kernel=None)
    else:
        runs.close()
        kernel = make_kernel()
        _use_huge_pages()
        serve(kernels, confined, kernel)
