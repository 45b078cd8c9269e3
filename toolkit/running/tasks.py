"""A submission's cells by task: gradients on one minibatch, a training loop, values afterwards.

Who writes all of an exercise with a loop into one cell is judged as if each task stood in its own.
"""

import ast
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from toolkit.network.exercise import Exercise, digest
from toolkit.network.minibatches import large_numbers
from toolkit.running.cells import StudentCell
from toolkit.running.magics import plain_python
from toolkit.running.plans import Submission
from toolkit.running.statements import read, read_statements, written

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def by_task(submission: Submission, exercise: Exercise) -> Submission:
    """The submission, each task of a cell that holds several moved to the task's own cell, if that is empty.

    Line numbers stay those of the cell in which it is written, and so does the cell's label.
    """
    places = {one.kind: cell.after for cell in exercise.graded for one in cell.expected}
    if "training" not in places:
        return submission
    gradients = {"d" + name for name in exercise.expected}
    values = {name for cell in exercise.graded for one in cell.expected if one.kind == "values" for name in one.names}
    cells = [part for part in submission if isinstance(part, StudentCell)]
    begun = (cell for cell in cells if _code(cell.source) and digest(cell.source) not in exercise.stubs)
    empty = {cell.grade_id: id(cell) for cell in cells if cell.grade_id} | {cell.grade_id: None for cell in begun}
    now: dict[int, StudentCell] = {}
    for cell in cells:
        if digest(cell.source) in exercise.stubs:
            continue
        pieces = _pieces(cell, gradients, values, large_numbers(exercise))
        there = {
            places[kind]: replace(piece, grade_id=places[kind]) for kind, piece in pieces.items() if kind in places
        }
        targets = {place: empty.get(place) for place in there if place != cell.grade_id}
        if targets and not {*targets.values()} & {*now, None}:
            now[id(cell)] = there.get(cell.grade_id) or replace(cell, source="")
            now |= {target: there[place] for place, target in targets.items()}
    return [now.get(id(part), part) for part in submission]


def _pieces(
    cell: StudentCell, gradients: Set[str], values: Set[str], numbers: Mapping[str, int]
) -> dict[str, StudentCell]:
    """What of a cell belongs to which kind of task."""
    nodes = _nodes(cell.source)
    loops = [i for i, node in enumerate(nodes) if _trains(node, numbers)]
    loops = [i for i in loops if written(nodes[i]) & gradients] or loops  # one beside it only shows what came of it
    computing = [i for i, node in enumerate(nodes) if not isinstance(node, _DEFINITIONS) and written(node) & gradients]
    if loops:
        last = loops[-1] + 1
        first = max((i + 1 for i in range(loops[0]) if _of_gradients(nodes, i, gradients)), default=0)
    else:
        first = last = max(computing, default=-1) + 1
    pieces: dict[str, Sequence[ast.stmt]] = {}
    if any(i < first for i in computing):
        pieces["gradients"] = nodes[:first]
    if loops:
        pieces["training"] = nodes[first if pieces else 0 : last]
    if any(written(node) & values for node in nodes[last:]):
        pieces["values"] = nodes[last:]
    lines, begin, found = plain_python(cell.source).split("\n"), 0, {}
    starts = [piece[0].lineno - 1 for piece in pieces.values()]
    for kind, end in zip(pieces, [*starts[1:], len(lines)], strict=False):
        found[kind] = replace(cell, source="\n" * begin + "\n".join(lines[begin:end]))
        begin = end
    return found


def _of_gradients(nodes: Sequence[ast.stmt], number: int, gradients: Set[str]) -> bool:
    """Whether a statement reads a gradient, or computes one from what was computed before it. What comes after the last such one
    is made ready for the loop: a buffer of zeros with a gradient's name, too."""
    node = nodes[number]
    if isinstance(node, _DEFINITIONS):
        return False
    before = set().union(*map(written, nodes[:number]))
    return bool(read(node) & gradients or (written(node) & gradients and read(node) & before))


def _trains(node: ast.stmt, numbers: Mapping[str, int]) -> bool:
    """Whether a statement is a training loop or holds one: a loop that counts to the number of steps."""
    if isinstance(node, _DEFINITIONS):
        return False
    loops = [part for part in ast.walk(node) if isinstance(part, ast.For | ast.While)]
    inside = [part for loop in loops for part in ast.walk(loop)]
    return any(isinstance(p, ast.Name) and p.id in numbers for p in inside) or any(
        isinstance(p, ast.Constant) and p.value in numbers.values() for p in inside
    )


def _code(source: str) -> list[str]:
    """The lines of a cell that are no comments."""
    return [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _nodes(source: str) -> Sequence[ast.stmt]:
    """The statements of a cell, up to what is no Python."""
    return read_statements(plain_python(source))[1]
