"""The warm process (``inside_sandbox.server``) and its submissions, from outside: start them, ask them, outlive them."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from autograder.sandbox import bubblewrap
from autograder.sandbox.inside_sandbox import confine, wire
from autograder.sandbox.inside_sandbox.server import READY

START_SECONDS = 120
ANSWER_SECONDS = 20
"""Longest time for an answer of the supervisor's, which does nothing that takes long."""
_USERS = 1 << 20
"""Where root grades, student code runs as users from this number on, one for each warm process."""


class Server:
    """One warm process, started when it is first needed and again when it was lost.

    Several programs may use the same one: whoever is sent the ``controls`` of a server that was started makes another
    ``Server`` of them. Should it be lost, each of them starts its own.

    Args:
        confined: whether it runs in a sandbox; by default as ``bubblewrap.require`` says.
        controls: of another program's server.
    """

    def __init__(
        self,
        confined: bool | None = None,
        limits: confine.Limits | None = None,
        controls: Sequence[socket.socket] = (),
    ):
        self.confined, self.limits = confined, limits or confine.Limits()
        self._process: subprocess.Popen | None = None
        self.controls = list(controls)
        """The sockets through which it is asked for places: with autograd, and without."""
        self._ready = bool(controls)
        self._finalizer: Any = weakref.finalize(self, lambda: None)

    def launch(self) -> None:
        """Start the process if it is not there; it takes some seconds to be ready.

        Raises:
            SandboxMissing: it must not run without a sandbox, and there is none.
        """
        if self.controls and (self._process is None or self._process.poll() is None):
            return
        self.close()
        if self.confined is None:
            self.confined = bubblewrap.require()
        environment = (
            {"PATH": os.environ.get("PATH", os.defpath)} if self.confined else _environment(tempfile.gettempdir())
        )
        ours, theirs = zip(*(socket.socketpair() for _ in range(2)), strict=True)
        descriptors = [end.fileno() for end in theirs]
        other = None if self.confined else _other_user()
        self._process = subprocess.Popen(
            bubblewrap.server_command(descriptors, self.confined), env=environment, pass_fds=descriptors, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            user=other, group=other, extra_groups=None if other is None else [],
        )  # fmt: skip
        for end in theirs:
            end.close()
        self.controls, self._ready = list(ours), False
        self._finalizer = weakref.finalize(self, _end, self._process, ours)

    def start(self) -> None:
        """``launch`` it, and wait until it has imported what it needs.

        Raises:
            SandboxMissing: it must not run without a sandbox, and there is none.
            RuntimeError: it does not start; the message holds what it said.
        """
        self.launch()
        if self._ready or all(map(_is_ready, self.controls)):
            self._ready = True
            return
        self._process.kill()
        said = self._process.stderr.read().decode(errors="replace")[-2000:]
        self.close()
        raise RuntimeError(f"The process that runs student code did not start. It said:\n{said}")

    def close(self) -> None:
        """End the process and all that it started."""
        self._finalizer()
        for control in self.controls:
            control.close()
        self._process, self.controls = None, []

    def open(self, files: Mapping[str, bytes], autograd: bool) -> "Place":
        """A place for one submission to run in.

        Args:
            files: what is in its folder, by relative path.
            autograd: whether derivatives can be computed there: for the notebook's own checks, not for the judge's runs.
        """
        for retry in (True, False):
            self.start()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(self.controls[0 if autograd else 1], [b"o"], [theirs.fileno()])
                    return Place(ours, files, autograd, self.confined, self.limits)
                except OSError:  # the process died since the last time: once more with a new one
                    ours.close()
                    self.close()
                    if not retry:
                        raise
        raise AssertionError


class Place:
    """One submission's processes and files, apart from all others; ``close`` ends and removes them all."""

    def __init__(
        self,
        connection: socket.socket,
        files: Mapping[str, bytes],
        autograd: bool,
        confined: bool,
        limits: confine.Limits,
    ):
        self._connection = connection
        self._folder = None if confined else tempfile.mkdtemp(prefix="submission-")
        folder = confine.SUBMISSION if confined else os.path.join(self._folder, "submission")
        home = confine.HOME if confined else self._folder
        if not confined:
            os.mkdir(folder)
            if (other := _other_user()) is not None:
                for path in (self._folder, folder):
                    os.chown(path, other, other)
            os.symlink(bubblewrap.DATA, os.path.join(self._folder, "data"))
        header = {
            "files": list(files), "folder": folder, "limits": asdict(limits),
            "user": _USERS + os.getpid() if confined and os.geteuid() == 0 else None, "keep": bubblewrap.python_folders(),
            "environment": bubblewrap.environment(home) if confined else _environment(home),
        }  # fmt: skip
        program = bubblewrap.filter_program(runs=not autograd) if confined else b""
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.sendall(wire.pack(header, [*files.values(), program]))
            answer = wire.receive(wire.Reader(connection), 0)
            if answer is None:
                raise ConnectionError("the warm process has ended")
            if "prepared" not in answer[0]:
                raise RuntimeError(f"No place could be made for a submission: {answer[0].get('broken')}")
        except BaseException:
            self.close()
            raise

    def run(self, jobs: socket.socket) -> None:
        """Start a process for runs of the judge's, which come through ``jobs``, in place of what ran before."""
        wire.send(self._connection, {"do": "run"}, descriptors=[jobs.fileno()])

    def kernel(self, talk: socket.socket, environment: Mapping[str, str]) -> None:
        """Start a kernel that speaks through ``talk``, in place of what ran before.

        Args:
            environment: further environment variables.
        """
        request = {"do": "kernel", "environment": dict(environment)}
        wire.send(self._connection, request, descriptors=[talk.fileno()])

    def interrupt(self) -> None:
        """Interrupt what runs."""
        self._ask("interrupt")

    def alive(self) -> bool:
        """Whether it runs still."""
        return bool(self._ask("poll")["alive"])

    def end(self) -> str:
        """End what runs, with all its processes; ``memory`` or ``processes`` if it was ended for using too much, else empty."""
        return str(self._ask("end")["why"])

    def _ask(self, what: str, **details: object) -> dict:
        self._connection.settimeout(ANSWER_SECONDS)
        wire.send(self._connection, {"do": what, **details})
        answer = wire.receive(wire.Reader(self._connection), 0)
        if answer is None or "broken" in answer[0]:
            raise ConnectionError(f"the supervisor of a submission is gone: {answer and answer[0]['broken']}")
        return answer[0]

    def break_off(self) -> None:
        """Have everything ended from another thread; ``close`` is still to be called."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything and remove it."""
        self._connection.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None


def _other_user() -> int | None:
    """The number of the user that student code runs as where root grades without a sandbox, if SANDBOX_USER gives one."""
    number = os.environ.get("SANDBOX_USER", "")
    return int(number) if number.isdigit() and os.geteuid() == 0 else None


def _environment(home: str) -> dict[str, str]:
    return {
        **bubblewrap.environment(home),
        **{k: v for k, v in os.environ.items() if k in ("PATH", "LC_ALL", "SYSTEMROOT")},
    }


def _is_ready(control: socket.socket) -> bool:
    control.settimeout(START_SECONDS)
    try:
        return control.recv(1) == READY
    except OSError:
        return False


def _end(process: subprocess.Popen, controls: Sequence[socket.socket]) -> None:
    for control in controls:
        control.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stderr.close()
