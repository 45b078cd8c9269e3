"""Where a course is published: what its notebooks say of that, in one place, and nothing without it."""

import csv
import json
import shutil

import nbformat
import pytest

import toolkit.first_names
from autograder.course.adopt import adopt
from autograder.course.build import BuildError, build, publish, source_notebook
from autograder.course.drift_and_leaks import drift
from autograder.course.edited import as_text
from autograder.course.published import FILE, NoAddress, Published
from autograder.course.typed import typed_in
from tests.classes import NAME, grade, hand_in, make_course

URL = "https://github.com/ada-l/back.prop_ninja"
EXERCISE, SOLUTION = (f"{part}/{NAME}/{NAME}.ipynb" for part in ("exercises", "solutions"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("published") / "course")
    (course / "data").mkdir()
    publish(URL, "", course)
    build(course)  # the solution of a published course
    (course / FILE).unlink()
    build(course)
    return course


@pytest.fixture
def course(built, tmp_path):
    return shutil.copytree(built, tmp_path / "course")


def test_an_exercise_that_loads_names_says_where_they_are(course):
    publish(URL, "", course)
    path = course / "source" / NAME / f"{NAME}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# %%\nwords = load_names()\n", encoding="utf-8")
    cells = source_notebook(course, NAME).cells
    (setup,) = (cell for cell in cells if "setup" in cell.metadata.get("tags", []))
    names = "https://raw.githubusercontent.com/ada-l/back.prop_ninja/main/data/names.txt"
    assert hasattr(toolkit.first_names, "COURSE_URL")
    line = setup.source.index(f'\nsys.modules["toolkit.first_names"].COURSE_URL = "{names}"\n')
    assert line > setup.source.index('_module("toolkit.first_names"')


def test_an_exercise_says_where_the_course_is_and_a_solution_does_not(course, capsys):
    before = {part: (course / part).read_bytes() for part in (EXERCISE, SOLUTION)}
    assert publish(URL, "Upload it in [Moodle](https://moodle.example/1).", course) == 0
    assert f"the course is at {URL} (source/published.toml)" in capsys.readouterr().out
    first, *cells, last = nbformat.read(course / EXERCISE, as_version=4).cells
    colab = f"https://colab.research.google.com/github/ada-l/back.prop_ninja/blob/main/{EXERCISE}"
    assert first.source.endswith(f"]({colab})") and first.metadata.id == first.id == "view-in-github"
    assert "Download .ipynb" in last.source and "Upload it in [Moodle](https://moodle.example/1)." in last.source
    assert URL in last.source
    (setup,) = (cell for cell in cells if "setup" in cell.metadata.get("tags", []))
    assert "raw.githubusercontent.com" not in setup.source  # it loads no names

    build(course)  # the solution need not be run again, and does not say it
    assert (course / SOLUTION).read_bytes() == before[SOLUTION]
    assert not list(drift(course)) and not typed_in(course / EXERCISE)
    publish("", "By e-mail.", course)  # what is not said stays
    assert "By e-mail." in (course / EXERCISE).read_text() and colab in (course / EXERCISE).read_text()
    (course / FILE).unlink()
    build(course)
    assert {part: (course / part).read_bytes() for part in before} == before


def test_a_solution_that_was_run_when_the_course_was_published_does_not_say_it(course):
    assert URL not in (course / SOLUTION).read_text() and "Handing in" not in (course / SOLUTION).read_text()
    assert URL not in (course / EXERCISE).read_text()


def test_what_is_said_is_no_part_of_the_text_that_adopt_writes(course):
    text = as_text(source_notebook(course, NAME))
    publish(URL, "", course)
    assert as_text(source_notebook(course, NAME)) == text
    path = course / "source" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("One more word."))
    nbformat.write(notebook, path)
    adopt(course, NAME)
    text = path.with_suffix(".py").read_text()
    assert "One more word." in text and "colab" not in text and "Handing in" not in text


@pytest.mark.share(0.15)
def test_a_published_exercise_is_graded(course):
    hand_in(course, "cid", {})  # of the time before
    publish(URL, "", course)
    hand_in(course, "ada", {})
    stripped = hand_in(course, "bob", {}) / f"{NAME}.ipynb"
    notebook = json.loads(stripped.read_text())
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    notebook["nbformat_minor"] = 4
    stripped.write_text(json.dumps(notebook))
    done = grade(course)
    assert done.returncode == 0 and "not the exercise's" not in done.stdout, done.stdout
    with (course / "grades.csv").open(newline="") as file:
        assert {row["student"]: float(row["total"]) for row in csv.DictReader(file)} == {"ada": 3, "bob": 3, "cid": 3}


@pytest.mark.parametrize(
    "url",
    ["github.com/a/b", "http://github.com/a/b", "https://github.com/a", "https://gitlab.com/a/b", "https://github.com/a/b/blob/main/x",
     'https://github.com/a/b"\nimport os', "https://github.com/a/b)", "https://github.com/a/b?x=1", ""],
)  # fmt: skip
def test_what_is_no_address_gets_a_sentence(course, capsys, url):
    before = (course / EXERCISE).read_bytes()
    assert publish(url, "" if url else "By e-mail.", course) == 1
    assert "https://github.com/OWNER/REPO" in capsys.readouterr().out
    assert (course / EXERCISE).read_bytes() == before and not (course / FILE).exists()


def test_forms_of_an_address():
    for url in (URL, f"{URL}/", f"{URL}.git"):
        assert Published(url).place == ("ada-l/back.prop_ninja", "main")
    assert Published(f"{URL}/tree/autumn/2026").place == ("ada-l/back.prop_ninja", "autumn/2026")


def test_a_file_that_cannot_be_read_gets_a_sentence(course):
    for text in ("url = ", 'hand_in = "x"', 'url = "x"'):
        (course / FILE).write_text(text)
        with pytest.raises((BuildError, NoAddress), match=r"https://github\.com/OWNER/REPO"):
            source_notebook(course, NAME)
