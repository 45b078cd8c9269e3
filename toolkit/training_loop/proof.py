"""A gradient of the loop that looked right and had nothing to show it with: one more step, with random numbers, proves it."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from toolkit.judge import Judge
from toolkit.mistakes.diagnosis import explain, safely
from toolkit.network.compare import fit, is_degenerate
from toolkit.network.exercise import fused
from toolkit.network.graph import Graph, local_gradient, summand_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.runs import Chunk, Step
from toolkit.running.watched_loop import names_bound
from toolkit.training_loop.gradients import (
    Explained,
    judge_gradient,
    judge_inferred_given,
    kept_or_inferred,
    upstream_of,
)
from toolkit.training_loop.runs import guarded, loop_job
from toolkit.training_loop.step import STEPS, Said, TrainingStep


def proof(
    judge: Judge,
    batch: Minibatch,
    chunks: Sequence[Chunk],
    number: int,
    first: TrainingStep,
    names: Sequence[str],
    explained: Explained,
) -> dict[str, Said]:
    """Verdicts on gradients that looked right and had nothing to show it with, since all that they come from was zero, or
    cancels in them: from one more step, in which what they come from is random numbers.

    What they come from stands under its own name (``dhprebn``) or another; then it is known by its value. A gradient that does
    not change with it, or has nothing to change with, has to be autograd's own, and not zero.
    """
    graph, shorter = judge.exercise.graph, replace(batch, values={**batch.values, STEPS: 1})
    bound = names_bound([node for cell in judge.all_cells for node in cell.nodes])
    others = tuple(sorted(bound - {*graph.steps, *graph.inputs, *chunks[number].watched}))

    def one_step(also: tuple[str, ...], put: tuple[tuple[int, str], ...]) -> Step | None:
        again = [replace(chunk, also=also, put=put) for chunk in chunks]
        given = {variable: batch.upstream[variable] for _, variable in put}
        return next(iter(judge.outcomes.run(loop_job(judge, shorter, again, given)).steps.get(number, [])), None)

    found: dict[str, Said | None] = dict.fromkeys(names)
    for also in ((), others):  # first by the names of gradients, which was seen already; then by whatever holds one
        left = [name for name, said in found.items() if said is None]
        plain = one_step(also, ()) if also and left else first.step
        places = {name: _comes_from(name, first, plain) for name in left} if plain else {}
        for put in dict.fromkeys(places.values()):
            step = one_step(also, put) if put else None
            for name in [name for name, place in places.items() if place == put]:
                args = (name, graph, first, plain, step, put, batch, explained, also == others)
                found[name] = guarded(judge, f"d{name}", _proven, *args)
    return {name: said for name, said in found.items() if said and said[0] != "right"}


def _proven(
    name: str,
    graph: Graph,
    first: TrainingStep,
    plain: Step,
    step: Step | None,
    put: Sequence[tuple[int, str]],
    batch: Minibatch,
    explained: Explained,
    last: bool,
) -> Said | None:
    """Verdict on one gradient from the step with random numbers in it; None if they make no difference to it, and another step is
    still to come."""
    before, now = replace(first, step=plain), replace(first, step=step or plain)
    was, yours = (kept_or_inferred(name, one) for one in (before, now))
    if was is None or yours is None:
        return "right", ""
    if put and step is not None and not torch.equal(was, yours):
        now = replace(now, given={variable: batch.upstream[variable] for _, variable in put})
        if isinstance(now.gradient(name), Tensor):
            found = judge_gradient(name, graph, [now], explained)
        else:
            found = judge_inferred_given(name, graph, [now])
        upstream = upstream_of(graph, name, now)
        args = (fused(graph.text, frozenset([name, *upstream])), name, now.values, upstream)
        if last or found[0] == "wrong" or not is_degenerate(local_gradient(*args), summand_scale(*args)):
            return found
    if not last:
        return None
    truth = first.truths[name]
    fitted = fit(was.to(truth.dtype), truth.shape)
    if fitted is not None and was.any() and first.is_true(name, fitted):
        return "right", ""
    if not was.any():
        return "wrong", f"d{name} is all zeros: nothing has come back to it yet."
    loss = {graph.output: torch.ones_like(first.values[graph.output])}
    said = safely(explain, fused(graph.text, frozenset()), name, first.values, loss, was.to(truth.dtype))
    return "wrong", f"d{name} was compared with autograd's own, since all that it comes from is zero here. {said}"


def _comes_from(name: str, first: TrainingStep, plain: Step) -> tuple[tuple[int, str], ...]:
    """Where a step binds the gradients that the one of ``name`` comes from: number of the report, and variable."""
    graph, seen = first.graph, plain.seen
    last = replace(first, step=plain).bound_at(name)
    end = len(seen) if last is None else last
    kept: dict[str, dict[str, int]] = {}
    for bound in seen[:end]:
        yours = bound.changed.get(bound.name)
        if not isinstance(yours, Tensor) or not yours.is_floating_point():
            continue
        for step in graph.steps:
            here = kept.setdefault(step, {})
            if step == graph.output or (bound.name != "d" + step and yours.shape != first.values[step].shape):
                continue
            if bound.name == "d" + step or (yours.any() and first.is_true(step, yours.to(first.values[step].dtype))):
                here[bound.name] = bound.number
    readers = fused(graph.text, frozenset([name, *(step for step, places in kept.items() if places)])).readers(name)
    return tuple((place, reader) for reader in readers for place in kept.get(reader, {}).values())
