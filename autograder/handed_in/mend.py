"""A student's answers put back into the exercise's own notebook, whatever happened to the file on its way.

Cells come back deleted, duplicated, retyped, without metadata or ids. What the student wrote is found again
(``recover``) and set among the source's own cells. Metadata that a student can edit is never used. Nothing is thrown
away: whatever is not recognised stays where it is, as an extra cell.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader import utils

from autograder.course.exercise import Exercise
from autograder.course.typed import digest, signature
from autograder.handed_in.readable import CELL_ID
from autograder.handed_in.recover import grade_id_of, naming, owners, put_back
from toolkit.running.magics import is_too_long
from toolkit.running.plans import NOT_RUN, typed_into

NOT_HANDED_IN = "# this cell was not in the notebook that was handed in"
"""What stands in a solution cell that had to be put back."""
NOTES = "backprop_ninja"
"""Key of the notebook metadata under which verdicts and what was mended travel to the reports."""
OTHER_RELEASE = 100
"""Lines by which a setup cell differs if it is another release's: nobody types so many there."""


@dataclass
class Mended:
    """A whole notebook and what had to be done for it, one sentence each."""

    notebook: NotebookNode
    sentences: list[str] = field(default_factory=list)


def mend(submitted: NotebookNode, exercise: Exercise) -> Mended:
    """The exercise's notebook with this submission's answers in it.

    Trusted cells (locked and graded ones) have the source's text, hidden tests included; solution cells have the student's.
    """
    trusted = exercise.trusted_cells
    found, recognised = owners(submitted.cells, exercise)
    sentences = [*submitted.metadata.get(NOTES, {}).get("mended", []), *recognised]
    cells: list[NotebookNode] = []
    missing = {grade_id: None for grade_id in trusted if grade_id not in found}
    put_in: list[str] = []
    built = {*signature(submitted)}
    typed: dict[str, NotebookNode] = {}

    def put_back_before(place: int) -> None:
        for grade_id in [g for g in missing if order[g] < place]:
            cells.append(_from_source(trusted[grade_id], exercise))
            put_in.append(grade_id)
            del missing[grade_id]

    order = {grade_id: place for place, grade_id in enumerate(trusted)}
    for cell, owner in zip(submitted.cells, found, strict=True):
        if owner is None:
            if kept := _extra(cell, exercise):
                cells.append(kept)
            continue
        put_back_before(order[owner])
        ours = _filled(owner, cell, exercise, sentences)
        if digest(cell) not in built and (own := _typed_into(owner, cell, exercise)):
            typed[owner] = own
            cells += [own, ours] if utils.is_grade(ours) else [ours, own]  # an answer is complete where it is graded
        else:
            cells.append(ours)
    put_back_before(len(order))
    for empty in (False, True):
        if names := [g for g in put_in if utils.is_solution(trusted[g]) == empty]:
            sentences.append(put_back(names, empty))
    sentences += _kept_beside(typed)
    unreadable = submitted.metadata.get(NOTES, {}).get("unreadable")
    if unreadable:
        sentences.clear()  # of its cells there is nothing to say
    if "kernelspec" not in submitted.metadata and submitted.cells:
        sentences.append("The notebook named no kernel; the exercise's own was put in.")
    metadata = copy.deepcopy(exercise.notebook.metadata)
    notebook = NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)  # ids are seen to below
    notebook.metadata[NOTES] = {"mended": sentences} | ({"unreadable": unreadable} if unreadable else {})
    return Mended(_with_unique_ids(notebook), sentences)


def empty(problem: str) -> NotebookNode:
    """A notebook in place of a file that cannot be read; ``problem`` says why. It has no points until a human gives some."""
    return new_notebook(metadata={NOTES: {"mended": [], "unreadable": problem}})


def _from_source(source: NotebookNode, exercise: Exercise) -> NotebookNode:
    cell = _ours(source, exercise)
    if utils.is_solution(cell):
        cell.source = NOT_HANDED_IN
    return cell


def _filled(grade_id: str, submitted: NotebookNode, exercise: Exercise, sentences: list[str]) -> NotebookNode:
    source = exercise.trusted_cells[grade_id]
    cell = _ours(source, exercise)
    if submitted.cell_type != source.cell_type:
        sentences.append(
            f"Cell {grade_id} had become a {submitted.cell_type} cell; it is a {source.cell_type} cell again."
        )
    if utils.is_solution(source):
        cell.source = submitted.source
    return cell


def _ours(source: NotebookNode, exercise: Exercise) -> NotebookNode:
    """A copy of a source cell, with the checksum of what was handed out, by which nbgrader knows an untouched answer."""
    cell = copy.deepcopy(source)
    cell.metadata.nbgrader["checksum"] = exercise.checksums[cell.metadata.nbgrader.grade_id]
    return cell


def _typed_into(grade_id: str, submitted: NotebookNode, exercise: Exercise) -> NotebookNode | None:
    """What a student has written into a cell of the exercise's own, as a cell beside it."""
    source, given = exercise.trusted_cells[grade_id], exercise.released[grade_id]
    if utils.is_solution(source) or (submitted.source.strip() == given.strip() and not submitted.get("attachments")):
        return None
    known = {line.strip() for line in given.split("\n")}
    new = [line for line in submitted.source.split("\n") if line.strip() not in known]
    if "setup" in source.metadata.get("tags", []) and len(new) > OTHER_RELEASE:
        return None
    text = "\n".join(new)
    if submitted.cell_type == "code":
        text = typed_into(submitted.source, exercise, given)
    kept = copy.deepcopy(submitted)
    if source.get("attachments") == kept.get("attachments"):
        kept.pop("attachments", None)
    if not text.strip() and not kept.get("attachments"):
        return None
    if kept.cell_type == "code":
        text = f"# typed into cell {grade_id}, which is the exercise's own:\n{text}"
        if is_too_long(text):  # run, it would cost the cells after it their place among what is read
            kept.cell_type = "raw"
    kept.source = text
    kept.metadata, kept["id"] = NotebookNode(), f"{grade_id}-typed"
    return kept


def _kept_beside(typed: Mapping[str, NotebookNode]) -> list[str]:
    """What is said of cells of the exercise's own in which something was typed."""
    if not typed:
        return []
    counts = "It counts as written there"
    if any(NOT_RUN in cell.source for cell in typed.values()):
        counts += ", but for lines that would change what the exercise gives: these are not run"
    if any(cell.cell_type == "raw" for cell in typed.values()):
        counts += ", but for what is too long for an answer: it is not run"
    return [
        f"{naming([*typed])} of the exercise's own had something typed into {'it' if len(typed) == 1 else 'them'}, which now "
        f"stands in a cell beside. {counts}."
    ]


def _extra(cell: NotebookNode, exercise: Exercise) -> NotebookNode | None:
    """A cell of the student's own, without metadata; of a second copy of a locked cell only what was typed into it."""
    source = exercise.trusted_cells.get(grade_id_of(cell))
    if source is not None and not utils.is_solution(source):
        return _typed_into(grade_id_of(cell), cell, exercise)
    kept = copy.deepcopy(cell)
    kept.metadata = NotebookNode()
    return kept


def _with_unique_ids(notebook: NotebookNode) -> NotebookNode:
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        if not isinstance(cell.get("id"), str) or not CELL_ID.fullmatch(cell["id"]) or cell["id"] in seen:
            cell["id"] = f"extra-{number}"
        seen.add(cell["id"])
        if cell.cell_type == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    return notebook
