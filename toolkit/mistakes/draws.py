"""Small random numbers to try a line on: a minibatch of a few examples, the gradients that the line starts from, and what is
right for these.

All sizes differ, so that no shape fits by accident, and they are as small as can be: what is tried costs microseconds.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from toolkit.network.compare import equal, is_degenerate
from toolkit.network.exercise import Exercise, fused
from toolkit.network.graph import Graph, local_gradient, shares_and_scale, vector_jacobian_product
from toolkit.network.minibatches import Minibatch, large_numbers, make, own_sizes
from toolkit.running.runs import cast

LOCAL, SHARE = "_local_derivative", "_share_through_"
SEED = 4_242
SIZES = ((2, 3, 7, 5, 4, 6, 8, 9, 10), (3, 2, 8, 7, 5, 9, 10, 11, 12), (2, 4, 9, 6, 5, 7, 11, 12, 13))
"""For each draw, what the sizes of a notebook become, the smallest first."""


@dataclass(frozen=True)
class Draw:
    """Numbers for one trial of the lines that lead to one gradient."""

    batch: Minibatch
    values: Mapping[str, Any]
    """Inputs and forward variables, in the precision that is asked for."""
    gradients: Mapping[str, Tensor]
    """Every other gradient, by variable: random where the lines start from it, else what follows from those."""
    upstream: Mapping[str, Tensor]
    """The gradients of those that read the variable."""
    shares: Mapping[str, Tensor]
    """What each of them passes back."""
    truth: Tensor
    scale: Tensor
    local: Tensor | None
    """The local derivative of the one line that reads it, if that line is elementwise."""

    @property
    def known(self) -> dict[str, Tensor]:
        """What is right, under names that nobody else uses: to ask whether all the rest of a line is."""
        found = {SHARE + reader: share for reader, share in self.shares.items()}
        return found if self.local is None else {**found, LOCAL: self.local}


@functools.lru_cache(maxsize=32)
def small_batch(exercise: Exercise, number: int) -> Minibatch:
    """A minibatch of the smallest sizes; there are as many as ``SIZES``."""
    own = own_sizes(exercise)
    fixed = large_numbers(exercise)
    named = sorted((name for name, value in own.items() if type(value) is int and name not in fixed), key=own.get)
    sizes = {name: SIZES[number][i] if i < len(SIZES[number]) else 14 + i for i, name in enumerate(named)}
    floats = {name: value * (1, 10, 100)[number] for name, value in own.items() if isinstance(value, float)}
    return make(exercise, {**own, **floats, **sizes}, own, f"small {number}", SEED + number)


@functools.lru_cache(maxsize=256)
def draw_for(
    exercise: Exercise,
    steps: frozenset[str],
    name: str,
    read: frozenset[str],
    number: int,
    dtype: torch.dtype = torch.float64,
) -> Draw:
    """Numbers for the lines that lead to the gradient of ``name``.

    Gradients that they start from are random, and so is each that ``name`` is read by: then every share is tested. All
    others follow from these, so that a line may start from a gradient further up, or use another once more.

    Args:
        steps: those of the forward pass whose gradients are judged; others are substituted away.
        read: variables whose gradients the lines read.
        number: which draw.
    """
    batch, graph = small_batch(exercise, number), fused(exercise.graph.text, steps)
    values = cast(batch.values, dtype)
    gradients: dict[str, Tensor] = {}
    readers = graph.readers(name)
    above = {step: steps_above(graph, step) for step in graph.steps}
    for step in [*reversed(graph.steps), *(v for v in graph.variables(values) if v not in graph.steps)]:
        starts = step in read and step in graph.steps and (step in readers or not above[step] & read)
        if step == graph.output and not values[step].shape:
            gradients[step] = torch.ones_like(values[step])
        elif starts or step == graph.output:
            gradients[step] = batch.upstream[step].to(dtype)
        elif all(reader in gradients for reader in graph.readers(step)) and graph.readers(step):
            gradients[step] = local_gradient(graph, step, values, gradients)
    upstream = {reader: gradients[reader] for reader in readers}
    parts, scale = shares_and_scale(graph, name, values, upstream)
    truth = torch.stack([*parts.values()]).sum(0)
    if is_degenerate(truth, scale) and not read.issuperset(readers):
        # it cancels in a true backward pass, where zeros would be right: nothing may follow from the loss, then
        return draw_for(exercise, steps, name, read.union(readers), number, dtype)
    gradients.pop(name, None)
    local = None
    if len(readers) == 1 and upstream[readers[0]].shape == truth.shape and truth.dim():
        reader = readers[0]
        slope = vector_jacobian_product(graph.steps[reader], name, values, torch.ones_like(truth))
        local = slope if equal(slope * upstream[reader], truth, scale) else None
    return Draw(batch, values, gradients, upstream, parts, truth, scale, local)


def steps_above(graph: Graph, name: str) -> set[str]:
    """Steps of the forward pass that come from a variable, one after another."""
    found, front = set(), [name]
    for one in front:
        new = [reader for reader in graph.readers(one) if reader not in found]
        found |= {*new}
        front += new
    return found
