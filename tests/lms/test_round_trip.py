"""Collect, grade, return: one class in the form of each LMS, graded once; and Gradescope's archive as its container runs it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from autograder.course.answered import answered
from autograder.lms import formats
from autograder.lms import give_back as returning
from autograder.lms.collect import collect
from autograder.lms.give_back import give_back
from autograder.lms.gradescope import archive
from autograder.lms.ledger import Collected
from autograder.reports.report import Row, harmless
from tests.classes import NAME, SHAPE, WRONG, grade, graded_now, make_course
from tests.lms.downloads import CLASS, canvas_name, download, ilias_name, moodle_name, put, roster

pytestmark = pytest.mark.share(0.4)

ANSWERS = {"ada": {}, "blaise": WRONG, "carl": SHAPE, "emilie": {}, "juergen": WRONG}
POINTS = {"ada": "3", "blaise": "2", "carl": "2.5", "emilie": "3", "juergen": "2"}
FILE = f"Copy_of_{NAME} (1).ipynb"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with a class's downloads, collected from Blackboard, which says when, and graded."""
    course = make_course(tmp_path_factory.mktemp("lms") / "course")
    put(course, "roster.csv", roster())
    handed_in = {}
    for student, edits in ANSWERS.items():
        released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
        source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
        handed_in[student] = nbformat.writes(answered(released, source, edits)).encode()
    for lms in formats.SHOWN:
        put(course, f"downloads/{lms}.zip", download(lms, handed_in, FILE, "Exercise_5"))
    assert collect(course, course / "downloads/blackboard.zip", zone="Europe/Berlin")
    assert (course / f"submitted/ada/{NAME}/timestamp.txt").read_text() == "2026-03-01 22:30:00 UTC\n"
    assert grade(course).returncode == 0
    assert sorted(graded_now(course)) == sorted(ANSWERS)
    return course


@pytest.mark.parametrize("lms", formats.SHOWN)
def test_there_and_back(graded, tmp_path, capsys, lms):
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    (course / "collected.json").unlink()
    assert collect(course, course / f"downloads/{lms}.zip", zone="Europe/Berlin")
    said = capsys.readouterr().out
    assert "5 the same as before" in said and formats.SHOWN[lms] in said and "0 not matched" in said
    assert give_back(course)
    pages = zipfile.ZipFile(next((course / "returned" / lms).glob("*.zip")))
    expected = {
        "moodle": [f"{moodle_name(s)}/{NAME}.html" for s in CLASS],
        "canvas": [f"{canvas_name(s)}{NAME}.html" for s in CLASS],
        "blackboard": [f"Exercise_5_{s.login}_attempt_2026-03-01-23-30-00_{NAME}.html" for s in CLASS],
        "ilias": [f"multi_feedback_{NAME}/{ilias_name(s)}/{NAME}.html" for s in CLASS],
        "github": [f"exercise_5-{s.login}/{NAME}.html" for s in CLASS],
        "folder": [f"{s.id}/{NAME}.html" for s in CLASS],
    }[lms]
    assert sorted(pages.namelist()) == sorted(expected)
    for student, place in zip(CLASS, expected, strict=True):
        assert pages.read(place) == (course / "feedback" / student.id / NAME / f"{NAME}.html").read_bytes()
    rows = list(csv.DictReader(io.StringIO((course / f"returned/{lms}/grades.csv").read_text("utf-8"))))
    key = {
        "moodle": ("Email address", "email"), "canvas": ("ID", "number"), "blackboard": ("Username", "login"),
        "ilias": ("login", "login"), "github": ("github_username", "login"), "folder": ("email", "email"),
    }[lms]  # fmt: skip
    assert {row[key[0]]: row[NAME] for row in rows} == {str(getattr(s, key[1])): POINTS[s.id] for s in CLASS}


def test_what_each_import_looks_for_is_there(graded, tmp_path, capsys):
    """The columns that Moodle's and Canvas's own readers ask for."""
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    assert collect(course, course / "downloads/moodle.zip") and give_back(course)
    text = (course / f"returned/moodle/{NAME}-grading-worksheet.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= rows[0].keys()
    assert {row["Identifier"][len("Participant ") :]: row["Grade"] for row in rows} == {
        str(s.number + 4000): POINTS[s.id] for s in CLASS
    }
    assert rows[1]["Feedback comments"].startswith("dh: wrong")
    assert collect(course, course / "downloads/canvas.zip")
    assert give_back(course, NAME, "canvas", "Exercise 5 (4711)")
    head = (course / "returned/canvas/grades.csv").read_text("utf-8").splitlines()[0]
    assert head == "Student,ID,SIS Login ID,Section,Exercise 5 (4711)"


def test_who_is_missing_is_named(graded, tmp_path, capsys):
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    ledger = json.loads((course / "collected.json").read_text())
    del ledger["submissions"]["ada"]
    (course / "collected.json").write_text(json.dumps(ledger))
    (course / f"feedback/blaise/{NAME}/{NAME}.html").unlink()
    shutil.copy(course / f"submitted/ada/{NAME}/{NAME}.ipynb", course / f"submitted/carl/{NAME}/{NAME}.ipynb")
    assert not give_back(course)
    said = capsys.readouterr().out
    assert f"ada, {NAME}: was not collected by `make collect`" in said
    assert (
        f"blaise, {NAME}: was not graded as it is now" in said and f"carl, {NAME}: was not graded as it is now" in said
    )
    rows = list(csv.DictReader(io.StringIO((course / "returned/blackboard/grades.csv").read_text("utf-8"))))
    assert [row["Username"] for row in rows] == ["emilie42", "juergen42"]


def test_two_students_who_are_one_person_there_are_not_returned(graded, tmp_path, capsys):
    """A class list that was forgotten once: the same person under an id of the list, and under one that was made."""
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    ledger = json.loads((course / "collected.json").read_text())
    ledger["people"]["carl"]["login"] = ledger["people"]["ada"]["login"]
    (course / "collected.json").write_text(json.dumps(ledger))
    assert not give_back(course)
    said = capsys.readouterr().out
    assert f"ada, {NAME}: is one person in Blackboard with submitted/carl, so none of them is returned" in said
    assert f"carl, {NAME}: is one person in Blackboard with submitted/ada" in said
    rows = list(csv.DictReader(io.StringIO((course / "returned/blackboard/grades.csv").read_text("utf-8"))))
    assert [row["Username"] for row in rows] == ["blaise42", "emilie42", "juergen42"]
    pages = zipfile.ZipFile(next((course / "returned/blackboard").glob("*.zip")))
    assert len(pages.namelist()) == 3


@pytest.mark.parametrize("lms, made", [("canvas", "new assignments"), ("blackboard", "new columns"), ("ilias", "")])
def test_columns_that_an_import_does_not_know_are_named(graded, tmp_path, capsys, lms, made):
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    (course / "collected.json").unlink()
    assert collect(course, course / f"downloads/{lms}.zip", zone="Europe/Berlin") and give_back(course)
    sentence = f"of which {formats.SHOWN[lms]} makes {made}"
    assert (sentence in capsys.readouterr().out) == bool(made)
    assert give_back(course, NAME, lms, "Exercise 5 (4711)")
    assert sentence not in capsys.readouterr().out


def test_what_an_import_goes_by_is_asked_for(graded, tmp_path, capsys):
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    put(course, "roster.csv", "\n".join(["id,name", *(f"{s.id},{s.name}" for s in CLASS)]))
    (course / "collected.json").unlink()
    assert collect(course, course / "downloads/moodle.zip") and give_back(course)
    assert "5 of 5 rows of grades.csv have no Email address" in capsys.readouterr().out


def test_a_table_that_was_changed_by_hand_is_kept(graded, tmp_path, capsys):
    course = tmp_path / "course"
    shutil.copytree(graded, course)
    assert give_back(course)
    table = course / "returned/blackboard/grades.csv"
    table.write_text("mine")
    assert give_back(course)
    assert "that version is kept/grades-1.csv now" in capsys.readouterr().out
    assert (course / "kept/grades-1.csv").read_text() == "mine" and "Username" in table.read_text()


@pytest.mark.parametrize(
    "name", ["=cmd()", "x;=1+1;y", "x|@SUM(1)", "\uff1dcmd()", "\ufe63cmd()", "a\n=1", "a\u202e=1", "-1"]
)
def test_names_in_tables_are_no_formulas(name):
    """The rule of grades.csv, in all that goes back; a single dash is Moodle's."""
    row = Row("ada", NAME, 3.0, 3.0)
    answer = returning.Answer(row, {"name": name, "login": name, "email": name}, Collected("moodle", number="1"), None)
    for lms in ("moodle", "canvas", "ilias"):
        for path, data, _ in returning._files(lms, {NAME: [answer]}, ""):
            if path.endswith(".csv"):
                (cells,) = list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]
                assert harmless(name) in cells and {cell for cell in cells if cell != harmless(cell)} <= {
                    "-",
                    harmless(name),
                }
                assert name not in cells and all(cell.isprintable() for cell in cells)


def test_an_lms_from_which_nothing_came_is_named(graded, tmp_path, capsys):
    course = shutil.copytree(graded, tmp_path / "course")
    assert not give_back(course, lms="canvas")
    said = capsys.readouterr().out
    assert "nothing to return to Canvas: what was collected came from Blackboard (LMS=blackboard)." in said
    (course / "collected.json").unlink()
    assert not give_back(course, lms="canvas")
    assert "`make collect` and `make grade` come first" in capsys.readouterr().out


@pytest.mark.share(0.12)
@pytest.mark.parametrize("sandbox", ["on", "off"])
def test_gradescope(graded, tmp_path, sandbox):
    """The archive in a folder like Gradescope's: the same verdicts, a test a gradient, and no solution in it."""
    root = tmp_path / "autograder"
    with zipfile.ZipFile(io.BytesIO(archive(graded, NAME))) as made:
        assert {"setup.sh", "run_autograder"} <= set(made.namelist())
        made.extractall(root / "source")
    for path in (root / "source").rglob("*"):
        assert "dh = 2 * h / h.numel()" not in (path.read_text("utf-8", "ignore") if path.is_file() else "")
    shutil.copytree(graded / "submitted/carl" / NAME, root / "submission")
    metadata = {"users": [{"email": "carl@uni.example", "name": "Carl"}]}
    put(root, "submission_metadata.json", json.dumps(metadata))
    words = [sys.executable, "-m", "autograder", "gradescope", f"--root={root}"]
    environment = os.environ | ({"SANDBOX": "off"} if sandbox == "off" else {})
    done = subprocess.run(words, cwd=root / "source/course", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((root / "results/results.json").read_text())
    assert found["score"] == 2.5 and found["stdout_visibility"] == "hidden"
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in found["tests"]] == [
        ("dh", 1.0, 1.0, "passed"), ("dy", 1.0, 1.0, "passed"), ("dw", 0.5, 1.0, "failed"),
    ]  # fmt: skip
    assert "right value, wrong shape" in found["tests"][2]["output"]
    assert (root / "source/course/source").stat().st_mode & 0o77 == 0  # hidden tests are root's
