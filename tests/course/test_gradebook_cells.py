"""Once somebody has points, no cell can be renamed; whichever way it is tried, nothing is lost, and a sentence says so."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.build import BuildError, build, nbgrader_api, record, source_notebook
from tests.classes import NAME, make_course


@pytest.fixture
def course(tmp_path):
    """A course to which somebody has handed in."""
    made = make_course(tmp_path / "course")
    with Gradebook(f"sqlite:///{made}/gradebook.db") as book:
        book.add_student("ada")
        book.add_submission(NAME, "ada")
    return made


def test_a_cell_renamed_after_hand_ins_costs_nothing_and_is_named(course):
    text, released = course / "source" / NAME / f"{NAME}.py", course / "exercises" / NAME / f"{NAME}.ipynb"
    source = released.parents[2] / "source" / NAME / f"{NAME}.ipynb"
    before = released.read_bytes(), source.read_bytes()
    text.write_text(text.read_text().replace('"grade_id": "h-check"', '"grade_id": "hidden-check"'))
    said = "cell h-check is gone or of another kind and cell hidden-check is new"
    with pytest.raises(BuildError, match=said) as error:
        build(course, execute=False)
    assert str(error.value).count("\n") == 0
    assert f"`.venv/bin/nbgrader db assignment remove {NAME} --force`" in str(error.value)
    (sentence,) = record(course)
    assert said in sentence and "grading goes by the source notebook as it was built before" in sentence
    assert (released.read_bytes(), source.read_bytes()) == before
    nbformat.write(
        source_notebook(course, NAME), source
    )  # as if edited in Jupyter, and released by the formgrader's button
    done = nbgrader_api(course).generate_assignment(NAME, force=True)
    assert not done["success"] and said in done["log"]
    assert released.read_bytes() == before[0]
    source.write_text(source.read_text().replace('"grade_id": "hidden-check"', '"grade_id": "h"'))  # two of one name
    done = nbgrader_api(course).generate_assignment(NAME, force=True)
    assert not done["success"]
    assert released.read_bytes() == before[0]


def test_as_long_as_nobody_has_points_cells_may_have_any_name(tmp_path):
    made = make_course(tmp_path / "course")
    text = made / "source" / NAME / f"{NAME}.py"
    text.write_text(text.read_text().replace('"grade_id": "h-check"', '"grade_id": "hidden-check"'))
    build(made, execute=False)
    assert '"grade_id": "hidden-check"' in (made / "exercises" / NAME / f"{NAME}.ipynb").read_text()
