"""The judge as steps of nbgrader's own pipeline; nbgrader_config.py puts them in their places.

Command line, API and formgrader all go this way: read the file (``SubmissionExporter``), mend it (``Mend``), run it for the
student to see (``execute.RunNotebook``), judge it (``JudgeNotebook``), and leave the rest to nbgrader.
"""

import copy
import json
import os
import shutil
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder import mend
from autograder.client import Runner
from autograder.execute import shared_server
from autograder.exercise import COURSE, Exercise
from autograder.judge import judge_submission
from autograder.submitted import (
    NOTEBOOK_BYTES,
    NoNotebook,
    Task,
    Unreadable,
    choose_notebook,
    read_task,
    too_large,
)
from toolkit.cells import StudentCell
from toolkit.plans import GradedPlace, Submission
from toolkit.verdict import Verdict

MOST_CELLS = 1_000
"""Cells of a notebook that is read; the exercises have fewer than a hundred."""


class SubmissionExporter(NotebookExporter):
    """Reads a submitted file; one that is no notebook becomes an empty one with a note, so that it still gets a verdict."""

    def from_filename(self, filename: str, resources: ResourcesDict | None = None, **kwargs: object) -> tuple:
        path = Path(filename)
        if getattr(self.parent, "_sanitizing", False):
            coursedir = self.parent.coursedir
            student, assignment = path.parts[-3:-1]
            leave_out_links(
                path.parent, Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
            )
            notebook = read_submitted(path)
        else:
            notebook = nbformat.read(path, as_version=4)
            resources = resources or ResourcesDict()  # nbconvert's own from_filename sets these, too
            resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        return self.from_notebook_node(notebook, resources=resources, **kwargs)


def read_submitted(path: Path) -> NotebookNode:
    """What a student handed in as a notebook (see ``parse_notebook``)."""
    if _through_a_link(path.parent, Path(path.name)):
        return mend.empty(f"{path.name} is a link to another place, so nothing in it counts.")
    if (size := path.stat().st_size) > NOTEBOOK_BYTES:
        return mend.empty(too_large(path.name, size))
    return parse_notebook(path.read_bytes(), path.name)


def parse_notebook(data: bytes, name: str) -> NotebookNode:
    """A notebook of any nbformat version as version 4, without outputs; an empty one that says why, if there is none.

    Args:
        name: of the file, for that sentence.
    """
    try:
        document = json.loads(data.decode(json.detect_encoding(data), "replace"))
        text = json.dumps(document, ensure_ascii=False)
        if not text.isascii():  # an escape may stand for half a character, which no file can hold
            document = json.loads(text.encode("utf-8", "replace"))
        if "cells" not in document:
            document = nbformat.reads(json.dumps(document), as_version=4)
        if len(document["cells"]) > MOST_CELLS:
            return mend.empty(f"{name} has more than {MOST_CELLS:,} cells, so nothing in it counts.")
        cells = [_parse_cell(cell) for cell in document["cells"] if isinstance(cell, dict)]
        metadata = document.get("metadata")
        metadata = nbformat.from_dict(metadata) if isinstance(metadata, dict) else NotebookNode()
        metadata.pop(mend.NOTES, None)  # only the grader writes notes
        return new_notebook(cells=cells, metadata=metadata)
    except Exception as error:  # whatever a file may hold: it must not stop the class
        return mend.empty(f"{name} could not be read as a notebook ({type(error).__name__}), so nothing in it counts.")


_EMPTY = {cell.cell_type: cell for cell in (new_code_cell(), new_markdown_cell(), new_raw_cell())}


def _parse_cell(cell: dict) -> NotebookNode:
    """What of a cell can be used: kind, text, metadata, id and pasted pictures, whatever their types may be."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    fresh = copy.deepcopy(_EMPTY.get(str(cell.get("cell_type")), _EMPTY["markdown"]))
    fresh.source = source if isinstance(source, str) else ""
    fresh.metadata = nbformat.from_dict(cell["metadata"]) if isinstance(cell.get("metadata"), dict) else NotebookNode()
    fresh.pop("id")
    if isinstance(cell.get("id"), str):
        fresh["id"] = cell["id"]
    if fresh.cell_type != "code" and isinstance(cell.get("attachments"), dict):
        fresh["attachments"] = {
            file: {kind: picture for kind, picture in pictures.items() if isinstance(picture, str)}
            for file, pictures in cell["attachments"].items()
            if isinstance(pictures, dict)
        }
    return fresh


def use_expected_name(assignment: str, student: str, notebooks: list[str]) -> None:
    """Give a notebook of another name (``Copy_of_...``) a copy under the exercise's own; called before each submission.

    The student's file stays as it is. A link is not followed: it stays, and is then read as an empty file.
    """
    paths = {path.name: path for path in map(Path, notebooks) if not path.is_symlink()}
    own = f"{Path(notebooks[0]).parent.name}.ipynb"  # nbgrader says what it was called with, which may be a pattern
    if paths and own not in map(os.path.basename, notebooks):
        chosen = paths[choose_notebook({name: path.stat().st_size for name, path in paths.items()}, assignment)]
        shutil.copyfile(chosen, chosen.with_name(own))
        notebooks[:] = [str(chosen.with_name(own))]


def leave_out_links(submitted: Path, copies: Path) -> None:
    """Delete what nbgrader has copied of what links in a hand-in lead to: the solutions, say, or a neighbour's answers.

    Args:
        submitted: ``submitted/<student>/<assignment>``; nothing in it is changed, nor anything that its links lead to.
        copies: ``autograded/<student>/<assignment>``.
    """
    for path in copies.rglob("*"):
        if path.is_file() and _through_a_link(submitted, path.relative_to(copies)):
            path.unlink()


def _through_a_link(submitted: Path, name: Path) -> bool:
    """Whether a file of a hand-in, its folder or the student's is a link."""
    path = submitted / name
    return any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(submitted.parent))


class Mend(NbGraderPreprocessor):
    """Sets the submitted answers among the source's own cells."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        if task := _task(self, resources):
            unread = nb.metadata.get(mend.NOTES, {}).get("mended", [])
            nb.metadata[mend.NOTES] = {"mended": list(dict.fromkeys([*task.sentences, *unread]))}
        mended = mend.mend(nb, exercise_of(self, resources))
        for sentence in mended.sentences:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], sentence)
        return mended.notebook, resources


class JudgeNotebook(NbGraderPreprocessor):
    """Runs the hidden tests of the source against the submission; each graded cell gets its points and the reasons."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        exercise = exercise_of(self, resources)
        notes = nb.metadata.setdefault(mend.NOTES, {})
        notes["verdicts"] = verdicts = []
        judged = judge_submission(exercise, submission_of(nb, exercise), shared_runner())
        graded = {cell.grade_id: cell for cell in exercise.graded}
        for cell in nb.cells:
            if utils.is_grade(cell) and (place := graded.get(cell.metadata.nbgrader.grade_id)):
                found, points = judged[place.grade_id]
                cell.outputs = [*_kept(cell.outputs), *_said(found), _result(points)]
                share = place.points / max(1, len(found))
                verdicts += [
                    {"name": v.label, "kind": v.kind, "message": v.message, "points": v.points * share} for v in found
                ]
        nb.cells.insert(0, _summary(notes))
        return nb, resources


class SignNotebook(NbGraderPreprocessor):
    """Writes down what was graded, and by which grader: ``make grade`` leaves alone what has the key of its files."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        if task := _task(self, resources):
            notes = nb.metadata.setdefault(mend.NOTES, {})
            notes["key"] = task.key
            notes["points"] = {
                cell.metadata.nbgrader.grade_id: utils.determine_grade(cell, self.log)[0]
                for cell in nb.cells
                if utils.is_grade(cell)
            }
        return nb, resources


class ClearSolutionMarkers(NbGraderPreprocessor):
    """Takes nbgrader's BEGIN and END SOLUTION lines out of the solutions that are published."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        cell.source = without_markers(cell.source)
        return cell, resources


class RemoveTagged(NbGraderPreprocessor):
    """Leaves out the cells that are for the instructor only."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        nb.cells = [cell for cell in nb.cells if "instructor" not in cell.metadata.get("tags", [])]
        return nb, resources


class FoldSetup(NbGraderPreprocessor):
    """Shortens the setup cell in feedback pages to its first line."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = cell.source.split("\n")[0] + "\n# (the course's tools)"
        return cell, resources


def without_markers(source: str) -> str:
    """A solution cell as one would write it: nbgrader's marker lines taken out."""
    return "\n".join(
        line for line in source.split("\n") if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
    )


_runner: Runner | None = None


def shared_runner() -> Runner:
    """One warm process for all submissions that this program judges."""
    global _runner
    _runner = _runner or Runner(server=shared_server())
    return _runner


def submission_of(nb: NotebookNode, exercise: Exercise) -> Submission:
    """What the judge needs of a mended notebook: the student's code cells and the places of the graded cells."""
    graded = {cell.grade_id: cell for cell in exercise.graded}
    parts: list[StudentCell | GradedPlace] = []
    extra = 0
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if utils.is_solution(cell):
            parts.append(StudentCell(f"cell {grade_id}", cell.source, grade_id))
        elif grade_id in graded:
            parts.append(GradedPlace(grade_id, graded[grade_id].names()))
        elif not utils.is_locked(cell) and "instructor" not in cell.metadata.get("tags", []):
            extra += 1
            parts.append(StudentCell(f"extra cell {extra}", cell.source))
    return parts


def exercise_of(step: NbGraderPreprocessor, resources: ResourcesDict) -> Exercise:
    """The exercise of a submission: the one that was handed over, else from the course folder that nbgrader works in."""
    if exercise := resources.get("exercise"):
        return exercise
    coursedir = getattr(getattr(step.parent, "parent", None), "coursedir", None)
    source = Path(coursedir.root, coursedir.source_directory) if coursedir else COURSE / "source"
    return Exercise.from_assignment(resources["nbgrader"]["assignment"], source)


def _task(step: NbGraderPreprocessor, resources: ResourcesDict) -> Task | None:
    """The submission that is graded: the one that was handed over, else read from nbgrader's course folder."""
    if task := resources.get("task"):
        return task
    coursedir = getattr(getattr(step.parent, "parent", None), "coursedir", None)
    if coursedir is None:
        return None
    student, assignment = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
    folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    try:
        return read_task(folder, source, coursedir.ignore)
    except (NoNotebook, Unreadable, OSError):
        return None


def _kept(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Printed lines of the visible check; its error and its warnings must not decide the points."""
    printed = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    return [new_output("stream", name="stdout", text=printed)] if printed else []


def verdict_line(verdict: Verdict) -> str:
    """A verdict as one line: mark, name, kind, and why."""
    message = f". {verdict.message}" if verdict.message else ""
    return f"{verdict.mark} {verdict.label}: {verdict.kind}{message}"


def _said(verdicts: list[Verdict]) -> list[NotebookNode]:
    lines = ["graded on unseen minibatches:", *(f"  {verdict_line(verdict)}" for verdict in verdicts), ""]
    return [new_output("stream", name="stdout", text="\n".join(lines))]


def _result(points: float) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": f"{points:g}"}, execution_count=None)


def _summary(notes: dict) -> NotebookNode:
    """A first cell that says in one place what was found."""
    lost = [v for v in notes["verdicts"] if v["kind"] != "right"]
    right = len(notes["verdicts"]) - len(lost)
    lines = [f"## Feedback\n\n{right} of {len(notes['verdicts'])} answers are right."]
    lines += [f"- `{v['name']}`: **{v['kind']}**. {_plain(v['message'])}" for v in lost]
    lines += [f"- *{_plain(sentence)}*" for sentence in [*notes.get("mended", []), *filter(None, [notes.get("run")])]]
    return new_markdown_cell("\n".join(lines), id="feedback")


def _plain(text: str) -> str:
    """Text of a verdict inside markdown: nothing in it is markup."""
    return "".join(f"\\{c}" if c in "\\*_#[]<>|$`&~" else " " if c == "\n" else c for c in text)
