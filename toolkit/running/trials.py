"""A few statements run many times over on the same numbers, each time with a small change: what becomes of one name?

Nothing here knows what would be right. ``nearest`` asks for trials, ``runs`` has them run: in the sandbox, or in the notebook.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import torch
from torch import Tensor

Change = tuple[tuple[int, str], ...]
"""What stands in the place of which statement; a number past the last one adds a statement."""
LARGEST = 100_000
"""Most elements of a value that is looked at; the numbers of a trial are few."""


@dataclass(frozen=True)
class Trials:
    """Statements, and the changes that are tried, each by itself."""

    statements: tuple[str, ...]
    changes: tuple[Change, ...]
    wanted: str
    """The name whose value is asked for, at the end of each trial."""
    seconds: float = 10.0
    """Longest computing time for all of them; those that it does not suffice for have no value."""


def try_all(
    trials: Trials,
    namespace: Mapping[str, Any],
    dtype: torch.dtype,
    let_through: tuple[type[BaseException], ...] = (),
) -> list[Tensor | None]:
    """The value of the wanted name after each trial, as a dense tensor of this dtype; None where there is none.

    Every trial starts anew from ``namespace``; what statements change in place are copies.
    """
    clock, exact = time.thread_time, Tensor  # students may bind others to these names
    end = clock() + trials.seconds
    codes: dict[tuple[int, str], CodeType] = {}

    def code(number: int, text: str) -> CodeType:
        if (number, text) not in codes:
            codes[number, text] = compile(text, "<a trial>", "exec")
        return codes[number, text]

    touched = set().union(
        *(_names(code(number, text)) for number, text in enumerate(trials.statements)), {trials.wanted}
    )
    known: list[Mapping[str, Any]] = [namespace]
    """What the first statements leave, as they are: most trials change one that comes after them."""

    def start(number: int) -> tuple[int, dict[str, Any]]:
        while len(known) <= number:
            fresh = _copy(known[-1], touched, exact)
            try:
                exec(code(len(known) - 1, trials.statements[len(known) - 1]), fresh)
            except let_through:
                raise
            except BaseException:
                break
            if _entangled(fresh, touched, exact):
                break
            known.append(fresh)
        first = min(number, len(known) - 1)
        return first, _copy(known[first], touched, exact)

    found: list[Tensor | None] = []
    for change in trials.changes:
        if clock() > end:
            break
        texts = dict(enumerate(trials.statements)) | dict(change)
        first, fresh = start(min(change, default=(0, ""))[0])
        try:
            for number in range(first, len(texts)):
                exec(code(number, texts[number]), fresh)
            value = fresh.get(trials.wanted)
            known_kind = type(value) is exact and value.layout is torch.strided and value.numel() <= LARGEST
            found.append(
                value.detach().to(dtype).contiguous().clone() if known_kind and not value.is_complex() else None
            )
        except let_through:
            raise
        except BaseException:  # SystemExit, too: it was the student's
            found.append(None)
    return found + [None] * (len(trials.changes) - len(found))


def _copy(namespace: Mapping[str, Any], touched: set[str], exact: Any) -> dict[str, Any]:
    """A namespace whose tensors may be changed in place; what was one tensor stays one."""
    fresh: dict[str, Any] = dict(namespace)
    copies: dict[int, Tensor] = {}
    for name in touched:
        value: Any = fresh.get(name)
        if type(value) is exact:
            if id(value) not in copies:
                copies[id(value)] = value.clone()
            fresh[name] = copies[id(value)]
    return fresh


def _entangled(namespace: Mapping[str, Any], touched: set[str], exact: Any) -> bool:
    """Whether two tensors are views of the same memory, or stand in a list: then copies would not be what they are."""
    memory: dict[int, int] = {}
    for name in touched:
        value: Any = namespace.get(name)
        if isinstance(value, list | tuple | dict | set):
            return True
        if type(value) is exact and memory.setdefault(value.untyped_storage().data_ptr(), id(value)) != id(value):
            return True
    return False


def _names(code: CodeType) -> set[str]:
    """Names that a piece of code mentions, functions inside it included."""
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return {*code.co_names}.union(*map(_names, inner))
