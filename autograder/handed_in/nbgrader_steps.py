"""Reading and mending as steps of nbgrader's own pipeline: the file (``SubmissionExporter``), and what was mended (``Mend``)."""

import functools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.log import get_logger

from autograder.course.exercise import COURSE, Exercise
from autograder.handed_in import mend
from autograder.handed_in.found import look
from autograder.handed_in.naming import printable, shown
from autograder.handed_in.readable import NotANotebook, read_notebook
from autograder.handed_in.submitted import NoNotebook, Task, Unreadable, read_regular, read_task
from autograder.handed_in.timestamps import LONGEST, TIMESTAMP, NoTime, read_time


class SubmissionExporter(NotebookExporter):
    """Reads what was handed in; what is no notebook becomes an empty one with a note, so that a human looks at it."""

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kwargs: object) -> tuple:
        path = Path(filename)
        if getattr(self.parent, "_sanitizing", False):
            coursedir = self.parent.coursedir
            student, assignment = path.parts[-3:-1]
            copies = Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
            leave_out_links(path.parent, copies)
            source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
            notebook = read_submitted(path.parent, source, coursedir.ignore, copies)
        else:
            notebook = nbformat.read(path, as_version=4)
            resources = resources or ResourcesDict()  # nbconvert's own from_filename sets these, too
            resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        return self.from_notebook_node(notebook, resources=resources, **kwargs)


def read_submitted(folder: Path, source: Path, ignore: Sequence[str], copies: Path | None = None) -> NotebookNode:
    """What lies in ``submitted/<student>/<assignment>`` as a notebook; an empty one that says why, if there is none.

    Args:
        copies: where the notebook is run: what nbgrader has not copied of the files beside it is put there, modules say, and
            the time of handing in as nbgrader can read it.
    """
    try:
        task = read_task(folder, source, ignore)
    except (NoNotebook, Unreadable) as error:
        return mend.empty(str(error))
    if copies is not None:
        (copies / TIMESTAMP).unlink(missing_ok=True)
        for name, data in task.files.items():
            if name != task.notebook and not (copies / name).exists():
                (copies / name).parent.mkdir(parents=True, exist_ok=True)
                (copies / name).write_bytes(data)
    return notebook_of(task, Exercise.from_assignment(folder.name, source.parent))


def existing_timestamp(coursedir: CourseDirectory, folder: str) -> datetime | None:
    """In place of nbgrader's ``CourseDirectory.get_existing_timestamp``, which reads a whole file, follows links, takes some
    offsets and unknown zones for others, and ends the program at what is no date."""
    try:
        data = read_regular(Path(folder, TIMESTAMP), LONGEST + 1)
        return read_time(data) if data.strip() else None
    except OSError:
        return None
    except NoTime as error:
        get_logger().warning("%s/%s %s.", shown(folder), TIMESTAMP, error)
        return None


def notebook_of(task: Task, exercise: Exercise) -> NotebookNode:
    """The notebook of a submission, as it was handed in; an empty one that says why, if there is none."""
    if task.problem:
        return mend.empty(task.problem)
    return parse_notebook(task.files[task.notebook], task.called or task.notebook, exercise)


def parse_notebook(data: bytes, name: str, exercise: Exercise | None = None) -> NotebookNode:
    """A notebook of any kind (autograder/handed_in/readable.py) as version 4; an empty one that says why, if there is none.

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
        if task := task_of(self, resources):
            notes = nb.metadata.get(mend.NOTES, {})
            notes["mended"] = list(dict.fromkeys([*task.sentences, *notes.get("mended", [])]))
            nb.metadata[mend.NOTES] = notes
        mended = mend.mend(nb, exercise_of(self, resources))
        for sentence in mended.sentences:
            self.log.warning("%s: %s", shown(resources["nbgrader"]["student"]), printable(sentence))
        return mended.notebook, resources


def exercise_of(step: NbGraderPreprocessor, resources: ResourcesDict) -> Exercise:
    """The exercise of a submission: the one that was handed over, else from the course folder that nbgrader works in."""
    if exercise := resources.get("exercise"):
        return exercise
    coursedir = getattr(getattr(step.parent, "parent", None), "coursedir", None)
    source = Path(coursedir.root, coursedir.source_directory) if coursedir else COURSE / "source"
    return Exercise.from_assignment(resources["nbgrader"]["assignment"], source)


def task_of(step: NbGraderPreprocessor, resources: ResourcesDict) -> Task | None:
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
