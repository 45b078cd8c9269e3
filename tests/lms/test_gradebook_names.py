"""nbgrader's pages have the names of those who were collected; a name that an instructor gave stays."""

import json

import pytest
from nbgrader.api import Gradebook

from autograder.course.build import nbgrader_api
from autograder.lms.gradebook_names import name_students
from autograder.lms.ledger import NAME, Ledger
from autograder.lms.roster import parted

PEOPLE = {
    "ada": {"name": "Ada Lovelace", "email": "ada@example.org"},
    "bob": {"name": "Bob Other"},
    "jo": {"name": "García Márquez, José-María"},
    "eve": {"name": "<img src=x onerror=alert(1)>", "email": "eve@example.org"},
    "tex": {"name": r"$\href{x}{y}$"},
    "gone": {"name": "Not In The Gradebook"},
}


@pytest.fixture
def course(tmp_path):
    """A course in whose gradebook are some students, one of them with a name."""
    with Gradebook(nbgrader_api(tmp_path).coursedir.db_url) as gradebook:
        for student in ("ada", "jo", "eve", "tex", "nobody"):
            gradebook.add_student(student)
        gradebook.add_student("bob", first_name="Robert", last_name="Roe")
    Ledger(people=PEOPLE).write(tmp_path)
    return tmp_path


def names(course):
    with Gradebook(nbgrader_api(course).coursedir.db_url) as gradebook:
        return {s.id: (s.first_name, s.last_name, s.email) for s in gradebook.students}


def test_who_has_no_name_gets_the_one_that_was_collected(course):
    name_students(course)
    assert names(course) == {
        "ada": ("Ada", "Lovelace", "ada@example.org"),
        "bob": ("Robert", "Roe", None),
        "jo": ("José-María", "García Márquez", None),
        "eve": (None, None, "eve@example.org"),
        "tex": (None, None, None),
        "nobody": (None, None, None),
    }


def test_a_damaged_ledger_and_a_damaged_gradebook_are_not_touched(course):
    before = names(course)
    (course / NAME).write_text("{")
    name_students(course)
    assert names(course) == before
    (course / NAME).write_text(json.dumps({"people": PEOPLE, "submissions": {}}))
    (course / "gradebook.db").write_bytes(b"no database")
    name_students(course)
    assert (course / "gradebook.db").read_bytes() == b"no database"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Lovelace, Ada", ("Ada", "Lovelace")),
        ("lovelaceada", ("", "lovelaceada")),
    ],
)
def test_a_name_is_parted_at_its_comma_or_before_its_last_word(name, expected):
    assert parted(name) == expected
