"""What a person typed into one release of an exercise, carried over into the next."""

import copy
from collections import Counter
from collections.abc import Iterable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader import utils

from autograder.course.exercise import Exercise
from autograder.course.typed import digest, named, signature
from autograder.handed_in.recover import grade_id_of, owners

CHANGED = "**Carried over from your former notebook:** you had changed the text of this cell of the exercise to"
NO_PLACE = "**Carried over from your former notebook:** this answer's cell is not in the new release."
TWICE = "**Carried over from your former notebook:** another cell for the same answer."


def carry(former: NotebookNode, fresh: NotebookNode, exercise: Exercise, known: Iterable[str] = ()) -> list[str]:
    """Put what was typed in ``former`` into ``fresh``, which is changed.

    Answers go into the cells of the same grade_id (``recover`` finds those that have lost it). A cell of the student's own
    follows the cell that it followed. An exercise's text that was changed stands, as text, after the new one.

    Args:
        exercise: the exercise of the new release.
        known: digests of cells that builds write, beside those that ``former`` is signed with.

    Returns:
        What did not fit, in words; it is kept in ``fresh`` beside its place.
    """
    built = {*signature(former), *known}
    found, _ = owners(_without_stubs(former.cells, exercise), exercise)
    places = {cell.id: cell for cell in fresh.cells}
    by_text = {digest(cell): cell.id for cell in fresh.cells}
    after: dict[str | None, list[NotebookNode]] = {}
    left: list[str] = []
    place: str | None = None
    for cell, owner in zip(former.cells, found, strict=True):
        counterpart = _counterpart(cell, owner, places, by_text)
        if counterpart:
            place = counterpart
        if not (cell.source.strip() or cell.get("attachments")) or digest(cell) in built:
            continue
        kept = after.setdefault(place, [])
        target = places.get(owner or "")
        if target is not None and utils.is_solution(target):
            target.source = cell.source
            target.update({key: cell[key] for key in ("attachments",) if cell.get(key) and target.cell_type != "code"})
        elif owner or counterpart:
            kept.append(new_markdown_cell(f"{CHANGED}\n\n{_quoted(cell)}", **_pictures(cell)))
            left.append(f"your change of {named([cell])}")
        elif grade_id := _answers(cell):
            kept += [new_markdown_cell(TWICE if grade_id in places else NO_PLACE), _own(cell)]
            left.append(f"{named([cell])}")
        else:
            kept.append(_own(cell))
    cells = [*after.get(None, [])]
    for cell in fresh.cells:
        cells += [cell, *after.get(cell.id, [])]
    fresh.cells = _with_unique_ids(cells, set(places))
    return left


def _counterpart(cell: NotebookNode, owner: str | None, places: dict, by_text: dict[str, str]) -> str | None:
    """The id of the new release's cell that a former cell was: ids are grade_ids or made from the text."""
    candidates = [owner, cell.get("id"), by_text.get(digest(cell))]
    return next((candidate for candidate in candidates if candidate in places), None)


def _without_stubs(cells: list[NotebookNode], exercise: Exercise) -> list[NotebookNode]:
    """Blank answers without a grade_id as empty cells: their text is that of many cells, and would be taken for the first."""
    texts = Counter(text.strip() for text in exercise.released.values())
    stubs = {text for text, count in texts.items() if count > 1}
    empty = new_code_cell("")
    return [empty if not grade_id_of(cell) and cell.source.strip() in stubs else cell for cell in cells]


def _answers(cell: NotebookNode) -> str:
    """The grade_id of a cell that was for an answer."""
    return grade_id_of(cell) if grade_id_of(cell) and utils.is_solution(cell) else ""


def _own(cell: NotebookNode) -> NotebookNode:
    """A cell of the student's own: without nbgrader's metadata and without outputs, which belong to another run."""
    kept = copy.deepcopy(cell)
    for key in ("nbgrader", "deletable", "editable"):
        kept.metadata.pop(key, None)
    if kept.cell_type == "code":
        kept.outputs, kept.execution_count = [], None
    return kept


def _quoted(cell: NotebookNode) -> str:
    """A cell as text: code in a fence, so that it is not run."""
    if cell.cell_type != "code":
        return cell.source
    fence = "```"
    while fence in cell.source:
        fence += "`"
    return f"{fence}python\n{cell.source}\n{fence}"


def _pictures(cell: NotebookNode) -> dict:
    return {"attachments": copy.deepcopy(cell.attachments)} if cell.get("attachments") else {}


def _with_unique_ids(cells: list[NotebookNode], taken: set[str]) -> list[NotebookNode]:
    """Cells that were carried over keep their ids where these are free."""
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        if cell.get("id") in seen or not cell.get("id"):
            cell.id = f"kept-{number}"
            while cell.id in taken | seen:
                cell.id += "-"
        seen.add(cell.id)
    return cells
