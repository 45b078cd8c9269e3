"""A script with planted mistakes, drawn for one person: which lines are wrong, in which way, and what shows it.

An exercise writes its script once, with what may stand in place of each line. The draw depends on what the person typed and on
nothing else, so that whoever reads that afterwards has the same script.
"""

import ast
import functools
import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.running.statements import written

AT_ONCE, RANDOM, SIZES, FLOAT32 = "true gradient", "random upstream", "other sizes", "float32"
"""What shows a mistake: a comparison with the true gradient, or only one with random upstream gradients, at other sizes, or in
float32 with large numbers."""
SHOWN_BY = (AT_ONCE, AT_ONCE, RANDOM, SIZES, FLOAT32)
"""Of each planted mistake."""
SLOTS = ("at once 1", "at once 2", "random upstream", "other sizes", "float32")
"""Names of these mistakes, the same for everybody."""
RIGHT, ALSO, WRONG, HARMS = "= ", "~ ", "! ", "!!"
"""Begin a right line, another right way to write it, a wrong one, and one that harms the training by itself: of those there is
one in every script."""


@dataclass(frozen=True)
class Wrong:
    """A line with a mistake in it."""

    shown_by: str
    kinds: tuple[str, ...]
    """What the field calls it; if several, each is as good as the others."""
    text: str
    harms: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the script and what may stand in its place."""

    right: tuple[str, ...]
    wrong: tuple[Wrong, ...]

    @functools.cached_property
    def gradient(self) -> str:
        """The variable whose gradient the line computes or changes."""
        return next(name[1:] for name in sorted(written(ast.parse(self.right[0]))) if name.startswith("d"))


@dataclass(frozen=True)
class Planted:
    """One planted mistake."""

    slot: str
    number: int
    """Of its line, from 1."""
    gradient: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """A backward pass in which some lines are wrong."""

    lines: tuple[str, ...]
    planted: tuple[Planted, ...]

    @property
    def text(self) -> str:
        """Its lines, each with its number behind it."""
        width = max(map(len, self.lines))
        return "\n".join(f"{line.ljust(width)}  # {number}" for number, line in enumerate(self.lines, 1))


@functools.lru_cache(maxsize=16)
def read_lines(text: str) -> tuple[Line, ...]:
    """Read a script as an exercise writes it, one line a line::

        = dc = dy.sum(0)
        ~ dc = dy.sum(dim=0)
        ! true gradient | mean for sum or factor | dc = dy.mean(0)

    Raises:
        ValueError: a line begins otherwise, or a wrong one comes before any right one.
    """
    found: list[tuple[list[str], list[Wrong]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        mark, rest = line[:2], line[2:].strip()
        if mark == RIGHT:
            found.append(([rest], []))
        elif mark == ALSO and found:
            found[-1][0].append(rest)
        elif mark in (WRONG, HARMS) and found and rest.count(" | ") >= 2:
            shown_by, kinds, code = (part.strip() for part in rest.split(" | ", 2))
            if shown_by not in SHOWN_BY:
                raise ValueError(f"{line!r}: what shows a mistake is one of {', '.join(dict.fromkeys(SHOWN_BY))}.")
            found[-1][1].append(Wrong(shown_by, tuple(kinds.split(" or ")), code, mark == HARMS))
        else:
            raise ValueError(
                f"{line!r} is no line of a script: it begins with {RIGHT!r}, {ALSO!r}, {WRONG!r} or {HARMS!r}."
            )
    return tuple(Line(tuple(right), tuple(wrong)) for right, wrong in found)


def kinds_of(lines: Sequence[Line]) -> list[str]:
    """Every kind of mistake that may be planted, in alphabetical order."""
    return sorted({kind for line in lines for wrong in line.wrong for kind in wrong.kinds})


@functools.lru_cache(maxsize=64)
def draw_script(lines: tuple[Line, ...], who: str) -> Script:
    """The script for whoever typed ``who``; capital letters and spaces around it make no difference."""
    chooser = random.Random(hashlib.sha256(who.strip().casefold().encode()).hexdigest())
    chosen: dict[int, tuple[str, Wrong]] = {}
    available = Counter(wrong.shown_by for line in lines for wrong in line.wrong)
    order = sorted(zip(SLOTS, SHOWN_BY, strict=True), key=lambda pair: (pair[0] != SLOTS[0], available[pair[1]]))
    for slot, shown_by in order:
        taken = {lines[number].gradient for number in chosen}  # two mistakes in one gradient would be one verdict
        some = {
            number: wrong
            for number, line in enumerate(lines)
            if line.gradient not in taken and (wrong := _some(line, shown_by, slot == SLOTS[0]))
        }
        number = chooser.choice([*some])
        chosen[number] = slot, chooser.choice(some[number])
    texts = [chosen[i][1].text if i in chosen else chooser.choice(line.right) for i, line in enumerate(lines)]
    planted = [Planted(slot, i + 1, lines[i].gradient, wrong.kinds) for i, (slot, wrong) in chosen.items()]
    return Script(tuple(texts), tuple(sorted(planted, key=lambda one: SLOTS.index(one.slot))))


def _some(line: Line, shown_by: str, harms: bool) -> list[Wrong]:
    return [wrong for wrong in line.wrong if wrong.shown_by == shown_by and (wrong.harms or not harms)]


def script_for(options: Mapping[str, Any], who: str) -> Script:
    """The script of a graded cell's options (``script=``) for a person."""
    return draw_script(read_lines(options["script"]), who)
