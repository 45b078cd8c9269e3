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
