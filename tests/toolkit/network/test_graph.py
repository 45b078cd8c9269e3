"""The graph of a forward pass: read from text, its references, its local gradients."""

import pytest
import torch

from toolkit.network.graph import Graph, Step, local_gradient, shares, summand_scale, vector_jacobian_product

FORWARD = """\
# a comment
a = x * w  # broadcast
b = a.sum(0, keepdim=True)
c = a - b
loss = (c**2).mean()
"""


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(1)
    x, w = (torch.randn(s, dtype=torch.float64, generator=generator) for s in ((5, 3), (1, 3)))
    return {"x": x, "w": w}


def test_steps_and_readers():
    graph = Graph.from_source(FORWARD)
    assert list(graph.steps) == ["a", "b", "c", "loss"]
    assert graph.inputs == ("x", "w")
    assert graph.readers("a") == ("b", "c")
    assert graph.output == "loss"
    assert graph.steps["c"].line == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = x\na = a + 1", "Line 2 of the forward pass assigns a again"),
        ("for i in x:\n    pass", "not of the form"),
        ("a, b = x", "not of the form"),
        ("# nothing", "is empty"),
    ],
)
def test_what_is_no_straight_line_code_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        Graph.from_source(text)


def test_local_gradients_chain_up_to_autograd(inputs):
    graph = Graph.from_source(FORWARD)
    values, truth = graph.forward(inputs), graph.gradients(inputs)
    assert set(truth) == {"x", "w", "a", "b", "c", "loss"}
    for name in ("x", "w", "a", "b", "c"):
        assert torch.allclose(local_gradient(graph, name, values, truth), truth[name])
        assert truth[name].shape == values[name].shape
    assert dict(shares(graph, "a", values, truth)).keys() == {"b", "c"}


def test_what_nothing_reads_has_no_local_gradient(inputs):
    graph = Graph.from_source(FORWARD)
    with pytest.raises(ValueError, match="Nothing in the forward pass reads loss"):
        local_gradient(graph, "loss", graph.forward(inputs), {})
    with pytest.raises(KeyError):
        local_gradient(graph, "a", graph.forward(inputs), {"b": torch.ones(1, 3, dtype=torch.float64)})


def test_a_vector_jacobian_product_is_linear_in_the_upstream_gradient(inputs):
    graph = Graph.from_source(FORWARD)
    values = graph.forward(inputs)
    upstream = torch.randn(1, 3, dtype=torch.float64)
    one = vector_jacobian_product(graph.steps["b"], "a", values, upstream)
    assert torch.allclose(vector_jacobian_product(graph.steps["b"], "a", values, 3 * upstream), 3 * one)


def test_the_scale_of_a_sum_that_cancels_is_that_of_its_summands():
    step = Graph.from_source("loss = x.sum()")
    values = {"x": torch.ones(3), "loss": torch.tensor(3.0)}
    assert summand_scale(step, "x", values, {"loss": torch.tensor(2.0)}).tolist() == [2.0, 2.0, 2.0]
    graph = Graph.from_source("y = x.expand(1000)\nloss = y.sum()")
    values = graph.forward({"x": torch.zeros(1, dtype=torch.float64)})
    upstream = {"y": torch.ones(1000, dtype=torch.float64) * torch.tensor([1.0, -1.0]).repeat(500)}
    assert local_gradient(graph, "x", values, upstream).item() == 0
    assert 5 < summand_scale(graph, "x", values, upstream).item() < 200  # about the root of 1000


def test_fusing_keeps_the_function_and_drops_what_leads_nowhere(inputs):
    graph = Graph.from_source(FORWARD.replace("loss =", "unused = c.exp()\nloss ="))
    fused = graph.fused(["a"])
    assert list(fused.steps) == ["a", "loss"]
    assert fused.readers("a") == ("loss",)
    truth, ours = graph.gradients(inputs), fused.gradients(inputs)
    for name in ("x", "w", "a"):
        assert torch.allclose(ours[name], truth[name])


def test_a_step_from_a_tree_evaluates_like_its_text():
    step = Graph.from_source("y = sum(v * 2 for v in x)").steps["y"]
    assert isinstance(step, Step)
    assert step.evaluate({"x": [torch.tensor(1.0), torch.tensor(2.0)]}).item() == 6.0
