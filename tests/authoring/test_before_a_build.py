"""What a build asks: only of what is new, and it says what slips through."""

import shutil

import pytest

from autograder.authoring.before_a_build import digest, is_known, read_exercise, record, slips_through
from autograder.course.build import BuildError, assignments, build
from autograder.course.exercise import COURSE
from tests.authoring.example import NAME, text


def course_with(folder, *changes):
    path = folder / "source" / NAME / f"{NAME}.py"
    path.parent.mkdir(parents=True)
    path.write_text(text(*changes), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", assignments())
def test_what_is_committed_is_not_tried_again(name, tmp_path):
    """So an ordinary build takes no longer; and a change of the prose is none."""
    assert is_known(read_exercise(name))
    for part in ("source", "exercises", "solutions"):
        shutil.copytree(COURSE / part / name, tmp_path / part / name)
    path = tmp_path / "source" / name / f"{name}.py"
    path.write_text(path.read_text() + "\n# %% [markdown]\n# More to read.\n")
    assert slips_through(tmp_path, name) == ""
    if read_exercise(name).gradients:
        path.write_text(path.read_text().replace("\n### END SOLUTION", "\nunheard_of = 1\n### END SOLUTION", 1))
        assert not is_known(read_exercise(name, tmp_path), tmp_path)


def test_a_change_of_what_is_graded_is_new(tmp_path):
    before = read_exercise(NAME, course_with(tmp_path / "a"))
    record(before, tmp_path / "a")
    assert is_known(before, tmp_path / "a")
    changes = [("### BEGIN HIDDEN TESTS\nexpect_gradients(\"x\")", "### BEGIN HIDDEN TESTS\nexpect_gradients(\"x\", \"x\")"),
               ("eps = 1e-5", "eps = 1e-6"), ("xhat = x * r  # (n, D)\n", "xhat = r * x  # (n, D)\n")]  # fmt: skip
    for number, change in enumerate(changes):
        assert digest(read_exercise(NAME, course_with(tmp_path / str(number), change))) != digest(before), change


@pytest.mark.share(0.4)
def test_an_exercise_through_which_mistakes_slip_is_not_built(tmp_path, capsys):
    course = course_with(tmp_path, ("gain = 1 + 0.1 * torch.randn(n_in, generator=g)", "gain = torch.ones(n_in)"))
    with pytest.raises(BuildError) as error:
        build(course, [NAME], gate=slips_through)
    said = str(error.value)
    assert "7_rmsnorm was not built: 3 known mistakes get their points all the same" in said
    assert "local derivative left out: dxhat = dy.clone()" in said and "gain is 1 everywhere" in said
    assert said in (COURSE / "docs" / "authors.md").read_text(encoding="utf-8"), (
        "docs/authors.md shows another sentence"
    )
    assert not (course / "exercises").exists() and not (course / ".lint").exists()


def test_nor_one_whose_solution_is_wrong(tmp_path):
    course = course_with(tmp_path, ("2 / n_in * x * dms", "2 / 24 * x * dms"))
    said = slips_through(course, NAME)
    assert said.startswith("7_rmsnorm was not built: its own solution is not right. dx is right for these sizes only.")


@pytest.mark.parametrize(
    "old, new, sentence",
    [
        ('tags=["forward"]', 'tags=["froward"]', "source/7_rmsnorm is no exercise yet: .* no cell with the tag forward"),
        ('expect_gradients("x")', 'expect_gradients("xs")', "x-check grades dxs, but no line of the forward cell has"),
        ("dx = r * dxhat\ndx += ", "dy = r * dxhat\ndy += ", "x-check grades dx, but no solution cell binds it"),
        ("xhat = x * r  # (n, D)\n", "xhat, _ = x * r, 0\n", "is no exercise yet"),
    ],
)  # fmt: skip
def test_what_is_no_exercise_gets_a_sentence(tmp_path, old, new, sentence):
    course = course_with(tmp_path, (old, new))
    with pytest.raises(BuildError, match=sentence):
        build(course, [NAME], execute=False, gate=slips_through)
