"""The gradebook, written by one process: nbgrader's tables, one open session for a class, one transaction a submission.

What nbgrader's ``Autograde``, ``SaveAutoGrades`` and ``AssignLatePenalties`` do in forty transactions and as many joins
is done here with a handful of look-ups by unique index, so that the cost does not grow with the class. Manual scores
and comments, extensions and extra credit are never touched.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.course.gradebook_cells import database_error
from autograder.reports.feedback import Scores


class GradebookError(Exception):
    """The gradebook cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Recorded:
    """What the gradebook holds of one submission."""

    scores: Scores
    auto: Mapping[str, float | None]
    """Points that the autograder gave, by grade_id of the graded cell."""
    for_a_human: frozenset[str] = frozenset()
    """Graded cells that nbgrader marks for manual grading: a manual score was there before the last grading."""
    late_penalty_changed: bool = False
    """Whether the penalty would be another one now: the due date or an extension was changed since."""
    seconds_late: float | None = None
    """From the due date, extension included; negative before it; None where either is not known."""

    def question(self, grade_id: str) -> str:
        """Why a human should look at a graded cell."""
        if self.auto[grade_id] is None:
            return f"{grade_id} needs points from you"
        return f"the points that you gave for {grade_id} are from before this grading: see whether they still hold"


@dataclass(frozen=True)
class _Known:
    """An assignment as nbgrader's tables have it: ids and names that stay the same for the whole class."""

    id: str
    duedate: datetime | None
    notebooks: tuple[str, ...]
    notebook: str
    """Id of the notebook of the assignment's own name."""
    graded: Mapping[str, tuple[str, float]]
    """Id and highest score of each graded cell, by grade_id."""
    commented: Mapping[str, str]
    """Id of each solution or task cell, by grade_id."""


class Book:
    """nbgrader's gradebook, open. Use it as a context manager.

    Raises:
        GradebookError: it cannot be opened, or an assignment is not in it.
    """

    def __init__(self, db_url: str, course_id: str, config: Config):
        try:
            self._gradebook = Gradebook(db_url, course_id)
        except (SQLAlchemyError, ImportError) as error:
            raise GradebookError(f"The gradebook cannot be opened: {database_error(error)}") from error
        self._db = self._gradebook.db
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()
        self._assignments: dict[str, _Known] = {}

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_: object) -> None:
        self._gradebook.close()

    def record(
        self,
        student: str,
        assignment: str,
        points: Mapping[str, float | None],
        unanswered: frozenset[str],
        timestamp: datetime | None,
        timed: bool = False,
    ) -> Recorded:
        """Enter the autograder's points in one transaction; student and submission are made if they are not there.

        Args:
            points: by grade_id of the graded cells; None asks for a human.
            unanswered: grade_ids of solution cells that are as they were handed out.
            timestamp: when it was handed in (UTC); None leaves what is known.
            timed: whether there is a file that should say so: if nobody understands it, what was known is not true any more.

        Raises:
            GradebookError: the database refuses; nothing was changed.
        """
        try:
            return self._record(student, assignment, points, unanswered, timestamp, timed)
        except SQLAlchemyError as error:
            self._db.rollback()
            raise GradebookError(
                f"The gradebook could not be written ({database_error(error)}). What was graded so far is kept: "
                "put it right and start again."
            ) from error
        finally:
            self._db.expunge_all()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Within it the database's errors are GradebookErrors; afterwards no transaction is open."""
        try:
            yield
        except SQLAlchemyError as error:
            raise GradebookError(f"The gradebook cannot be read: {database_error(error)}") from error
        finally:
            self._db.rollback()

    def knows(self, assignment: str) -> bool:
        """Whether an assignment is in the gradebook."""
        try:
            return bool(self._known(assignment))
        except GradebookError:
            return False

    def students(self) -> set[str]:
        """Everybody whom the gradebook knows, the class list that was imported into it included."""
        with self._reading():
            return set(self._db.scalars(select(Student.id)))

    def recorded(self, assignment: str) -> dict[str, Recorded]:
        """Everything that the gradebook holds of an assignment, by student, in three queries for the whole class."""
        known = self._known(assignment)
        graded = {cell: (name, highest) for name, (cell, highest) in known.graded.items()}
        commented = {cell: name for name, cell in known.commented.items()}
        with self._reading():
            found: dict[str, tuple] = {
                row.id: (row, {}, {})
                for row in self._db.execute(_NOTEBOOKS.where(SubmittedNotebook.notebook_id == known.notebook))
            }
            for row in self._db.execute(_GRADES.where(Grade.cell_id.in_(graded))):
                if row.notebook_id in found:
                    found[row.notebook_id][1][graded[row.cell_id][0]] = row
            for row in self._db.execute(_COMMENTS.where(Comment.cell_id.in_(commented))):
                if row.notebook_id in found:
                    found[row.notebook_id][2][commented[row.cell_id]] = row
        everything = {}
        for row, grades, comments in found.values():
            recorded = _recorded(known, grades, comments, row.late_submission_penalty or 0.0)
            now = self._penalty(row.student_id, recorded.scores.score, _seconds_late(row, known)) or 0.0
            everything[row.student_id] = replace(
                recorded, late_penalty_changed=now != recorded.scores.late_penalty, seconds_late=_from_due(row, known)
            )
        return everything

    def _record(self, student, assignment, points, unanswered, timestamp, timed) -> Recorded:
        db, known = self._db, self._known(assignment)
        submission, notebook = self._submission(student, known)
        if timestamp is not None or timed:
            submission.timestamp = timestamp
        db.flush()
        grades = self._cells(Grade, notebook.id, {name: cell for name, (cell, _) in known.graded.items()})
        comments = self._cells(Comment, notebook.id, known.commented)
        for name, grade in grades.items():
            grade.auto_score = points.get(name)
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for name, comment in comments.items():
            comment.auto_comment = "No response." if name in unanswered else None
        score = sum(_score(grade) for grade in grades.values())
        notebook.late_submission_penalty = self._penalty(student, score, _seconds_late(submission, known))
        recorded = _recorded(known, grades, comments, notebook.late_submission_penalty or 0.0)
        db.commit()
        return recorded

    def _submission(self, student: str, known: _Known) -> tuple[SubmittedAssignment, SubmittedNotebook]:
        db = self._db
        if db.get(Student, student) is None:
            db.add(Student(id=student))
            db.flush()
        found = select(SubmittedAssignment).filter_by(assignment_id=known.id, student_id=student)
        submission = db.scalars(found).one_or_none()
        if submission is None:
            submission = SubmittedAssignment(id=new_uuid(), assignment_id=known.id, student_id=student)
            db.add(submission)
            db.flush()
        notebooks = {}
        for id_ in known.notebooks:
            found = select(SubmittedNotebook).filter_by(notebook_id=id_, assignment_id=submission.id)
            notebooks[id_] = db.scalars(found).one_or_none()
            if notebooks[id_] is None:
                notebooks[id_] = SubmittedNotebook(id=new_uuid(), notebook_id=id_, assignment_id=submission.id)
                db.add(notebooks[id_])
        return submission, notebooks[known.notebook]

    def _cells(self, kind: type[Grade] | type[Comment], notebook: str, cells: Mapping[str, str]) -> dict:
        """Grades or comments of a submitted notebook by grade_id, each made if it is not there."""
        found = select(kind).where(kind.cell_id.in_(cells.values()), kind.notebook_id == notebook)
        there = {row.cell_id: row for row in self._db.scalars(found)}
        for cell in cells.values():
            if cell not in there:
                there[cell] = kind(id=new_uuid(), cell_id=cell, notebook_id=notebook)
                self._db.add(there[cell])
        return {name: there[cell] for name, cell in cells.items()}

    def _penalty(self, student: str, score: float, seconds_late: float) -> float | None:
        """As nbgrader's step has it, with the plug-in of the configuration."""
        if seconds_late <= 0:
            return None
        penalty = self._late.plugin_inst.late_submission_penalty(student, score, seconds_late)
        return None if penalty is None else self._late._check_late_penalty(SimpleNamespace(score=score), penalty)

    def _known(self, assignment: str) -> _Known:
        if assignment not in self._assignments:
            try:
                with self._reading():
                    self._assignments[assignment] = self._look_up(assignment)
            except MissingEntry:
                raise GradebookError(
                    f"The gradebook does not know the assignment {assignment}. Run `make build` with the same DB=."
                ) from None
            finally:
                self._db.expunge_all()
        return self._assignments[assignment]

    def _look_up(self, name: str) -> _Known:
        db = self._db
        assignment = self._gradebook.find_assignment(name)
        own = self._gradebook.find_notebook(name, name).id
        notebooks = db.scalars(select(Notebook.id).where(Notebook.assignment_id == assignment.id))
        graded = {
            row.name: (row.id, row.max_score)
            for kind in (GradeCell, TaskCell)
            for row in db.execute(select(kind.name, kind.id, kind.max_score).where(kind.notebook_id == own))
        }
        commented = select(BaseCell.name, BaseCell.id).where(
            BaseCell.notebook_id == own, BaseCell.type.in_([SolutionCell.__name__, TaskCell.__name__])
        )
        return _Known(
            assignment.id, assignment.duedate, tuple(notebooks), own, graded,
            {row.name: row.id for row in db.execute(commented)},
        )  # fmt: skip


_NOTEBOOKS = select(
    SubmittedNotebook.id,
    SubmittedNotebook.late_submission_penalty,
    SubmittedAssignment.student_id,
    SubmittedAssignment.timestamp,
    SubmittedAssignment.extension,
).join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
_GRADES = select(
    Grade.cell_id,
    Grade.notebook_id,
    Grade.auto_score,
    Grade.manual_score,
    Grade.extra_credit,
    Grade.needs_manual_grade,
)
_COMMENTS = select(Comment.cell_id, Comment.notebook_id, Comment.auto_comment, Comment.manual_comment)


def _recorded(known: _Known, grades: Mapping, comments: Mapping, penalty: float) -> Recorded:
    return Recorded(
        Scores(
            {name: (_score(grades.get(name)), highest) for name, (_, highest) in known.graded.items()},
            {name: _comment(comments.get(name)) for name in known.commented},
            penalty,
            any(grade.auto_score is None and grade.manual_score is None for grade in grades.values()),
        ),
        {name: grade.auto_score for name, grade in grades.items()},
        frozenset(name for name, grade in grades.items() if grade.needs_manual_grade),
    )


def _score(grade: Any) -> float:
    """nbgrader's rule: the manual score, else the autograder's, and extra credit on top of either."""
    if grade is None:
        return 0.0
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    return 0.0 if points is None else points + (grade.extra_credit or 0.0)


def _comment(comment: Any) -> str | None:
    if comment is None:
        return None
    return comment.auto_comment if comment.manual_comment is None else comment.manual_comment


def _seconds_late(submission: Any, known: _Known) -> float:
    """Seconds after the due date, extension included; ``submission`` has its ``timestamp`` and ``extension``."""
    return max(0.0, _from_due(submission, known) or 0.0)


def _from_due(submission: Any, known: _Known) -> float | None:
    """As ``_seconds_late``, negative before the due date; None where there is none, or no timestamp."""
    if submission.timestamp is None or known.duedate is None:
        return None
    due = known.duedate + submission.extension if submission.extension is not None else known.duedate
    return (submission.timestamp - due).total_seconds()
