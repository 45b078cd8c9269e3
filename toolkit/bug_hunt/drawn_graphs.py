"""Small graphs that nobody has seen, right gradients of them and wrong ones: what a gradient checker is tried on.

Each graph is a few lines drawn at random, with inputs of random sizes. What is right comes from autograd; a wrong gradient is
a right one with one of the mistakes that people make.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from toolkit.network.graph import Graph, shares

ELEMENTWISE = (
    "torch.tanh({0})",
    "torch.sigmoid({0})",
    "torch.sin({0})",
    "torch.exp(-({0} ** 2) / 4)",
    "torch.log(1 + {0} ** 2)",
)
BY_ROWS = (
    "{0} - {0}.mean(0, keepdim=True)",
    "torch.softmax({0}, 1)",
    "{0} / (1 + ({0} ** 2).sum(1, keepdim=True))",
    "{0} * {0}.mean(1, keepdim=True)",
)
LOSSES = ("({0} * r).sum()", "({0} ** 2 * r).mean()", "torch.logsumexp({0} * r, (0, 1))")


@dataclass(frozen=True)
class Claim:
    """A function, a point, and what somebody says the gradient there is."""

    steps: tuple[tuple[str, str], ...]
    """The lines that lead from the variable to the loss, as (name, expression)."""
    variable: str
    values: Mapping[str, Tensor]
    """What these lines read besides."""
    point: Tensor
    claimed: Tensor
    right: bool
    what: str
    """What is wrong with it."""


def drawn_graph(seed: int) -> tuple[Graph, dict[str, Any]]:
    """A graph of a few lines with two layers of operations, one variable that is read twice, and its inputs in float64."""
    chooser, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    rows, inner, columns = chooser.sample(range(3, 7), 3)
    text = "\n".join([
        "a = x @ w",
        "b = a + c",
        f"d = {chooser.choice(ELEMENTWISE).format('b')}",
        "e = d * a",
        f"q = {chooser.choice(BY_ROWS).format('e')}",
        f"loss = {chooser.choice(LOSSES).format('q')}",
    ])  # fmt: skip
    shapes = {"x": (rows, inner), "w": (inner, columns), "c": (columns,), "r": (rows, columns)}
    return Graph.from_source(text), {name: _random(shape, generator) for name, shape in shapes.items()} | {
        "torch": torch
    }


def claims(seed: int, asked: Sequence[Sequence[str]]) -> Iterator[Claim]:
    """Right and wrong gradients of drawn graphs, one after the other; every kind of wrong one is among them.

    Args:
        asked: variables for each graph. The one that is read by two lines, ``a``, comes without a share; ``c``, a vector,
            is so small that an average over it hides nothing, and who knows matrices only is to miss what nobody overlooks.
    """
    chooser = random.Random(seed)
    kinds = chooser.sample(WRONG, len(WRONG))
    for number, variables in enumerate(asked):
        graph, inputs = drawn_graph(seed + number)
        values, truths = graph.forward(inputs), graph.gradients(inputs)
        for name in variables:
            truth = truths[name]
            yield claim(graph, name, values, truth)
            if name == "a":
                what, wrong = "a share is left out", next(shares(graph, name, values, truths))[1]
            else:
                what = next(kind for kind in kinds if name != "c" or kind not in (ONE_ELEMENT, NOT_A_NUMBER))
                kinds.remove(what)
                wrong = wrong_gradient(what, truth, chooser)
            yield claim(graph, name, values, wrong, what)


def claim(graph: Graph, name: str, values: Mapping[str, Any], claimed: Tensor, what: str = "") -> Claim:
    """The claim that the gradient of the graph's output with respect to a variable is this; right if nothing is said."""
    after = graph.after(name)
    known = {read: values[read] for step in after for read in step.reads if isinstance(values.get(read), Tensor)}
    known.pop(name, None)
    steps = tuple((step.name, step.expression) for step in after)
    return Claim(steps, name, known, values[name], claimed, not what, what)


ONE_ELEMENT = "one element is off"
NOT_A_NUMBER = "an element is nan"
WRONG = (
    "the sign is wrong",
    "it is twice the gradient",
    "it is off by one part in a thousand",
    ONE_ELEMENT,
    "a row is left out",
    "it is all zeros",
    NOT_A_NUMBER,
)
"""What may be wrong with a gradient."""


def wrong_gradient(what: str, truth: Tensor, chooser: random.Random) -> Tensor:
    """A gradient with such a mistake."""
    wrong = truth.clone()
    if what == "the sign is wrong":
        return -wrong
    if what == "it is twice the gradient":
        return 2 * wrong
    if what == "it is off by one part in a thousand":
        return 1.001 * wrong
    if what == "it is all zeros":
        return torch.zeros_like(wrong)
    if what == "a row is left out":
        weights = wrong.abs().reshape(len(wrong), -1).sum(1)
        # who looks at the first entries only is not to find it; and a row of nearly zeros is nothing to leave out
        wrong[int((weights >= 0.1 * weights.max()).nonzero()[-1])] = 0
        return wrong
    flat = wrong.view(-1)
    if what == NOT_A_NUMBER:  # neither the first nor the last that is compared: what comes after it may cover it up
        flat[len(flat) // 2] = torch.nan
        return wrong
    flat[chooser.randrange(len(flat))] += 0.02 * float(truth.abs().max())
    return wrong


# --- claims of one kind each ------------------------------------------------------------------------------------------------


def _from(text: str, name: str, values: Mapping[str, Any], *wrong: str, seed: int = 0) -> Iterator[Claim]:
    """A right claim on one function, then wrong ones."""
    graph, values = Graph.from_source(text), {**values, "torch": torch}
    known, truth = graph.forward(values), graph.gradients(values)[name]
    yield claim(graph, name, known, truth)
    for what in wrong:
        yield claim(graph, name, known, wrong_gradient(what, truth, random.Random(seed)), what)


def other_shapes(seed: int) -> Iterator[Claim]:
    """A number, a vector, a row, a tensor of three dimensions, and a matrix that does not lie in memory row by row."""
    generator = torch.Generator().manual_seed(seed)
    text = "y = torch.tanh(x)\nloss = (y * r).sum()"
    for shape in ((), (4,), (1, 5), (2, 3, 4)):
        values = {"x": _random(shape, generator), "r": _random(shape, generator)}
        yield from _from(text, "x", values, "it is off by one part in a thousand", seed=seed)
    values = {"x": _random((5, 3), generator).T, "r": _random((3, 5), generator)}
    yield from _from(text, "x", values, ONE_ELEMENT, seed=seed)


COLUMNS = 16
"""Of a tensor whose gradient cancels: rounding leaves something in one of so many differences, whatever was drawn."""


def zeros(seed: int) -> Iterator[Claim]:
    """Gradients that are zero: everywhere since nothing changes, everywhere since all cancels, in some rows only."""
    generator = torch.Generator().manual_seed(seed)
    x, r = _random((5, COLUMNS), generator), _random((5, COLUMNS), generator)
    yield from _from("y = torch.relu(x)\nloss = (y * r).sum()", "x", {"x": -x.abs() - 0.1, "r": r})
    # far from zero, or else there is nothing to round
    shifted = "z = x + c + 4\ny = torch.tanh(z - z.mean(0, keepdim=True))\nloss = (y * r).mean()"
    values = {"x": x, "r": r, "c": _random((COLUMNS,), generator), "torch": torch}
    graph = Graph.from_source(shifted)
    known = graph.forward(values)
    yield claim(graph, "c", known, torch.zeros(COLUMNS, dtype=torch.float64))
    yield claim(graph, "c", known, 0.01 * _random((COLUMNS,), generator), "it is not zero, and should be")
    rows = torch.tensor([2, 0, 2])
    picked = "y = torch.tanh(x[rows])\nloss = (y * y[0]).sum()"
    yield from _from(picked, "x", {"x": x, "rows": rows}, "it is all zeros", ONE_ELEMENT, seed=seed)


def large(seed: int, shape: tuple[int, int] = (80, 50)) -> Iterator[Claim]:
    """A tensor of so many elements that nobody asks them one by one."""
    generator = torch.Generator().manual_seed(seed)
    values = {"x": _random(shape, generator), "r": _random(shape, generator)}
    text = "y = torch.tanh(x)\nloss = (y * r).sum()"
    yield from _from(text, "x", values, "it is off by one part in a thousand", "a row is left out", seed=seed)


def small_and_many(seed: int, shape: tuple[int, int] = (25, 30)) -> Iterator[Claim]:
    """Errors that only a relative error of the largest element sees: half a percent of a gradient that is small altogether, and
    of one element in so many."""
    generator = torch.Generator().manual_seed(seed)
    for size, factor in ((shape, 1.0), ((4, 3), 2e-4)):
        values = {"x": _random(size, generator), "r": factor * _random(size, generator)}
        graph = Graph.from_source("y = torch.tanh(x)\nloss = (y * r).sum()")
        known = graph.forward({**values, "torch": torch})
        truth = graph.gradients({**values, "torch": torch})["x"]
        yield claim(graph, "x", known, truth)
        if factor == 1:
            wrong, place = truth.clone(), int(truth.abs().argmax())
            wrong.view(-1)[place] *= 1.005
            yield claim(graph, "x", known, wrong, f"one element of {truth.numel()} is off")
        else:
            yield claim(
                graph, "x", known, 1.005 * truth, "a gradient that is small altogether is off by half a percent"
            )


def float32(seed: int) -> Iterator[Claim]:
    """The point and the claim come in float32, as they do in a notebook."""
    generator = torch.Generator().manual_seed(seed)
    values = {"x": _random((4, 3), generator), "r": _random((4, 3), generator)}
    values = {name: value.float().double() for name, value in values.items()}
    text = "y = torch.tanh(x)\nloss = (y * r).sum()"
    for one in _from(text, "x", values, "it is off by one part in a thousand", seed=seed):
        yield Claim(one.steps, one.variable, one.values, one.point.float(), one.claimed.float(), one.right, one.what)


def _random(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator)
