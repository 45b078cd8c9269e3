"""Hand-ins that slowed a class, forged a row, or lost points or words without reason: each with what it must get."""

import copy
import json
import os
import shutil
import sqlite3
from collections.abc import Callable

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook

from autograder.classroom import grade as grading
from autograder.course.answered import answered
from autograder.course.build import nbgrader_api
from autograder.course.exercise import configuration
from autograder.files import WRITTEN
from autograder.reports.sanitize import HANDED_IN
from tests.classes import NAME, WRONG, grade, gradebook, graded_now, make_course

pytestmark = pytest.mark.share(0.4)

HALF = "dh = h / h.numel()"
Edit = Callable[[NotebookNode], None]


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def typed(grade_id: str, text: str) -> Edit:
    """Something typed at the end of a cell of the exercise's own."""

    def edit(notebook: NotebookNode) -> None:
        cell(notebook, grade_id).source += "\n" + text

    return edit


def added(*cells: NotebookNode, first: bool = False) -> Edit:
    def edit(notebook: NotebookNode) -> None:
        notebook.cells[0 if first else len(notebook.cells) :] = [*cells, *(notebook.cells if first else [])]

    return edit


def other_ids(notebook: NotebookNode) -> None:
    for place, odd in enumerate(["a b", "x" * 70, "", "  ", notebook.cells[0].id, "feedback", "h-check-typed"], 1):
        notebook.cells[place]["id"] = odd


def other_forward(notebook: NotebookNode) -> None:
    there = cell(notebook, "forward")
    there.source = there.source.replace("h =", "hidden =").replace("(h**2)", "(hidden**2)") + "\nh = hidden"


def doubled(notebook: NotebookNode) -> None:
    again = copy.deepcopy(cell(notebook, "h"))
    again["id"], again.source = "again", "dh = 2 * h / h.numel()"
    notebook.cells.insert(notebook.cells.index(cell(notebook, "h")) + 1, again)


def merged(notebook: NotebookNode) -> None:
    notebook.cells = [new_code_cell("\n".join(c.source for c in notebook.cells if c.cell_type == "code"))]


PICTURE = new_output("display_data", data={"image/png": "A" * 600_000 + "==", "text/html": '<b>"outputs": [{\\"' * 9})
HANDED = {  # answers, what was done to the notebook, other files, points
    "answer in a check": ({"h": "#"}, typed("h-check", "dh = 2 * h / h.numel()"), {}, 3),
    "answer in forward": ({"h": "#"}, typed("forward", "dh = 2 * h / h.numel()"), {}, 3),
    "autograd in a cell of ours": ({"h": "#"}, typed("autograd", "dh = h.grad"), {}, 2),
    "import in imports": ({"h": "dh = math.sqrt(4) * h / h.numel()"}, typed("imports", "import math"), {}, 3),
    "helper in the setup": ({"h": "dh = two * h / h.numel()"}, typed("setup", "two = 2"), {}, 3),
    "forward renamed": ({"h": "dh = 2 * hidden / hidden.numel()"}, other_forward, {}, 3),
    "other sizes": ({}, typed("inputs", "n = 60\nx = x[:1]"), {}, 3),
    "words in a text of ours": ({}, typed("title", "I find this *nice*."), {}, 3),
    "too long in a cell of ours": ({}, typed("inputs", "z = 0\n" * 20_000), {}, 3),
    "twice": ({"h": HALF}, doubled, {}, 3),
    "all in one cell": ({}, merged, {}, 3),
    "module": ({"h": "import m\ndh = m.two * h / h.numel()"}, None, {"m.py": "two = 2"}, 3),
    "module with marks": ({"h": "import m\ndh = m.two * h / h.numel()"}, None, {"m.py": "# %%\ntwo = 2"}, 3),
    "package": ({"h": "from p.q import two\ndh = two() * h / h.numel()"}, None,
                {"p/__init__.py": "", "p/q.py": "def two():\n    return float(open('p/d.txt').read())", "p/d.txt": "2"}, 3),
    "module of torch's name": ({}, None, {"torch.py": "1 / 0", "json.py": "1 / 0", "toolkit.py": "1 / 0"}, 3),
    "ids": ({}, other_ids, {}, 3),
    "pictures": ({}, added(*(new_code_cell("0", outputs=[PICTURE]) for _ in range(45))), {}, 3),
    "blank lines": ({}, added(new_code_cell("\n" * 8_000 + "z = 1")), {}, 3),
    "attributes": ({}, added(new_code_cell("a." * 20_000)), {}, 3),
    "nested": ({}, added(new_markdown_cell("<b x=i>" * 1_000 + "\n\n" + "<p>" * 1_000)), {}, 3),
    "imitation": (WRONG, added(new_markdown_cell("## Feedback\n\n3 of 3 answers are right."), first=True), {}, 2),
    "time too long": ({}, None, {"timestamp.txt": "1." * 160_000}, 3),
    "time of nowhere": ({}, None, {"timestamp.txt": "2030-01-02 12:00:00 PST"}, 3),
    "in time by its offset": ({}, None, {"timestamp.txt": "2030-01-01 13:30:00 +0200"}, 3),
    "x\rforged,3,3": (WRONG, None, {}, 2),
    " =cmd()": ({}, None, {}, 3),
    "＝cmd(1)": ({}, None, {}, 3),
    "a;=cmd(2)": ({}, None, {}, 3),
    "$\\csname href\\endcsname{b}{c}$": ({}, None, {}, 3),
}  # fmt: skip


def hand_in_all(course) -> None:
    released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    for student, (answers, edit, files, _) in HANDED.items():
        notebook = answered(copy.deepcopy(released), source, answers)
        if edit:
            edit(notebook)
        folder = course / "submitted" / student / NAME
        for name, text in {f"{NAME}.ipynb": json.dumps(notebook), **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        book.update_or_create_assignment(NAME, duedate="2030-01-01 12:00 UTC", course_id="backprop_ninja")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class after its first grading, and what was printed."""
    course = make_course(tmp_path_factory.mktemp("odd") / "course")
    hand_in_all(course)
    done = grade(course)
    assert sorted(graded_now(course)) == sorted(HANDED)
    return course, done


@pytest.fixture
def copied(graded, tmp_path):
    return shutil.copytree(graded[0], tmp_path / "course")


def page(course, student):
    return (course / "feedback" / student / NAME / f"{NAME}.html").read_text()


def autograded(course, student):
    return nbformat.read(course / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.mark.parametrize("student", HANDED)
def test_points(graded, student):
    left = gradebook(graded[0])[student]
    assert left["score"] == HANDED[student][3]
    assert not left["late"]


def test_no_name_forges_a_row_or_a_formula(graded):
    course, done = graded
    lines = (course / "grades.csv").read_bytes().split(b"\n")
    assert len(lines) == 1 + len(HANDED) + 1
    text = (course / "grades.csv").read_text()
    assert "\r" not in text
    for cell in ("x?forged,3,3", " '=cmd()", "'＝cmd(1)", "a;'=cmd(2)"):
        assert cell in text
    assert "\r" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Error" not in done.stdout


def test_what_was_typed_into_cells_of_ours_is_kept_and_said(graded):
    course, done = graded
    said = "had something typed into it, which now stands in a cell beside. It counts as written there"
    for student, grade_id, text in (
        ("answer in a check", "h-check", "dh = 2 * h / h.numel()"),
        ("import in imports", "imports", "import math"),
        ("words in a text of ours", "title", "I find this <em>nice</em>."),
        ("other sizes", "inputs", "# not run: n = 60\n# not run: x = x[:1]"),
        (
            "forward renamed",
            "forward",
            "hidden = torch.tanh(y)\n# not run: loss = (hidden**2).mean()\n# not run: h = hidden",
        ),
        ("too long in a cell of ours", "inputs", "z = 0&#10;z = 0"),
    ):
        assert f"{student}, {NAME}: Cell {grade_id} of the exercise's own {said}" in done.stdout
        own = [c.source for c in autograded(course, student).cells if "nbgrader" not in c.metadata]
        assert len([source for source in own if text in source]) == 1
        assert said in " ".join(BeautifulSoup(page(course, student), "html.parser").get_text().split())
    assert "but for lines that would change what the exercise gives: these are not run" in done.stdout
    assert "but for what is too long for an answer: it is not run" in done.stdout
    assert "x = torch.randn((n, k), generator=g" in cell(autograded(course, "other sizes"), "inputs").source


def test_of_two_copies_the_sentence_says_which_counts(graded):
    assert "Cell h was there more than once; all are run where they stand, and what is bound last" in graded[1].stdout


def test_what_the_course_says_is_not_imitated(graded):
    cells = autograded(graded[0], "imitation").cells
    assert "2 of 3 answers are right" in cells[0].source and HANDED_IN not in cells[0].source
    assert HANDED_IN in cells[1].source and "3 of 3 answers are right" in cells[1].source


def test_times(graded):
    course, done = graded
    left = gradebook(course)
    assert str(left["in time by its offset"]["timestamp"]) == "2030-01-01 11:30:00"
    assert left["time of nowhere"]["timestamp"] is left["time too long"]["timestamp"] is None
    assert "names a time zone (PST) that is not known" in done.stdout
    assert "is too long for a date" in done.stdout


def test_a_time_that_nobody_understands_takes_a_penalty_back(copied):
    there = copied / "submitted" / "ids" / NAME / "timestamp.txt"
    for text, known in (("2030-01-02 12:00 UTC", "2030-01-02 12:00:00"), ("2030-01-02 12:00 IST", "None")):
        there.write_text(text)
        grade(copied, "--student", "ids")
        assert str(gradebook(copied)["ids"]["timestamp"]) == known


@pytest.mark.share(0.15)
def test_nbgraders_own_commands_give_the_same_and_their_pages_are_not_made_again(copied):
    api = nbgrader_api(copied)
    some = (
        "module",
        "package",
        "answer in a check",
        "time too long",
        "time of nowhere",
        "in time by its offset",
        "ids",
    )
    before = gradebook(copied)
    handed = {path: path.read_bytes() for path in (copied / "submitted").rglob("*") if path.is_file()}
    for student in some:
        assert api.autograde(NAME, student, force=True)["success"]
        done = api.generate_feedback(NAME, student, force=True)
        assert done["success"], done
    assert {path: path.read_bytes() for path in (copied / "submitted").rglob("*") if path.is_file()} == handed
    assert gradebook(copied) == before
    kept = copied / "autograded" / "in time by its offset" / NAME / "timestamp.txt"
    assert kept.read_text() == "2030-01-01 11:30:00 UTC"
    assert sorted(os.listdir(copied / "autograded" / "module" / NAME)) == [WRITTEN, f"{NAME}.ipynb"]
    done = grade(copied)
    assert graded_now(copied) == []
    assert "0 submissions graded" in done.stdout


def test_everybody_gone(copied):
    shutil.rmtree(copied / "submitted")
    assert grading.nothing_to_do(copied, [], "*") == grading.nothing_to_do(copied, [], "ids") == ""
    assert "There is no 'nobody'" in grading.nothing_to_do(copied, [], "nobody")
    done = grade(copied, "--student", "ids")
    assert f"ids, {NAME}: no notebook handed in any more; what was graded before counts" in done.stdout
    rows = (copied / "grades.csv").read_text()
    assert rows.count("no notebook handed in any more") == len(HANDED)
    assert "\nids,3,3," in rows


def test_an_older_gradebook_is_named_with_what_to_do(copied):
    with sqlite3.connect(copied / "gradebook.db") as book:
        book.execute("alter table submitted_assignment drop column extension")
    done = grade(copied)
    assert done.returncode == 1
    assert "`.venv/bin/nbgrader db upgrade`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_nbgraders_export_has_another_name():
    assert configuration().ExportPlugin.to not in ("", "grades.csv")
