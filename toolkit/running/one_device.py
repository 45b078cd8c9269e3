"""Every device is the CPU: what was written for a GPU runs where there is none, and is judged by its numbers.

A ``TorchFunctionMode`` sees every call of torch and changes the device it names. What is no call that it sees, because it
sets a device for all that follow or is a class, is replaced by name meanwhile.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _device

_WORDS = re.compile(r"cuda|mps|xpu|hpu|meta|device|accelerator|pin_memory")
_STAYS = ("cuda", "xpu", "hpu", "ipu", "pin_memory")
"""Methods of a tensor that only take it elsewhere."""
_NOTHING_TO_DO = (
    "synchronize",
    "empty_cache",
    "set_device",
    "manual_seed",
    "manual_seed_all",
    "reset_peak_memory_stats",
)


@contextlib.contextmanager
def every_device_is_the_cpu(sources: Iterable[str]) -> Iterator[None]:
    """Within it, torch knows one device.

    Args:
        sources: all code that runs within; where no word of it speaks of a device there is nothing to do.
    """
    if not any(_WORDS.search(source) for source in sources):
        yield
        return
    with contextlib.ExitStack() as undo:
        for owner, name, new in _replacements():
            undo.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, new)
        undo.enter_context(_OneDevice())
        yield


@contextlib.contextmanager
def cpu_by_default() -> Iterator[None]:
    """Within it, new tensors are made on the CPU, whatever default a notebook has set."""
    default = _device.CURRENT_DEVICE
    if default is None:
        yield
        return
    torch.set_default_device("cpu")
    try:
        yield
    finally:
        torch.set_default_device(default)


def _replacements() -> Iterator[tuple[object, str, object]]:
    yield torch, "set_default_device", _nothing
    yield torch, "Generator", _Generator
    yield _device.DeviceContext, "__enter__", lambda self: self
    yield _device.DeviceContext, "__exit__", _nothing
    for module in (torch.cuda, getattr(torch, "mps", None), getattr(torch, "xpu", None)):
        for name in _NOTHING_TO_DO:
            if hasattr(module, name):
                yield module, name, _nothing
    for name in ("FloatTensor", "DoubleTensor", "HalfTensor", "LongTensor", "IntTensor", "BoolTensor", "ByteTensor"):
        if hasattr(torch.cuda, name):
            yield torch.cuda, name, getattr(torch, name)


class _OneDevice(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in _STAYS and args and isinstance(args[0], Tensor):
            return args[0]
        if kwargs.get("device") is not None:
            kwargs["device"] = torch.device("cpu")
        if kwargs.get("pin_memory"):
            kwargs["pin_memory"] = False
        if name in ("to", "type") and len(args) > 1:
            args = (args[0], *map(_on_the_cpu, args[1:]))
        return func(*args, **kwargs)


def _on_the_cpu(argument: object) -> object:
    """A device, or a word for one, as the CPU; everything else as it is."""
    if isinstance(argument, torch.device) or (isinstance(argument, int) and not isinstance(argument, bool)):
        return torch.device("cpu")  # x.to(0) is the first GPU
    if isinstance(argument, str):
        return argument.replace("torch.cuda.", "torch.") if "Tensor" in argument else "cpu"
    return argument


class _AnyGenerator(type(torch.Generator)):  # type: ignore[misc]  # the metaclass of a class of torch's
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _GENERATOR)


_GENERATOR = torch.Generator


class _Generator(metaclass=_AnyGenerator):
    """``torch.Generator`` on the CPU, whichever device is named."""

    def __new__(cls, device: object = None) -> Any:
        return _GENERATOR()


def _nothing(*args: object, **kwargs: object) -> None:
    """Stands for what has no meaning on a CPU."""
