"""``make return``: pages and points as each LMS takes them, in ``returned/``; nothing is sent.

Points are those that count, from the gradebook, as the last ``make grade`` reported them; pages are those of ``feedback/``. What
has changed since, or has no points yet, is left out and named. Whose each answer is, and where it goes, says ``collected.json``.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.grade import standing
from autograder.classroom.gradebook import GradebookError
from autograder.course.build import assignments, no_assignment
from autograder.course.exercise import COURSE
from autograder.files import moved, replace_own
from autograder.handed_in.naming import printable, shown
from autograder.lms import formats, gradescope
from autograder.lms.ledger import BadLedger, Collected, Ledger
from autograder.lms.roster import parted
from autograder.reports.report import Row, harmless

FOLDER = "returned"


@dataclass(frozen=True)
class Answer:
    """What one student gets back for one assignment."""

    row: Row
    person: Mapping[str, str]
    """``name``, ``email``, ``login`` and numbers, as ``Ledger.people`` has them."""
    collected: Collected
    page: bytes | None

    @property
    def points(self) -> str:
        return "" if self.row.points is None else f"{self.row.points:g}"

    @property
    def number(self) -> str:
        return self.collected.number or self.person.get(f"{self.collected.lms} number", "")

    @property
    def keys_there(self) -> set[tuple[str, str]]:
        """By what the LMS knows whose it is; nothing, where an answer goes by the student's id."""
        known = {"number": self.number, **{kind: self.person.get(kind, "") for kind in ("login", "email")}}
        return set() if self.collected.lms == "folder" else {(kind, key) for kind, key in known.items() if key}


def give_back(course: Path, assignment: str = "", lms: str = "", title: str = "") -> bool:
    """Write ``returned/``, and say what is in it and who is not.

    Args:
        assignment: only this one.
        lms: only what came from this one (``formats.SHOWN``); all by default.
        title: what the LMS calls the assignment, for the heads of columns.

    Returns:
        Whether everybody who was collected is in it, with points and a page.

    Raises:
        GradebookError, BadLedger: nothing was written.
    """
    ledger = Ledger.read(course)
    names = [assignment] if assignment else assignments(course)
    by_lms, missing = _answers(course, ledger, names, lms)
    kept: list[Path] = []
    for found, answers in sorted(by_lms.items()):
        print(f"{formats.SHOWN[found]}:")
        for path, data, what in _files(found, answers, title if assignment else ""):
            place = course / FOLDER / found / path
            kept += filter(None, [replace_own(place, data, course)])
            print(f"  {FOLDER}/{found}/{path}  {what}")
        for sentence in (_without_key(found, answers), "" if title and assignment else _untitled(found)):
            if sentence:
                print(f"  {sentence}")
    for line in missing:
        print(f"  {printable(line)}.")
    for moved_ in kept:
        print(f"  {moved(f'kept/{moved_.name}')}")
    if not by_lms:
        print(_nothing(ledger, names, lms))
    return bool(by_lms) and not missing


def _nothing(ledger: Ledger, names: Sequence[str], lms: str) -> str:
    """Why nothing goes back: nothing is there, or what is there came from elsewhere."""
    entries = [entry for mine in ledger.submissions.values() for name, entry in mine.items() if name in names]
    if lms and (others := sorted({entry.lms for entry in entries} - {lms})):
        there = " and ".join(f"{formats.SHOWN[other]} (LMS={other})" for other in others)
        return f"There is nothing to return to {formats.SHOWN[lms]}: what was collected came from {there}."
    return "There is nothing to return: `make collect` and `make grade` come first."


def _answers(
    course: Path, ledger: Ledger, names: Sequence[str], lms: str
) -> tuple[dict[str, dict[str, list[Answer]]], list[str]]:
    """What goes back, by LMS and assignment; and what of it is missing, a sentence each."""
    now = standing(course)
    behind = {(folder.parent.name, folder.name) for folder in now.behind}
    found: dict[str, dict[str, list[Answer]]] = {}
    missing: list[str] = []
    for row in now.rows:
        collected, whose = ledger.of(row.student, row.assignment), f"{row.student}, {row.assignment}:"
        if row.absent or row.assignment not in names or (collected and lms not in ("", collected.lms)):
            continue
        if collected is None:
            missing.append(f"{whose} was not collected by `make collect`, so it is in grades.csv only")
            continue
        if (row.student, row.assignment) in behind:
            missing.append(f"{whose} was not graded as it is now: run `make grade` first")
            continue
        page = course / "feedback" / row.student / row.assignment / f"{row.assignment}.html"
        data = page.read_bytes() if page.is_file() else None
        if row.points is None:
            missing.append(f"{whose} has no points yet ({row.problem})")
        if data is None:
            missing.append(f"{whose} has no page")
        answer = Answer(row, ledger.people.get(row.student, {}), collected, data)
        found.setdefault(collected.lms, {}).setdefault(row.assignment, []).append(answer)
    for by_assignment in found.values():
        for assignment_, answers in by_assignment.items():
            by_assignment[assignment_] = _of_one_each(answers, missing)
    return {lms_: kept for lms_, by in found.items() if (kept := {name: a for name, a in by.items() if a})}, missing


def _of_one_each(answers: Sequence[Answer], missing: list[str]) -> list[Answer]:
    """Without those that are several students' here and one person's in the LMS: whose points count is for a human to say."""
    having: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        for key in answer.keys_there:
            having.setdefault(key, []).append(answer.row.student)
    alone = []
    for answer in answers:
        student = answer.row.student
        if others := sorted({one for key in answer.keys_there for one in having[key]} - {student}):
            missing.append(
                f"{student}, {answer.row.assignment}: is one person in {formats.SHOWN[answer.collected.lms]} with "
                f"{' and '.join(f'submitted/{shown(other)}' for other in others)}, so none of them is returned. Move the wrong "
                "one away (kept/, say), take its id from the gradebook (`.venv/bin/nbgrader db student remove --force`, and the "
                "id), and `make grade`"
            )
        else:
            alone.append(answer)
    return alone


def _files(lms: str, by_assignment: Mapping[str, Sequence[Answer]], title: str) -> list[tuple[str, bytes, str]]:
    """Path, contents and a word on each file for one LMS."""
    files = []
    for assignment, answers in by_assignment.items():
        top = f"multi_feedback_{assignment}/" if lms == "ilias" else ""
        name = f"multi_feedback_{assignment}.zip" if lms == "ilias" else f"{assignment}-pages.zip"
        pages = {f"{top}{_before(a)}{assignment}.html": a.page for a in answers if a.page is not None}
        files.append((name, _zip(pages), f"{len(pages)} pages: {_WAYS[lms]}"))
        if lms == "moodle":
            text = _table(_WORKSHEET, [_worksheet_row(answer) for answer in answers if answer.points])
            files.append(
                (f"{assignment}-grading-worksheet.csv", text, 'points: the assignment\'s "Upload grading worksheet"')
            )
    files.append(("grades.csv", _grades(lms, by_assignment, title), _IMPORTS[lms]))
    return files


_KEYS = {
    "moodle": "Email address",
    "canvas": "ID",
    "blackboard": "Username",
    "github": "github_username",
    "ilias": "login",
}
"""The column that an import goes by."""


def _without_key(lms: str, by_assignment: Mapping[str, Sequence[Answer]]) -> str:
    """A sentence on rows of grades.csv that an import cannot find; nothing, if there are none."""
    key = next((column for head, column in _COLUMNS[lms] if head == _KEYS.get(lms)), lambda student, _: student)
    students = {a.row.student: a for answers in by_assignment.values() for a in answers}
    count = sum(not key(student, a) for student, a in students.items())
    way = " (the worksheet needs none)" if lms == "moodle" else ""
    return (
        f"{count} of {len(students)} rows of grades.csv have no {_KEYS[lms]}, which its import goes by{way}: "
        "put it into roster.csv, and collect again."
        if count
        else ""
    )


_MADE_OF_NAMES = {"canvas": "new assignments", "blackboard": "new columns"}
"""What an import makes of columns whose names it does not know."""


def _untitled(lms: str) -> str:
    """A sentence on columns that have the exercises' own names; nothing, where an import does not go by them."""
    name, made = formats.SHOWN[lms], _MADE_OF_NAMES.get(lms)
    return (
        f"Columns of grades.csv have the exercises' own names, of which {name} makes {made}: ASSIGNMENT= with TITLE=, as "
        f"{name}'s own export has it, is for one that is there."
        if made
        else ""
    )


def _before(a: Answer) -> str:
    """What stands before a page's name; a form that is no LMS's knows no more than the student."""
    return f"{a.row.student}/" if a.collected.lms == "folder" else a.collected.reference


_WORKSHEET = ("Identifier", "Full name", "Email address", "Grade", "Last modified (grade)", "Feedback comments")
"""Moodle's own words, in English, for columns of a grading worksheet (mod/assign/feedback/offline/importgradeslib.php)."""


def _worksheet_row(a: Answer) -> list[str]:
    who = [f"Participant {a.number}", a.person.get("name", ""), a.person.get("email", "")]
    return [*who, a.points, "-", a.row.summary()]


_WAYS = {
    "moodle": 'the assignment\'s "Upload multiple feedback files in a zip"',
    "canvas": 'the assignment\'s "Re-upload submissions"; each becomes a comment',
    "ilias": 'the exercise\'s "Multi-feedback"',
    "blackboard": "one by one; Blackboard takes no archive",
    "github": "a folder a repository, to commit or to send",
    "folder": "in folders as they came",
}
_IMPORTS = {
    "moodle": "points of all: Grades, Import, CSV file; map e-mail addresses",
    "canvas": "points of all: Grades, Import",
    "ilias": "points of all, to type in; ILIAS imports none",
    "blackboard": "points of all: Grade Center, Work Offline, Upload",
    "github": "points of all, by login",
    "folder": "points of all; Classroom imports none",
}
_Column = Callable[[str, Answer], str]
_COLUMNS: dict[str, list[tuple[str, _Column]]] = {
    "moodle": [
        ("Email address", lambda _, a: a.person.get("email", "")),
        ("Full name", lambda _, a: a.person.get("name", "")),
        ("Student", lambda student, _: student),
    ],
    "canvas": [  # Section must follow at once: Canvas tells assignments from it (lib/gradebook_importer.rb)
        ("Student", lambda _, a: a.person.get("name", "")),
        ("ID", lambda _, a: "" if a.number.startswith("anon") else a.number),
        ("SIS Login ID", lambda _, a: a.person.get("login", "") or a.person.get("email", "")),
        ("Section", lambda _, a: ""),
    ],
    "blackboard": [
        ("Last Name", lambda _, a: parted(a.person.get("name", ""))[1]),
        ("First Name", lambda _, a: parted(a.person.get("name", ""))[0]),
        ("Username", lambda _, a: a.person.get("login", "")),
    ],
    "ilias": [
        ("login", lambda _, a: a.person.get("login", "")),
        ("user id", lambda _, a: a.number),
        ("name", lambda _, a: a.person.get("name", "")),
    ],
    "github": [
        ("github_username", lambda _, a: a.person.get("login", "")),
        ("identifier", lambda student, _: student),
    ],
    "folder": [
        ("student", lambda student, _: student),
        ("name", lambda _, a: a.person.get("name", "")),
        ("email", lambda _, a: a.person.get("email", "")),
    ],
}  # fmt: skip


def _grades(lms: str, by_assignment: Mapping[str, Sequence[Answer]], title: str) -> bytes:
    """A row a student, a column an assignment; empty where there are no points yet."""
    students: dict[str, dict[str, Answer]] = {}
    for assignment, answers in by_assignment.items():
        for answer in answers:
            students.setdefault(answer.row.student, {})[assignment] = answer
    columns = _COLUMNS[lms]
    rows = []
    for student, mine in sorted(students.items()):
        one = next(iter(mine.values()))
        points = [mine[assignment].points if assignment in mine else "" for assignment in by_assignment]
        rows.append([*(column(student, one) for _, column in columns), *points])
    return _table([*(head for head, _ in columns), *([title] if title else by_assignment)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(_cell, head))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue().encode()


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a single dash is Moodle's word for nothing."""
    return text if text == "-" else harmless(text)


def _zip(files: Mapping[str, bytes]) -> bytes:
    """An archive that is the same whenever it is made of the same."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main(assignment: str = "", lms: str = "", title: str = "") -> int:
    """``python -m autograder return``: ``give_back`` in this course, its errors as sentences; returns the exit status."""
    lms = lms.lower()
    if assignment and assignment not in assignments():
        print(no_assignment(shown(assignment)))
        return 2
    if lms and lms not in (*formats.SHOWN, "gradescope"):
        print(formats.unknown(shown(lms), [*formats.SHOWN, "gradescope"]))
        return 2
    try:
        if title and not assignment:
            collected = {name for mine in Ledger.read(COURSE).submissions.values() for name in mine}
            if len(collected) != 1:
                print("--title (TITLE=) is the title of one assignment: --assignment (ASSIGNMENT=) says of which.")
                return 2
            (assignment,) = collected
        if lms == "gradescope":
            return gradescope.write_all(COURSE, [assignment] if assignment else assignments())
        return 0 if give_back(COURSE, assignment, lms, title) else 1
    except (BadLedger, GradebookError) as error:
        print(error)
        return 2
