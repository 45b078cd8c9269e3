"""Answers that are nearly the same, told by their statements' syntax trees: a hint for a human, and never a verdict.

Many right answers are alike because there is one short way to write them. So statements of the solution and of the exercise
are taken out, and those that many students have; what two students then still share, few others wrote.
"""

import ast
import builtins
import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autograder.course.exercise import Exercise, without_markers
from toolkit.running.magics import is_too_long
from toolkit.running.statements import read_statements

FEWEST, SHARE = 3, 0.5
"""How many rare statements two students share at least, and which part of the one's own statements they are."""
COMMON = 0.05
"""What a larger part of a class wrote is no sign of anything."""


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike."""

    first: str
    second: str
    shared: tuple[str, ...]
    """The statements that few others have, as the first one wrote them."""
    of: int
    """How many statements of their own the one has who has fewer."""


def alike(answers: Mapping[str, Iterable[str]], exercise: Exercise) -> list[Pair]:
    """Pairs of students whose answers to one exercise are alike, the most alike first.

    Args:
        answers: the text of each cell of a student's, by student.
    """
    known = _known(exercise)
    ours = {tree for text in _ours(exercise) for tree, _ in statements(text, known)}
    own = {
        student: {tree: text for cell in cells for tree, text in statements(cell, known) if tree not in ours}
        for student, cells in answers.items()
    }
    writers: defaultdict[str, list[str]] = defaultdict(list)
    for student in sorted(own):
        for tree in own[student]:
            writers[tree].append(student)
    most = max(2, int(COMMON * len(own)))
    together: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for tree, students in writers.items():
        if 2 <= len(students) <= most:
            for pair in itertools.combinations(students, 2):
                together[pair].append(tree)
    found = [
        Pair(a, b, tuple(own[a][tree] for tree in shared), min(len(own[a]), len(own[b])))
        for (a, b), shared in together.items()
        if len(shared) >= FEWEST and len(shared) >= SHARE * min(len(own[a]), len(own[b]))
    ]
    return sorted(found, key=lambda pair: (-len(pair.shared), pair.first, pair.second))


def _known(exercise: Exercise) -> frozenset[str]:
    """Names that are not a student's own: the exercise's, their gradients', what is imported, and Python's."""
    names = {*exercise.graph.steps, *exercise.graph.inputs}
    imported = (n for n in ast.walk(ast.parse(exercise.imports)) if isinstance(n, ast.alias))
    return frozenset(
        {*names, *(f"d{name}" for name in names), *(n.asname or n.name.split(".")[0] for n in imported), *dir(builtins)}
    )


def _ours(exercise: Exercise) -> Iterator[str]:
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", []):
            yield without_markers(cell.source)


@functools.lru_cache(maxsize=1 << 16)
def statements(source: str, known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Each simple statement of a cell, and the head of each compound one: its tree and its text.

    Comments and layout are not in a tree, and names that are the student's own are numbered in the order in which they come.
    """
    return tuple(_statements(source, known))


def _statements(source: str, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    if is_too_long(source):
        return
    _, body, error = read_statements(source)
    if error:
        for line in source.split("\n"):
            if text := re.sub(r"\s+", "", line.split("#")[0]):
                yield text, line.strip()
        return
    for node in ast.walk(ast.Module(body, [])):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
            continue
        for part in ("body", "orelse", "finalbody", "handlers"):
            if getattr(node, part, None):
                setattr(node, part, [])
        if not isinstance(node, ast.Try | ast.With):
            text = ast.unparse(node)
            numbers: dict[str, str] = {}
            for name in ast.walk(node):
                if isinstance(name, ast.Name) and name.id not in known:
                    name.id = numbers.setdefault(name.id, f"_{len(numbers)}")
            yield ast.unparse(node) if numbers else text, text
