"""A student's answers put back into the exercise's own notebook, whatever happened to the file on its way.

Cells come back deleted, duplicated, retyped, without metadata or ids. What the student wrote is found again by grade_id,
else by cell id, else by content, and set among the source's own cells. Metadata that a student can edit is never used.
Nothing is thrown away: whatever is not recognised stays where it is, as an extra cell.
"""

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

from autograder.cells import plain_python, written
from autograder.exercise import Exercise

NOTES = "backprop_ninja"
"""Key of the notebook metadata under which verdicts and what was mended travel to the reports."""


@dataclass
class Mended:
    """A whole notebook and what had to be done for it, one sentence each."""

    notebook: NotebookNode
    sentences: list[str] = field(default_factory=list)


def mend(submitted: NotebookNode, exercise: Exercise) -> Mended:
    """The exercise's notebook with this submission's answers in it.

    Trusted cells (locked and graded ones) have the source's text, hidden tests included; solution cells have the student's.
    """
    trusted = exercise.trusted_cells()
    sentences = list(submitted.metadata.get(NOTES, {}).get("mended", []))
    owners = _owners(submitted.cells, trusted, sentences)
    cells, placed = [], set()
    order = list(trusted)
    for cell, owner in zip(submitted.cells, owners, strict=True):
        if owner is None:
            if kept := _extra(cell):
                cells.append(kept)
            continue
        for missing in _missing_before(owner, order, placed, owners):
            cells.append(_from_source(trusted[missing], missing, sentences))
            placed.add(missing)
        cells.append(_filled(trusted[owner], cell, owner, sentences))
        placed.add(owner)
    for missing in (grade_id for grade_id in order if grade_id not in placed):
        cells.append(_from_source(trusted[missing], missing, sentences))
    notebook = new_notebook(cells=cells, metadata=copy.deepcopy(submitted.metadata))
    notebook.nbformat_minor = 5
    if "kernelspec" not in submitted.metadata and submitted.cells:
        sentences.append("The notebook named no kernel; the exercise's own was put in.")
    notebook.metadata["kernelspec"] = copy.deepcopy(exercise.notebook.metadata.get("kernelspec", {}))
    notebook.metadata[NOTES] = {"mended": sentences}
    return Mended(_with_unique_ids(notebook), sentences)


def empty(problem: str) -> NotebookNode:
    """A notebook in place of a file that cannot be read; ``problem`` says why."""
    return new_notebook(metadata={NOTES: {"mended": [problem], "unreadable": True}})


def _owners(cells: Sequence[NotebookNode], trusted: dict[str, NotebookNode], sentences: list[str]) -> list[str | None]:
    """For each submitted cell the grade_id of the source cell that it is, or None for an extra cell."""
    owners: list[str | None] = [None] * len(cells)
    claimed: set[str] = set()

    def claim(number: int, grade_id: str, how: str = "") -> None:
        owners[number] = grade_id
        claimed.add(grade_id)
        if how:
            sentences.append(f"Cell {grade_id} had lost its metadata; it was recognised by {how}.")

    for number, cell in enumerate(cells):
        grade_id = _grade_id(cell)
        if grade_id in trusted and grade_id not in claimed:
            claim(number, grade_id)
        elif grade_id in claimed:
            sentences.append(f"Cell {grade_id} was there more than once; the first counts as the answer, all are run.")
    by_id = {source.get("id"): grade_id for grade_id, source in trusted.items()}
    by_text = {_released(source): grade_id for grade_id, source in reversed(trusted.items())}
    for number, cell in enumerate(cells):
        if owners[number] is None and cell.cell_type == "code" and _grade_id(cell) not in claimed:
            if (found := by_id.get(cell.get("id"))) and found not in claimed:
                claim(number, found, "its id")
            elif (found := by_text.get(cell.source.strip())) and found not in claimed and cell.source.strip():
                claim(number, found, "its text")
    _by_names(cells, owners, trusted, claimed, claim)
    return owners


def _by_names(cells, owners, trusted, claimed, claim) -> None:
    """Solution cells recognised by the names that they define, most names in common first."""
    wanted = {g: _defines(c.source) for g, c in trusted.items() if utils.is_solution(c) and g not in claimed}
    pairs = []
    for number, cell in enumerate(cells):
        if owners[number] is None and cell.cell_type == "code" and _grade_id(cell) not in trusted:
            names = _defines(cell.source)
            pairs += [(-len(names & w), number, g) for g, w in wanted.items() if names & w]
    for _, number, grade_id in sorted(pairs):
        if owners[number] is None and grade_id not in claimed:
            claim(number, grade_id, "the names that it defines")


def _grade_id(cell: NotebookNode) -> str:
    meta = cell.metadata.get("nbgrader")
    found = meta.get("grade_id", "") if isinstance(meta, dict) else ""
    return found if isinstance(found, str) else ""


def _defines(source: str) -> set[str]:
    try:
        return {name for name in written(ast.parse(plain_python(source))) if name.startswith("d")}
    except (SyntaxError, ValueError):
        return set()


def _released(source: NotebookNode) -> str:
    """The text of a source cell as students got it."""
    cell = copy.deepcopy(source)
    if utils.is_solution(cell):
        ClearSolutions()._replace_solution_region(cell, "python")
    ClearHiddenTests()._remove_hidden_test_region(cell)
    return cell.source.strip()


def _missing_before(owner: str, order: list[str], placed: set[str], owners: list[str | None]) -> list[str]:
    """Source cells that come before ``owner``, are not placed yet and are nowhere in the submission."""
    present = {o for o in owners if o}
    return [g for g in order[: order.index(owner)] if g not in placed and g not in present]


def _from_source(source: NotebookNode, grade_id: str, sentences: list[str]) -> NotebookNode:
    cell = copy.deepcopy(source)
    if utils.is_solution(cell):
        cell.source = "# this cell was not in the notebook that was handed in"
    sentences.append(f"Cell {grade_id} was missing and was put back{' empty' if utils.is_solution(source) else ''}.")
    return cell


def _filled(source: NotebookNode, submitted: NotebookNode, grade_id: str, sentences: list[str]) -> NotebookNode:
    cell = copy.deepcopy(source)
    if submitted.cell_type != source.cell_type:
        sentences.append(
            f"Cell {grade_id} had become a {submitted.cell_type} cell; it is a {source.cell_type} cell again."
        )
    if utils.is_solution(source):
        cell.source = submitted.source
    return cell


def _extra(cell: NotebookNode) -> NotebookNode | None:
    """A cell of the student's own, without nbgrader metadata; a second copy of a locked cell is left out."""
    meta = cell.metadata.get("nbgrader")
    if isinstance(meta, dict) and not meta.get("solution") and (meta.get("grade") or meta.get("locked")):
        return None
    kept = copy.deepcopy(cell)
    kept.metadata.pop("nbgrader", None)
    return kept


def _with_unique_ids(notebook: NotebookNode) -> NotebookNode:
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        if not isinstance(cell.get("id"), str) or not cell["id"] or cell["id"] in seen or len(cell["id"]) > 64:
            cell["id"] = f"extra-{number}"
        seen.add(cell["id"])
        if cell.cell_type == "code":
            fresh = new_code_cell()
            cell.setdefault("outputs", fresh.outputs)
            cell.setdefault("execution_count", None)
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    return notebook
