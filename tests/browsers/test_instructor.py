"""An instructor's way through ``make formgrader``: list, preview, autograde, points and a comment by hand, regrade, feedback."""

import json
from collections.abc import Iterator

import nbformat
import pytest
import requests
from playwright.sync_api import expect

from autograder.browsers.browser import tab
from autograder.browsers.formgrader import Formgrader, formgrader
from autograder.browsers.server import served
from autograder.course.answered import answered
from autograder.course.build import build

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.share(0.12)]
NAME = "2_fused_cross_entropy"
STUDENTS = {"ada": "dlogits = F.softmax(logits, 1)\ndlogits[range(n), Yb] -= 1", "Zoë Müller": None}
"""One has forgotten to divide; the other is right."""


@pytest.fixture(scope="module")
def class_of_two(course):
    """A course with what two have handed in, recorded as ``make build`` records it."""
    build(course, [NAME], execute=False)
    for student, wrong in STUDENTS.items():
        released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
        source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        notebook = answered(released, source, {"logits": wrong} if wrong else {})
        (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def address(class_of_two, tmp_path_factory) -> Iterator[str]:
    with served(class_of_two, "formgrader", tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def page(address, opened) -> Iterator[Formgrader]:
    with formgrader(opened, address) as found:
        yield found
        assert found.tab.errors == found.tab.abroad == []


def test_it_opens_at_the_courses_root_and_its_links_lead_somewhere(page, address):
    files = page.tab.page.locator(".jp-DirListing-item")
    expect(files.filter(has_text="submitted")).to_be_visible()
    assert page.row(NAME).locator(".num-submissions").inner_text() == "2"
    page.row(NAME).locator(".name a").click()
    expect(files.filter(has_text=f"{NAME}.py")).to_be_visible()
    page.row(NAME).locator(".preview a").click()
    expect(files).to_have_count(1)
    files.dblclick()
    expect(page.tab.page.locator(".jp-Notebook h1").first).to_contain_text("Exercise 2")
    page.tab.page.locator(".lm-TabBar-tabLabel", has_text="Formgrader").click()
    for place in ("source", "exercises"):  # where the links of the page lead outside of JupyterLab
        assert requests.get(f"{address}/tree/./{place}/{NAME}", timeout=60).status_code == 200


def test_a_submission_is_graded_commented_graded_again_and_given_back(page, opened, class_of_two):
    page.submissions(NAME)
    expect(page.row("ada")).to_contain_text("needs autograding")
    assert "Successfully autograded" in page.press("ada", "autograde")
    expect(page.row("ada")).to_contain_text("0 / 10")
    expect(page.row("ada")).to_contain_text("graded")

    page.go("Manage Assignments")
    page.open(NAME, "Submission #1")
    expect(page.frame.locator("body")).to_contain_text("✗ dlogits: wrong.")
    assert page.frame.locator("math").count() > 10 and "$" not in page.frame.locator("h1 ~ p").first.inner_text()
    expect(page.frame.locator(".input_area", has_text="the course's tools")).to_be_visible()
    assert "expect_gradients" not in page.frame.locator("body").inner_text()
    page.score("logits-check", 4)
    page.comment("logits", "Nearly: $n$ is missing.")

    page.tab.page.keyboard.press("Escape")
    page.go("Manual Grading")
    page.submissions(NAME)
    expect(page.row("ada")).to_contain_text("4 / 10")
    assert "Successfully autograded" in page.press("ada", "autograde")
    expect(page.row("ada")).to_contain_text("4 / 10")
    assert "Successfully generated feedback" in page.press("ada", "generate-feedback")
    given = class_of_two / "feedback" / "ada" / NAME / f"{NAME}.html"
    with tab(opened) as watched:
        watched.page.goto(given.as_uri())
        expect(watched.page.locator("body")).to_contain_text("4 of 10 points")
        expect(watched.page.locator("body")).to_contain_text("Nearly:")
        assert watched.errors == watched.abroad == []


LACKS = """import sys
for name in ("fcntl", "grp", "termios", "pyseccomp"):
    sys.modules[name] = None
"""


def test_without_a_sandbox_it_opens_and_grading_says_what_to_do(class_of_two, tmp_path, monkeypatch):
    """No bubblewrap, as on macOS, and some of what only Unix has; what Windows lacks besides, test_house.py takes away."""
    (tmp_path / "sitecustomize.py").write_text(LACKS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SANDBOX", "on")
    with served(class_of_two, "formgrader", tmp_path) as address, requests.Session() as visitor:
        pages = f"{address}/formgrader"
        assert "Manage Assignments" in visitor.get(f"{pages}/manage_assignments", timeout=60).text
        assert len(visitor.get(f"{pages}/api/submissions/{NAME}", timeout=60).json()) == len(STUDENTS)
        token = {"X-CSRFToken": visitor.cookies["_xsrf"]}
        done = visitor.post(f"{pages}/api/submission/{NAME}/Zoë Müller/autograde", headers=token, timeout=60).json()
        assert not done["success"] and "Student code is graded in a sandbox" in done["log"], done
