"""A class's folder as it comes: through ``make grade`` everybody is in the table, and what nobody can read has no points yet."""

import csv
import shutil

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.course.build import nbgrader_api
from autograder.handed_in.found import Left
from autograder.reports.report import NOTHING, ClassReport, Row
from tests.classes import NAME, WRONG, grade, graded_now, hand_in, make_course

CUT_OFF = '{"cells": [{"cell_type": "code", "source": "dh ='


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A class after its first grading, and what was printed."""
    course = make_course(tmp_path_factory.mktemp("overlooked") / "course")
    hand_in(course, "ada", {})
    hand_in(course, "bob", WRONG)
    hand_in(course, "dora", CUT_OFF)
    (course / "submitted" / "zoe").mkdir()
    shutil.copy(course / "submitted" / "ada" / NAME / f"{NAME}.ipynb", course / "submitted" / "zoe")
    shutil.copy(course / "submitted" / "ada" / NAME / f"{NAME}.ipynb", course / "submitted")
    (course / "submitted" / "fay").mkdir()
    (course / "submitted" / "fay" / "homework.docx").write_text("my homework")
    (course / "submitted" / "gil").mkdir()
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        book.add_student("carl")
    done = grade(course)
    assert graded_now(course) == ["ada", "bob", "dora", "zoe"]
    return course, done


@pytest.fixture
def course(first, tmp_path):
    return shutil.copytree(first[0], tmp_path / "course")


def rows_of(course):
    lines = (course / "grades.csv").read_text().splitlines(keepends=True)
    return {row["student"]: row for row in csv.DictReader(lines)}


def page(course, student):
    text = (course / "feedback" / student / NAME / f"{NAME}.html").read_text()
    return " ".join(BeautifulSoup(text, "html.parser").get_text().split())


def test_everybody_is_in_the_table(first):
    course, done = first
    assert done.returncode == 1  # something was left for a human
    rows = rows_of(course)
    assert {student: (row[f"{NAME}: points"], row["total"]) for student, row in rows.items()} == {
        "ada": ("3", "3"), "bob": ("2", "2"), "carl": ("0", "0"), "dora": ("?", "0 + ?"), "fay": ("", "0 + ?"),
        "gil": ("0", "0"), "zoe": ("3", "3"),
    }  # fmt: skip
    assert "breaks off in the middle" in rows["dora"]["to look at"]
    assert "homework.docx is of no assignment" in rows["fay"]["to look at"]
    table = {line.split(" ")[0]: line for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert "?      0.0?  (5_small.ipynb breaks off" in table["dora"]
    assert "0 / 3      0.0   (nothing handed in)" in table["carl"]
    assert "-      0.0?  (submitted/fay/homework.docx is of no assignment" in table["fay"]


def test_what_was_put_right_and_what_was_left_is_printed(first):
    _, done = first
    for words in (
        f"zoe, {NAME}: The notebook was found at zoe/{NAME}.ipynb; it was graded as {NAME}/{NAME}.ipynb.",
        f"submitted/{NAME}.ipynb is in nobody's folder",
        f"dora, {NAME}: {NAME}.ipynb breaks off in the middle",
        "carl: nothing handed in",
        "gil: nothing handed in",
        "4 submissions graded",
        "3 need your eye",
    ):
        assert words in done.stdout, words


def test_the_page_of_what_cannot_be_read_says_so(first):
    course, _ = first
    text = page(course, "dora")
    assert "dora: ? of 3 points" in text
    assert "? / 1" in text and "0 / 1" not in text
    assert "? points: this could not be read" in text
    assert "breaks off in the middle" in text
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        grades = book.find_submission_notebook(NAME, NAME, "dora").grades
        assert all(grade.auto_score is None and grade.needs_manual_grade for grade in grades)


def test_a_humans_points_are_its_points(course):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        for name, points in (("h-check", 0), ("y-check", 1.5)):
            given = book.find_grade(name, NAME, NAME, "dora")
            given.manual_score, given.needs_manual_grade = points, False
        book.db.commit()
    (course / "submitted" / f"{NAME}.ipynb").unlink()
    shutil.rmtree(course / "submitted" / "fay")
    done = grade(course)
    assert graded_now(course) == []
    assert (done.returncode, rows_of(course)["dora"]["total"]) == (0, "1.5")
    assert "dora: 1.5 of 3 points" in page(course, "dora")
    assert "0 / 1" in page(course, "dora")


def test_who_was_there_and_is_gone_keeps_the_grade(course):
    shutil.rmtree(course / "submitted" / "bob")
    shutil.rmtree(course / "submitted" / "ada" / NAME)
    shutil.rmtree(course / "autograded" / "ada")
    done = grade(course)
    assert graded_now(course) == []
    gone = "no notebook handed in any more; what was graded before counts"
    assert f"bob, {NAME}: {gone}" in done.stdout
    assert f"ada, {NAME}: {gone}" in done.stdout
    assert {student: rows_of(course)[student]["total"] for student in ("ada", "bob")} == {"ada": "3", "bob": "2"}


def test_a_call_about_one_student(course):
    done = grade(course, "--student", "zoe")
    assert done.returncode == 0
    assert "dora" not in done.stdout
    assert len(rows_of(course)) == 7
    done = grade(course, "--student", "fay")
    assert done.returncode == 1
    assert "homework.docx" in done.stdout


def test_nbgraders_own_way_gives_the_same(first, course):
    api = nbgrader_api(course)
    shutil.copy(course / "exercises" / NAME / f"{NAME}.ipynb", course / "submitted" / "bob" / NAME)
    hand_in(course, "bob", {}, "mine.ipynb")
    before = {path: path.read_bytes() for path in (course / "submitted").rglob("*") if path.is_file()}
    for student in ("dora", "bob"):
        assert api.autograde(NAME, student, force=True)["success"]
        assert api.generate_feedback(NAME, student, force=True)["success"]
    assert {path: path.read_bytes() for path in (course / "submitted").rglob("*") if path.is_file()} == before
    assert page(course, "dora") == page(first[0], "dora")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        grades = book.find_submission_notebook(NAME, NAME, "dora").grades
        assert all(grade.auto_score is None and grade.needs_manual_grade for grade in grades)
        assert book.find_submission(NAME, "bob").score == 3
    grade(course)
    assert graded_now(course) == []


def test_a_total_with_something_open_has_a_mark():
    rows = [
        Row("ada", "1_a", 2.0, 3),
        Row("ada", "2_b", None, 3, problems=("cannot be read",)),
        Row("bob", "1_a", 1.0, 3),
    ]
    rows.append(Row("cid", "1_a", 0.0, 3, problems=(NOTHING,)))
    report = ClassReport(
        ["1_a", "2_b"], rows, left=[Left("eve", "submitted/eve is a link"), Left("", "submitted/x is lost")]
    )
    lines = report.table().splitlines()
    assert [line.split()[:7] for line in lines[1:]] == [
        ["ada", "2", "/", "3", "?", "2.0?", "(cannot"],
        ["bob", "1", "/", "3", "-", "1.0"],
        ["cid", "0", "/", "3", "-", "0.0", "(nothing"],
        ["eve", "-", "-", "0.0?", "(submitted/eve", "is", "a"],
    ]
    assert not report.complete
    assert "submitted/x is lost" in report.attention()
