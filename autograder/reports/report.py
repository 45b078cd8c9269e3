"""What the class got: a table, grades.csv, and what needs a human eye."""

import ast
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.exercise import Exercise
from autograder.files import replace_own
from autograder.handed_in.found import Left
from autograder.handed_in.naming import printable
from toolkit.bug_hunt import findings, gradient_checker

SHORT = {
    "right value, wrong shape": "wrong shape",
    "right for these sizes only": "these sizes only",
}
LABELS = {"checker": gradient_checker.LABELS, "mended": findings.MENDED, "findings": findings.FOUND}
"""What the verdicts of a graded place are on, by its kind, where that is the same in every exercise."""
NO_NOTEBOOK = "no notebook handed in"
NOTHING = "nothing handed in"
"""Of somebody who is in the class list or has an empty folder."""


@dataclass(frozen=True)
class Row:
    """One submission of one assignment."""

    student: str
    assignment: str
    points: float | None = 0.0
    """What counts: manual scores before the autograder's, less the late penalty. None where there is no verdict yet."""
    highest: float = 0.0
    verdicts: Sequence[Mapping[str, Any]] = ()
    """``name``, ``kind``, ``message`` and ``points`` of each gradient."""
    mended: Sequence[str] = ()
    problems: Sequence[str] = ()
    """Why there is nothing to judge, or why a human should look."""
    late_penalty: float = 0.0
    answers: Mapping[str, str] = field(default_factory=dict)
    """The student's code as it was graded, by the label that the judge gives a cell."""
    seconds_late: float | None = None
    """From the due date, negative before it; None where either is not known."""

    @property
    def problem(self) -> str:
        return "; ".join(self.problems)

    @property
    def graded(self) -> bool:
        """Whether there is a verdict. That nothing was handed in is one."""
        return self.points is not None

    @property
    def absent(self) -> bool:
        """Whether it stands for somebody who has handed in nothing at all."""
        return self.problems == (NOTHING,)

    def summary(self) -> str:
        """What was lost, a group a kind: ``db2, dbnmeani: wrong shape``."""
        if self.problems and not self.verdicts:
            return f"({self.problem})"
        groups: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            if verdict["kind"] != "right":
                groups.setdefault(SHORT.get(verdict["kind"], verdict["kind"]), []).append(verdict["name"])
        parts = [
            f"{', '.join(names) if len(names) <= 4 else f'{len(names)} gradients'}: {kind}"
            for kind, names in groups.items()
        ]
        if self.late_penalty:
            parts.append(f"late: {self.late_penalty:g} off")
        return "; ".join([*parts, *self.problems])


@dataclass
class ClassReport:
    """The submissions that a call was about."""

    assignments: list[str]
    rows: list[Row] = field(default_factory=list)
    failed: int = 0
    """How many could not be graded, or have no feedback page."""
    left: Sequence[Left] = ()
    """What in ``submitted/`` was not graded and is for a human."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Time that was spent on each part of the work, summed over all processes."""

    @property
    def complete(self) -> bool:
        """Whether every submission has a verdict, and a page that says it, and nothing was left for a human."""
        return not self.failed and not self.left and all(row.graded for row in self.rows)

    def table(self) -> str:
        """Student x exercise with points and a total, as text."""
        by_student, left = _by_student(self.rows, self.left), _left_by_student(self.left)
        widths = [max(12, len(_title(a)) + 2) for a in self.assignments]
        first = max([len("student"), *(len(printable(student)) for student in by_student)]) + 2
        titles = "".join(_title(a).rjust(w) for a, w in zip(self.assignments, widths, strict=True))
        lines = ["student".ljust(first) + titles + "total".rjust(9)]
        for student, mine in by_student.items():
            cells = [_cell(mine.get(a)).rjust(w) for a, w in zip(self.assignments, widths, strict=True)]
            notes = [row.summary() for a in self.assignments if (row := mine.get(a)) and row.summary()]
            notes = [*dict.fromkeys([*notes, *(f"({sentence})" for sentence in left.get(student, ()))])]
            mark = "?" if _is_open(mine.values(), student in left) else " "
            lines.append(
                f"{printable(student).ljust(first)}{''.join(cells)}{_total(mine.values()):9.1f}{mark}  "
                f"{printable('; '.join(notes))}".rstrip()
            )
        return "\n".join(lines)

    def attention(self) -> list[str]:
        """One line for each submission that a human should look at, or that was mended."""
        lines = [f"{r.student}, {r.assignment}: {p}" for r in self.rows if not r.absent for p in r.problems]
        lines += [f"{student}: {NOTHING}" for student in dict.fromkeys(r.student for r in self.rows if r.absent)]
        lines += [f"{left.sentence}" for left in self.left]
        lines += [f"{r.student}, {r.assignment}: {s}" for r in self.rows for s in r.mended]
        return [printable(line) for line in lines]


def write_csv(
    path: Path, rows: Iterable[Row], exercises: Mapping[str, Exercise], left: Sequence[Left] = ()
) -> Path | None:
    """A row a student; for a spreadsheet or an LMS.

    Columns: student; points of each exercise and the total, which are what counts; then for each gradient the points that
    the autograder gave, after all these its verdict in words, and last what a human should look at. A cell is empty where
    there is nothing to grade yet; ``?`` is what a human has to give points for, and is in no total.

    Returns:
        Where a version is now that somebody had changed.
    """
    gradients = {name: points_of_gradients(exercise) for name, exercise in exercises.items()}
    columns = [(a, name) for a in exercises for name in gradients[a]]
    header = ["student", *(f"{a}: points" for a in exercises), "total"]
    header += [f"{a}: {name}" for a, name in columns] + [f"{a}: {name}, verdict" for a, name in columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, "to look at"])
    sentences = _left_by_student(left)
    for student, mine in _by_student(rows, left).items():
        found = {(a, v["name"]): v for a, row in mine.items() for v in row.verdicts}
        points = [_points(mine.get(a)) for a in exercises]
        total = f"{_total(mine.values()):g}{' + ?' if _is_open(mine.values(), student in sentences) else ''}"
        gained = [f"{v['points']:g}" if (v := found.get(column)) else "" for column in columns]
        kinds = [v["kind"] if (v := found.get(column)) else "" for column in columns]
        look_at = [f"{a}: {p}" for a in exercises if (row := mine.get(a)) and not row.absent for p in row.problems]
        words = harmless("; ".join([*look_at, *sentences.get(student, ())]))
        writer.writerow([harmless(student), *points, total, *gained, *kinds, words])
    return replace_own(path, text.getvalue(), path.parent)


def points_of_gradients(exercise: Exercise) -> dict[str, float]:
    """Everything that an exercise grades, by the name that a verdict has, and the points that it is worth."""
    found: dict[str, float] = {}
    for cell in exercise.graded:
        names: list[str] = []
        for call in cell.expected:
            if call.kind == "gradients":
                names += [f"d{name}" for name in call.names]
            elif call.kind == "values":
                names += call.names
            elif call.kind in LABELS:
                names += LABELS[call.kind].values()
            else:
                names += [f"d{name} in the loop" for name in _parameters(exercise)]
                names += ["the update", "the learning rate", "the trajectory"]
        found |= {name: cell.points / len(names) for name in names}
    return found


def _parameters(exercise: Exercise) -> list[str]:
    """The items of the list ``parameters`` in the cells that make the inputs."""
    statements = [node for source in exercise.inputs for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    lists = (
        s.value.elts for s in statements if isinstance(s.value, ast.List) and ast.unparse(s.targets[0]) == "parameters"
    )
    return [item.id for item in next(lists, []) if isinstance(item, ast.Name)]


_FORMULA = re.compile(r"(^|[;,|])(\s*)(?=[=+\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])")


def harmless(text: str) -> str:
    """Text on one line, as a spreadsheet should show it: what begins like a formula gets an apostrophe before it, also after
    what a spreadsheet may take for the end of a cell. The signs are those of ASCII and what is shown like them."""
    return _FORMULA.sub(r"\1\2'", printable(text.encode("utf-8", "replace").decode()))


def _by_student(rows: Iterable[Row], left: Iterable[Left] = ()) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {entry.student: {} for entry in left if entry.student}
    for row in rows:
        found.setdefault(row.student, {})[row.assignment] = row
    return dict(sorted(found.items()))


def _left_by_student(left: Iterable[Left]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in left:
        if entry.student:
            found.setdefault(entry.student, []).append(entry.sentence)
    return found


def _total(rows: Iterable[Row]) -> float:
    return sum(row.points or 0.0 for row in rows)


def _is_open(rows: Iterable[Row], left: bool) -> bool:
    """Whether a total is not all that a student may get: something is for a human still."""
    return left or any(not row.graded for row in rows)


def _points(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{row.points:g}" if row.graded else "?"


def _title(assignment: str) -> str:
    """``1_chunked_backprop`` as ``1 chunked``."""
    return " ".join(assignment.split("_")[:2])


def _cell(row: Row | None) -> str:
    if row is None:
        return "-"
    return f"{row.points:g} / {row.highest:g}" if row.graded else "?"
