"""Runs of a student's cells for the judge, one after the other: inputs in, raw tensors out, nothing of the judge in sight.

What a run is, says ``toolkit.running.runs``; this is its wire.
"""

import ast
import gc
import json
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from toolkit.running import runs
from toolkit.running.trials import Trials

from .no_autograd import forbid_machine_code
from .wire import Reader, pack, receive

JOB_BYTES = 1 << 32
SLEEP_SECONDS = 0.1
"""How long the cells of one job sleep at most, all together: they are run a dozen times, and a pause computes nothing."""
LONG_SLEEP_SECONDS = 10.0
"""A pause of this length or more is waited for, so that its cell is found to take too long."""


def run_jobs(connection: socket.socket) -> None:
    """Run the chunks of each job that comes in a fresh namespace, and report the watched tensors after each.

    It ends when the connection is closed, or when a job has left a thread that goes on.
    """
    import matplotlib
    import numpy

    matplotlib.use("Agg")
    torch.set_num_threads(1)
    forbid_machine_code()
    sys.path.insert(0, "")  # modules beside the notebook, as for a kernel
    folder, drawn, drawn_by_numpy = os.getcwd(), random.getstate(), numpy.random.get_state()
    sys.path.insert(0, folder)  # modules beside the notebook
    # students may bind others to these names
    run, report, read_job, threads, forget = runs.run, _Wire, _job, sys._current_frames, runs.forget_modules
    imported = dict(sys.modules)
    naps = _Naps()
    try:
        while job := receive(Reader(connection), JOB_BYTES, JOB_BYTES):
            os.chdir(folder)
            time.sleep, naps.left = naps.sleep, SLEEP_SECONDS
            random.setstate(drawn)
            numpy.random.set_state(drawn_by_numpy)
            wanted, skip = read_job(*job)
            run(wanted, report(connection, Tensor, _bytes_of), skip)
            forget(folder, imported)
            if len(threads()) > 1:
                break
            gc.collect()
    except BaseException as error:
        connection.sendall(pack({"broken": f"{type(error).__name__}: {error}"[:1000]}))
    finally:
        os._exit(0)


class _Naps:
    """``time.sleep`` with an end to it, for the thread that the judge waits for; others sleep as long as they want to."""

    left = 0.0

    def __init__(self) -> None:
        self._sleep, self._thread = time.sleep, threading.get_ident()

    def sleep(self, seconds: Any, /) -> None:
        """Sleep for so long, or for as long as is left."""
        if 0 < seconds < LONG_SLEEP_SECONDS and threading.get_ident() == self._thread:
            seconds = min(seconds, self.left)
            self.left -= seconds
        self._sleep(seconds)


class _Wire:
    """A ``runs.Report`` that sends what is new over a socket."""

    def __init__(self, connection: socket.socket, tensor: type[Any], to_bytes):
        self.connection, self.tensor, self.to_bytes = connection, tensor, to_bytes
        self.sent: dict[str, tuple] = {}

    def ready(self) -> None:
        self.connection.sendall(pack({"ready": True}))

    def snapshot(self, found: Mapping[str, Any]) -> None:
        self._send({}, "snapshot", {name: self._describe(value) for name, value in found.items()})

    def begin_step(self) -> None:
        self.connection.sendall(pack({"begin": True}))

    def see(self, name: str, changed: Mapping[str, Any]) -> None:
        self._send({"name": name}, "seen", {key: self._describe(value) for key, value in changed.items()})

    def end_step(self, found: Mapping[str, Any]) -> None:
        self._send({}, "end", {name: self._describe(value) for name, value in found.items()})

    def chunk(self, number: int, failure: runs.Failure | None, found: Mapping[str, Any]) -> None:
        news = {}
        for name, value in found.items():
            description, data = self._describe(value)
            key = (json.dumps(description), data)
            if self.sent.get(name) != key:
                self.sent[name] = key
                news[name] = description, data
        error = failure and {"kind": failure.kind, "text": failure.text, "line": failure.line, "label": failure.label}
        self._send({"chunk": number, "error": error}, "news", news)

    def replaced(self, name: str) -> None:
        self.sent.pop(name, None)

    def tried(self, found: Any) -> None:
        shapes = [None if value is None else list(value.shape) for value in found]
        data = b"".join([self.to_bytes(value) for value in found if value is not None])
        self.connection.sendall(pack({"tried": shapes}, [data]))

    def done(self, placed: Mapping[str, Any]) -> None:
        self._send({"done": True}, "placed", {name: self._describe(value) for name, value in placed.items()})

    def _send(self, header: dict, key: str, described: dict[str, tuple]) -> None:
        header[key] = {name: description for name, (description, _) in described.items()}
        self.connection.sendall(pack(header, [data for _, data in described.values()]))

    def _describe(self, value: Any) -> tuple[dict, bytes]:
        """A value as (description, bytes); a value that is no plain tensor is described by its type only."""
        if type(value) is not self.tensor:
            return {"type": type(value).__name__[:100]}, b""
        try:
            if value.layout.__str__() != "torch.strided" or value.numel() > runs.MOST_ELEMENTS:
                return {"type": "tensor that is too large or not dense"}, b""
            dtype = str(value.dtype).removeprefix("torch.").replace("bfloat16", "float32")
            return {"dtype": dtype, "shape": list(value.shape)}, self.to_bytes(value)
        except BaseException as error:
            return {"type": f"tensor that cannot be read ({type(error).__name__})"}, b""


def _bytes_of(value) -> bytes:
    dense = value.detach().cpu().resolve_neg().contiguous()
    return (dense.float() if str(dense.dtype) == "torch.bfloat16" else dense).numpy().tobytes()


def _job(header: dict, blobs: list[bytes]) -> tuple[runs.Job, list[int]]:
    """A job as it came over the wire, and which chunks to skip."""
    fields: list[dict[str, Any]] = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in c.items()} for c in header["chunks"]
    ]
    chunks = [runs.Chunk(**one) for one in fields]
    values = {name: ast.literal_eval(text) for name, text in header["literals"].items()}
    job = runs.Job(
        chunks, {**values, **_tensors(header["tensors"], blobs)}, _tensors(header["replacements"], blobs), header["watch"],
        header["given"], header["imports"], header["stubs"], getattr(torch, header["dtype"]), header["seed"],
        header["restored"], header["lists"], header["generators"], _trials(header["trials"]),
    )  # fmt: skip
    return job, header["skip"]


def _trials(said: dict | None) -> Trials | None:
    if said is None:
        return None
    changes = tuple(tuple((number, text) for number, text in change) for change in said["changes"])
    return Trials(tuple(said["statements"]), changes, said["wanted"], said["seconds"])


def _tensors(descriptions: dict, blobs: list[bytes]) -> dict:
    return {
        name: torch.frombuffer(bytearray(blobs[d["blob"]]), dtype=getattr(torch, d["dtype"])).reshape(d["shape"])
        for name, d in descriptions.items()
    }
