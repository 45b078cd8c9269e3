"""Runs of a student's cells for the judge, one after the other: inputs in, raw tensors out, nothing of the judge in sight."""

import ast
import builtins
import gc
import json
import os
import random
import socket
import sys

from .no_autograd import forbid_machine_code
from .wire import MOST_ELEMENTS, Reader, pack, receive

JOB_BYTES = 1 << 32


def run_jobs(connection: socket.socket) -> None:
    """Run the chunks of each job that comes in a fresh namespace, and report the watched tensors after each.

    It ends when the connection is closed, or when a job has left a thread that goes on.
    """
    import matplotlib
    import numpy
    import torch

    matplotlib.use("Agg")
    torch.set_num_threads(1)
    forbid_machine_code()
    folder, drawn, drawn_by_numpy = os.getcwd(), random.getstate(), numpy.random.get_state()
    tensor, to_bytes, threads = torch.Tensor, _bytes_of, sys._current_frames  # students may bind others to these names
    try:
        while job := receive(Reader(connection), JOB_BYTES, JOB_BYTES):
            os.chdir(folder)
            random.setstate(drawn)
            numpy.random.set_state(drawn_by_numpy)
            _run(connection, torch, tensor, to_bytes, *job)
            if len(threads()) > 1:
                break
            gc.collect()
    except BaseException as error:
        connection.sendall(pack({"broken": f"{type(error).__name__}: {error}"[:1000]}))
    finally:
        os._exit(0)


def _run(connection: socket.socket, torch, tensor: type, to_bytes, header: dict, blobs: list[bytes]) -> None:
    torch.set_default_dtype(getattr(torch, header["dtype"]))
    torch.set_grad_enabled(False)
    pristine = _tensors(torch, header["tensors"], blobs)
    replacements = _tensors(torch, header["replacements"], blobs)
    namespace = {"__name__": "__main__", "__builtins__": builtins}
    exec(header["imports"], namespace)
    for name, text in header["literals"].items():
        namespace[name] = _literal(text)
    namespace.update({name: value.clone() for name, value in pristine.items()})
    for name in header["stubs"]:
        namespace[name] = _do_nothing
    namespace["progress_bar"] = _as_it_is
    for name in header["given"]:
        namespace["d" + name] = replacements[name].clone()
    watched, placed, sent = header["watch"], {}, {}
    restore = _restorer(torch, header, pristine)
    snapshots = _Snapshots(connection, namespace, tensor, to_bytes)
    namespace["_each_step"] = snapshots.each_step
    torch.manual_seed(header["seed"])
    connection.sendall(pack({"ready": True}))  # from here on it is the student's code that fails, if anything does

    for number, chunk in enumerate(header["chunks"]):
        if chunk["fresh"]:  # a cell starts: forward variables are as the forward pass left them
            restore(namespace)
        error = None
        snapshots.names = chunk["snapshot"]
        if chunk["source"] and not chunk["skip"]:
            error = _execute(chunk["source"], chunk["label"], namespace)
        snapshots.take(namespace)
        news, payload = {}, []
        for name in watched:
            value = namespace.get("d" + name, _do_nothing)
            if value is _do_nothing:
                continue
            description, data = _describe(tensor, value, to_bytes)
            key = (json.dumps(description), data)
            if sent.get(name) != key:
                sent[name] = key
                news[name] = description
                payload.append(data)
        connection.sendall(pack({"chunk": number, "error": error, "news": news}, payload))
        for name in chunk["replace"]:
            placed[name] = replacements[name].clone()
            for key in _names_of(
                namespace.get("d" + name), namespace, tensor, {"d" + p for p in placed} | pristine.keys()
            ):
                namespace[key] = placed[name]
            namespace["d" + name] = placed[name]
            sent.pop(name, None)
    kept = {name: _describe(tensor, value, to_bytes) for name, value in placed.items()}
    connection.sendall(
        pack({"done": True, "placed": {k: d for k, (d, _) in kept.items()}}, [data for _, data in kept.values()])
    )


def _names_of(value: object, namespace: dict, tensor: type, but: set) -> list:
    """Further names bound to one and the same tensor: they stay so when another takes its place."""
    return (
        [key for key, other in namespace.items() if other is value and key not in but] if type(value) is tensor else []
    )


def _restorer(torch, header: dict, pristine: dict):
    """A function that puts the judge's values into a namespace: fresh copies, lists of them, generators newly seeded."""
    numbers = {name: _literal(text) for name, text in header["restored"].items()}

    def restore(namespace: dict) -> None:
        namespace.update({name: pristine[name].clone() for name in header["restored_tensors"]})
        namespace.update(numbers)
        for name, items in header["lists"].items():
            namespace[name] = [namespace[item] for item in items]
        for name, seed in header["generators"].items():
            # unless the student has given the name to a helper
            if isinstance(namespace.get(name, torch.Generator()), torch.Generator):
                namespace[name] = torch.Generator().manual_seed(seed)

    return restore


class _Snapshots:
    """Sends the values of some names after each step of a training loop, and at the end of its cell."""

    def __init__(self, connection: socket.socket, namespace: dict, tensor: type, to_bytes):
        self.connection, self.namespace, self.tensor, self.to_bytes = connection, namespace, tensor, to_bytes
        self.names: list[str] = []

    def each_step(self, iterable):
        """Stands around the iterable of the loop: what comes between two items is one step."""
        for item in iterable:
            yield item
            frame = sys._getframe(1)
            self.take({**frame.f_globals, **frame.f_locals} if self.names else {}, step=True)

    def take(self, values: dict, step: bool = False) -> None:
        if not self.names:
            return
        found = {name: _describe(self.tensor, values[name], self.to_bytes) for name in self.names if name in values}
        descriptions = {name: description for name, (description, _) in found.items()}
        self.connection.sendall(pack({"snapshot": descriptions, "step": step}, [data for _, data in found.values()]))


def _execute(source: str, label: str, namespace: dict) -> dict | None:
    """Run one chunk; what it raised, or None."""
    try:
        exec(compile(source, label, "exec"), namespace)
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the student's, too
        line, frame = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None, error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename == label:
                line = frame.tb_lineno
            frame = frame.tb_next
        try:
            text = str(error)
        except BaseException:
            text = "(its message cannot be shown)"
        return {"type": type(error).__name__[:100], "text": text[:500], "line": line, "label": label}
    return None


def _describe(tensor: type, value: object, to_bytes) -> tuple[dict, bytes]:
    """A value as (description, bytes); a value that is no plain tensor is described by its type only."""
    if type(value) is not tensor:
        return {"type": type(value).__name__[:100]}, b""
    try:
        if value.layout.__str__() != "torch.strided" or value.numel() > MOST_ELEMENTS:
            return {"type": "tensor that is too large or not dense"}, b""
        dtype = str(value.dtype).removeprefix("torch.").replace("bfloat16", "float32")
        return {"dtype": dtype, "shape": list(value.shape)}, to_bytes(value)
    except BaseException as error:
        return {"type": f"tensor that cannot be read ({type(error).__name__})"}, b""


def _bytes_of(value) -> bytes:
    dense = value.detach().cpu().resolve_neg().contiguous()
    return (dense.float() if str(dense.dtype) == "torch.bfloat16" else dense).numpy().tobytes()


def _tensors(torch, descriptions: dict, blobs: list[bytes]) -> dict:
    return {
        name: torch.frombuffer(bytearray(blobs[d["blob"]]), dtype=getattr(torch, d["dtype"])).reshape(d["shape"])
        for name, d in descriptions.items()
    }


def _literal(text: str) -> object:
    return ast.literal_eval(text)


def _do_nothing(*args, **kwargs) -> None:
    """Stands for ``check`` and the other tools of the notebook."""


def _as_it_is(iterable, *args, **kwargs):
    """Stands for a progress bar."""
    return iterable
