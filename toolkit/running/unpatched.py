"""torch as it was imported, whatever a notebook has done to it since.

A student's cell may bind another class to ``torch.Tensor`` or another function to ``torch.allclose``. Graded, that is in
another process than the judge's; in a notebook the judge has to undo it first.
"""

import builtins
import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional

_PLACES = (torch, torch.Tensor, torch.nn.functional, torch.autograd, builtins)
_CHANGES_BY_ITSELF = ("_", "__builtins__", "__warningregistry__")
Names = list[tuple[object, dict[str, Any]]]


def _names() -> Names:
    return [(place, dict(vars(place))) for place in _PLACES]


_AS_IMPORTED = _names()


@contextlib.contextmanager
def unpatched() -> Iterator[None]:
    """Within it the names of torch and of Python mean what they did at first; afterwards what they did before."""
    before = _names()
    _put_back(_AS_IMPORTED)
    try:
        yield
    finally:
        _put_back(before)


@contextlib.contextmanager
def patches_undone() -> Iterator[None]:
    """What is changed, or added, within it is as before at its end."""
    before = _names()
    try:
        yield
    finally:
        _put_back(before)


def _put_back(wanted: Names) -> None:
    for place, names in wanted:
        now = vars(place)
        for name in [n for n in (*now.keys(), *names) if n not in _CHANGES_BY_ITSELF]:
            old, new = names.get(name, _absent), now.get(name, _absent)
            if old is new or isinstance(new, ModuleType):  # parts of torch that are imported when they are first used
                continue
            if old is _absent:
                delattr(place, name)
            else:
                setattr(place, name, old)


_absent = object()
