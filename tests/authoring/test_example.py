"""The exercise of docs/authors.md, from its source to a graded class, in a copy of the course; nothing else is changed."""

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from autograder.course.answered import answered
from autograder.course.exercise import COURSE
from tests.authoring.example import FOLDER, NAME

pytestmark = pytest.mark.share(0.12)
PARTS = ("autograder", "toolkit", "data", "tests/submissions", "nbgrader_config.py", "Makefile", "requirements.txt")
MADE = (
    "source/",
    "exercises/",
    "solutions/",
    "submitted/",
    "autograded/",
    "feedback/",
    ".lint/",
    "gradebook.db",
    "grades.csv",
)
CLASS = {
    "ada": {},
    "blaise": {"x": "dx = r * dxhat"},
    "carl": {"gain": "dgain = (xhat * dy).sum(0, keepdim=True)\ndxhat = gain * dy", "r": "dr = (x * dxhat).sum(1, keepdim=True)"},
    "dora": None,
}  # fmt: skip
"""What each has in cells that are not the solution's; dora hands in the exercise as it is."""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course that has this exercise alone."""
    folder = tmp_path_factory.mktemp("authors") / "course"
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (COURSE / part).is_dir():
            shutil.copytree(COURSE / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(COURSE / part, folder / part)
    shutil.copytree(FOLDER, folder / "source" / NAME)
    return folder


def run(course: Path, *words: str) -> str:
    """What a command prints that must go well."""
    program = [sys.executable, "-m", "autograder", *words]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(program, cwd=course, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def state(course: Path) -> dict[str, str]:
    """Digests of the files that no command is to make or change."""
    files = (path for path in course.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    named = {path.relative_to(course).as_posix(): path for path in files}
    kept = {name: path for name, path in named.items() if not name.startswith(MADE) and not name.startswith(".")}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in kept.items()}


@pytest.fixture(scope="module")
def linted(course) -> str:
    return run(course, "lint-source", NAME)


def test_its_lint_is_clean_and_is_what_the_walk_through_shows(linted):
    assert "7_rmsnorm: clean" in linted and "! " not in linted
    shown = re.search(
        r"```\n(x-check \(2 points\)\n.*?)\n```", (COURSE / "docs" / "authors.md").read_text("utf-8"), re.DOTALL
    )
    assert shown and shown[1] in linted, "docs/authors.md shows what lint-source said before"


def test_it_is_built_and_a_class_is_graded(course, linted):
    before = state(course)
    said = run(course, "build")
    assert "built 7_rmsnorm" in said and "mistakes are tried" not in said  # they were, by the lint
    released = course / "exercises" / NAME / f"{NAME}.ipynb"
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    for student, edits in CLASS.items():
        notebook = nbformat.read(released, as_version=4)
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(notebook if edits is None else answered(notebook, source, edits), folder / f"{NAME}.ipynb")
    run(course, "grade", NAME)
    rows = csv.DictReader((course / "grades.csv").read_text("utf-8").splitlines())
    points = {row["student"]: float(row["total"]) for row in rows}
    assert points == {"ada": 6, "blaise": 4, "carl": 4.5, "dora": 0}
    pages = {student: page_of(course, student) for student in CLASS}
    assert "6 of 6 points" in pages["ada"]
    assert "Your tensor is the share that comes back through xhat only" in pages["blaise"]
    assert "Shape (1, 24), but gain is (24,)" in pages["carl"] and "not attempted" in pages["carl"]
    assert state(course) == before


def page_of(course: Path, student: str) -> str:
    page = course / "feedback" / student / NAME / f"{NAME}.html"
    return " ".join(BeautifulSoup(page.read_text("utf-8"), "html.parser").get_text().split())
