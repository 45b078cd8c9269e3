"""Which cell of a submission is which cell of its exercise, whatever happened to the file on its way.

Cells are known by their grade_id; those that have lost it by their cell id, else by their text, else by what is in them (the
forward lines that they quote and the names that they define), else by their place between cells that are known.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode
from nbgrader import utils

from autograder.course import listing
from autograder.course.exercise import Exercise
from toolkit.running.magics import plain_python
from toolkit.running.statements import written

_ASSIGNED = re.compile(r"^\s*([A-Za-z_]\w*)\s*(?:[-+*/@]|//|\*\*)?=(?!=)", re.MULTILINE)
"""Names that a cell with a syntax error would bind."""
LISTED = 8
"""Cells that a sentence names; of more it says how many."""


def owners(cells: Sequence[NotebookNode], exercise: Exercise) -> tuple[list[str | None], list[str]]:
    """For each submitted cell the grade_id of the source cell that it is, or None for one of the student's own.

    Returns:
        These, and a sentence for each way in which cells were recognised or doubled.
    """
    trusted = exercise.trusted_cells
    found: list[str | None] = [None] * len(cells)
    ways: dict[str, list[str]] = {}
    twice: list[str] = []

    def claim(number: int, grade_id: str, how: str = "") -> None:
        found[number] = grade_id
        if how:
            ways.setdefault(how, []).append(grade_id)

    for number, cell in enumerate(cells):
        grade_id = grade_id_of(cell)
        if grade_id in found:
            twice.append(grade_id)
        elif grade_id in trusted:
            claim(number, grade_id)
    lost = [number for number, cell in enumerate(cells) if grade_id_of(cell) not in trusted and cell.source.strip()]
    if lost:
        _by_keys(cells, lost, found, exercise, claim)
        code = [number for number in lost if cells[number].cell_type == "code"]
        _by_contents(cells, code, found, exercise, claim)
        _by_place(code, found, trusted, claim)
    sentences = [
        f"{naming(names)} had lost the metadata and {_were(names)} recognised by {how}." for how, names in ways.items()
    ]
    for solution, counts in (
        (True, "all are run where they stand, and what is bound last before the check counts"),
        (False, "the exercise's own counts, once"),
    ):
        if names := [name for name in dict.fromkeys(twice) if utils.is_solution(trusted[name]) == solution]:
            sentences.append(f"{naming(names)} {_were(names)} there more than once; {counts}.")
    return found, sentences


def grade_id_of(cell: NotebookNode) -> str:
    """The grade_id in a cell's metadata; nothing if there is none or it is no text."""
    meta = cell.metadata.get("nbgrader")
    found = meta.get("grade_id", "") if isinstance(meta, dict) else ""
    return found if isinstance(found, str) else ""


def put_back(names: Sequence[str], empty: bool) -> str:
    """The sentence on source cells that a submission does not have."""
    return f"{naming(names)} {_were(names)} missing and {_were(names)} put back{' empty' if empty else ''}."


@dataclass(frozen=True)
class _Contents:
    """What a source cell may be known by."""

    solution: bool
    answer: frozenset[str]
    """Names that only the solution defines."""
    names: frozenset[str]
    """All names that the cell defines."""
    lines: tuple[str, ...]
    """Forward lines whose derivatives it takes, without spaces."""

    def likeness(self, source: str, defined: set[str]) -> int:
        """How much a student's cell is like it; 0 if they have too little in common."""
        common = len(self.names & defined)
        quoted = sum(line in re.sub(r"\s", "", source) for line in self.lines)
        if self.solution:
            own = len(self.answer & defined) + quoted
            return 2 * own + common if own or 2 * common >= max(1, len(self.names)) else 0
        return 2 * common if common and 3 * common >= 2 * max(len(self.names), len(defined)) else 0


def _by_keys(cells: Sequence[NotebookNode], lost: Sequence[int], found, exercise: Exercise, claim: Callable) -> None:
    by_id = {source.get("id"): grade_id for grade_id, source in exercise.trusted_cells.items()}
    by_text = {text.strip(): grade_id for grade_id, text in reversed(exercise.released.items())}
    by_title = {_title(text): g for g, text in exercise.released.items() if _is_setup(exercise.trusted_cells[g])}
    for how, key_of, wanted in (
        ("the id", lambda cell: cell.get("id"), by_id),
        ("the text", lambda cell: cell.source.strip(), by_text),
        ("the first line", lambda cell: _title(cell.source), by_title),  # another release's has another text below it
    ):
        for number in lost:
            grade_id = wanted.get(key_of(cells[number])) if found[number] is None else None
            if grade_id and grade_id not in found:
                claim(number, grade_id, how)


def _title(source: str) -> str:
    return source.strip().partition("\n")[0].strip()


def _is_setup(cell: NotebookNode) -> bool:
    return "setup" in cell.metadata.get("tags", [])


def _by_contents(
    cells: Sequence[NotebookNode], code: Sequence[int], found, exercise: Exercise, claim: Callable
) -> None:
    left = [number for number in code if found[number] is None]
    known = _contents(exercise) if left else {}
    pairs = []
    for number in left:
        defined = _defines(cells[number].source)
        for grade_id, contents in known.items():
            if grade_id not in found and (likeness := contents.likeness(cells[number].source, defined)):
                pairs.append((-likeness, number, grade_id))
    for _, number, grade_id in sorted(pairs):
        if found[number] is None and grade_id not in found:
            claim(number, grade_id, "the contents")


def _contents(exercise: Exercise) -> Mapping[str, _Contents]:
    """By grade_id, for the code cells of the source."""
    graph = exercise.graph
    expected: dict[str, list[str]] = {}
    for graded in exercise.graded:
        expected.setdefault(graded.after or "", []).extend(graded.names())
    found = {}
    for grade_id, cell in exercise.trusted_cells.items():
        if cell.cell_type == "code" and not utils.is_grade(cell):
            names, blank = _defines(cell.source), _defines(exercise.released[grade_id])
            wanted = [name for name in expected.get(grade_id, []) if name in graph.steps or name in graph.inputs]
            readers = dict.fromkeys(reader for name in wanted for reader in graph.readers(name))
            lines = tuple(re.sub(r"\s", "", f"{name}={graph.steps[name].expression}") for name in readers)
            answer = names - blank | {f"d{name}" for name in wanted}
            found[grade_id] = _Contents(utils.is_solution(cell), frozenset(answer), frozenset(names | answer), lines)
    return found


def _by_place(code: Sequence[int], found, trusted: Mapping[str, NotebookNode], claim: Callable) -> None:
    """As many unknown cells as missing solution cells between two known ones: they are these, in order.

    Of more unknown cells than one missing it is the last.
    """
    order = list(trusted)
    known = [(number, order.index(grade_id)) for number, grade_id in enumerate(found) if grade_id]
    for (before, first), (after, last) in pairwise([(-1, -1), *known, (len(found), len(order))]):
        free = [number for number in code if before < number < after and found[number] is None]
        missing = [g for g in order[first + 1 : last] if utils.is_solution(trusted[g]) and g not in found]
        if len(missing) == 1:
            free = free[-1:]
        if len(free) == len(missing):
            for number, grade_id in zip(free, missing, strict=True):
                claim(number, grade_id, "the place")


def _defines(source: str) -> set[str]:
    """Names that a cell binds, also when it does not parse."""
    try:
        return written(ast.parse(plain_python(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(_ASSIGNED.findall(source))


def naming(names: Sequence[str]) -> str:
    """Cells at a sentence's beginning, by grade_id."""
    return f"C{listing.cells(names, LISTED)[1:]}"


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
