"""``make self-grade``: one notebook, wherever it lies, graded as a class is; its page opens. There is no gradebook."""

import sys
import tempfile
import webbrowser
from pathlib import Path

from autograder.classroom.submission import grade_submission
from autograder.course.build import assignments, write_source
from autograder.course.exercise import COURSE, Exercise
from autograder.files import write
from autograder.handed_in.naming import meant, printable
from autograder.handed_in.readable import LARGEST
from autograder.handed_in.submitted import (
    NoNotebook,
    Place,
    Unreadable,
    notebook_bytes,
    of_contents,
    read_regular,
    read_task,
    too_large,
)
from autograder.reports.feedback import Page, Scores, render
from autograder.reports.report import Row
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import SandboxMissing

OURS = "<!-- a page of self-grade -->"
"""The last line of a page that may be written over."""


class CannotGrade(Exception):
    """There is nothing that can be graded; the message says why and what to do."""


def self_grade(path: Path, course: Path = COURSE) -> tuple[Path, Row]:
    """Grade one notebook and write its page beside it; returns the page's path, and what is to be said of it.

    Raises:
        CannotGrade: it is no notebook of this course, or its page cannot be written.
        SandboxMissing: student code cannot be shut in on this machine.
    """
    assignment = _assignment(path, course)
    bubblewrap.require()
    source = course / "source"
    # the folder need not be there: it says whose it is, and what for
    folder = Path(path.stem[:100], assignment)
    place = Place(path.absolute().parent.resolve(), frozenset({path.name}), asked_for=True)  # /tmp may be a link
    try:
        task = read_task(folder, source / assignment, ["*.py"], (place,))
    except (NoNotebook, Unreadable) as error:
        raise CannotGrade(f"{path}: {error}") from None
    graded = grade_submission(task)
    exercise = Exercise.from_assignment(assignment, source)
    points = {cell.grade_id: (graded.points.get(cell.grade_id) or 0.0, cell.points) for cell in exercise.graded}
    unread = graded.notes.get("unreadable", "")
    scores = Scores(points, {}, open=bool(unread))
    page = _page(path, render(Page("", assignment, graded.notebook, scores)))
    got = None if unread else scores.score
    return page, Row(
        path.name, assignment, got, scores.highest, graded.notes["verdicts"], (), (unread,) if unread else ()
    )


def _assignment(path: Path, course: Path) -> str:
    """Which exercise a notebook is of: told by its cells, else by its name."""
    every = assignments(course)
    for name in every:
        if not (course / "source" / name / f"{name}.ipynb").exists():
            write_source(course, name)
    try:
        data = read_regular(path, LARGEST + 1)
    except OSError as error:
        raise CannotGrade(
            f"{path} cannot be read ({error.strerror}). Give the path of a notebook (with make: NOTEBOOK=path.ipynb)."
        ) from None
    notebook = notebook_bytes(data) if len(data) <= LARGEST else b""
    if data and not notebook:
        raise CannotGrade(f"{path} {too_large(path.stat().st_size)}")
    if found := of_contents(notebook, course / "source", every) or meant(path.name, every):
        return found
    raise CannotGrade(f"{path} is no notebook of this course. There are: {', '.join(every)}.")


def _page(path: Path, html: str) -> Path:
    """Write the page beside the notebook, or, where that is not possible, among temporary files."""
    page = path.with_name(f"{path.stem}-feedback.html")
    if page.exists() and OURS not in page.read_text(encoding="utf-8", errors="replace")[-200:]:
        raise CannotGrade(f"{page} is there already, and no page of this program. Move it away, then try again.")
    try:
        write(page, f"{html}\n{OURS}\n")
    except OSError:
        page = Path(tempfile.mkdtemp(prefix="feedback-")) / page.name
        write(page, f"{html}\n{OURS}\n")
    return page


def main(path: str, show: bool = True) -> int:
    """``python -m autograder self-grade``; returns the exit status."""
    try:
        page, row = self_grade(Path(path))
    except (CannotGrade, SandboxMissing) as error:
        print(error, file=sys.stderr)
        return 1
    got = "?" if row.points is None else f"{row.points:g}"
    print(
        f"{printable(row.student)}: {got} of {row.highest:g} points in {row.assignment}. {printable(row.summary())}".rstrip()
    )
    print(f"The page is {page}")
    if show:
        webbrowser.open(page.absolute().as_uri())
    return 0
