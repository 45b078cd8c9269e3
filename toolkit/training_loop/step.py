"""One step of a student's training loop: what the judge knows of it; and the same training by autograd."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from toolkit.network.compare import equal
from toolkit.network.exercise import fused
from toolkit.network.graph import Graph, summand_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.runs import Step

RATES = (0.1, 0.01)
"""The lecture's learning rates: before the drop, and from there on."""
STEPS, DROP, ROWS = "max_steps", "lr_drop", "batch_size"
"""Names of the number of steps, of the step at which the learning rate drops, and of the examples of a minibatch."""
Said = tuple[str, str]
"""Kind of a verdict, and its message."""


def drop_of(steps: int) -> int:
    """The step of a run of ``steps`` at which the learning rate drops: no round fraction, so that ``max_steps // 2`` is none."""
    return (14 * steps + 24) // 25


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """What is known of one step of a student's loop."""

    before: Mapping[str, Tensor]
    """Parameters before the step."""
    step: Step
    """What was seen in it."""
    rate: float
    """The learning rate that this step should have."""
    graph: Graph
    inputs: Mapping[str, Any]
    """What the forward pass of this step reads: the minibatch, and the parameters before it."""
    given: Mapping[str, Tensor] = field(default_factory=dict)
    """Gradients that the judge has put into the step, by variable."""

    @property
    def values(self) -> Mapping[str, Any] | None:
        """The forward pass on the step's minibatch; None if it cannot be computed there. Kept for the latest steps only."""
        return _forward_pass(self).values

    @property
    def truths(self) -> Mapping[str, Tensor]:
        """Autograd's gradient of every variable."""
        return _forward_pass(self).truths

    def true_scale(self, name: str) -> Tensor:
        """The size of the terms of such a gradient (``graph.summand_scale``)."""
        return _forward_pass(self).scale(name)

    def is_true(self, name: str, yours: Tensor) -> bool:
        """Whether a tensor of a variable's shape is autograd's gradient of it."""
        truth = self.truths[name]
        return equal(yours, truth, truth.abs()) or equal(yours, truth, self.true_scale(name))

    def after(self, name: str) -> Any:
        """A value after the step; None if the step did not come to its end, or left none."""
        return (self.step.after or {}).get(name)

    def bound_at(self, name: str) -> int | None:
        """The place in ``step.seen`` where ``d<name>`` was bound last; None if it was not. What clears or frees gradients at the
        end of a step, when the update has read them, does not count."""
        seen = self.step.seen
        places = [place for place in range(len(seen) - 1, -1, -1) if seen[place].name == "d" + name]
        held = next((place for place in places if not seen[place].is_empty), None)
        if not places or held is None or held == places[0]:
            return next(iter(places), None)
        value = seen[places[0]].changed["d" + name]
        unused = (
            isinstance(value, Tensor)
            and name in self.before
            and not (self.moved(name) is not None and self.moved(name).any())
        )
        only_cleared = all(bound.is_empty for bound in seen[places[0] :])
        return held if only_cleared and not unused else places[0]

    def gradient(self, name: str) -> Any:
        """``d<name>`` as the step bound it last; None if it did not."""
        return self.upstream_at(name).get("d" + name)

    def upstream_at(self, name: str) -> Mapping[str, Any]:
        """All gradients that this step has bound, as they were when ``d<name>`` was bound last."""
        seen, last = self.step.seen, self.bound_at(name)
        if last is None:
            return {}
        found: dict[str, Any] = {}
        for bound in seen[: last + 1]:
            found |= bound.changed
        return {key: found[key] for key in {bound.name for bound in seen[: last + 1]} & found.keys()}

    def moved(self, name: str) -> Tensor | None:
        """By how much a parameter changed."""
        now, before = self.after(name), self.before[name]
        return now.to(before.dtype) - before if isinstance(now, Tensor) and now.shape == before.shape else None


class _ForwardPass:
    """One step's forward pass, and what comes of it when it is asked for."""

    def __init__(self, step: TrainingStep):
        self.graph = step.graph
        self._scales: dict[str, Tensor] = {}
        self.values = _forward(step.graph, step.inputs)

    @functools.cached_property
    def truths(self) -> Mapping[str, Tensor]:
        return self.graph.gradients({k: v for k, v in self.values.items() if k not in self.graph.steps})

    def scale(self, name: str) -> Tensor:
        if name not in self._scales:
            loss = {self.graph.output: torch.ones_like(self.values[self.graph.output])}
            self._scales[name] = summand_scale(fused(self.graph.text, frozenset([name])), name, self.values, loss)
        return self._scales[name]


@functools.lru_cache(maxsize=2)
def _forward_pass(step: TrainingStep) -> _ForwardPass:
    return _ForwardPass(step)


def _forward(graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    with torch.no_grad():
        try:
            return graph.forward(inputs)
        except (RuntimeError, IndexError):  # characters that are none, say
            return None


def reference_trajectory(
    graph: Graph,
    parameters: Sequence[str],
    start: Mapping[str, Any],
    steps: int,
    drop: int,
    generator: torch.Generator,
    drawn_from: Mapping[str, str],
) -> tuple[list[dict[str, Tensor]], list[dict[str, Tensor]]]:
    """The same training with autograd's gradients: parameters after each step, and the minibatches.

    Args:
        drawn_from: for each input of the forward pass that holds a minibatch, the data set whose rows it takes.
    """
    values = dict(start)
    states, minibatches = [], []
    examples = values[next(iter(drawn_from.values()))].shape[0]
    for i in range(steps):
        index = torch.randint(0, examples, (values[ROWS],), generator=generator)
        minibatches.append({name: values[data_set][index] for name, data_set in drawn_from.items()})
        values |= minibatches[-1]
        gradients = graph.gradients({k: v for k, v in values.items() if k not in graph.steps})
        values |= {name: values[name] - RATES[i >= drop] * gradients[name] for name in parameters}
        states.append({name: values[name] for name in parameters})
    return states, minibatches


def training_steps(
    graph: Graph,
    parameters: Sequence[str],
    batch: Minibatch,
    seen: Sequence[Step],
    drop: int,
    minibatches: Sequence[Mapping[str, Tensor]],
) -> tuple[list[TrainingStep], str]:
    """The steps with what the judge knows of each; and what is wrong with their minibatches, if anything is."""
    training: list[TrainingStep] = []
    before: dict[str, Any] = {name: batch.values[name] for name in parameters}
    for i, step in enumerate(seen):
        if not all(isinstance(v, Tensor) and v.shape == batch.values[n].shape for n, v in before.items()):
            break
        drawn: dict[str, Any] = {}
        for name in minibatches[0]:
            yours, wanted = (step.after or {}).get(name), batch.values[name]
            stale = isinstance(yours, Tensor) and torch.equal(yours, wanted)
            if yours is None or stale:  # under another name: then it is the one that was asked for
                drawn |= minibatches[i]
            elif not isinstance(yours, Tensor) or (yours.dtype, yours.shape) != (wanted.dtype, wanted.shape):
                what = f"{yours.dtype} of shape {tuple(yours.shape)}" if isinstance(yours, Tensor) else f"a {yours}"
                return (
                    training,
                    f"{name} is {what} after a step; a minibatch is {wanted.dtype} of {tuple(wanted.shape)}.",
                )
            else:
                drawn[name] = yours
        inputs = {k: v for k, v in batch.values.items() if k not in graph.steps}
        rate = RATES[0] if i < drop else RATES[1]
        training.append(TrainingStep(before, step, rate, graph, {**inputs, **before, **drawn}))
        before = {name: (step.after or {}).get(name) for name in parameters}
    return training, ""
