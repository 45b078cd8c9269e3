"""The warm process: it imports what notebooks need once, and forks a supervisor for each submission.

Started by ``autograder.client`` as ``python -I``. It computes nothing with torch, since what a fork copies of torch's
threads hangs, and it never runs student code itself.
"""

import array
import contextlib
import importlib
import os
import socket
import struct
import sys
import threading

from . import confine, supervisor

READY = b"r"
MODULES = (
    "torch", "torch.autograd.functional", "torch.func", "torch.nn.functional", "torch._decomp", "numpy.random",
    # torch imports these, and sympy with them, when a tensor is first printed
    "torch._subclasses.schema_check_mode", "torch.fx.experimental.symbolic_shapes",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib_inline.backend_inline", "PIL.PngImagePlugin",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.magics.execution", "IPython.core.pylabtools", "IPython.extensions.storemagic", "zmq.utils.garbage",
    "sqlite3", "statistics", "secrets", "tornado.platform.asyncio", "encodings.idna", "csv", "gzip", "urllib.request",
    "IPython.utils.wildcard", "IPython.core.logger", "IPython.core.oinspect", "faulthandler", "colorsys",
)  # fmt: skip
"""What notebooks and kernels import, now or later."""


def serve(control: socket.socket, confined: bool) -> None:
    """Fork a supervisor for each connection that arrives over ``control``, until the other side hangs up.

    Args:
        confined: whether this process is in a sandbox and has the right to make namespaces in it.
    """
    _import_what_notebooks_need()
    if threading.active_count() != 1:
        raise RuntimeError(f"threads are running before the first fork: {threading.enumerate()}")
    confine.adopt_orphans()
    control.sendall(READY)
    while True:
        message, descriptors = _receive_descriptor(control)
        if not message:
            return
        _reap()
        child = os.fork()
        if child == 0:
            control.close()
            _in_child(descriptors[0], confined)
        os.close(descriptors[0])
        os.waitpid(child, 0)


def _in_child(descriptor: int, confined: bool) -> None:
    """Fork once more, into a process namespace where there is one; the process between ends at once."""
    try:
        if confined:
            confine.new_process_namespace()
        if os.fork() == 0:
            with socket.socket(fileno=descriptor) as connection:
                supervisor.serve(connection, confined)
    finally:
        os._exit(0)


def _reap() -> None:
    """Collect supervisors that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _import_what_notebooks_need() -> None:
    import PIL.Image
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.registry import backend_registry
    from matplotlib.figure import Figure

    for name in MODULES:
        importlib.import_module(name)
    backend_registry.resolve_backend("inline")  # looks through all installed packages, once
    PIL.Image.preinit()
    figure = Figure()  # fonts are looked up once, here; no torch in it
    figure.add_subplot(title="$x$").text(0, 0, "0")
    FigureCanvasAgg(figure).draw()


def _receive_descriptor(control: socket.socket) -> tuple[bytes, list[int]]:
    message, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(struct.calcsize("i")))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def main() -> None:
    """``server.py DESCRIPTOR confined|free``."""
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "confined")
