"""torch as it was imported, whatever a notebook has done to it since.

A student's cell may bind another class to ``torch.Tensor`` or another function to ``torch.allclose``. Graded, that is in
another process than the judge's; in a notebook the judge has to undo it first.
"""

import builtins
import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional

_PLACES = (torch, torch.Tensor, torch.nn.functional, torch.autograd, builtins)
_AS_IMPORTED = [(place, dict(vars(place))) for place in _PLACES]
_CHANGES_BY_ITSELF = ("_", "__builtins__", "__warningregistry__")


@contextlib.contextmanager
def unpatched() -> Iterator[None]:
    """Within it the names of torch and of Python mean what they did at first; afterwards what they did before."""
    patched = []
    for place, names in _AS_IMPORTED:
        now = vars(place)
        patched += [
            (place, name, value, now.get(name, _absent))
            for name, value in names.items()
            if now.get(name, _absent) is not value and name not in _CHANGES_BY_ITSELF
        ]
    try:
        for place, name, value, _ in patched:
            setattr(place, name, value)
        yield
    finally:
        for place, name, _, value in patched:
            if value is _absent:
                delattr(place, name)
            else:
                setattr(place, name, value)


@contextlib.contextmanager
def patches_undone() -> Iterator[None]:
    """What is changed within it is changed back at its end."""
    before = [(place, dict(vars(place))) for place in _PLACES]
    try:
        yield
    finally:
        for place, names in before:
            for name, value in names.items():
                if vars(place).get(name, _absent) is not value and name not in _CHANGES_BY_ITSELF:
                    setattr(place, name, value)


_absent = object()
