"""nbgrader's exchange, as on a JupyterHub: released, fetched, handed in, collected, graded, and feedback back to each student
(docs/jupyterhub.md). The commands are nbgrader's own, run in this process."""

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import default as exchange
from traitlets.config import Config

from autograder.course.answered import answered
from autograder.course.build import nbgrader_api
from tests.classes import NAME, WRONG, grade, make_course

STUDENTS = {"ada": ({}, "3 of 3 points"), "bob": (WRONG, "2 of 3 points")}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An instructor's course folder, and a function that runs a command of the exchange's in somebody's folder."""
    course = make_course(tmp_path / "course")
    shared = tmp_path / "exchange"
    shared.mkdir()
    shared.chmod(0o777)

    def run(folder: Path, command: str, student: str = "*") -> None:
        config = nbgrader_api(course).config if folder == course else Config()
        config.Exchange.root, config.Exchange.cache = str(shared), str(folder / ".cache")
        config.Exchange.assignment_dir = str(folder)
        config.CourseDirectory.course_id = "backprop_ninja"
        config.CourseDirectory.root, config.CourseDirectory.assignment_id = str(folder), NAME
        config.CourseDirectory.student_id = student
        monkeypatch.chdir(folder)
        getattr(exchange, f"Exchange{command}")(
            coursedir=CourseDirectory(config=config), authenticator=Authenticator(config=config), config=config
        ).start()

    return course, run, tmp_path


@pytest.mark.share(0.4)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves a file open
def test_an_assignment_goes_through_the_exchange_and_comes_back(hub):
    course, run, homes = hub
    run(course, "ReleaseAssignment")
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    for student, (edits, _) in STUDENTS.items():
        (homes / student).mkdir()
        run(homes / student, "FetchAssignment", student)
        path = homes / student / NAME / f"{NAME}.ipynb"
        assert path.read_bytes() == (course / "exercises" / NAME / f"{NAME}.ipynb").read_bytes()
        nbformat.write(answered(nbformat.read(path, as_version=4), source, edits), path)
        run(homes / student, "Submit", student)

    run(course, "Collect")
    assert sorted(path.name for path in (course / "submitted").iterdir()) == list(STUDENTS)
    done = grade(course)
    assert done.returncode == 0, done.stdout + done.stderr
    run(course, "ReleaseFeedback")
    for student, (_, words) in STUDENTS.items():
        run(homes / student, "FetchFeedback", student)
        (page,) = (homes / student / NAME / "feedback").rglob("*.html")
        text = page.read_text(encoding="utf-8")
        assert words in " ".join(BeautifulSoup(text, "html.parser").get_text().split()) and page.name == f"{NAME}.html"
        assert text == (course / "feedback" / student / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    listed = {path.name for path in (homes / "exchange" / "backprop_ninja" / "feedback").iterdir()}
    assert len(listed) == len(STUDENTS) and not any(name.startswith(tuple(STUDENTS)) for name in listed)


@pytest.mark.share(0.4)
def test_what_stands_in_place_of_the_exchanges_secret_goes_no_further(hub):
    course, _, _ = hub
    folder = course / "submitted" / "eve" / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_bytes((course / "exercises" / NAME / f"{NAME}.ipynb").read_bytes())
    (folder / "submission_secret.txt").write_text("<script>alert(1)</script>")
    grade(course)
    left = {path.name for part in ("autograded", "feedback") for path in (course / part).rglob("*.txt")}
    assert "submission_secret.txt" not in left
