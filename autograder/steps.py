"""The judge as steps of nbgrader's own pipeline; nbgrader_config.py puts them in their places.

Command line, API and formgrader all go this way: read the file (``SubmissionExporter``), mend it (``Mend``), run it for the
student to see (``execute.RunNotebook``), judge it (``JudgeNotebook``), and leave the rest to nbgrader.
"""

import functools
from collections.abc import Mapping, Sequence
from logging import Logger
from pathlib import Path
from typing import Any

import nbformat
from jinja2.filters import do_float, do_round
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets.log import get_logger

from autograder import mend
from autograder.client import Runner
from autograder.execute import shared_server
from autograder.exercise import COURSE, Exercise
from autograder.found import look
from autograder.judge import judge_submission
from autograder.naming import shown
from autograder.readable import NotANotebook, read_notebook
from autograder.submitted import NoNotebook, Task, Unreadable, read_task
from toolkit.cells import StudentCell
from toolkit.plans import GradedPlace, Submission
from toolkit.verdict import Verdict


class SubmissionExporter(NotebookExporter):
    """Reads what was handed in; what is no notebook becomes an empty one with a note, so that a human looks at it."""

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kwargs: object) -> tuple:
        path = Path(filename)
        if getattr(self.parent, "_sanitizing", False):
            coursedir = self.parent.coursedir
            student, assignment = path.parts[-3:-1]
            leave_out_links(
                path.parent, Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
            )
            source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
            notebook = read_submitted(path.parent, source, coursedir.ignore)
        else:
            notebook = nbformat.read(path, as_version=4)
            resources = resources or ResourcesDict()  # nbconvert's own from_filename sets these, too
            resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        return self.from_notebook_node(notebook, resources=resources, **kwargs)


def read_submitted(folder: Path, source: Path, ignore: Sequence[str]) -> NotebookNode:
    """What lies in ``submitted/<student>/<assignment>`` as a notebook; an empty one that says why, if there is none."""
    try:
        return notebook_of(read_task(folder, source, ignore), Exercise.from_assignment(folder.name, source.parent))
    except (NoNotebook, Unreadable) as error:
        return mend.empty(str(error))


def notebook_of(task: Task, exercise: Exercise) -> NotebookNode:
    """The notebook of a submission, as it was handed in; an empty one that says why, if there is none."""
    if task.problem:
        return mend.empty(task.problem)
    return parse_notebook(task.files[task.notebook], task.called or task.notebook, exercise)


def parse_notebook(data: bytes, name: str, exercise: Exercise | None = None) -> NotebookNode:
    """A notebook of any kind (autograder/readable.py) as version 4; an empty one that says why, if there is none.

    Args:
        name: of the file, for that sentence.
    """
    try:
        notebook, how = read_notebook(data, exercise)
    except NotANotebook as error:
        return mend.empty(f"{shown(name.rsplit('/', 1)[-1])} {error}")
    notebook.metadata.pop(mend.NOTES, None)  # only the grader writes notes
    if how:
        notebook.metadata[mend.NOTES] = {"mended": [f"{shown(name.rsplit('/', 1)[-1])} {how}."]}
    return notebook


def use_expected_name(assignment: str, student: str, notebooks: list[str]) -> None:
    """Let nbgrader take a hand-in under the exercise's own name, whatever its files are called; called before each.

    Nothing is written: ``SubmissionExporter`` reads the folder, whatever is in it.
    """
    if notebooks:
        folder = Path(notebooks[0]).parent  # nbgrader says what it was called with, which may be a pattern
        notebooks[:] = [str(folder / f"{folder.name}.ipynb")]
        _say_what_is_overlooked(folder.parents[1].absolute())


@functools.cache
def _say_what_is_overlooked(submitted: Path) -> None:
    """Once in a program."""
    for sentence in overlooked(submitted):
        get_logger().warning("%s", sentence)


def overlooked(submitted: Path) -> list[str]:
    """What nbgrader's own commands pass over in ``submitted/``, a sentence each."""
    source = submitted.parent / "source"
    if not source.is_dir():
        return []
    found = look(submitted, source, sorted(path.name for path in source.iterdir() if path.is_dir()))
    missed = [folder for folder in found.places if not list(folder.glob("*.ipynb"))]
    sentences = [
        f"{shown(folder.parent.name)}, {folder.name}: nbgrader sees no notebook; `make grade` looks further."
        for folder in missed
    ]
    return [*sentences, *(left.sentence for left in found.left)]


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
            notes = nb.metadata.get(mend.NOTES, {})
            notes["mended"] = list(dict.fromkeys([*task.sentences, *notes.get("mended", [])]))
            nb.metadata[mend.NOTES] = notes
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
        if "unreadable" in notes:
            for cell in filter(utils.is_grade, nb.cells):
                cell.outputs = [new_output("stream", name="stdout", text="? points: a human has to look at this.\n")]
            nb.cells.insert(0, _summary(notes))
            return nb, resources
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
            notes["points"] = points_of(nb, self.log)
        return nb, resources


class SaveGrades(SaveAutoGrades):
    """nbgrader's step; what could not be read gets no points and waits for a human's."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        self._unread = "unreadable" in nb.metadata.get(mend.NOTES, {})
        return super().preprocess(nb, resources)

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._add_score(cell, resources)
        if self._unread:
            names = (resources["nbgrader"][key] for key in ("notebook", "assignment", "student"))
            grade = self.gradebook.find_grade(cell.metadata.nbgrader.grade_id, *names)
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()


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


class ShowOpenScores(NbGraderPreprocessor):
    """On a feedback page ``?`` in place of 0 for points that a human has still to give."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        shown = resources.get("nbgrader", {})
        if "unreadable" in nb.metadata.get(mend.NOTES, {}) and "score" in shown and _is_open(shown):
            shown["score"] = QUESTION
            for cell in filter(utils.is_grade, nb.cells):
                cell.metadata.nbgrader["score"] = QUESTION
        return nb, resources


QUESTION = "?"


def number(value: object, default: float = 0.0) -> float | str:
    """Jinja's filter ``float``, which lets a question mark pass."""
    return value if value == QUESTION else do_float(value, default)


def rounded(value: Any, precision: int = 0) -> float | str:
    """Jinja's filter ``round``, which lets a question mark pass."""
    return value if value == QUESTION else do_round(value, precision)


def _is_open(shown: Mapping[str, Any]) -> bool:
    """Whether a submission has points that only a human can give: told by the grader, else asked of the gradebook."""
    if "open" in shown:
        return bool(shown["open"])
    with Gradebook(shown["db_url"]) as gradebook:
        names = (shown[key] for key in ("notebook", "assignment", "student"))
        grades = gradebook.find_submission_notebook(*names).grades
        return any(grade.auto_score is None and grade.manual_score is None for grade in grades)


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


def points_of(nb: NotebookNode, log: Logger) -> dict[str, float | None]:
    """Points of each graded cell, by grade_id; None where a human has to give them."""
    unread = "unreadable" in nb.metadata.get(mend.NOTES, {})
    return {
        cell.metadata.nbgrader.grade_id: None if unread else utils.determine_grade(cell, log)[0]
        for cell in nb.cells
        if utils.is_grade(cell)
    }


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
    if "unreadable" in notes:
        lines = [
            f"## Feedback\n\n**? points**: this could not be read, so nothing of it was graded. {_plain(notes['unreadable'])}"
        ]
        lines += [f"- *{_plain(sentence)}*" for sentence in notes.get("mended", [])]
        return new_markdown_cell("\n".join(lines), id="feedback")
    lost = [v for v in notes["verdicts"] if v["kind"] != "right"]
    right = len(notes["verdicts"]) - len(lost)
    lines = [f"## Feedback\n\n{right} of {len(notes['verdicts'])} answers are right."]
    lines += [f"- `{v['name']}`: **{v['kind']}**. {_plain(v['message'])}" for v in lost]
    lines += [f"- *{_plain(sentence)}*" for sentence in [*notes.get("mended", []), *filter(None, [notes.get("run")])]]
    return new_markdown_cell("\n".join(lines), id="feedback")


def _plain(text: str) -> str:
    """Text of a verdict inside markdown: nothing in it is markup."""
    return "".join(f"\\{c}" if c in "\\*_#[]<>|$`&~" else " " if c == "\n" else c for c in text)
