"""Mistakes are made of every exercise, and what changes no number is none."""

from collections import Counter

import pytest

from autograder.authoring.equivalent import flat_inputs, makes_a_difference, only_the_shape, unseen_batch
from autograder.authoring.mistakes import mistakes
from autograder.authoring.references import changed_lines, hidden_by, not_passed, spread
from autograder.authoring.workbench import bench
from autograder.course.build import assignments
from tests.authoring.example import example

WITHOUT_GRADIENTS = {"5_debugging"}
"""Exercises that grade none as such."""


@pytest.mark.share(0.4)
@pytest.mark.parametrize("name", assignments())
def test_every_gradient_of_every_exercise_is_reached(name):
    made = bench(name)
    reached = Counter(mistake.name for mistake in mistakes(made))
    assert set(reached) == {*made.gradients}
    assert (not reached) == (name in WITHOUT_GRADIENTS)
    assert min(reached.values(), default=20) >= 12


@pytest.mark.parametrize(
    "line, differs",
    [
        ("dx += dms * x * 2.0 / n_in", False),
        ("dx = dx + x * dms / n_in + x * dms / n_in", False),
        ("dx += 2 / n * x * dms", True),
        ("dx += 2 / 24 * x * dms", True),
        ("dx += 2 / n_in * x", True),
        ("dx += 2 / n_in * x * no_such_name", True),
    ],
)
def test_what_changes_no_number_is_no_mistake(line, differs):
    made = example()
    assert makes_a_difference(made, {"x": f"dx = r * dxhat\n{line}"}, ("x",)) is differs


def test_an_input_that_is_one_everywhere_hides_a_mistake_and_is_named():
    """The mistake is one all the same: it is asked on inputs of our own."""
    weak = example(("gain = 1 + 0.1 * torch.randn(n_in, generator=g)", "gain = torch.ones(n_in)"))
    left_out = [m for m in mistakes(weak) if (m.name, m.kind) == ("xhat", "local derivative left out")]
    assert [changed_lines(weak, mistake) for mistake in left_out] == ["dxhat = dy.clone()"]
    assert weak.judge_here(left_out[0].edits).verdict("xhat").points == 1
    assert hidden_by(weak) == "gain is 1 everywhere: what it does to a gradient does not show. Draw it."
    strong = example()
    assert strong.judge_here(left_out[0].edits).verdict("xhat").points == 0
    assert hidden_by(strong) == "" and not flat_inputs(weak, unseen_batch(weak))


def test_what_only_made_copies_costs_the_shape_alone():
    made = example(
        ("dx += 2 / n_in * x * dms", "dx += 2 / n_in * x * (torch.ones_like(x) * dms)"), ("dr = (x", "dr = 1.0 * (x")
    )
    assert not makes_a_difference(made, {"x": "dx = r * dxhat\ndx += 2 / n_in * x * dms"}, ("x",))
    assert only_the_shape(made, {"r": "dr = (x * dxhat).sum(1)\ndms = -0.5 * (ms + eps) ** -1.5 * dr[:, None]"}, ("r",))
    assert not only_the_shape(made, {"r": "dr = (x * dxhat).sum()"}, ("r",))
    fractions = {m.fraction for m in mistakes(made) if changed_lines(made, m) == "dr = 1.0 * (x * dxhat).sum(1)"}
    assert fractions == {0.5}


def test_lines_on_the_way_cost_what_comes_from_them():
    """A helper of the solution's own, and a step that nobody asks for."""
    made = example(("dr = (x * dxhat).sum(1, keepdim=True)", "share = x * dxhat\ndr = share.sum(1, keepdim=True)"))
    found = [m for m in mistakes(made) if changed_lines(made, m) == "share = x + dxhat" or "share = dxhat" in m.label]
    assert found and all(mistake.name == "r" and mistake.costs[0] == "r" for mistake in found)


def test_a_spread_has_every_kind_of_each_cell():
    made = example()
    every = list(mistakes(made))
    few = spread(made, every, 80)
    kinds = {(made.cell_of[m.name], m.kind) for m in every}
    assert {(made.cell_of[m.name], m.kind) for m in few} == kinds
    assert len(kinds) <= len(few) < len(every) and spread(made, every, 10**6) == every


def test_a_reference_that_holds_for_some_sizes_only_does_not_pass():
    made = example(("2 / n_in * x * dms", "2 / 24 * x * dms"))
    *others, last = not_passed(made, made.exercise.graded).values()
    assert others == [[], []] and len(last) == 1
    assert last[0].startswith("dx is right for these sizes only. it assumes n_in = 24")
