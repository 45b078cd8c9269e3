"""What gives an answer away: a message, a hint, a cell of the exercise's own that shows a piece of the solution."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from nbformat import NotebookNode
from nbgrader import utils
from torch import Tensor

from autograder.authoring.equivalent import scope
from autograder.authoring.pieces import pieces, shown
from autograder.authoring.workbench import Bench
from autograder.course.exercise import GradedCell, released_text
from toolkit.running.magics import plain_python
from toolkit.running.statements import read_statements, written
from toolkit.verdict import Verdict

ANSWER = r"<details>\s*<summary>[^<]*\b(?:answers?|solution|open this when)\b.*?</details>"
"""A fold that is named as the answer: whoever opens it wants to."""


def told(bench: Bench, edits: Mapping[str, str], verdicts: Iterable[Verdict]) -> Iterator[tuple[str, str]]:
    """Messages that say what is to be typed, each with the piece.

    What the learner has written himself may be repeated (as the piece that is pointed at, too, whatever brackets would make of
    it), and so may the forward pass.
    """
    solved = "\n".join(bench.solution_cells[grade_id] for grade_id in edits if grade_id in bench.solution_cells)
    own = "\n".join({**bench.solution_cells, **edits}.values())
    may = pieces(own, bench.tensors) | pieces(bench.exercise.graph.text, bench.tensors)
    secret = pieces(solved, bench.tensors) - may
    lines = [line for line in map(str.strip, solved.splitlines()) if line and line not in own]
    for verdict in verdicts:
        message = verdict.message
        for place in verdict.places:
            message = message.replace(f"`{place.piece}`", "")
        yield from ((message, piece) for piece in shown(message, bench.tensors) & secret)
        yield from ((message, line) for line in lines if close(line) in close(message))


def close(text: str) -> str:
    """A text without blanks."""
    return re.sub(r"\s", "", text)


def shown_before(bench: Bench, graded: GradedCell) -> Iterator[tuple[str, str]]:
    """What the exercise itself shows of an answer above the cell that grades it: the cell that shows it, and what.

    Text, hints and the code of figures are looked through for expressions with a gradient in them that the solution has and the
    forward pass has not. A fold that is named as the answer may hold it. What stands further down is met when it is done.
    """
    if graded.after not in bench.code_cells:
        return
    solution = bench.code_cells[graded.after]
    secret = _with_gradients(bench, solution) - pieces(bench.exercise.graph.text, bench.tensors)
    numbers = [value for node in _expressions(bench, solution) if (value := _value(bench, node)) is not None]
    asked = {f"d{name}" for name in graded.names()}
    for cell in bench.exercise.notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == graded.grade_id:
            return
        for text in _texts(cell):
            for line in text.splitlines():
                code = line.split("  #")[0]
                if _with_gradients(bench, code) & secret or _comes_out_as(bench, code, numbers):
                    yield _where(cell), line.strip()
        if _is_given(cell) and (bound := asked & _written(cell.source)):
            yield _where(cell), f"{' and '.join(sorted(bound))} bound"


def _with_gradients(bench: Bench, text: str) -> frozenset[str]:
    """Those of the pieces of a text that have a gradient in them."""
    words = re.compile(rf"Name\(id='d(?:{'|'.join(map(re.escape, sorted(bench.tensors)))})'")
    return frozenset(piece for piece in pieces(text, bench.tensors) if words.search(piece))


def _expressions(bench: Bench, text: str) -> Iterator[ast.expr]:
    """Those of the expressions of a text that compute something with a gradient."""
    for node in ast.walk(ast.Module(read_statements(plain_python(text.strip()))[1], [])):
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call) and _with_gradients(bench, ast.unparse(node)):
            yield node


def _comes_out_as(bench: Bench, text: str, numbers: Sequence[Tensor]) -> bool:
    """Whether an expression of a text has the very numbers of one of the solution's: the same in other words."""
    found = (_value(bench, node) for node in _expressions(bench, text))
    return any(
        value is not None and value.shape == one.shape and torch.allclose(value, one)
        for value in found
        for one in numbers
    )


def _value(bench: Bench, node: ast.expr) -> Tensor | None:
    """What an expression is where the solution has run; None if it is none, or changes something."""
    text = ast.unparse(node)
    if re.search(r"\w_\(", text) or not bench.gradients:
        return None
    try:
        value = eval(text, {**scope(bench)})
    except Exception:  # it is about other names than those of the exercise
        return None
    return value if isinstance(value, Tensor) and value.is_floating_point() and bool(value.any()) else None


def _texts(cell: NotebookNode) -> list[str]:
    """What of a cell could be code: all of a code cell of the exercise's own; blocks and words in backticks of a text."""
    if cell.cell_type == "markdown":
        text = re.sub(ANSWER, "", cell.source, flags=re.DOTALL | re.IGNORECASE)
        return [*re.findall(r"```\w*\n(.*?)```", text, re.DOTALL), *re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
    return [released_text(cell, hidden_tests=False)] if _is_given(cell) else []


def _is_given(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and not utils.is_solution(cell) and "setup" not in cell.metadata.get("tags", [])


def _written(source: str) -> set[str]:
    return set().union(*map(written, read_statements(plain_python(source))[1]), set())


def _where(cell: NotebookNode) -> str:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    heading = re.search(r"^#+ (.+)", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
    first = cell.source.strip().partition("\n")[0]
    return f"the cell {grade_id}" if grade_id else f"the text {(heading[1] if heading else first[:50])!r}"
