"""One submission's supervisor: process number 1 of its namespace, trusted, and the parent of all that runs student code.

It does what the other side of its connection asks for: start a kernel, start a run, interrupt, say what is alive, end
everything. It ends by itself when that connection closes. Student code cannot reach it: as process 1 it gets no signals
from inside, and it keeps rights that its children have not, so that they cannot trace it.
"""

import contextlib
import os
import select
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

from . import confine, wire
from .kernel import run_kernel
from .run import run_jobs

WATCH_SECONDS = 0.05
"""How often memory and processes are looked at while student code runs."""
FILES_BYTES = 1 << 28


@dataclass
class _State:
    confined: bool
    kernel: object | None = None
    limits: confine.Limits = field(default_factory=confine.Limits)
    filter_program: bytes = b""
    user: int | None = None
    view: confine.View | None = None
    child: int = 0
    """The process that the student's code runs in, or 0."""
    folder: Path = Path()
    files: dict[str, bytes] = field(default_factory=dict)
    """What was handed in beside the notebook."""
    why: str = ""
    """``memory`` or ``processes``, if it was ended for that."""


def serve(connection: socket.socket, confined: bool, kernel: object | None) -> None:
    """Prepare the place and do what is asked for, until the other side hangs up; never returns.

    Args:
        kernel: of ``kernel.make_kernel``; None in a process without autograd, for the judge's runs.
    """
    state = _State(confined, kernel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _prepare(connection, state)
        while True:
            ready, _, _ = select.select([connection], [], [], WATCH_SECONDS if state.child else None)
            if not ready:
                _watch(state)
                continue
            reader = wire.Reader(connection, descriptors=True)
            message = wire.receive(reader, FILES_BYTES, FILES_BYTES)
            if message is None:
                break
            _do(connection, state, message[0], reader.descriptors)
    except BaseException as error:
        with contextlib.suppress(OSError):
            wire.send(connection, {"broken": f"{type(error).__name__}: {error}"[:1000]})
    finally:
        _end_all(state)
        os._exit(0)


def _prepare(connection: socket.socket, state: _State) -> None:
    """Take the submission's files and, in a sandbox, a view of the system of its own."""
    header, blobs = wire.receive(wire.Reader(connection), FILES_BYTES, FILES_BYTES)
    state.limits = confine.limits_from(header["limits"])
    state.user, (*files, state.filter_program) = header["user"], blobs
    if state.confined:
        # the files of the notebook that a kernel runs stay; one run of the judge's leaves nothing for the next
        state.view = confine.View(header["keep"], {confine.SUBMISSION} if state.kernel else set())
        if not state.kernel:
            confine.without_proc()  # through it a process could put its own code back
    state.folder, state.files = Path(header["folder"]), dict(zip(header["files"], files, strict=True))
    _put_files(state)
    os.chdir(state.folder)
    os.environ.update(header["environment"])
    wire.send(connection, {"prepared": True})


def _put_files(state: _State) -> None:
    """Write what was handed in beside the notebook where the student's code finds it."""
    for name, data in state.files.items():
        path = state.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o666)
    for path in state.folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o777)


def _do(connection: socket.socket, state: _State, request: dict, descriptors: list[int]) -> None:
    match request["do"]:
        case "run":
            _start(connection, state, lambda: run_jobs(socket.socket(fileno=descriptors[0])))
        case "kernel":
            talk, environment = descriptors[0], request["environment"]
            _start(connection, state, lambda: run_kernel(state.kernel, socket.socket(fileno=talk), environment))
        case "interrupt":
            if _alive(state):
                os.kill(state.child, signal.SIGINT)
            wire.send(connection, {"alive": _alive(state)})
        case "poll":
            wire.send(connection, {"alive": _alive(state)})
        case "end":
            _watch(state)
            _end_all(state)
            wire.send(connection, {"why": state.why})
    for descriptor in descriptors:
        os.close(descriptor)


def _start(connection: socket.socket, state: _State, run) -> None:
    """Fork a process for student code, after the last one was ended."""
    _end_all(state)
    state.why = ""
    if state.view:
        state.view.empty_again()
        if not state.kernel:
            _put_files(state)
    state.child = os.fork()
    if state.child:
        return
    try:
        connection.close()
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.close(null)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if state.confined:
            state.view.close()
            confine.give_up_rights(state.limits, state.filter_program, state.user)
        else:
            confine.set_limits(state.limits)
        run()
    finally:
        os._exit(0)


def _alive(state: _State) -> bool:
    _collect(state)
    return bool(state.child)


def _collect(state: _State) -> None:
    """Reap what has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            process, _ = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            if process == state.child:
                state.child = 0


def _watch(state: _State) -> None:
    """End everything if it uses more than it may."""
    _collect(state)
    if not state.confined:
        return
    memory, processes = confine.in_use(state.view.proc, but=os.getpid())
    if memory > state.limits.memory:
        state.why = "memory"
    elif processes > state.limits.processes:
        state.why = "processes"
    else:
        return
    _end_all(state)


def _end_all(state: _State) -> None:
    """Kill the process of the student's code and, as far as they can be known, all that it started."""
    if state.confined:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # as process 1: everything in this namespace but itself
    elif state.child:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(state.child, signal.SIGKILL)
    while state.confined or state.child:
        try:
            process, _ = os.waitpid(-1, 0)
        except ChildProcessError:
            break
        if process == state.child:
            state.child = 0
