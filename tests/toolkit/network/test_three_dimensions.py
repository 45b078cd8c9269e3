"""What a layer of sequences brings: stacks of matrices, a mask, minus infinity in the forward pass, softmax as one line."""

from collections.abc import Iterator

import pytest
import torch

from toolkit.mistakes import diagnosis
from toolkit.mistakes.diagnosis import known_mistakes, shape_message
from toolkit.network.compare import equal
from toolkit.network.graph import Graph, vector_jacobian_product

FORWARD = """
a = u @ w
b = a @ a.transpose(1, 2)
c = b.masked_fill(hide, float("-inf"))
p = c.softmax(2)
r = scale * (u - u.mean(2, keepdim=True))
o = p @ r
e = table[where] + o
"""
g = torch.Generator().manual_seed(1)


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=g)


GRAPH = Graph.from_source(FORWARD)
VALUES = GRAPH.forward(
    {
        "u": drawn(3, 4, 5), "w": drawn(5, 5), "hide": torch.ones(4, 4, dtype=torch.bool).triu(1), "scale": drawn(5),
        "table": drawn(6, 5), "where": torch.randint(0, 6, (3, 4), generator=g),
    }
)  # fmt: skip
UPSTREAM = {name: drawn(*VALUES[name].shape) for name in GRAPH.steps}
P, DP, DR = VALUES["p"], UPSTREAM["p"], UPSTREAM["r"]
IN_U = VALUES["scale"] * (DR - DR.mean(2, keepdim=True))
"""The share through r with the factor where it does not belong."""
THROUGH_A = UPSTREAM["a"] @ VALUES["w"].T
ROWS = torch.zeros_like(VALUES["table"]).index_add_(0, VALUES["where"][:, -1], UPSTREAM["e"][:, -1])

MISTAKES = [
    ("c", P * DP, "the denominator of the softmax is not in it yet"),
    ("c", P * (1 - P) * DP, "as if the function were elementwise"),
    ("w", VALUES["u"].mT @ UPSTREAM["a"], "The sum over the copies is missing"),
    ("w", VALUES["u"][0].T @ UPSTREAM["a"][0], "Only one of the copies"),
    ("u", IN_U + THROUGH_A, "factor scale stands in front of a sum"),
    ("p", (UPSTREAM["o"] @ VALUES["r"].mT).mT, "transposed"),
    ("table", ROWS, "the last of the places that the index names"),
]


@pytest.mark.parametrize(("name", "wrong", "words"), MISTAKES, ids=[words for *_, words in MISTAKES])
def test_the_mistake_is_known(name: str, wrong: torch.Tensor, words: str):
    said = known_mistakes(GRAPH, name, VALUES, UPSTREAM, wrong, {})
    assert any(words in sentence for sentence in said), said


@pytest.mark.parametrize("name", ["b", "c", "p", "u", "w", "table"])
def test_random_numbers_are_no_known_mistake(name: str):
    assert known_mistakes(GRAPH, name, VALUES, UPSTREAM, drawn(*VALUES[name].shape), {}) == []


def test_on_a_scale_that_is_not_finite_nothing_agrees():
    infinite = torch.tensor([1.0, torch.inf], dtype=torch.float64)
    assert not equal(torch.zeros(2), torch.ones(2, dtype=torch.float64), infinite)


def test_the_last_two_dimensions_exchanged():
    assert "transposed" in shape_message("w", torch.Size([3, 5, 4]), torch.Size([3, 4, 5]))
    assert "transposed" not in shape_message("w", torch.Size([5, 4, 3]), torch.Size([3, 4, 5]))


def test_a_kind_of_mistake_that_cannot_be_computed_silences_no_other(monkeypatch):
    def impossible(*_: object) -> Iterator[tuple[str, torch.Tensor]]:
        yield "never", torch.linalg.inv(torch.zeros(2, 2))

    truth = vector_jacobian_product(GRAPH.steps["a"], "w", VALUES, UPSTREAM["a"])
    for kind in ("_false_starts", "_branches", "_overwritten", "_broadcast", "_elementwise", "_places"):
        monkeypatch.setattr(diagnosis, kind, impossible)
    assert known_mistakes(GRAPH, "w", VALUES, UPSTREAM, -truth, {})[0].startswith("The sign is wrong")
    assert any("factor 2" in said for said in known_mistakes(GRAPH, "w", VALUES, UPSTREAM, 2 * truth, {}))


def test_a_line_is_written_out_whatever_stands_in_its_brackets():
    line = Graph.from_source("loss = F.cross_entropy(x @ w + b, y)")
    values = {"x": drawn(4, 3), "w": drawn(3, 5), "b": drawn(5), "y": torch.tensor([0, 4, 1, 1])}
    values = line.forward({**values, "F": torch.nn.functional})
    wrong = torch.zeros(5, dtype=torch.float64).index_add_(0, values["y"], torch.full((4,), -0.25, dtype=torch.float64))
    said = known_mistakes(line, "b", values, {"loss": torch.ones(()).double()}, wrong, {})
    assert any("the score of the label itself alone" in sentence for sentence in said), said
