"""What is said of one gradient, and what it is worth."""

from dataclasses import dataclass

POINTS = {
    "right": 1.0,
    "right value, wrong shape": 0.5,
    "right for these sizes only": 0.5,
    "overflows on large numbers": 0.5,
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

    def underlined(self, width: int = 100) -> list[str]:
        """The line with the piece underlined, in two lines; of a long line what is around the piece."""
        text, start, end = self.text, self.start, min(self.end, self.start + width - 2)
        indent = len(text) - len(text.lstrip())
        text, start, end = text[indent:].rstrip(), start - indent, end - indent
        if len(text) > width:
            first = max(0, min(start - (width - (end - start)) // 2, len(text) - width))
            text = ("…" if first else "") + text[first + bool(first) : first + width]
            start, end = start - first, end - first
        return [text, " " * start + "~" * max(1, end - start)]


@dataclass(frozen=True)
class Verdict:
    """What is said of one gradient."""

    name: str
    """The forward variable; the student's tensor is ``d<name>``."""
    kind: str
    """``right``, ``right value, wrong shape``, ``right for these sizes only``, ``overflows on large numbers``, ``wrong``,
    ``not attempted``, ``raised``, ``timed out`` or ``uses autograd``."""
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
