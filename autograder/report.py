"""What the class got: a table, grades.csv, and what needs a human eye. Reads nbgrader's gradebook and autograded/."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from autograder.exercise import Exercise
from autograder.mend import NOTES

SHORT = {
    "right value, wrong shape": "wrong shape",
    "right for these sizes only": "these sizes only",
}


@dataclass
class Row:
    """One submission of one assignment."""

    student: str
    assignment: str
    points: float = 0.0
    highest: float = 0.0
    verdicts: Sequence[Mapping[str, str]] = ()
    """``name``, ``kind`` and ``message`` of each gradient."""
    mended: Sequence[str] = ()
    problem: str = ""
    """Why there is nothing to judge, or why a human should look."""
    graded: bool = True

    def summary(self) -> str:
        """What was lost, a group a kind: ``db2, dbnmeani: wrong shape``."""
        if self.problem and not self.verdicts:
            return f"({self.problem})"
        groups: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            if verdict["kind"] != "right":
                groups.setdefault(SHORT.get(verdict["kind"], verdict["kind"]), []).append(verdict["name"])
        parts = [
            f"{', '.join(names) if len(names) <= 4 else f'{len(names)} gradients'}: {kind}"
            for kind, names in groups.items()
        ]
        return "; ".join([*parts, *filter(None, [self.problem])])


@dataclass
class ClassReport:
    """All rows of a class."""

    assignments: list[str]
    rows: list[Row] = field(default_factory=list)

    def table(self) -> str:
        """Student x exercise with points and a total, as text."""
        students = sorted({row.student for row in self.rows})
        widths = [max(12, len(_title(a)) + 2) for a in self.assignments]
        first = max([len("student"), *map(len, students)]) + 2
        lines = [
            "student".ljust(first) + "".join(_title(a).rjust(w) for a, w in zip(self.assignments, widths, strict=True))
        ]
        lines[0] += "total".rjust(9)
        for student in students:
            mine = {row.assignment: row for row in self.rows if row.student == student}
            cells = [_cell(mine.get(a)).rjust(w) for a, w in zip(self.assignments, widths, strict=True)]
            total = sum(row.points for row in mine.values())
            notes = [row.summary() for a in self.assignments if (row := mine.get(a)) and row.summary()]
            lines.append(student.ljust(first) + "".join(cells) + f"{total:9.1f}   {'; '.join(notes)}".rstrip())
        return "\n".join(lines)

    def write_csv(self, path: Path) -> None:
        """A row a student; columns for each exercise, each gradient (as a fraction of its point) and the total."""
        by_student: dict[str, dict[str, Row]] = {}
        for row in self.rows:
            by_student.setdefault(row.student, {})[row.assignment] = row
        names = {
            a: list(dict.fromkeys(v["name"] for r in self.rows if r.assignment == a for v in r.verdicts))
            for a in self.assignments
        }
        header = ["student", *(f"{a}: points" for a in self.assignments), "total"]
        header += [f"{a}: {name}" for a in self.assignments for name in names[a]]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for student, mine in sorted(by_student.items()):
                points = [f"{mine[a].points:g}" if a in mine else "" for a in self.assignments]
                row = [student, *points, f"{sum(r.points for r in mine.values()):g}"]
                for a in self.assignments:
                    kinds = {v["name"]: v["kind"] for v in mine[a].verdicts} if a in mine else {}
                    row += [kinds.get(name, "") for name in names[a]]
                writer.writerow(row)

    def attention(self) -> list[str]:
        """One line for each submission that a human should look at, or that was mended."""
        lines = [f"{r.student}, {r.assignment}: {r.problem}" for r in self.rows if r.problem]
        return lines + [f"{r.student}, {r.assignment}: {s}" for r in self.rows for s in r.mended]


def collect(
    course: Path, db_url: str, assignments: Iterable[str], problems: Mapping[tuple[str, str], str]
) -> ClassReport:
    """Read back what nbgrader has stored.

    Args:
        problems: (student, assignment) and why there is no grade, for submissions that could not be graded.
    """
    report = ClassReport(list(assignments))
    with Gradebook(db_url) as gradebook:
        for assignment in report.assignments:
            highest = sum(cell.points for cell in Exercise.from_assignment(assignment, course / "source").graded)
            for folder in sorted((course / "submitted").glob(f"*/{assignment}")):
                student = folder.parent.name
                if (student, assignment) in problems:
                    problem = problems[student, assignment]
                    report.rows.append(Row(student, assignment, 0.0, highest, problem=problem, graded=False))
                    continue
                try:
                    points = gradebook.find_submission(assignment, student).score
                except MissingEntry:
                    report.rows.append(Row(student, assignment, 0.0, highest, problem="not graded", graded=False))
                    continue
                notes = _notes(course / "autograded" / student / assignment / f"{assignment}.ipynb")
                report.rows.append(
                    Row(
                        student,
                        assignment,
                        points,
                        highest,
                        notes.get("verdicts", []),
                        notes.get("mended", []),
                        notes.get("run", ""),
                    )
                )
    return report


def _notes(path: Path) -> dict:
    return nbformat.read(path, as_version=4).metadata.get(NOTES, {}) if path.exists() else {}


def _title(assignment: str) -> str:
    """``1_chunked_backprop`` as ``1 chunked``."""
    return " ".join(assignment.split("_")[:2])


def _cell(row: Row | None) -> str:
    return "-" if row is None else f"{row.points:g} / {row.highest:g}"
