"""What an exercise asks for, as whoever judges answers to it needs it: forward pass, inputs, the places that are graded.

The judge reads it from the source notebook (``autograder.course.exercise``); a student's notebook carries it in its setup cell.
"""

import base64
import functools
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.network.graph import Graph


@dataclass(frozen=True)
class Expectation:
    """One thing that a graded cell asks for."""

    kind: str
    """``gradients``, ``training`` (a loop), ``values`` (computed from other inputs than a minibatch), ``checker`` (a function
    that checks gradients), ``mended`` (gradients of lines that were wrong) or ``findings`` (which lines, and what)."""
    names: tuple[str, ...]
    options: Mapping[str, Any]


OF_GRADIENTS = ("gradients", "mended")
"""Kinds whose names are variables of the forward pass."""


@dataclass(frozen=True)
class GradedCell:
    """A graded cell: what it expects of the solution cell before it."""

    grade_id: str
    after: str | None
    """grade_id of the solution cell that it grades, the last one before it."""
    expected: tuple[Expectation, ...]

    def names(self) -> tuple[str, ...]:
        """Every gradient that it expects, once, in order."""
        asked = (one for one in self.expected if one.kind in OF_GRADIENTS)
        return tuple(dict.fromkeys(name for one in asked for name in one.names))


@dataclass(frozen=True, eq=False)
class Exercise:
    """An assignment without its solution."""

    name: str
    graph: Graph
    imports: str
    inputs: tuple[str, ...]
    """Cells that make the network's inputs: sizes, parameters, minibatch; run again at other sizes."""
    graded: tuple[GradedCell, ...]
    words: tuple[str, ...]
    """A few names in which every letter of the vocabulary occurs."""
    stubs: tuple[str, ...]
    """Digests of the solution cells as students get them: one with such a text is not begun."""

    @property
    def expected(self) -> tuple[str, ...]:
        """Every variable whose gradient is graded, in the order of the graded cells."""
        return tuple(name for cell in self.graded for name in cell.names())

    @property
    def scales(self) -> list[Mapping[str, float]]:
        """Factors on inputs with which more minibatches are asked for."""
        return [one.options["scale"] for cell in self.graded for one in cell.expected if "scale" in one.options]

    def description(self) -> dict[str, Any]:
        """All of it as plain lists and strings; ``from_description`` reads it."""
        return {
            "name": self.name, "forward": self.graph.text, "imports": self.imports, "inputs": list(self.inputs),
            "graded": [
                [cell.grade_id, cell.after, [[one.kind, list(one.names), _packed(one.options)] for one in cell.expected]]
                for cell in self.graded
            ],
            "words": list(self.words), "stubs": list(self.stubs),
        }  # fmt: skip

    @classmethod
    def from_description(cls, said: Mapping[str, Any]) -> "Exercise":
        """What ``description`` gave."""
        graded = tuple(
            GradedCell(
                grade_id,
                after,
                tuple(Expectation(kind, tuple(names), _unpacked(options)) for kind, names, options in asked),
            )
            for grade_id, after, asked in said["graded"]
        )
        graph = Graph.from_source(said["forward"])
        return cls(
            said["name"],
            graph,
            said["imports"],
            tuple(said["inputs"]),
            graded,
            tuple(said["words"]),
            tuple(said["stubs"]),
        )


PACKED = "packed:"
"""Begins a text of several lines in a description: answers may stand in it, which nobody is to come upon by scrolling."""


def _packed(options: Mapping[str, Any]) -> dict[str, Any]:
    def pack(value: Any) -> Any:
        if not isinstance(value, str) or "\n" not in value:
            return value
        return PACKED + base64.b64encode(zlib.compress(value.encode(), 9)).decode()

    return {name: pack(value) for name, value in options.items()}


def _unpacked(options: Mapping[str, Any]) -> dict[str, Any]:
    def unpack(value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(PACKED):
            return value
        return zlib.decompress(base64.b64decode(value.removeprefix(PACKED))).decode()

    return {name: unpack(value) for name, value in options.items()}


@functools.lru_cache(maxsize=256)
def fused(forward: str, keep: frozenset[str]) -> Graph:
    """``Graph.fused`` of a forward cell, remembered: one submission after another asks for the same few."""
    return Graph.from_source(forward).fused(keep)


def digest(source: str) -> str:
    """A short digest of a cell's text."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:12]


def few_words(words: Sequence[str]) -> tuple[str, ...]:
    """As many of the words as it takes for every letter to occur: where the sizes are given, more make no difference."""
    first = {letter: i for i, word in reversed([*enumerate(words)]) for letter in word}
    return tuple(words[: max(50, *first.values()) + 1])
