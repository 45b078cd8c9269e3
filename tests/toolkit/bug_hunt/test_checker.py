"""What a gradient checker is asked about: right gradients are right, wrong ones are wrong enough, whatever is drawn."""

import pytest
import torch

from tests.bank import bench
from toolkit.bug_hunt.asked import read_plain
from toolkit.bug_hunt.drawn_graphs import WRONG, Claim, drawn_graph
from toolkit.bug_hunt.gradient_checker import LABELS, parts_of

TOLERANCE = 1e-5
SEEDS = (*range(11), 143084170395613)
"""In the last one, half of the rows of a gradient are all but zeros."""


def _reference():
    """The solution's own checker."""
    namespace: dict = {"torch": torch}
    exec(bench("5_debugging").solution_cells["checker"], namespace)
    return namespace["gradient_check"]


def _function(one: Claim):
    def f(x):
        values = {k: v.to(x.dtype) if v.is_floating_point() else v for k, v in one.values.items()}
        values |= {one.variable: x, "torch": torch}
        for name, expression in one.steps:
            values[name] = eval(expression, dict(values))
        return values[one.steps[-1][0]]

    return f


@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_checker_is_right_about_whatever_is_drawn(seed):
    check = _reference()
    for part, claims in parts_of(seed).items():
        assert {one.right for one in claims} == {True, False}, part
        for one in claims:
            error = check(_function(one), one.point, one.claimed)
            assert error < TOLERANCE / 10 if one.right else not error <= 10 * TOLERANCE, (part, one.what, error)


def test_graphs_differ_and_every_mistake_is_made():
    assert len({drawn_graph(seed)[0].text for seed in SEEDS}) > 6
    made = {one.what for seed in SEEDS for one in parts_of(seed)["drawn"]}
    others = {
        "a share is left out",
        "one element of 750 is off",
        "a gradient that is small altogether is off by half a percent",
    }
    assert made == {"", *others, *WRONG}


def test_values_come_as_text_and_are_believed_only_as_literals():
    def said(text):
        return torch.tensor(list(text.encode()), dtype=torch.uint8)

    assert read_plain(said("{'a': '3', 'b': 'tensor(1)', 'c': \"{1: 'sign'}\"}")) == {"a": 3, "c": {1: "sign"}}
    for odd in (None, said("[1, 2]"), said("__import__('os')"), torch.zeros(3), said("{" * 500)):
        assert read_plain(odd) == {}
    assert next(iter(LABELS)) == "right"


@pytest.mark.parametrize("value", ["0.0", "1.0", "float('nan')"])
def test_of_a_checker_that_computes_nothing_no_precision_is_said(value):
    said = bench("5_debugging").judged_here({"checker": f"def gradient_check(f, x, gradient):\n    return {value}"})
    messages = [verdict.message for verdict in said if verdict.name.startswith("checker:")]
    assert len(messages) == len(LABELS) and not any("float32" in message for message in messages)
