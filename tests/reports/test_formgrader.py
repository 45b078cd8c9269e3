"""The formgrader's pages and buttons, on a live Jupyter server: list, open, grade by hand, comment, regrade, give feedback."""

import itertools
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
import requests
from bs4 import BeautifulSoup
from nbgrader import utils

from autograder.course.answered import answered
from autograder.course.build import build, copy_sources
from autograder.course.exercise import COURSE
from tests.hostile import SCRIPT, cells
from tests.pages import ACTIVE, active

pytestmark = pytest.mark.share(0.15)
NAME = "1_chunked_backprop"
WRONG = "dprobs = 2 * dlogprobs / probs"
STUDENTS = {"ada": 25, "Zoë Müller": 26, "mallory": 25}
"""A wrong gradient; a name with a space, and a graded cell deleted; a page full of scripts."""


@dataclass
class Formgrader:
    """A server that runs in a course folder, and what a browser does with it."""

    course: Path
    address: str
    browser: requests.Session

    def get(self, page: str) -> requests.Response:
        answer = self.browser.get(f"{self.address}/formgrader/{page}", timeout=60)
        answer.raise_for_status()
        return answer

    def read(self, page: str) -> list | dict:
        return self.get(f"api/{page}").json()

    def send(self, method: str, page: str, data: dict | None = None) -> dict:
        """As the page's own script does: with the token against forged requests in a header."""
        headers = {"X-CSRFToken": self.browser.cookies["_xsrf"]}
        address = f"{self.address}/formgrader/api/{page}"
        answer = self.browser.request(method, address, json=data, headers=headers, timeout=300)
        answer.raise_for_status()
        return answer.json()

    def autograde(self, student: str) -> None:
        result = self.send("POST", f"submission/{NAME}/{quote(student)}/autograde")
        assert result["success"], result

    def submission(self, student: str) -> dict:
        return self.read(f"submission/{NAME}/{quote(student)}")

    def notebook(self, student: str) -> dict:
        return next(n for n in self.read(f"submitted_notebooks/{NAME}/{NAME}") if n["student"] == student)

    def page(self, student: str) -> str:
        return self.get(f"submissions/{self.notebook(student)['id']}/").text

    def grade(self, student: str, name: str) -> dict:
        grades = self.read(f"grades?submission_id={self.notebook(student)['id']}")
        return next(grade for grade in grades if grade["name"] == name)

    def comment(self, student: str, name: str) -> dict:
        comments = self.read(f"comments?submission_id={self.notebook(student)['id']}")
        return next(comment for comment in comments if comment["name"] == name)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course folder with code and configuration of its own, as an instructor has it, and three submissions."""
    course = tmp_path_factory.mktemp("formgrader") / "course"
    copy_sources(COURSE, course)
    shutil.copytree(COURSE / "autograder", course / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(COURSE / "nbgrader_config.py", course)
    build(course, [NAME], execute=False)
    for student in STUDENTS:
        released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
        source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
        notebook = answered(released, source, {} if student == "Zoë Müller" else {"probs": WRONG})
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        if student == "Zoë Müller":
            notebook.cells = [c for c in notebook.cells if c.get("id") != "h-check"]
        if student == "mallory":
            notebook.cells += hostile_cells()
            (folder / "evil.html").write_text(SCRIPT)
        (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    return course


def hostile_cells() -> list[nbformat.NotebookNode]:
    """The attempts of hostile.py as cells that make their outputs when they are run."""
    found = []
    for name, cell in cells().items():
        if name not in ("id", "kind of a cell"):  # nbformat does not read these
            for output in cell.get("outputs", []):
                if output.output_type == "display_data":
                    shown = f"{dict(output.data)!r}, raw=True, metadata={dict(output.metadata)!r}"
                    cell.source = f"from IPython.display import display\ndisplay({shown})"
                else:
                    cell.source = f"raise ValueError({SCRIPT!r})" if name == "error" else f"print({SCRIPT!r})"
            cell = nbformat.from_dict(cell)
            found.append(cell)
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
    return found


@pytest.fixture(scope="module")
def formgrader(course) -> Iterator[Formgrader]:
    """One server for all tests; every submission is graded once, with the page's own button."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", "--ServerApp.password="]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", *options], cwd=course,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        found = Formgrader(course, f"http://127.0.0.1:{port}", requests.Session())
        for attempt in range(120):
            try:
                assert found.read("status")["status"]
                break
            except (requests.ConnectionError, requests.HTTPError):
                if attempt == 119 or server.poll() is not None:
                    raise
                time.sleep(0.5)
        handed_in = found.read(f"submissions/{NAME}")
        assert {s["student"]: s["autograded"] for s in handed_in} == dict.fromkeys(STUDENTS, False)
        for student in STUDENTS:
            found.autograde(student)
        yield found
    finally:
        server.terminate()
        server.wait(20)


def test_submissions_are_listed_with_their_scores(formgrader):
    listed = {s["student"]: s for s in formgrader.read(f"submissions/{NAME}")}
    assert {name: s["score"] for name, s in listed.items()} == STUDENTS
    assert all(s["autograded"] and s["max_score"] == 26 and not s["needs_manual_grade"] for s in listed.values())
    assert formgrader.notebook("ada")["failed_tests"]
    assert not formgrader.notebook("Zoë Müller")["failed_tests"]
    places = (
        "", "manage_assignments", f"manage_submissions/{NAME}", "gradebook", f"gradebook/{NAME}", f"gradebook/{NAME}/{NAME}",
        "manage_students", f"manage_students/{quote('Zoë Müller')}", f"manage_students/{quote('Zoë Müller')}/{NAME}",
    )  # fmt: skip
    for place in places:
        assert "formgrader/static" in formgrader.get(place).text, place


@pytest.mark.parametrize("student", STUDENTS)
def test_a_submission_opens_with_a_field_for_every_score_and_comment(formgrader, student):
    soup = BeautifulSoup(formgrader.page(student), "html.parser")
    ids = [element["id"] for element in soup.find_all(id=True)]
    number = formgrader.notebook(student)["id"]
    grades = [g["name"] for g in formgrader.read(f"grades?submission_id={number}")]
    comments = [c["name"] for c in formgrader.read(f"comments?submission_id={number}")]
    assert len(grades) == 13 and len(comments) == 13
    for name in [*grades, *(f"{name}-comment" for name in comments)]:
        assert ids.count(name) == 1, name
    assert "Zoë Müller" in soup.get_text() or student != "Zoë Müller"


def test_the_page_shows_the_verdicts_and_folds_the_setup_cell(formgrader):
    text = BeautifulSoup(formgrader.page("ada"), "html.parser").get_text()
    assert "25 of 26 answers are right" in text
    assert "✗ dprobs: wrong. Cell probs, line 1, at `2`: the constant factor 2 is one too many here." in text
    assert "(the course's tools)" in text and "_module(" not in text
    assert "expect_gradients" not in text
    assert "Cell h-check was missing and was put back." in formgrader.page("Zoë Müller")


def test_one_leads_to_the_next(formgrader):
    ids = sorted(n["id"] for n in formgrader.read(f"submitted_notebooks/{NAME}/{NAME}"))
    for place, after in itertools.pairwise(ids):
        assert formgrader.get(f"submissions/{place}/next").url.rstrip("/").endswith(after)
        assert formgrader.get(f"submissions/{after}/prev").url.rstrip("/").endswith(place)


@pytest.mark.parametrize("student", ["ada", "Zoë Müller"])
def test_a_manual_score_and_a_comment_survive_a_regrade(formgrader, student):
    grade, comment = formgrader.grade(student, "probs-check"), formgrader.comment(student, "probs")
    assert not grade["needs_manual_grade"]
    formgrader.send("PUT", f"grade/{grade['id']}", {"manual_score": 0.75, "extra_credit": 0.5})
    formgrader.send("PUT", f"comment/{comment['id']}", {"manual_comment": "A *good* idea: $a < b$"})
    others = STUDENTS[student] - grade["auto_score"]
    assert formgrader.submission(student)["score"] == others + 1.25
    assert not formgrader.submission(student)["needs_manual_grade"]

    formgrader.autograde(student)
    again = formgrader.grade(student, "probs-check")
    assert (again["id"], again["manual_score"], again["extra_credit"]) == (grade["id"], 0.75, 0.5)
    assert again["auto_score"] == grade["auto_score"]
    assert formgrader.comment(student, "probs")["manual_comment"] == "A *good* idea: $a < b$"
    assert formgrader.submission(student)["score"] == others + 1.25
    assert 'id="probs-check"' in formgrader.page(student)
    # nbgrader asks for a second look at a manual score after a regrade; saving it again (Resolve) settles that
    assert again["needs_manual_grade"] and formgrader.submission(student)["needs_manual_grade"]
    assert not formgrader.grade(student, "h-check")["needs_manual_grade"]
    formgrader.send("PUT", f"grade/{grade['id']}", {"manual_score": 0.75, "extra_credit": 0.5})
    assert not formgrader.submission(student)["needs_manual_grade"]

    result = formgrader.send("POST", f"assignment/{NAME}/{quote(student)}/generate_feedback")
    assert result["success"], result
    page = (formgrader.course / "feedback" / student / NAME / f"{NAME}.html").read_text()
    text = BeautifulSoup(page, "html.parser").get_text()
    text = " ".join(text.split())
    assert f"{student}: {others + 1.25:g} of 26 points" in text
    assert "1.25 / 1 (points given by hand)" in text
    assert "Comment A good idea: a<b" in text
    assert "_module(" not in text


def test_a_manual_score_can_be_taken_back(formgrader):
    grade = formgrader.grade("ada", "h-check")
    formgrader.send("PUT", f"grade/{grade['id']}", {"manual_score": 0, "extra_credit": None})
    before = formgrader.submission("ada")["score"]
    formgrader.send("PUT", f"grade/{grade['id']}", {"manual_score": None, "extra_credit": None})
    assert formgrader.submission("ada")["score"] == before + grade["auto_score"]


def test_flagging(formgrader):
    number = formgrader.notebook("ada")["id"]
    assert formgrader.send("POST", f"submitted_notebook/{number}/flag")["flagged"]
    assert not formgrader.send("POST", f"submitted_notebook/{number}/flag")["flagged"]


def test_no_page_of_a_hostile_submission_does_anything(formgrader):
    """What is served and what is given to the student; test_sanitize_notebook.py tests that the search finds such things."""
    result = formgrader.send("POST", f"assignment/{NAME}/mallory/generate_feedback")
    assert result["success"], result
    given = (formgrader.course / "feedback" / "mallory" / NAME / f"{NAME}.html").read_text()
    for page in (formgrader.page("mallory"), given):
        assert page.count("HIT") > 60, "the page should say what was tried"
        assert not [thing for thing in active(page) if "HIT" in thing or "evil" in thing]
    own, other = (
        [
            (e.name, e.get("src"))
            for e in BeautifulSoup(formgrader.page(s), "html.parser").find_all(ACTIVE)
            if e.name not in ("input", "math")  # formulas of one's own are not told from the course's
        ]
        for s in ("mallory", "ada")
    )
    assert own == other


def test_files_handed_in_beside_the_notebook_are_not_served(formgrader):
    number = formgrader.notebook("mallory")["id"]
    assert (formgrader.course / "submitted" / "mallory" / NAME / "evil.html").exists()
    with pytest.raises(requests.HTTPError, match="404"):
        formgrader.get(f"submissions/{number}/evil.html")
    assert not list((formgrader.course / "feedback").rglob("evil.html"))


def test_what_is_stored_is_valid_and_holds_the_students_code_unchanged(formgrader):
    stored = nbformat.read(formgrader.course / "autograded" / "mallory" / NAME / f"{NAME}.ipynb", as_version=4)
    nbformat.validate(stored)
    answers = {c.metadata.nbgrader.grade_id: c.source for c in stored.cells if utils.is_solution(c)}
    assert answers["probs"] == WRONG


def test_generate_leaves_what_was_typed_and_else_the_tree_as_the_build_does(formgrader):
    path = formgrader.course / "exercises" / NAME / f"{NAME}.ipynb"
    built = path.read_bytes()
    result = formgrader.send("POST", f"assignment/{NAME}/assign")
    assert result["success"], result
    assert path.read_bytes() == built
    typed = built.replace(b'"# your code here"', b'"dlogprobs = 0"', 1)
    path.write_bytes(typed)
    result = formgrader.send("POST", f"assignment/{NAME}/assign")
    assert not result["success"]
    assert "holds what somebody typed (cell logprobs), so it was left as it is" in result["log"]
    assert path.read_bytes() == typed != built
