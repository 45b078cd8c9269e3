"""From files that students hand in to grades and feedback, through nbgrader's own pipeline."""

import copy
import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.classroom import submission
from autograder.classroom.grade import grade
from autograder.course.answered import answered, as_colab_saves
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE
from autograder.judging import nbgrader_steps
from autograder.sandbox.runner import Runner

pytestmark = pytest.mark.share(0.3)

NAME = "1_chunked_backprop"


def perfect(course):
    released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    return answered(released, source, {})


def cell(notebook, grade_id):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def deleted_graded_cell(nb):
    nb.cells.remove(cell(nb, "h-check"))


def deleted_solution_cell(nb):
    nb.cells.remove(cell(nb, "h"))
    nb.cells.remove(cell(nb, "h-check"))


def duplicated_graded_cell(nb):
    nb.cells.append(nbformat.from_dict(json.loads(json.dumps(cell(nb, "h-check")))))


def duplicated_solution_cell(nb):
    nb.cells.insert(nb.cells.index(cell(nb, "h")), nbformat.from_dict(json.loads(json.dumps(cell(nb, "h")))))


def changed_cell_types(nb):
    for grade_id in ("h", "h-check"):
        target = cell(nb, grade_id)
        target.cell_type = "markdown"
        for key in ("outputs", "execution_count"):
            target.pop(key)


def no_kernelspec(nb):
    nb.metadata = {}


def flipped_metadata(nb):
    cell(nb, "h-check").metadata.nbgrader.update(grade=False, points=1000)
    cell(nb, "probs-check").metadata.nbgrader.points = 1000
    cell(nb, "probs-check").metadata.nbgrader.locked = False


def all_metadata_stripped(nb):
    for c in nb.cells:
        c.metadata = {}
        c.pop("id", None)
    nb.nbformat_minor = 0


def kernel_dies(nb):
    cell(nb, "h").source = "import os\nos._exit(0)"


def never_ends(nb):
    cell(nb, "h").source = "while True:\n    pass"


def graded_cell_prints_points(nb):
    cell(nb, "probs").source = "dprobs = probs"
    cell(nb, "probs-check").source = "1000"


MISHAPS = {  # what happened to the file, and the points that it must get
    deleted_graded_cell: 26, deleted_solution_cell: 23, duplicated_graded_cell: 26, duplicated_solution_cell: 26,
    changed_cell_types: 26, no_kernelspec: 26, flipped_metadata: 26, all_metadata_stripped: 26, kernel_dies: 23,
    never_ends: 23, graded_cell_prints_points: 25,
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class in which every file has had a mishap, graded once; returns the course and the report."""
    course = tmp_path_factory.mktemp("course")
    copy_sources(COURSE, course)
    for other in {*assignments(course)} - {NAME}:
        shutil.rmtree(course / "source" / other)
    build(course, execute=False)

    def hand_in(student, text, name=f"{NAME}.ipynb"):
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    for mishap in MISHAPS:
        notebook = perfect(course)
        mishap(notebook)
        hand_in(mishap.__name__, json.dumps(notebook))
    colab = perfect(course)
    as_colab_saves(colab)
    hand_in("colab", json.dumps(colab), f"Copy_of_{NAME}.ipynb")
    old = nbformat.convert(perfect(course), 3)
    hand_in("nbformat_3", json.dumps(old))
    hand_in("not_json", "{ this is no notebook")
    hand_in("empty_file", "")
    hand_in("json_but_no_notebook", '[1, 2, {"cells": 3}]')
    hand_in("no_notebook", None)
    before = {p: p.read_bytes() for p in (course / "submitted").rglob("*.ipynb")}

    patch = pytest.MonkeyPatch()
    impatient = copy.deepcopy(submission.configuration())
    impatient.RunNotebook.timeout = 6
    patch.setattr(submission, "configuration", lambda: impatient)
    patch.setattr(nbgrader_steps, "_runner", Runner(chunk_seconds=2))
    submission.course_steps.cache_clear()
    try:
        report = grade(course, [NAME], jobs=0)
    finally:
        nbgrader_steps._runner.close()
        patch.undo()
        submission.course_steps.cache_clear()
    assert all(path.read_bytes() == text for path, text in before.items()), "a submitted file was changed"
    return course, {row.student: row for row in report.rows}


@pytest.mark.parametrize(("mishap", "points"), [(m.__name__, p) for m, p in MISHAPS.items()])
def test_a_damaged_file_gets_the_points_of_what_is_in_it(graded, mishap, points):
    _, rows = graded
    assert rows[mishap].points == points, rows[mishap]


@pytest.mark.parametrize("student", ["colab", "nbformat_3"])
def test_other_formats_lose_nothing(graded, student):
    _, rows = graded
    assert rows[student].points == 26, rows[student]


@pytest.mark.parametrize(
    ("student", "words"),
    [("not_json", "its JSON is damaged"), ("empty_file", "is empty"), ("json_but_no_notebook", "JSON of another kind")],
)
def test_what_is_no_notebook_gets_a_clear_line(graded, student, words):
    """For a human: it has no points, which is not the same as 0."""
    _, rows = graded
    assert rows[student].points is None
    assert words in rows[student].problem


def test_no_notebook_at_all_gets_a_clear_line(graded):
    _, rows = graded
    assert rows["no_notebook"].problem == "no notebook handed in"


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("deleted_graded_cell", "h-check was missing"),
        ("deleted_solution_cell", "Cell h was missing and was put back empty"),
        ("duplicated_graded_cell", "more than once"),
        ("changed_cell_types", "had become a markdown cell"),
        ("no_kernelspec", "named no kernel"),
        ("all_metadata_stripped", "recognised by"),
    ],
)
def test_what_was_mended_is_said(graded, student, words):
    _, rows = graded
    assert words in " ".join(rows[student].mended)


def test_a_kernel_that_dies_and_a_cell_that_never_ends_are_named(graded):
    _, rows = graded
    kinds = {s: {v["name"]: v["kind"] for v in rows[s].verdicts} for s in ("kernel_dies", "never_ends")}
    assert {kinds["kernel_dies"][name] for name in ("dh", "dW2", "db2")} <= {"raised", "not attempted"}
    assert "kernel died" in rows["kernel_dies"].problem
    assert all(kind == "right" for s in kinds.values() for name, kind in s.items() if name not in ("dh", "dW2", "db2"))


def test_everybody_with_a_notebook_has_a_feedback_page_without_hidden_tests(graded):
    course, rows = graded
    for student in rows.keys() - {"no_notebook"}:
        page = (course / "feedback" / student / NAME / f"{NAME}.html").read_text()
        assert " points" in page
        for word in ("HIDDEN TESTS", "expect_gradients"):
            assert word not in page, student
        autograded = (course / "autograded" / student / NAME / f"{NAME}.ipynb").read_text()
        assert "expect_gradients" not in autograded


def test_csv_and_gradebook_agree(graded):
    course, rows = graded
    lines = (course / "grades.csv").read_text().splitlines()
    assert len(lines) == 1 + len(rows)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for student, row in rows.items():
            if student != "no_notebook":
                assert gradebook.find_submission(NAME, student).score == (row.points or 0)


@pytest.fixture(scope="module")
def own_course(graded, tmp_path_factory):
    """A course folder with code and configuration of its own, as an instructor has it, and one student's files."""
    built, _ = graded
    course = tmp_path_factory.mktemp("own") / "course"
    for part in ("source", "exercises", "data", "toolkit"):
        shutil.copytree(built / part, course / part)
    shutil.copytree(COURSE / "autograder", course / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(COURSE / "nbgrader_config.py", course)
    assert nbgrader(course, "generate_assignment", NAME, "--force").returncode == 0
    for student in ("ada", "grace"):
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        shutil.copy(built / "submitted" / "deleted_graded_cell" / NAME / f"{NAME}.ipynb", folder)
    return course


def nbgrader(course, *words):
    return subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=course, capture_output=True, text=True)


def score(course, student):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return gradebook.find_submission(NAME, student).score


@pytest.mark.share(0.12)
def test_nbgraders_own_commands_work_with_the_plain_config(own_course):
    """autograde, generate_feedback, export and validate as an instructor types them."""
    done = nbgrader(own_course, "autograde", NAME, "--student", "ada")
    assert done.returncode == 0, done.stderr
    assert nbgrader(own_course, "generate_feedback", NAME).returncode == 0
    assert nbgrader(own_course, "export").returncode == 0
    assert "ada" in (own_course / "nbgrader_export.csv").read_text()
    assert score(own_course, "ada") == 26
    solved, blank = own_course / "solved.ipynb", own_course / "blank.ipynb"
    nbformat.write(perfect(own_course), solved)
    shutil.copy(own_course / "exercises" / NAME / f"{NAME}.ipynb", blank)
    assert "Success" in nbgrader(own_course, "validate", str(solved)).stdout
    assert "failed" in nbgrader(own_course, "validate", str(blank)).stdout.lower()
