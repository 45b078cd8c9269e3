"""What is said of one gradient, and what it is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

POINTS = {
    "right": 1.0,
    "right value, wrong shape": 0.5,
    "right for these sizes only": 0.5,
    "overflows on large numbers": 0.5,
    "right line, another kind": 0.5,
}
"""Fraction of a gradient's points by verdict; every other verdict gives none."""
MARKS = {1.0: "✓", 0.5: "½", 0.0: "✗"}


@dataclass(frozen=True)
class Place:
    """A piece of a student's own line."""

    label: str
    """Name of the cell."""
    line: int
    """Number of the line in it, from 1."""
    start: int
    """First column of the piece, in characters from 0."""
    end: int
    """The column after its last."""
    text: str
    """The whole line."""

    @property
    def piece(self) -> str:
        return self.text[self.start : self.end]


def underlined(places: Sequence[Place], width: int = 86) -> list[str]:
    """Each line with its pieces underlined, in two lines; of a longer line what is around the first piece."""
    pieces: dict[tuple[str, int], list[Place]] = {}
    for place in places:
        pieces.setdefault((place.label, place.line), []).append(place)
    lines: list[str] = []
    for same in pieces.values():
        text = same[0].text
        indent = len(text) - len(text.lstrip())
        marks = [" "] * len(text)
        for place in same:
            marks[place.start : place.end] = "~" * (place.end - place.start)
        first = indent
        if len(text) - indent > width:
            middle = (same[0].start + same[0].end) // 2
            first = max(indent, min(middle - width // 2, same[0].start - 1, len(text) - width))
        shown, below = text[first : first + width], "".join(marks[first : first + width])
        if first > indent:
            shown, below = f"…{shown[1:]}", f" {below[1:]}"
        if len(text) > first + width:
            shown = f"{shown[:-1]}…"
        lines += [shown.rstrip(), below.rstrip()]
    return lines


@dataclass(frozen=True)
class Verdict:
    """What is said of one gradient."""

    name: str
    """The forward variable; the student's tensor is ``d<name>``."""
    kind: str
    """``right``, ``right value, wrong shape``, ``right for these sizes only``, ``overflows on large numbers``,
    ``right line, another kind``, ``wrong``, ``not attempted``, ``raised``, ``timed out`` or ``uses autograd``."""
    message: str = ""
    shown: str = ""
    """What it is called, if not ``d<name>``."""
    named: bool = True
    """Whether the message says which mistake it was, and not only where the numbers differ."""
    places: tuple[Place, ...] = ()
    """The pieces of the student's own lines that it speaks of."""

    @property
    def label(self) -> str:
        """What the verdict is on, as a student would call it."""
        return self.shown or f"d{self.name}"

    @property
    def points(self) -> float:
        """Fraction of the gradient's points, 0 to 1."""
        return POINTS.get(self.kind, 0.0)

    @property
    def mark(self) -> str:
        """One letter for it."""
        return "·" if self.kind == "not attempted" else MARKS[self.points]
