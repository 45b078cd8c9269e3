"""The student's own lines that a verdict is about, with the wrong piece marked where the verdict knows it."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from autograder.reports.code import Span, highlighted

MOST_LINES = 4
"""Lines that are shown of one statement, and statements of one verdict."""
BOUND_BY = {"the learning rate": "lr"}
"""What is judged and is no gradient, and the name that it usually has."""
_PLACE = re.compile(r"((?:[Ee]xtra )?[Cc]ell [\w-]+), line (\d+)")


def labels(cells: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The text of each cell of a student's, by the label that the judge gives it: ``cell probs``, ``extra cell 1``.

    Args:
        cells: of a graded notebook.
    """
    return {label: "".join(cell["source"]) for label, cell in labelled(cells)}


def labelled(cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The student's code cells, and how the judge calls each."""
    extra = 0
    for cell in cells:
        meta = cell.get("metadata", {}).get("nbgrader", {})
        if cell["cell_type"] != "code" or meta.get("locked"):
            continue
        if not meta.get("solution"):
            extra += 1
        yield f"cell {meta['grade_id']}" if meta.get("solution") else f"extra cell {extra}", cell


def marks_in(label: str, source: str, verdicts: Iterable[Mapping[str, Any]]) -> list[Span]:
    """The pieces of a cell that verdicts speak of, in the text as it was typed: the judge read it as IPython does, without an
    indent that all of it has, and without prompts."""
    typed, spans = dict(enumerate(source.split("\n"), 1)), []
    for place in (place for verdict in verdicts for place in verdict.get("places", ()) if place["label"] == label):
        shift = max(0, typed.get(place["line"], "").find(place["text"]))
        spans.append(Span(place["line"], place["start"] + shift, place["end"] + shift))
    return spans


def own_lines(verdict: Mapping[str, Any], cells: Mapping[str, str]) -> Markup:
    """The lines that a verdict speaks of, else those that bind its gradient; nothing if there are none.

    Args:
        cells: what ``labels`` gave.
    """
    lines: dict[tuple[str, int], None] = {}
    for place in verdict.get("places", ()):
        lines[place["label"], place["line"]] = None
    if not lines and (named := _PLACE.search(verdict["message"])):
        lines[named[1][:1].lower() + named[1][1:], int(named[2])] = None
    there = [(label, number) for label, number in lines if 0 < number <= cells.get(label, "").count("\n") + 1]
    if there:
        shown = [
            highlighted(cells[at], (line, line), marks_in(at, cells[at], [verdict])) for at, line in there[:MOST_LINES]
        ]
        return Markup("\n").join(shown)
    own = f"cell {verdict.get('answer')}"
    name = BOUND_BY.get(verdict["name"], verdict["name"].removesuffix(" in the loop"))
    for label in sorted(cells, key=lambda label: label != own):
        if rows := list(_binding(cells[label], name)):
            shown = [highlighted(cells[label], (a, min(b, a + MOST_LINES - 1))) for a, b in rows[:MOST_LINES]]
            return Markup("\n").join(shown)
    return Markup("")


def _binding(source: str, name: str) -> Iterator[tuple[int, int]]:
    """First and last line of each statement that binds a name or changes what it is bound to."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for number, line in enumerate(source.split("\n"), 1):
            if re.match(rf"\s*{re.escape(name)}\b[^=]*[-+*/@]?=(?!=)", line):
                yield number, number
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in {bound for target in targets for bound in _names(target)}:
                yield node.lineno, node.end_lineno or node.lineno


def _names(target: ast.expr) -> Iterator[str]:
    """What a target binds or changes: ``x``, ``x[...]``, ``x.data``, each of ``x, y``."""
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id
