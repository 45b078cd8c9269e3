"""``make new``: an exercise that works, under a name that is one, and nothing written over."""

import pytest

from autograder.authoring.before_a_build import read_exercise
from autograder.authoring.given_away import shown_before
from autograder.authoring.new import NotBegun, begin
from autograder.authoring.references import not_passed
from autograder.course.build import build, copy_sources
from autograder.course.exercise import COURSE


def test_what_is_begun_is_an_exercise_whose_reference_passes(tmp_path):
    path = begin("7_my_own_layer", tmp_path)
    assert path == tmp_path / "source" / "7_my_own_layer" / "7_my_own_layer.py"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
    text = path.read_text()
    assert (
        "# # Exercise 7: my own layer" in text
        and "SOURCE=7_my_own_layer" in text
        and "@" not in text.replace(" @ ", "")
    )
    made = read_exercise("7_my_own_layer", tmp_path)
    assert made.gradients == ("s", "y", "x", "W", "b") and made.given == ("h",)
    assert not [said for sentences in not_passed(made, made.exercise.graded).values() for said in sentences]
    assert not [shown for cell in made.exercise.graded for shown in shown_before(made, cell)]


def test_notes_for_authors_are_not_in_what_students_get(tmp_path):
    copy_sources(COURSE, tmp_path)
    begin("7_layer", tmp_path)
    assert (tmp_path / "source/7_layer/7_layer.py").read_text().count('tags=["for-authors"]') == 4
    build(tmp_path, ["7_layer"], execute=False)
    released = (tmp_path / "exercises/7_layer/7_layer.ipynb").read_text()
    assert "for-authors" not in released and "For authors" not in released
    assert "# your code here" in released and "dh = h.grad.clone()" in released


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("", "^A name is a number and small letters"),
        ("my_layer", "'my_layer' is no name for an exercise"),
        ("7_My_Layer", "is no name for an exercise"),
        ("../7_layer", "is no name for an exercise"),
        ("7_layer\n", "is no name for an exercise"),
        ("7_layer__", "is no name for an exercise"),
        ("3_another", "3_first has the number 3 already"),
        ("3_first", "is there, and stays as it is"),
    ],
)
def test_a_wrong_name_gets_a_sentence_and_nothing_is_written(tmp_path, name, sentence):
    kept = begin("3_first", tmp_path)
    kept.write_text("mine")
    with pytest.raises(NotBegun, match=sentence):
        begin(name, tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept] and kept.read_text() == "mine"
