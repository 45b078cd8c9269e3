"""Calls done by many processes, each result taken as it comes: on this machine, or by a Dask cluster.

On this machine every worker has a pipe of its own and nothing is shared among them, so that a worker can be killed at
any moment and costs only the call it was at. Such a call is tried once more, alone, when all others are done.
"""

import contextlib
import functools
import importlib.util
import itertools
import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import Any

SECONDS = 1800.0
"""Longest time for one call; a submission's own limits end it long before."""
START_SECONDS = 120.0
"""Longest time for a worker to start."""
RECYCLED_AFTER = 100
"""Calls after which a worker is replaced by a fresh one, so that nothing that grows can grow for long."""
CONNECT_SECONDS, WORKER_SECONDS = 15.0, 60.0
"""How long a Dask scheduler may take to answer, and to have a worker."""


@dataclass(frozen=True)
class Call:
    """A function of a module, its one argument, and whatever the caller wants to know it by."""

    function: Callable[[Any], object]
    argument: Any = field(repr=False)
    about: Any = None


@dataclass(frozen=True)
class Done:
    """What became of a call: its result, or one sentence on why there is none."""

    call: Call
    result: Any = None
    problem: str = ""
    seconds: float = 0.0
    """Time that the worker took."""


class NoWorkers(Exception):
    """The workers cannot be used; the message says why and what to do."""


def run(
    next_call: Callable[[], Call | None],
    jobs: int | None = None,
    scheduler: str | None = None,
    scratch: str = "",
    prepare: Callable[[], None] | None = None,
) -> Generator[Done, None, None]:
    """Do calls, a few at a time, and yield each as it is done, in whatever order.

    Args:
        next_call: the next call, made when a worker is free; None if there is none now. It is asked again after each
            result, since results may lead to other calls; all ends when it has none and all are done.
        jobs: processes on this machine, by default one for each core; 0 does all in this process (to debug, and for tests).
        scheduler: address of a Dask scheduler (``tcp://host:8786``), whose workers then do all.
        scratch: where temporary files on this machine are put; the system's place by default.
        prepare: called once in each process on this machine before its first call; it may hold open sockets.

    Raises:
        NoWorkers: there is no such scheduler, it was lost, or it has no workers.
    """
    if scheduler:
        return _on_cluster(next_call, scheduler)
    if jobs == 0:
        return _here(next_call, scratch)
    return _in_processes(next_call, jobs or cores(), _Setting(scratch or tempfile.gettempdir(), prepare))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(next_call: Callable[[], Call | None], scratch: str) -> Generator[Done, None, None]:
    before, tempfile.tempdir = tempfile.tempdir, scratch or tempfile.tempdir
    try:
        while call := next_call():
            yield _unpacked(call, perform(pickle.dumps((call.function, call.argument))))
    finally:
        tempfile.tempdir = before


def perform(request: bytes) -> bytes:
    """Do a call, in a worker. Result and errors come back as bytes, so that whatever they are they can be sent."""
    start = time.perf_counter()
    try:
        function, argument = pickle.loads(request)
        return pickle.dumps((function(argument), "", time.perf_counter() - start))
    except Exception as error:  # whatever it is, it is about this call only
        text = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
        return pickle.dumps((None, said, time.perf_counter() - start))


def _unpacked(call: Call, answer: bytes) -> Done:
    return Done(call, *pickle.loads(answer))


# --- processes on this machine ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Setting:
    """What all workers are told at their start."""

    scratch: str
    prepare: Callable[[], None] | None


def warm_up(*modules: str) -> None:
    """Begin to import what calls need, in the process that workers are forked from; it does nothing else, since what a
    fork copies of torch's threads hangs. Later is too late: the first call of a program counts.
    """
    _context().set_forkserver_preload(list(modules))
    forkserver.ensure_running()


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


class _Worker:
    """A process that does one call at a time."""

    def __init__(self, call: Call, setting: _Setting) -> None:
        context = _context()
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, setting), name="grader", daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        self.call: Call | None = call
        self.ready, self.left = False, RECYCLED_AFTER
        self.deadline = time.monotonic() + SECONDS + START_SECONDS

    def give(self, call: Call) -> None:
        self.call, self.left, self.deadline = call, self.left - 1, time.monotonic() + SECONDS
        with contextlib.suppress(OSError):  # it has died: that shows when its answer is awaited
            self.connection.send_bytes(pickle.dumps((call.function, call.argument)))

    def receive(self) -> Done | str | None:
        """What it sent: the end of its call, or nothing yet (it has just started); a reason, if it is dead."""
        try:
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            self.process.join(5)
            return f"its process ended ({_ending(self.process.exitcode)})"
        call = self.call
        if self.ready:
            self.call = None
            return _unpacked(call, answer)
        self.ready = True  # only now, since sending waits for one who reads
        self.give(call)
        return None

    def close(self) -> None:
        """End it. It keeps nothing, and what it started ends with it."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def _serve(connection: Connection, setting: _Setting) -> None:
    """Do calls until the pipe is closed; what they keep in temporary files goes to ``scratch``."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tempfile.tempdir = os.environ["TMPDIR"] = setting.scratch
    if setting.prepare:
        setting.prepare()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which ends the others
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(b"ready")
        while True:
            connection.send_bytes(perform(connection.recv_bytes()))


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has died, even by kill -9."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _in_processes(next_call: Callable[[], Call | None], jobs: int, setting: _Setting) -> Generator[Done, None, None]:
    """Do calls in ``jobs`` processes. A call whose process dies or takes too long is put off and tried alone."""
    put_off: deque[tuple[Call, str]] = deque()
    for call, done in _side_by_side(next_call, jobs, setting):
        if isinstance(done, str):
            put_off.append((call, done))
        else:
            yield done
    while put_off:
        call, reason = put_off.popleft()
        for _, done in _side_by_side(functools.partial(next, iter([call]), None), 1, setting):
            yield Done(call, problem=f"{reason}; once more, alone: {done}") if isinstance(done, str) else done
        for following, done in _side_by_side(next_call, 1, setting):  # what the result has led to
            yield Done(following, problem=done) if isinstance(done, str) else done


def _side_by_side(
    next_call: Callable[[], Call | None], jobs: int, setting: _Setting
) -> Iterator[tuple[Call, Done | str]]:
    """Each call with its end, or with the reason for which its process is dead."""
    workers: list[_Worker] = []
    try:
        while True:
            _assign(next_call, workers, jobs, setting)
            busy = [worker for worker in workers if worker.call]
            if not busy:
                return
            for worker in _wait_for(busy):
                call, done = (
                    worker.call,
                    worker.receive() if worker.connection.poll() else f"it took longer than {SECONDS:g} s",
                )
                if isinstance(done, str) or not worker.left:
                    workers.remove(worker)
                    worker.close()
                if done is not None:
                    yield call, done
    finally:
        for worker in workers:
            worker.close()


def _wait_for(busy: list[_Worker]) -> list[_Worker]:
    """Those that have something to say or are dead; else those that have had their time."""
    ready = wait([worker.connection for worker in busy], max(0.0, min(w.deadline for w in busy) - time.monotonic()))
    return [w for w in busy if (w.connection in ready if ready else w.deadline <= time.monotonic())]


def _assign(next_call: Callable[[], Call | None], workers: list[_Worker], jobs: int, setting: _Setting) -> None:
    """Give each free worker a call; workers are started when there is something for them to do."""
    while sum(worker.call is not None for worker in workers) < jobs and (call := next_call()):
        if free := next((worker for worker in workers if not worker.call), None):
            free.give(call)
        else:
            workers.append(_Worker(call, setting))


def _ending(exitcode: int | None) -> str:
    if exitcode is None:
        return "it hangs"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-exitcode).name}" if exitcode < 0 else f"exit status {exitcode}"
    return f"exit status {exitcode}"


# --- a Dask cluster -----------------------------------------------------------------------------------------------------


def _on_cluster(next_call: Callable[[], Call | None], address: str) -> Generator[Done, None, None]:
    if importlib.util.find_spec("distributed") is None:
        raise NoWorkers("--scheduler (SCHEDULER=) needs Dask: make cluster installs it.")
    import distributed

    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without a certificate
        raise NoWorkers(
            f"No Dask scheduler answers at {address} ({type(error).__name__}). Start one with `make scheduler` there."
        ) from None
    numbers = itertools.count()
    running: dict[Any, Call] = {}
    deadlines: dict[Any, float] = {}  # two calls' time, since it may wait for one that its worker is at
    seen = time.monotonic()
    with client:
        while True:
            with _talking_to(address):
                threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
            while len(running) < 2 * max(1, threads) and (call := next_call()):
                request = pickle.dumps((call.function, call.argument))
                with _talking_to(address):
                    future = client.submit(perform, request, key=f"grading-{os.getpid()}-{next(numbers)}", pure=False)
                running[future], deadlines[future] = call, time.monotonic() + 2 * SECONDS
            if not running:
                return
            with _talking_to(address), contextlib.suppress(distributed.TimeoutError):
                distributed.wait(list(running), timeout=2, return_when="FIRST_COMPLETED")
            seen = time.monotonic() if threads else seen
            done = [future for future in running if future.done()]
            if client.status != "running" or any(future.status in ("cancelled", "lost") for future in done):
                raise _lost(address)
            if time.monotonic() - seen > WORKER_SECONDS:
                raise NoWorkers(
                    f"The Dask scheduler at {address} has had no worker for {WORKER_SECONDS:g} s. Start some with "
                    f"`make worker SCHEDULER={address}` and start again."
                )
            for future in done:
                with _talking_to(address):
                    result = _gathered(running.pop(future), future)
                yield result
            for future in [future for future in running if deadlines[future] < time.monotonic()]:
                with _talking_to(address):
                    _give_up(client, future)
                yield Done(running.pop(future), problem=f"it took longer than {SECONDS:g} s")


@contextlib.contextmanager
def _talking_to(address: str) -> Iterator[None]:
    """Say that the scheduler was lost if it is lost now: whatever is asked of it can be the first to find that out."""
    try:
        yield
    except (OSError, CancelledError):  # distributed's own errors of a connection are OSErrors
        raise _lost(address) from None


def _lost(address: str) -> NoWorkers:
    return NoWorkers(f"The Dask scheduler at {address} was lost. What was graded is kept: start again.")


def _give_up(client, future) -> None:
    """Take a call from the cluster; the process that is at it is ended by its nanny, which starts another."""
    workers = [worker for worker, keys in client.processing().items() if future.key in keys]
    future.cancel()
    if workers:
        client.restart_workers(workers, timeout=CONNECT_SECONDS, raise_for_error=False)


def _gathered(call: Call, future) -> Done:
    if future.status == "finished":
        return _unpacked(call, future.result())
    return Done(call, problem=f"every worker that tried it ended ({type(future.exception()).__name__})")
