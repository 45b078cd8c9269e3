"""``make grade``: submitted/ -> gradebook -> autograded/ -> feedback/ and grades.csv.

Workers grade and render (``submission``, ``reports.feedback``); this process alone records, in this order: gradebook,
autograded notebook, feedback page. Each is there as a whole or not at all, and the last two carry a key of what they were
made from. So it can be killed at any moment: the next call sees from the keys what is left to do.
"""

import contextlib
import fnmatch
import functools
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from tqdm import tqdm

from autograder.classroom import workers
from autograder.classroom.gradebook import Book, GradebookError, Recorded
from autograder.classroom.lock import Busy, only_grader
from autograder.classroom.submission import Graded, grade_submission
from autograder.classroom.workers import Call, Done, NoWorkers
from autograder.course.build import assignments, nbgrader_api, no_assignment
from autograder.course.exercise import COURSE, Exercise, configuration
from autograder.files import WRITTEN, fill, moved, remove_leftovers
from autograder.handed_in.found import Found, Left, look
from autograder.handed_in.mend import NOTES
from autograder.handed_in.submitted import NoNotebook, Task, Unreadable, read_task
from autograder.handed_in.timestamps import TIMESTAMP, is_nbgraders
from autograder.reports.feedback import Page, render, signature, signed
from autograder.reports.lines import labels
from autograder.reports.report import NO_NOTEBOOK, NOTHING, ClassReport, Row, write_csv
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import SandboxMissing
from autograder.sandbox.execute import use_server
from autograder.sandbox.warm import Server

PARTS = (
    "reading",
    "starting the kernel",
    "the student's cells",
    "judging",
    "other steps",
    "gradebook and files",
    "feedback page",
)
"""What grading is made up of, for the benchmark."""
_AGAIN = "Put that right, and run `make grade` again: what is graded is not graded a second time."


def grade(
    course: Path,
    names: Sequence[str] | None = None,
    student: str = "*",
    jobs: int | None = None,
    force: bool = False,
    scheduler: str | None = None,
) -> ClassReport:
    """Grade what has changed in ``submitted/`` since it was graded last, write feedback pages and grades.csv, and say so.

    A submission that fails in whatever way gets a line in the report and stops no other.

    Args:
        names: assignments; all by default.
        student: name of a folder in ``submitted/``, or a pattern.
        jobs, scheduler: see ``workers.run``.
        force: grade what has not changed as well.

    Raises:
        Busy: another process grades in this course.
        SandboxMissing: student code cannot be shut in on this machine.
        GradebookError, NoWorkers: no more can be graded; what was graded so far is kept.
    """
    start = time.monotonic()
    confined = None if scheduler else bubblewrap.require()
    every = assignments(course)
    names = list(names or every)
    coursedir = nbgrader_api(course).coursedir
    with (
        only_grader(course) as scratch,
        Book(coursedir.db_url, coursedir.course_id, configuration()) as book,
        contextlib.closing(Server(confined)) as server,
    ):
        found = look(
            course / "submitted", course / coursedir.source_directory, every, coursedir.ignore, book.students()
        )
        work = Grading(course, coursedir, book, found)
        remove_leftovers(work.autograded, work.feedback)
        folders = [folder for folder in found.places if folder.name in names and is_called(folder.parent.name, student)]
        planned = {folder: work.plan(folder, force) for folder in folders}
        to_do = [folder for folder, left in planned.items() if left]
        prepare = _start_processes(server) if to_do and jobs != 0 and not scheduler else None
        ends = workers.run(work.next_call, jobs, scheduler, scratch, prepare)
        with _progress(len(to_do)) as advance, contextlib.closing(ends):
            for done in ends:
                work.take(done)
                advance(work.finished, work.failed)
        rows = work.rows(every)  # of those whom this call was not about, too
        asked = [row for row in rows if row.assignment in names and is_called(row.student, student)]
        left = [entry for entry in found.left if student == "*" or is_called(entry.student, student)]
        report = ClassReport(names, asked, work.failed, left, work.seconds)
        table, said = course / "grades.csv", [f"{_shown(work.feedback)}/"]
        try:
            kept = write_csv(table, rows, {name: work.exercise(name) for name in every}, found.left)
            work.kept += [kept] if kept else []
            said.insert(0, _shown(table))
        except OSError as error:
            left.append(Left("", f"{_shown(table)} could not be written ({error.strerror}). {_AGAIN}"))
    print(report.table())
    for line in report.attention():
        print(f"  {line}")
    for path in work.kept:
        print(f"  {moved(_shown(path))}")
    unchanged = sum(left is False for left in planned.values())
    for_you = sum(bool(row.problems) and not row.absent for row in report.rows) + len(report.left)
    print(
        f"{len(to_do)} submission{'s' * (len(to_do) != 1)} graded in {time.monotonic() - start:.1f} s"
        f"{f', {unchanged} unchanged' if unchanged else ''} · "
        f"{sum(bool(row.mended) for row in report.rows)} mended · "
        f"{for_you} need{'s' * (for_you == 1)} your eye · "
        f"{' · '.join(said)}"
    )
    return report


def _start_processes(server: Server) -> Callable[[], None]:
    """Start the warm process that all workers share, and what workers are forked from; what each worker is to do first."""
    server.launch()  # both take some seconds, side by side
    workers.warm_up("autograder.classroom.grade")
    server.start()
    return functools.partial(use_server, server.confined, server.controls)


def is_called(student: str, wanted: str) -> bool:
    """Whether a student's name is the wanted one, or like a pattern; names are taken as they are, whatever is in them."""
    return student == wanted or fnmatch.fnmatchcase(student, wanted)


class Grading:
    """A class that is being graded: what is left to do, and where what was done is kept."""

    def __init__(self, course: Path, coursedir: CourseDirectory, book: Book, found: Found):
        self.course = course
        self.kept: list[Path] = []
        self._submitted = course / "submitted"
        self._found = found
        self.autograded = course / coursedir.autograded_directory
        self.feedback = course / coursedir.feedback_directory
        self.finished = self.failed = 0
        self._source, self._ignore = course / coursedir.source_directory, coursedir.ignore
        self._permissions = (0o664, 0o664) if coursedir.groupshared else (0o444, 0o644)
        self._book = book
        self._to_grade: deque[Path] = deque()
        self._to_render: deque[Path] = deque()
        self._problems: dict[Path, str] = {}
        self._recorded = functools.cache(book.recorded)
        self.seconds: dict[str, float] = dict.fromkeys(PARTS, 0.0)

    def plan(self, folder: Path, force: bool) -> bool | None:
        """Note what is left to do for a submission; whether anything is, None if it cannot be graded."""
        task = self._read(folder)
        if task is None:
            return None
        stored = self._stored(folder)
        if force or stored is None or not stored.is_verdict_on(task):
            self._to_grade.append(folder)
        elif signature(self._page(folder)) != stored.page(folder).key:
            self._to_render.append(folder)
        else:
            return False
        return True

    def next_call(self) -> Call | None:
        """What a worker should do next: pages first, so that what is graded is soon finished."""
        while self._to_render:
            folder = self._to_render.popleft()
            if stored := self._stored(folder):
                return Call(render, stored.page(folder), folder)
        while self._to_grade:
            folder = self._to_grade.popleft()
            if task := self._read(folder):
                return Call(grade_submission, task, folder)
        return None

    def take(self, done: Done) -> None:
        """Record and write what a worker has done."""
        folder = done.call.about
        is_page = done.call.function is render
        start = time.perf_counter()
        if is_page:
            self.seconds["feedback page"] += done.seconds
        elif not done.problem:
            self._count(done.result.seconds, done.seconds)
        try:
            if done.problem:
                self._fail(
                    folder, f"no feedback page: {done.problem}" if is_page else f"could not be graded: {done.problem}"
                )
            elif is_page:
                self._write_page(folder, done.call.argument, done.result)
            else:
                self._record(folder, done.call.argument, done.result)
                self._to_render.append(folder)
                return
        except OSError as error:
            self._fail(folder, f"could not be written: {error.filename}: {error.strerror}")
        finally:
            self.seconds["gradebook and files"] += time.perf_counter() - start
        self.finished += 1

    def _count(self, steps: Mapping[str, float], all_of_it: float) -> None:
        known = {
            "starting the kernel": steps.get("kernel", 0.0),
            "the student's cells": steps.get("cells", 0.0),
            "judging": steps.get("JudgeNotebook", 0.0),
        }
        for name, seconds in (known | {"other steps": all_of_it - sum(known.values())}).items():
            self.seconds[name] += seconds

    def look_at_what_has_no_verdict(self) -> None:
        """Note why, for ``rows``, where nothing is going to be graded."""
        for folder in self._found.places:
            if not (self.autograded / folder.parent.name / folder.name / f"{folder.name}.ipynb").exists():
                self._read(folder)

    def rows(self, assignments: Sequence[str]) -> list[Row]:
        """What is to be reported of everybody: who has handed in, who had, and who is in the class and has not."""
        found = {folder: self.row(folder) for folder in self._found.places if folder.name in assignments}
        for assignment in filter(self._book.knows, assignments):
            for student in self._recorded(assignment):
                folder = self._submitted / student / assignment
                if folder not in found:
                    self._problems[folder] = NO_NOTEBOOK
                    found[folder] = self.row(folder)
        here = {row.student for row in found.values()} | {entry.student for entry in self._found.left}
        absent = (self._found.students | self._book.students()) - here
        for assignment in {folder.name for folder in found} or assignments:
            highest = sum(cell.points for cell in self.exercise(assignment).graded)
            for student in absent:
                row = Row(student, assignment, 0.0, highest, problems=(NOTHING,))
                found[self._submitted / student / assignment] = row
        return [found[folder] for folder in sorted(found)]

    def row(self, folder: Path) -> Row:
        """What is to be reported of a submission."""
        student, assignment = folder.parent.name, folder.name
        highest = sum(cell.points for cell in self.exercise(assignment).graded)
        problem = self._problems.get(folder, "")
        recorded = self._recorded(assignment).get(student)
        stored = self._stored(folder)
        taken_back = problem == NO_NOTEBOOK and recorded is not None
        if taken_back:
            problem += " any more; what was graded before counts"
        elif stored is None or (problem and not problem.startswith("no feedback page")):
            points = 0.0 if problem == NO_NOTEBOOK else None
            return Row(student, assignment, points, highest, problems=(problem or "not graded yet",))
        scores, notes = recorded.scores, stored.notes if stored else {}
        unread = notes.get("unreadable", "") if scores.open else ""
        asked = [] if unread else map(recorded.question, sorted(recorded.for_a_human))
        return Row(
            student, assignment, None if unread else scores.score - scores.late_penalty, highest, notes.get("verdicts", []),
            notes.get("mended", []), tuple(filter(None, [unread, problem, notes.get("run", ""), *asked])),
            scores.late_penalty, stored.answers if stored else {}, recorded.seconds_late,
        )  # fmt: skip

    def exercise(self, assignment: str) -> Exercise:
        return Exercise.from_assignment(assignment, self._source)

    def _read(self, folder: Path) -> Task | None:
        """What was handed in; None, and a problem noted, if that cannot be graded."""
        start = time.perf_counter()
        try:
            return read_task(folder, self._source / folder.name, self._ignore, self._found.places[folder])
        except NoNotebook:
            self._problems[folder] = NO_NOTEBOOK
        except Unreadable as error:
            self._fail(folder, f"could not be graded: {error}")
        finally:
            self.seconds["reading"] += time.perf_counter() - start
        return None

    def _fail(self, folder: Path, problem: str) -> None:
        self._problems[folder] = problem
        self.failed += 1

    def _record(self, folder: Path, task: Task, graded: Graded) -> None:
        recorded = self._book.record(
            task.student, task.assignment, graded.points, graded.unanswered, task.timestamp, TIMESTAMP in task.files,
        )  # fmt: skip
        self._recorded(task.assignment)[task.student] = recorded
        # a student's other files were there for the run; the formgrader would show them as they are
        kept = {k: data for k, data in task.files.items() if k in task.course_files or is_nbgraders(k, data)}
        files = kept | {task.notebook: graded.notebook}
        place = self.autograded / task.student / task.assignment
        self.kept += fill(place, files, task.notebook, self._permissions[0], self.course, _is_graders)

    def _write_page(self, folder: Path, page: Page, html: str) -> None:
        place = self._page(folder)
        beside = self.autograded / page.student / page.assignment
        files: dict[str, bytes | str] = {
            path.relative_to(beside).as_posix(): path.read_bytes()
            for path in beside.rglob("*")
            if path.is_file() and path.suffix != ".ipynb" and path.name != WRITTEN
        }  # nbgrader puts them beside the page, too
        files |= {place.name: signed(html, page)}
        self.kept += fill(place.parent, files, place.name, self._permissions[1], self.course, _is_graders)

    def _page(self, folder: Path) -> Path:
        return self.feedback / folder.parent.name / folder.name / f"{folder.name}.html"

    def _stored(self, folder: Path) -> "_Stored | None":
        """What is kept of an earlier grading, if it is whole."""
        student, assignment = folder.parent.name, folder.name
        recorded = self._recorded(assignment).get(student)
        try:
            text = (self.autograded / student / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
            found = json.loads(text)
            notes = found["metadata"][NOTES]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return _Stored(text, notes, recorded, labels(found["cells"])) if recorded and isinstance(notes, dict) else None


def _is_graders(path: Path) -> bool:
    """Whether a file bears the grader's mark. Earlier releases noted nowhere what they wrote, and a class that is graded again
    must not fill ``kept/`` with their pages."""
    data = path.read_bytes()
    if path.suffix == ".html":
        return bool(signature(path))
    if path.suffix != ".ipynb":
        return is_nbgraders(path.name, data)
    try:
        return "key" in json.loads(data)["metadata"][NOTES]
    except (ValueError, LookupError, TypeError):
        return False


@dataclass(frozen=True)
class Standing:
    """What the last gradings said."""

    rows: Sequence[Row]
    """Of everybody, for each assignment."""
    behind: Sequence[Path]
    """Submissions that were not graded, or not as they are now, or whose page says something else."""


def standing(course: Path) -> Standing:
    """What was said of everybody, and of whom that no longer holds; nothing is graded.

    Raises:
        GradebookError: the gradebook cannot be read.
        FileNotFoundError: a source notebook was not built.
    """
    every = assignments(course)
    coursedir = nbgrader_api(course).coursedir
    with Book(coursedir.db_url, coursedir.course_id, configuration()) as book:
        source = course / coursedir.source_directory
        found = look(course / "submitted", source, every, coursedir.ignore, book.students())
        work = Grading(course, coursedir, book, found)
        behind = [folder for folder in found.places if work.plan(folder, force=False)]
        return Standing(work.rows(every), behind)


@dataclass(frozen=True)
class _Stored:
    """A submission that was graded: its autograded notebook and what the gradebook holds."""

    text: str
    notes: Mapping[str, Any]
    recorded: Recorded
    answers: Mapping[str, str]

    def is_verdict_on(self, task: Task) -> bool:
        """Whether this is what grading the task would give, in the notebook and in the gradebook."""
        same = self.notes.get("key") == task.key and self.notes.get("points") == self.recorded.auto
        return same and not self.recorded.late_penalty_changed

    def page(self, folder: Path) -> Page:
        return Page(folder.parent.name, folder.name, self.text, self.recorded.scores)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing anywhere else; yields a function that takes how many are done and have failed."""
    shape = "{bar:30} {n_fmt} done{postfix}, about {remaining} to go"
    with tqdm(total=total, disable=None if total else True, bar_format=shape, leave=False, smoothing=0.1) as bar:

        def advance(finished: int, failed: int) -> None:
            if finished > bar.n:  # tqdm takes a step of nothing for a very fast one
                bar.set_postfix_str(f"{total - finished} left, {failed} failed", refresh=False)
                bar.update(finished - bar.n)

        bar.set_postfix_str(f"{total} left, 0 failed")
        yield advance


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def nothing_to_do(course: Path, names: Sequence[str], student: str) -> str:
    """A sentence, if there is nothing in ``submitted/`` that a call is about."""
    every = assignments(course)
    found = look(course / "submitted", course / "source", every)
    graded = {path.parent.name for path in (course / "autograded").glob("*/*") if path.name in (names or every)}
    if any(is_called(name, student) for name in graded):
        return ""  # who has taken everything back keeps the grade
    if student != "*":
        some = [f for f in found.places if f.name in (names or every) and is_called(f.parent.name, student)]
        names = (*found.students, *(left.student for left in found.left))
        return (
            ""
            if some or any(is_called(name, student) for name in names)
            else f"There is no {student!r} in submitted/ who has handed this in."
        )
    if found.places or found.left or found.students:
        return ""
    return (
        "Nothing to grade: `make collect FROM=downloads.zip` takes what your LMS let you download, or put the notebooks into "
        "submitted/<student>/<assignment>/<assignment>.ipynb."
    )


def main(
    names: Sequence[str] = (),
    student: str = "*",
    jobs: int | None = None,
    force: bool = False,
    scheduler: str | None = None,
) -> int:
    """``python -m autograder grade``: ``grade`` in this course, its errors as sentences; returns the exit status."""
    names = [name for name in names if name]
    if unknown := set(names) - set(assignments()):
        print(no_assignment(", ".join(sorted(unknown))))
        return 2
    if problem := nothing_to_do(COURSE, names, student):
        print(problem)
        return 2
    try:
        report = grade(COURSE, names, student, jobs, force, scheduler or None)
    except (Busy, GradebookError, SandboxMissing, NoWorkers) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was graded is kept; the next `make grade` goes on from there.", file=sys.stderr)
        return 130
    return 0 if report.complete else 1
