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
    """Longest time for all of them; those that it does not suffice for have no value."""


def try_all(
    trials: Trials,
    namespace: Mapping[str, Any],
    dtype: torch.dtype,
    let_through: tuple[type[BaseException], ...] = (),
) -> list[Tensor | None]:
    """The value of the wanted name after each trial, as a dense tensor of this dtype; None where there is none.

    Every trial starts anew from ``namespace``; what statements change in place are copies.
    """
    end, exact, clock = time.monotonic() + trials.seconds, Tensor, time.monotonic
    codes: dict[tuple[int, str], CodeType] = {}

    def code(number: int, text: str) -> CodeType:
        if (number, text) not in codes:
            codes[number, text] = compile(text, "<a trial>", "exec")
        return codes[number, text]

    touched: set[str] = set()
    for number, text in enumerate(trials.statements):
        touched |= _names(code(number, text))
    copied = {name: value for name, value in namespace.items() if name in touched and type(value) is exact}
    found: list[Tensor | None] = []
    for change in trials.changes:
        if clock() > end:
            break
        texts = dict(enumerate(trials.statements)) | dict(change)
        fresh = {**namespace, **{name: value.clone() for name, value in copied.items()}}
        try:
            for number, text in texts.items():
                exec(code(number, text), fresh)
            value = fresh.get(trials.wanted)
            known = type(value) is exact and value.layout is torch.strided and value.numel() <= LARGEST
            found.append(value.detach().to(dtype).contiguous().clone() if known and not value.is_complex() else None)
        except let_through:
            raise
        except BaseException:  # SystemExit, too: it was the student's
            found.append(None)
    return found + [None] * (len(trials.changes) - len(found))


def _names(code: CodeType) -> set[str]:
    """Names that a piece of code mentions, functions inside it included."""
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return {*code.co_names}.union(*map(_names, inner))
