"""``make report``: what the class did not understand, from what ``make grade`` has left. Nothing is graded here."""

import sys
from pathlib import Path

from autograder.classroom.grade import Grading
from autograder.classroom.gradebook import Book, GradebookError
from autograder.course.build import assignments, nbgrader_api
from autograder.course.exercise import COURSE, configuration
from autograder.files import fill, moved
from autograder.handed_in.found import look
from autograder.reports.class_report import class_pages

FOLDER = "report"


def write_report(course: Path, anonymous: bool = False) -> list[Path]:
    """Write ``report/``: a page an exercise, ``index.html``, ``verdicts.csv``; returns their paths, nothing if nothing is graded.

    What stood there and is none of these is moved into ``kept/``, and that is said.

    Raises:
        GradebookError: the gradebook cannot be read.
        FileNotFoundError: the source notebooks were not built.
    """
    every = assignments(course)
    coursedir = nbgrader_api(course).coursedir
    with Book(coursedir.db_url, coursedir.course_id, configuration()) as book:
        found = look(
            course / "submitted", course / coursedir.source_directory, every, coursedir.ignore, book.students()
        )
        grading = Grading(course, coursedir, book, found)
        grading.look_at_what_has_no_verdict()
        rows = grading.rows(every)
    if not any(row.verdicts for row in rows):
        return []

    def has_page(student: str, assignment: str) -> bool:
        return (grading.feedback / student / assignment / f"{assignment}.html").is_file()

    files = class_pages(rows, {name: grading.exercise(name) for name in every}, found.left, anonymous, has_page)
    folder = course / FOLDER
    for kept in fill(folder, files, "index.html", 0o644, course):
        print(moved(kept.relative_to(course).as_posix()))
    return [folder / name for name in files]


def main(anonymous: bool = False) -> int:
    """``python -m autograder report``; returns the exit status."""
    try:
        written = write_report(COURSE, anonymous)
    except GradebookError as error:
        print(error, file=sys.stderr)
        return 1
    if not written:
        print("Nothing is graded yet: run `make grade` first.")
        return 2
    print(f"Open {FOLDER}/index.html in a browser; {FOLDER}/verdicts.csv is the same for a spreadsheet.")
    return 0
