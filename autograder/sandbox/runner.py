"""The judge's side of the processes that run student code: hands them jobs, reads their results."""

import math
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.sandbox.inside_sandbox.wire import Reader, pack, receive
from autograder.sandbox.warm import Place, Server
from toolkit.running.runs import MOST_DIMENSIONS, MOST_ELEMENTS, Failure, Job, Result, plain

CHUNK_SECONDS = 10.0
"""Longest time for one cell of a student's on a small minibatch."""
RUN_SECONDS = 60.0
"""Longest time for one run of all cells."""
SUBMISSION_SECONDS = 300.0
"""Longest time for all runs of one submission."""
SUBMISSION_BYTES = 1 << 29
"""Most that all runs of one submission may send back."""
_DTYPES = {str(d).removeprefix("torch."): d for d in (
    torch.float16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
)}  # fmt: skip


class Allowance:
    """What all runs of one submission may take together, and find.

    Args:
        files: what is in the folder in which each of them begins, by relative path.
    """

    def __init__(
        self,
        seconds: float = SUBMISSION_SECONDS,
        size: int = SUBMISSION_BYTES,
        files: Mapping[str, bytes] | None = None,
    ):
        self.seconds, self.size, self.files = seconds, size, files or {}


class Runner:
    """Runs jobs in processes forked from a warm one. A context manager; else it ends with the program.

    The jobs of one submission share a process as long as it lives: each starts in an empty namespace, but what one does to
    a module or a file, the next one finds. A start costs three times what the run itself does. ``confirms`` tells whether
    it made a difference; a job that is run ``alone`` has a process of its own.
    """

    def __init__(
        self,
        chunk_seconds: float = CHUNK_SECONDS,
        run_seconds: float = RUN_SECONDS,
        server: Server | None = None,
    ):
        self.chunk_seconds, self.run_seconds = chunk_seconds, run_seconds
        self.server = server or Server()
        self._place: Place | None = None
        self._allowance: Allowance | None = None
        self._connection: socket.socket | None = None
        """To the process that jobs are run in, if there is one."""
        self._shared: tuple[Job, Mapping[int, Failure], Result] | None = None
        """The last job that was run where others had been, with what it said."""

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the warm process, which else happens with the first run."""
        self.server.start()

    def close(self) -> None:
        """End all processes."""
        self.leave()
        self.server.close()

    def leave(self) -> None:
        """End the place of the last submission."""
        for opened in (self._connection, self._place):
            if opened is not None:
                opened.close()
        self._connection = self._place = self._allowance = self._shared = None

    def run(
        self,
        job: Job,
        skip: Mapping[int, Failure] | None = None,
        allowance: Allowance | None = None,
        alone: bool = False,
    ) -> Result:
        """Run a job. A chunk that never ends or kills its process is skipped in another try, so that the rest is judged.

        Args:
            skip: chunks that are known to fail so; they are not run.
            allowance: the submission's; all jobs that share it share a place, too. When it is used up, nothing runs.
            alone: whether it has a process of its own.
        """
        if self._place is not None and allowance is not self._allowance:
            self.leave()
        self._allowance = allowance
        if alone:
            self._end_process()
        allowance = allowance or Allowance()
        skipped = dict(skip or {})
        start, before = time.monotonic(), allowance.seconds
        while True:
            if allowance.seconds <= 0 or allowance.size <= 0:
                what = "time" if allowance.seconds <= 0 else "room for results"
                over = {
                    number: Failure(
                        "timed out", f"was not run: the {what} for the whole notebook is used up", chunk.label
                    )
                    for number, chunk in enumerate(job.chunks)
                    if chunk.source
                }
                return Result([{} for _ in job.chunks], over)
            shared = self._connection is not None
            try:
                result, lost = self._attempt(job, skipped, allowance)
            except _NotReady as error:
                if not shared:
                    raise RuntimeError(f"A run could not be prepared: {error}") from None
                continue  # perhaps an earlier job is to blame: again, in a process of its own
            finally:
                allowance.seconds = before - (time.monotonic() - start)
            if lost is not None and shared:
                continue  # as above
            if lost is None or lost[0] in skipped:
                result.failures.update(skipped)
                if shared:
                    self._shared = job, skipped, result
                return result
            skipped[lost[0]] = lost[1]

    def confirms(self, allowance: Allowance) -> bool:
        """Whether the last job that shared a process says the same in one of its own: if not, none of them can be trusted."""
        if self._shared is None or allowance is not self._allowance:
            return True
        job, skipped, result = self._shared
        return same_value(vars(result), vars(self.run(job, skipped, allowance, alone=True)))

    def _attempt(
        self, job: Job, skipped: Mapping[int, Failure], allowance: Allowance
    ) -> tuple[Result, tuple[int, Failure] | None]:
        """One run; with the chunk that ended it early, if one did.

        Raises:
            _NotReady: the process is of no use, and is ended.
        """
        result = Result()
        if self._connection is None:
            self._start_process()
        try:
            lost = self._converse(self._connection, job, skipped, result, allowance)
        except _NotReady:
            self._end_process()
            raise
        return result, lost if lost is None else self._explain(lost)

    def _start_process(self) -> None:
        """Start the process that jobs are run in.

        Raises:
            RuntimeError: there is none to be had; ``SandboxMissing`` among them.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                for retry in (True, False):
                    files = self._allowance.files if self._allowance else {}
                    self._place = self._place or self.server.open(files, autograd=False)
                    try:
                        self._place.run(theirs)
                        break
                    except OSError:  # the warm process or the supervisor died since the last run
                        self._place.close()
                        self._place = None
                        if not retry:
                            raise
        except BaseException:
            ours.close()
            raise
        self._connection = ours  # only now is there something to end

    def _converse(
        self, connection: socket.socket, job: Job, skipped: Mapping[int, Failure], result: Result, allowance: Allowance
    ) -> tuple[int, Failure] | None:
        deadline = time.monotonic() + min(self.run_seconds, allowance.seconds)
        state: dict[str, Any] = {}
        ready = False
        try:
            connection.settimeout(self.run_seconds)
            connection.sendall(_message(job, skipped))
            while True:
                patience = self.chunk_seconds
                if len(result.after) == len(job.chunks):
                    patience = self.run_seconds if job.trials is None else patience + job.trials.seconds
                limit = min(deadline, time.monotonic() + patience)
                reader = Reader(connection, limit)
                message = receive(reader, allowance.size)
                if message is None:
                    raise EOFError
                header, blobs = message
                allowance.size -= reader.count
                if not ready:
                    if not header.get("ready"):
                        raise _NotReady(plain(header.get("broken")))
                    ready = True
                    continue
                number = len(result.after)
                if header.get("done"):
                    if number < len(job.chunks):
                        raise ValueError("it says that it is done")
                    result.placed = _tensors(header["placed"], blobs, job.replacements)
                    return None
                if number == len(job.chunks) and job.trials is not None and not result.trials:
                    result.trials = _tried(header["tried"], blobs, job)
                    continue
                if number >= len(job.chunks):
                    raise ValueError("more than was asked for")
                chunk = job.chunks[number]
                if "snapshot" in header:
                    result.snapshots[number] = _tensors(header["snapshot"], blobs, chunk.snapshot)
                elif "begin" in header:
                    result.begin_step()
                elif "seen" in header:
                    watched = (*chunk.watched, *chunk.also)
                    if header["name"] not in watched:
                        raise ValueError("a name that nobody asked for")
                    result.see(header["name"], _tensors(header["seen"], blobs, watched))
                elif "end" in header:
                    result.end_step(_tensors(header["end"], blobs, chunk.snapshot))
                if "chunk" not in header:
                    continue
                if header["chunk"] != number:
                    raise ValueError("chunks out of order")
                state = {**state, **_tensors(header["news"], blobs, job.watch)}
                if header["error"]:
                    result.failures[number] = _failure(header["error"])
                result.after.append(state)
                state = {**state, **{name: job.replacements[name] for name in job.chunks[number].replace}}
        except TimeoutError:
            failure = ("timed out", f"did not end within {self.chunk_seconds:g} s")
        except (EOFError, OSError):
            failure = ("died", "ended the process that ran it")
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
            MemoryError,
        ) as error:
            failure = ("died", f"broke the connection to the judge ({plain(error)})")
        if not ready:
            raise _NotReady(f"the process {failure[1]}")
        number = len(result.after)
        if number >= len(job.chunks):  # only the farewell is missing
            self._end_process()
            return None
        return number, Failure(*failure, job.chunks[number].label)

    def _explain(self, lost: tuple[int, Failure]) -> tuple[int, Failure]:
        """End a process that did not come to its job's end; if it was ended for using too much, say that."""
        why = self._end_process()
        if why in OVERUSE:
            return lost[0], Failure("died", OVERUSE[why].format(self.server.limits), lost[1].label)
        return lost

    def _end_process(self) -> str:
        """End the process that jobs are run in; why it was ended already, if it was."""
        if self._connection is None:
            return ""
        self._connection.close()
        self._connection = None
        try:
            return self._place.end()
        except OSError:  # its supervisor is gone or stuck: the next run gets a new one
            self._place.close()
            self._place = None
            return ""


class _NotReady(Exception):
    """A process does not get as far as the student's code."""


def same_value(one: object, other: object) -> bool:
    """Whether two results are the same to the last bit."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape
        return same and one.contiguous().numpy().tobytes() == other.contiguous().numpy().tobytes()
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return type(one) is type(other) and one == other


OVERUSE = {
    "memory": "was ended: it used more than {0.memory:,} bytes of memory",
    "processes": "was ended: it started more than {0.processes} processes",
}


def _message(job: Job, skipped: Mapping[int, Failure]) -> bytes:
    blobs: list[bytes] = []

    def describe(tensors: Mapping[str, Tensor]) -> dict:
        described = {}
        for name, value in tensors.items():
            described[name] = {
                "dtype": str(value.dtype).removeprefix("torch."),
                "shape": list(value.shape),
                "blob": len(blobs),
            }
            blobs.append(value.detach().contiguous().numpy().tobytes())
        return described

    header = {
        "dtype": str(job.dtype).removeprefix("torch."), "imports": job.imports, "stubs": list(job.stubs), "seed": job.seed,
        "given": list(job.given), "watch": list(job.watch), "restored": list(job.restored), "skip": sorted(skipped),
        "literals": {name: repr(value) for name, value in {**job.literals(), **job.numbers()}.items()},
        "lists": {k: list(v) for k, v in job.lists.items()}, "generators": dict(job.generators),
        "tensors": describe(job.tensors()), "replacements": describe(job.replacements),
        "chunks": [vars(chunk) for chunk in job.chunks], "trials": job.trials and vars(job.trials),
    }  # fmt: skip
    return pack(header, blobs)


def _tensors(descriptions: Mapping[str, dict], blobs: Sequence[bytes], wanted: Collection[str]) -> dict[str, Any]:
    """What the other side says it has, believed only as far as the bytes bear it out.

    Args:
        wanted: names that were asked for.

    Raises:
        ValueError: it is something else.
    """
    found: dict[str, Any] = {}
    for (name, d), blob in zip(descriptions.items(), blobs, strict=True):
        if name not in wanted:
            raise ValueError("a value that nobody asked for")
        if "type" in d:
            found[name] = plain(d["type"])
            continue
        dtype, shape = _DTYPES.get(d["dtype"]), d["shape"]
        if dtype is None:
            found[name] = f"tensor of torch.{plain(d['dtype'])}"
            continue
        if type(shape) is not list or not all(type(size) is int and 0 <= size <= MOST_ELEMENTS for size in shape):
            raise ValueError("a shape that is none")
        if math.prod(shape) * dtype.itemsize != len(blob):
            raise ValueError("a shape that does not fit the bytes")
        if math.prod(shape) > MOST_ELEMENTS or len(shape) > MOST_DIMENSIONS:
            found[name] = "tensor that is too large"
            continue
        tensor = torch.frombuffer(bytearray(blob), dtype=dtype) if blob else torch.empty(0, dtype=dtype)
        found[name] = tensor.reshape(shape)
    return found


def _tried(shapes: Sequence[list[int] | None], blobs: Sequence[bytes], job: Job) -> list[Tensor | None]:
    """What each trial gave, as far as the bytes bear it out.

    Raises:
        ValueError: it is something else.
    """
    (data,) = blobs
    if type(shapes) is not list or len(shapes) != len(job.trials.changes):
        raise ValueError("other trials than were asked for")
    found: list[Tensor | None] = []
    at, whole = 0, torch.frombuffer(bytearray(data), dtype=job.dtype) if data else torch.empty(0, dtype=job.dtype)
    for shape in shapes:
        if shape is None:
            found.append(None)
            continue
        if not (
            type(shape) is list and len(shape) <= MOST_DIMENSIONS and all(type(s) is int and s >= 0 for s in shape)
        ):
            raise ValueError("a shape that is none")
        count = math.prod(shape)
        if at + count > len(whole):
            raise ValueError("a shape that does not fit the bytes")
        found.append(whole[at : at + count].reshape(shape))
        at += count
    return found


def _failure(said: Mapping[str, Any]) -> Failure:
    """What a chunk raised, as the other side says it."""
    line = said["line"] if type(said["line"]) is int else None
    return Failure("raised", plain(said["text"], 600), plain(said["label"]), line)
