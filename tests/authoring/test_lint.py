"""What ``make lint-source`` finds, each with an exercise that has the fault; and the report."""

import pytest

from autograder.authoring import lint
from autograder.authoring.answers import read_answers_of
from autograder.authoring.given_away import shown_before
from autograder.authoring.lint import Linted, compare, heed, look, report
from autograder.authoring.mistakes import Mistake
from autograder.authoring.notebooks import Shown
from autograder.authoring.references import Tried
from autograder.authoring.workbench import bench
from autograder.course.build import assignments
from tests.authoring.example import FOLDER, example
from toolkit.verdict import Verdict

STEP_3 = "Two lines read `x`."


def linted(made, number: int = -1) -> Linted:
    return Linted(made.exercise.graded[number], "gradients dx")


@pytest.mark.parametrize(
    "shows, where",
    [
        ("Write `dxhat * r` first.", "the cell x-text"),
        ("```python\nshare = x * dms * 2 / n_in\n```", "the cell x-text"),
        ("<details><summary>Hint 3</summary>\n#\n# `2 / n_in * x * dms`\n#\n# </details>", "the cell x-text"),
        ("<details><summary>The answer</summary>\n#\n# `2 / n_in * x * dms`\n#\n# </details>", ""),
        ("Its shape is that of `x * r`, and `dx` is read nowhere.", ""),
    ],
)
def test_a_text_that_gives_the_answer_away_is_found(shows, where):
    made = example((STEP_3, f"{STEP_3} {shows}".replace("\n", "\n# ").replace("# # ", "# ").replace("# #\n", "#\n")))
    found = list(shown_before(made, made.exercise.graded[-1]))
    assert [place for place, _ in found] == [where] * bool(where)
    assert not list(shown_before(made, made.exercise.graded[0]))  # another cell's answer


@pytest.mark.parametrize(
    "line, what", [("shown = (x * dxhat).sum(1)", ""), ("toy = r * dy", ""), ("toy = r * dxhat", "toy = r * dxhat"),
                   ("dx = x.grad", "dx bound")]
)  # fmt: skip
def test_so_is_the_code_of_a_figure(line, what):
    made = example(("draw_network(network, globals())", f"draw_network(network, globals())\n{line}"))
    assert [said for _, said in shown_before(made, made.exercise.graded[-1])] == [what] * bool(what)


@pytest.mark.parametrize("name", assignments())
def test_no_exercise_gives_its_answers_away(name):
    made = bench(name)
    assert not [found for cell in made.exercise.graded for found in shown_before(made, cell)]


def test_a_message_that_shows_the_answer_is_found():
    made = example()
    one = linted(made)
    wrong = Mistake("missing branch", "x", {"x": "dx = r * dxhat"})
    one.tried = [
        Tried(wrong, Verdict("x", "wrong", "Add `2 / n_in * x * dms`.")),
        Tried(wrong, Verdict("x", "wrong", "A share.")),
    ]
    look(made, one)
    assert one.given_away and all("Add `2 / n_in" in said for said in one.given_away) and not one.clean


def test_what_the_text_warns_of_is_made_and_named(monkeypatch):
    made = example(("- **Only one share.**", "- **A new trap.** Nobody has made it yet.\n# - **Only one share.**"))
    known = list(read_answers_of(FOLDER / "mistakes.py", example()))
    monkeypatch.setattr(lint, "mistakes_known_of", lambda _: known)
    found = {cell.grade_id: Linted(cell, "") for cell in made.exercise.graded}
    heed(made, found)
    assert [one.warned for one in found.values()] == [2, 2, 4]
    assert [one.not_named for one in found.values()][:2] == [[], []]
    assert found["x-check"].not_named == [
        "'A new trap': no answer makes it. Write one into source/7_rmsnorm/mistakes.py."
    ]


def test_a_mistake_that_is_called_something_else_is_not_named(monkeypatch):
    made = example()
    known = [
        answer for answer in read_answers_of(FOLDER / "mistakes.py", example()) if answer.warned == ("Only one share",)
    ]
    other = [type(answer)(**{**vars(answer), "mistakes": {"x": "epsilon"}}) for answer in known]
    monkeypatch.setattr(lint, "mistakes_known_of", lambda _: other)
    found = {cell.grade_id: Linted(cell, "") for cell in made.exercise.graded}
    heed(made, found)
    said = [sentence for sentence in found["x-check"].not_named if "Only one share" in sentence]
    assert len(said) == 2 and all("is not named, only: " in sentence for sentence in said)


@pytest.mark.parametrize(
    "mark, kind, agree", [("✓", "right", True), ("✗", "wrong", True), ("✓", "wrong", False), ("½", "right", False)]
)
def test_check_and_grade_are_compared(monkeypatch, mark, kind, agree):
    made = example()
    one = linted(made)
    one.tried = [Tried(Mistake("a kind", "x", {"x": "dx = dy"}), Verdict("x", kind))]
    says = iter([Shown({"dx": said}) for said in (("✓", ""), (mark, "what it says"))])  # the solution comes first
    monkeypatch.setattr(lint, "shown", lambda *_, **__: next(says))
    compare(made, one, 5)
    assert one.compared == 2 and (one.disagreements == []) is agree
    if not agree:
        assert f"check says {mark} what it says; graded {kind}" in one.disagreements[0]


def test_the_report_says_what_slips_through_and_why():
    made = example(("gain = 1 + 0.1 * torch.randn(n_in, generator=g)", "gain = torch.ones(n_in)"))
    one = Linted(made.exercise.graded[0], "gradients dgain dxhat")
    slips = Mistake("local derivative left out", "xhat", {"gain": "dgain = (xhat * dy).sum(0)\ndxhat = dy.clone()"})
    one.tried = [Tried(slips, Verdict("xhat", "right")), Tried(slips, Verdict("xhat", "wrong"))]
    text = report(made, [one], 7, 1.0)
    assert "2 of 7 mistakes tried" in text and "3 caught        1: local derivative left out 1" in text
    assert "! dxhat, local derivative left out: `dxhat = dy.clone()` is judged right" in text
    assert "gain is 1 everywhere" in text and "7_rmsnorm: 1 graded cells want mending" in text


def test_half_the_points_may_be_kept_for_a_shape_and_no_more():
    shape = Mistake("dimension added", "x", {"x": "dx = dy"}, fraction=0.5)
    assert not Tried(shape, Verdict("x", "right value, wrong shape")).slips_through
    assert Tried(shape, Verdict("x", "right")).slips_through


def test_an_exercise_without_gradients_is_said_to_have_none_made(capsys):
    made = bench("5_debugging")
    text = report(made, [Linted(cell, "") for cell in made.exercise.graded], 0, 1.0)
    assert "none are made from the solution" in text and "slips through" not in text


def test_what_is_no_exercise_gets_a_sentence(capsys):
    assert lint.main("9_nothing") == 2
    assert "There is no source/9_nothing/9_nothing.py. There are: 1_chunked_backprop" in capsys.readouterr().out
