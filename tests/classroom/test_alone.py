"""One notebook, graded alone: no gradebook, no course folder of one's own; its page beside it."""

import json
import shutil

import nbformat
import pytest
from bs4 import BeautifulSoup

from autograder.classroom import alone
from autograder.classroom.overview import write_report
from autograder.handed_in.readable import NOTEBOOK_BYTES
from tests.classes import NAME, WRONG, grade, hand_in, make_course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("alone") / "course")


def handed(course, tmp_path, edits, name="my answers.ipynb"):
    shutil.copy(hand_in(course, "me", edits) / f"{NAME}.ipynb", tmp_path / name)
    return tmp_path / name


def test_a_notebook_anywhere_is_graded_and_has_its_page_beside_it(course, tmp_path):
    path = handed(course, tmp_path, WRONG)
    before = path.read_bytes()
    page, row = alone.self_grade(path, course)
    assert page == tmp_path / "my answers-feedback.html" and row.points == 2
    text = " ".join(BeautifulSoup(page.read_text(), "html.parser").get_text().split())
    assert "2 of 3 points" in text and "What to do next ✗ dh: wrong" in text
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["my answers-feedback.html", "my answers.ipynb"]
    assert not (course / "autograded").exists() and not (course / "feedback").exists()
    assert alone.self_grade(path, course)[1].points == 2  # its own page is written over


def test_whatever_grading_can_read_is_told_by_its_cells(course, tmp_path):
    """In a folder that is reached through a link, and with outputs that are larger than a notebook may be."""
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    path = handed(course, tmp_path / "there", WRONG)
    notebook = json.loads(path.read_text())
    printed = {"output_type": "stream", "name": "stdout", "text": "x" * NOTEBOOK_BYTES}
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [printed]
    path.write_text(json.dumps(notebook))
    page, row = alone.self_grade(tmp_path / "link" / path.name, course)
    assert page.parent == tmp_path / "link" and row.points == 2


def test_what_is_too_large_is_said_to_be(course, tmp_path, monkeypatch):
    path = handed(course, tmp_path, {})
    monkeypatch.setattr(alone, "LARGEST", 1000)
    with pytest.raises(alone.CannotGrade, match="too large for a notebook of this course even without its outputs"):
        alone.self_grade(path, course)


def test_a_page_of_somebody_elses_is_not_written_over(course, tmp_path):
    path = handed(course, tmp_path, WRONG)
    (tmp_path / "my answers-feedback.html").write_text("my notes")
    with pytest.raises(alone.CannotGrade, match="is there already"):
        alone.self_grade(path, course)
    assert (tmp_path / "my answers-feedback.html").read_text() == "my notes"


def test_what_is_no_notebook_of_the_course_gets_a_sentence(course, tmp_path, capsys):
    for name, text in (("x.ipynb", json.dumps(nbformat.v4.new_notebook())), ("y.ipynb", "{"), ("z.pdf", "%PDF-1.4")):
        (tmp_path / name).write_text(text)
        with pytest.raises(alone.CannotGrade, match="no notebook of this course"):
            alone.self_grade(tmp_path / name, course)
    assert alone.main(str(tmp_path / "nowhere.ipynb")) == 1
    assert "cannot be read (No such file or directory). Give the path of a notebook" in capsys.readouterr().err


def test_the_page_opens(course, tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(alone, "COURSE", course)
    monkeypatch.setattr(alone.webbrowser, "open", opened.append)
    path = handed(course, tmp_path, {})
    real = alone.self_grade
    monkeypatch.setattr(alone, "self_grade", lambda path: real(path, course))
    assert alone.main(str(path)) == 0 and alone.main(str(path), show=False) == 0
    assert opened == [(tmp_path / "my answers-feedback.html").as_uri()]
    assert "my answers.ipynb: 3 of 3 points in 5_small" in capsys.readouterr().out


@pytest.mark.share(0.4)
def test_the_report_is_drawn_from_what_grading_has_left(course, capsys):
    shutil.rmtree(course / "submitted")
    assert write_report(course) == []
    for student, edits in {"ada": {}, "bob": WRONG, "cid": None}.items():
        hand_in(course, student, edits)
    grade(course)
    (course / "report").mkdir()
    (course / "report" / "thesis.md").write_text("my thesis")
    written = write_report(course)
    assert "that version is kept/thesis-1.md now" in capsys.readouterr().out
    assert (course / "kept" / "thesis-1.md").read_text() == "my thesis"
    assert sorted(path.name for path in written) == ["5_small.html", "index.html", "verdicts.csv"]
    page = BeautifulSoup((course / "report" / "5_small.html").read_text(), "html.parser")
    assert "2 of 3 have handed in" in page.get_text()
    assert [a["href"] for a in page.find("table", class_="mistakes").find_all("a")] == [
        "../feedback/bob/5_small/5_small.html"
    ]
    (course / "report" / "index.html").write_text("my notes")
    write_report(course, anonymous=True)
    assert (course / "kept" / "index-1.html").read_text() == "my notes"
    assert "bob" not in (course / "report" / "5_small.html").read_text()
