"""A Jupyter kernel in a forked process: ipykernel's own, made before the fork, that speaks through one socket.

It has no threads and no ZeroMQ. Messages are Jupyter's, each with the channel it belongs to (``wire``). Source of what they
hold: the Jupyter messaging protocol 5.4.
"""

import asyncio
import contextlib
import functools
import inspect
import io
import logging
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from .wire import Reader, pack, readable, receive

REQUEST_BYTES = 1 << 26
FLUSH_SECONDS, FLUSH_CHARACTERS = 0.2, 1 << 16
"""After how long, or how much, a printed text is sent though its cell goes on."""
_KEY = b"there is one client, and nobody else has the socket"


def make_kernel():
    """A kernel with its shell, in a process without student code: what is forked from it has only to ``run_kernel``."""
    import matplotlib
    from ipykernel.compiler import XCachingCompiler, get_tmp_directory
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.profiledir import ProfileDir
    from matplotlib_inline.config import InlineBackend
    from traitlets import Type
    from traitlets.config import Config

    class Compiler(XCachingCompiler):
        """Names a cell by a number that is computed in C: ipykernel's own takes as long as to run the course's setup."""

        def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
            return os.path.join(get_tmp_directory(), f"{zlib.crc32(raw_code.encode(errors='replace'))}.py")

    class Kernel(IPythonKernel):
        compiler_class = Type(Compiler)

        def _abort_queues(self, subshell_id=None) -> None:
            """No cell waits behind one that fails."""

    config = Config(
        IPKernelApp={"quiet": True},  # some packages ask for it, to find out whether they are in a notebook
        HistoryManager={"enabled": False},
        IPythonKernel={"_execute_sleep": 0.0},
    )
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    app = IPKernelApp.instance(config=config)  # asked for the kernel by matplotlib's hooks
    kernel = app.kernel = Kernel.instance(
        parent=app, log=logging.getLogger("ipykernel"), session=_session(), iopub_socket="iopub", profile_dir=ProfileDir(),
        shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
    )  # fmt: skip
    app.shell = shell = kernel.shell
    # each cell is transformed for IPython to see whether it awaits something, and once more to be run: 0.1 s for the setup cell
    shell.transform_cell = functools.lru_cache(maxsize=1)(shell.transform_cell)
    shell.displayhook.get_execution_count = lambda: kernel.execution_count
    shell.extension_manager.load_extension("storemagic")
    # drawn once, not a second time to find out what could be cut off at the margins; so there is more room for labels
    matplotlib.rcParams["figure.subplot.bottom"] = 0.17
    matplotlib.rcParams["text.hinting"] = "none"  # letters are drawn in half the time, and look the same
    drawing: dict[str, Any] = {"bbox_inches": None, "pil_kwargs": {"compress_level": 1}}
    InlineBackend.instance(parent=shell).print_figure_kwargs = drawing
    shell.enable_matplotlib("inline")
    return kernel


def run_kernel(kernel, connection: socket.socket, environment: Mapping[str, str]) -> None:
    """Serve a connection until it is closed.

    Args:
        kernel: of ``make_kernel``.
        environment: further environment variables.
    """
    import numpy
    import torch

    os.environ.update(environment)
    sys.path.insert(0, "")  # modules beside the notebook
    torch.set_num_threads(1)
    torch.seed()  # every child would else draw the same numbers as its sisters
    numpy.random.seed()
    random.seed()
    kernel.session.connect(connection)
    sys.stdout, sys.stderr = _Stream(kernel.session, "stdout", 1), _Stream(kernel.session, "stderr", 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(kernel, connection))


async def _serve(kernel, connection: socket.socket) -> None:
    from tornado.ioloop import IOLoop

    kernel.io_loop = IOLoop.current()
    streams = sys.stdout, sys.stderr  # the student may bind others to these names
    awake = asyncio.create_task(_keep_awake())
    while True:
        await readable(connection)  # what cells have left to the event loop goes on meanwhile
        received = receive(Reader(connection), REQUEST_BYTES, REQUEST_BYTES)
        if received is None:
            awake.cancel()
            return
        request = {**received[0], "buffers": received[1]}
        kernel.set_parent([], request)
        kernel.session.request = request["header"]
        signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on a cell can be interrupted
        try:
            handled = kernel.shell_handlers[request["header"]["msg_type"]]("shell", [], request)
            if inspect.isawaitable(handled):
                await handled
        except KeyboardInterrupt:  # it came too late for the cell
            pass
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        for stream in streams:
            stream.flush()
        kernel.session.send("iopub", "status", {"execution_state": "idle"}, request)


async def _keep_awake() -> None:
    """Let the event loop turn now and then: an interrupt of a cell that awaits something is only noted, and seen here."""
    while True:
        await asyncio.sleep(0.2)


def _session():
    from jupyter_client.jsonutil import json_default
    from jupyter_client.session import Session as JupyterSession

    class Session(JupyterSession):
        """Makes Jupyter's messages and sends them through one socket."""

        def connect(self, connection: socket.socket) -> None:
            self._connection, self._pid, self._sending = connection, os.getpid(), threading.RLock()
            self.request: dict[str, Any] = {}

        def send(self, stream, msg_or_type, content=None, parent=None, ident=None, buffers=None, track=False,
                 header=None, metadata=None):  # fmt: skip
            message = msg_or_type
            if not isinstance(message, dict):
                message = self.msg(msg_or_type, content, parent, header, metadata)
            if os.getpid() != self._pid:  # two processes would write into each other's messages
                return message
            buffers = buffers or message.get("buffers") or []
            parts = {name: message[name] for name in ("header", "parent_header", "metadata", "content")}
            data = pack({"channel": stream, **parts}, [bytes(part) for part in buffers], json_default)
            with self._sending:
                # an interrupted message would be half a message
                before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
                try:
                    self._connection.sendall(data)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return message

    return Session(key=_KEY)


class _Stream(io.TextIOBase):
    """Standard output, or standard error, as messages; sent at the latest when something else is, or the cell ends.

    What is written to its descriptor (by processes that a cell starts) goes to a file, and from there to the same messages.
    """

    encoding = "UTF-8"

    def __init__(self, session, name: str, descriptor: int):
        self.name, self._session, self._lock = name, session, threading.RLock()
        self._parts: list[str] = []
        self._length, self._flushed = 0, 0.0
        self._pid = os.getpid()
        self._descriptor, self._file = descriptor, tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115
        os.dup2(self._file.fileno(), descriptor)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._pid:  # a process that a cell has forked
            os.write(self._descriptor, text.encode(errors="replace"))
            return len(text)
        with self._lock:
            self._parts.append(text)
            self._length += len(text)
        if self._length > FLUSH_CHARACTERS or time.monotonic() > self._flushed + FLUSH_SECONDS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            text, self._parts, self._length = "".join(self._parts) + self._written_below(), [], 0
            self._flushed = time.monotonic()
            if text:
                parent = {"header": self._session.request}
                self._session.send("iopub", "stream", {"name": self.name, "text": text}, parent)

    def _written_below(self) -> str:
        with contextlib.suppress(OSError, ValueError):  # closed by the student's code
            if size := os.fstat(self._file.fileno()).st_size:
                data = os.pread(self._file.fileno(), size, 0)
                self._file.truncate(0)
                return data.decode(errors="replace")
        return ""
