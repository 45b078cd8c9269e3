"""The process in which student code runs. It knows nothing of the judge and imports nothing of this course.

Started once by ``autograder.client`` as ``python -I runner.py``, it imports torch and matplotlib and then forks a fresh
process for every run. A run's child gets its job and sends its results through a socket of its own, which the client
made for this run alone, so that nothing one run leaves behind can reach another.

Messages are a JSON header and raw bytes: never pickle.
"""

import array
import builtins
import contextlib
import json
import os
import signal
import socket
import struct
import sys

MAGIC = b"ninja1\n"


def pack(header: dict, blobs: list[bytes] = ()) -> bytes:
    """One message: sizes, JSON header, raw bytes. ``header`` must be JSON-serialisable."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join([MAGIC, struct.pack(">Q", len(text)), text, *blobs])


def receive(read, limit: int) -> tuple[dict, list[bytes]] | None:
    """Read one message with ``read(count) -> bytes`` (all of it, or fewer bytes at the end).

    Returns:
        (header, blobs), or None where the sender has closed.

    Raises:
        ValueError: not a message, or larger than ``limit`` bytes.
    """
    start = read(len(MAGIC) + 8)
    if not start:
        return None
    if len(start) < len(MAGIC) + 8 or not start.startswith(MAGIC):
        raise ValueError("broken message")
    (size,) = struct.unpack(">Q", start[len(MAGIC) :])
    if size > limit:
        raise ValueError("message too large")
    header = json.loads(read(size))
    sizes = header.get("blobs", []) if isinstance(header, dict) else None
    if not isinstance(sizes, list) or not all(type(s) is int and s >= 0 for s in sizes) or sum(sizes) > limit:
        raise ValueError("broken or too large message")
    return header, [read(s) for s in sizes]


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """``count`` bytes from a blocking socket, fewer if it is closed before."""
    parts = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# --- the child: one run of the student's cells -------------------------------------------------------------------------


def run_job(connection: socket.socket) -> None:
    """Run the chunks of a job in a fresh namespace and report the watched tensors after each."""
    import torch

    header, blobs = receive(lambda count: read_exactly(connection, count), 1 << 32)
    tensor, to_bytes = torch.Tensor, _bytes_of  # the student may bind other things to these names
    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, header["dtype"]))
    torch.set_grad_enabled(False)
    _forbid_autograd(torch)
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
        if value.layout.__str__() != "torch.strided" or value.numel() * value.element_size() > 1 << 26:
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
    import ast

    return ast.literal_eval(text)


def _do_nothing(*args, **kwargs) -> None:
    """Stands for ``check`` and the other tools of the notebook."""


def _as_it_is(iterable, *args, **kwargs):
    """Stands for a progress bar."""
    return iterable


def _forbid_autograd(torch) -> None:
    """Autograd is not an answer: every entry to it raises. The syntax tree is searched before; this is the second net."""

    def refuse(*args, **kwargs):
        raise RuntimeError("autograd is not an answer here: write the derivative itself")

    set_grad_enabled = torch.set_grad_enabled  # torch.no_grad() needs it, to switch off

    def only_off(mode, *args):
        return refuse() if mode else set_grad_enabled(False)

    torch.Tensor.backward = torch.Tensor.retain_grad = torch.Tensor.requires_grad_ = refuse
    for module, names in {
        torch.autograd: ["grad", "backward"],
        torch.autograd.graph: ["_engine_run_backward"],
        torch.autograd.functional: ["jacobian", "vjp", "jvp", "hessian", "vhp", "hvp"],
        torch.autograd.forward_ad: ["dual_level", "make_dual", "enter_dual_level"],
        torch.func: ["grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "linearize"],
        torch: ["enable_grad"],
    }.items():
        for name in names:
            if hasattr(module, name):
                setattr(module, name, refuse)
    torch.set_grad_enabled = only_off


# --- the server: forks a child for each run -----------------------------------------------------------------------------


def serve(control: socket.socket) -> None:
    """Fork a child for each job socket that arrives; kill it when the client hangs up or asks for it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot
    import torch
    import torch.autograd.functional
    import torch.func
    import torch.nn.functional  # noqa: F401

    control.sendall(b"r")
    while True:
        message, descriptors = _receive_descriptor(control)
        if not message:
            return
        child = os.fork()
        if child == 0:
            _become_child(control, descriptors[0])
        os.close(descriptors[0])
        _supervise(child, control)


def _become_child(control: socket.socket, descriptor: int) -> None:
    os.setsid()
    control.close()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    connection = socket.socket(fileno=descriptor)
    try:
        run_job(connection)
    except BaseException as error:
        connection.sendall(pack({"broken": f"{type(error).__name__}: {error}"[:1000]}))
    finally:
        os._exit(0)


def _supervise(child: int, control: socket.socket) -> None:
    """Let the child run until the client says that it is enough; then end it and all that it started in its turn."""
    stop = control.recv(1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not stop:  # the client is gone
        os._exit(0)
    control.sendall(b"e")


def _receive_descriptor(control: socket.socket) -> tuple[bytes, list[int]]:
    message, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(struct.calcsize("i")))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
