"""Is a gradient of the loop right? Asked in each step, given the student's own parameters and upstream gradients there.

A gradient is taken as it was when it was bound. Where a loop keeps none under its name, it is what the parameter moved by,
divided by the learning rate.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from toolkit.judge import Judge
from toolkit.mistakes.diagnosis import NOT_FINITE, explain, safely, shape_message
from toolkit.mistakes.leading import inside_loop, leading_to
from toolkit.mistakes.why import Seen, why_wrong
from toolkit.network.compare import equal, fit, is_degenerate
from toolkit.network.exercise import fused
from toolkit.network.graph import Graph, local_gradient, summand_scale
from toolkit.running.outcome import no_gradient
from toolkit.running.runs import Chunk
from toolkit.running.watched_loop import find_loop
from toolkit.training_loop.step import STEPS, Said, TrainingStep
from toolkit.verdict import Place

INFERRED = 1e-6
"""Relative tolerance of a gradient that is read off an update: the parameter's own rounding is in it."""
Explained = Callable[[str, Graph, Iterator[Seen]], str]
"""What is wrong with a gradient, which is seen in one step after another."""


def by_numbers(name: str, graph: Graph, seen: Iterator[Seen]) -> str:
    """An explanation by the numbers of the first step alone."""
    first = next(seen)
    return explain(graph, name, first.values, first.upstream, first.yours)


def explained_by_lines(judge: Judge, chunks: Sequence[Chunk], places: dict[str, tuple[Place, ...]]) -> Explained:
    """Explanations by the lines of the loop, else by the numbers.

    Args:
        chunks: the cells up to the one with the loop.
        places: takes the pieces of the student's lines that a message speaks of, by message.
    """
    exercise = judge.exercise
    names = {*exercise.graph.steps, *exercise.graph.inputs}

    def by_lines(name: str, graph: Graph, seen: Iterator[Seen]) -> str:
        watched = chunks[-1].watched
        gradients, sources = {"d" + n for n in names}, [(c.source, c.label) for c in chunks]
        statements = inside_loop(sources, lambda body: find_loop(body, STEPS, watched), gradients)
        lead = leading_to(name, statements, gradients, names, rebound=False)
        why = why_wrong(exercise, graph, name, lead, seen, judge.outcomes.run_job, torch.float64, judge.seconds)
        if why is not None:
            places[why.message] = why.places
        return why.message if why else ""

    def explained(name: str, graph: Graph, seen: Iterator[Seen]) -> str:
        seen, again = itertools.tee(seen)
        return safely(by_lines, name, graph, seen) or by_numbers(name, graph, again)

    return explained


def wrong_on_the_way(graph: Graph, parameters: Sequence[str], training: Sequence[TrainingStep]) -> dict[str, str]:
    """Gradients of steps that are not right, each given those it comes from, and the parameter whose gradient that costs.

    Only where something is lost by it: a parameter's gradient that equals autograd's own is right, whatever the names on the
    way were used for.
    """
    first = training[0]
    if first.values is None:
        return {}
    lost = [name for name in parameters if not _is_true(name, first)]
    found: dict[str, str] = {}
    for name in [step for step in reversed(graph.steps) if step != graph.output]:
        costs = [parameter for parameter in graph.goes_back_to(name, parameters) if parameter in lost]
        if not costs or costs[0] in found.values() or not isinstance(first.gradient(name), Tensor):
            continue
        if judge_gradient(name, graph, training)[0] == "wrong":
            found[name] = costs[0]
    return found


def _is_true(name: str, step: TrainingStep) -> bool:
    """Whether a gradient is autograd's own."""
    yours = step.gradient(name)
    if not isinstance(yours, Tensor):
        yours = inferred(name, step)
    if yours is None:
        return False
    truth = step.truths[name]
    fitted = fit(yours.to(truth.dtype), truth.shape)
    return fitted is not None and step.is_true(name, fitted)


def judge_gradient(name: str, graph: Graph, steps: Sequence[TrainingStep], explained: Explained = by_numbers) -> Said:
    """Verdict on one gradient of the loop, over all its steps."""
    found: Said = "right", ""
    for number in range(len(steps)):
        said = judge_step(name, graph, steps, number, set(), explained)
        if said[0] not in ("right", "right value, wrong shape"):
            return said
        found = said if found[0] == "right" else found
    return found


def judge_step(
    name: str, graph: Graph, steps: Sequence[TrainingStep], number: int, shown: set[str], explained: Explained
) -> Said:
    """Verdict on one gradient in one step of the loop.

    Args:
        shown: gets the name if the gradient was not zero but for rounding, so that what is right there is derived.
    """
    step = steps[number]
    yours, values = step.gradient(name), step.values
    if values is None:
        inputs = [n for n in graph.inputs if n not in step.before and isinstance(step.inputs.get(n), Tensor)]
        return "wrong", f"the loop left no minibatch in {' and '.join(inputs)} to judge it on."
    if yours is None:
        if step.step.after is None and number:
            return "right", ""  # the step that failed did not come so far
        if not is_degenerate(step.truths[name], step.true_scale(name)):
            shown.add(name)
        return _judge_inferred(name, graph, step)
    if not isinstance(yours, Tensor):
        return "wrong", no_gradient(name, yours)
    upstream = upstream_of(graph, name, step)
    graph_here = fused(graph.text, frozenset([name, *upstream]))
    truth = local_gradient(graph_here, name, values, upstream)
    yours = yours.to(truth.dtype)
    fitted = fit(yours, truth.shape)
    # most are right to the last digits: then the size of their terms need not be known
    scale = truth.abs()
    if fitted is None or not equal(fitted, truth, scale) or name not in shown:
        scale = summand_scale(graph_here, name, values, upstream)
    if not is_degenerate(truth, scale):
        shown.add(name)
    if fitted is None or not equal(fitted, truth, scale):
        late = steps[number + 1].gradient(name) if number + 1 < len(steps) else None
        if isinstance(late, Tensor) and late.shape == truth.shape and equal(late, truth, scale):
            return "wrong", f"d{name} is the gradient of the step before: the update uses it one step late."
        # perhaps the names on the way mean something else here
        if fitted is None or step.given or not step.is_true(name, fitted):
            if not torch.isfinite(yours).all():
                bad = "nan" if torch.isnan(yours).any() else "inf"
                return "wrong", f"d{name} holds {bad} in step {number} of the loop. {NOT_FINITE}"
            return "wrong", explained(name, graph_here, _seen(name, graph, steps[number:]))
    if yours.shape != truth.shape:
        return "right value, wrong shape", shape_message(name, yours.shape, truth.shape)
    return "right", ""


def _seen(name: str, graph: Graph, steps: Sequence[TrainingStep]) -> Iterator[Seen]:
    """A gradient in one step after another."""
    for step in steps:
        yours = step.gradient(name)
        if step.values is not None and isinstance(yours, Tensor):
            yield Seen(step.values, upstream_of(graph, name, step), yours.to(step.values[name].dtype), {})


def _judge_inferred(name: str, graph: Graph, step: TrainingStep) -> Said:
    """Verdict on a gradient that the loop does not keep under its name."""
    nothing = "not attempted", f"there is no d{name} in the loop."
    yours = inferred(name, step)
    if yours is None or not any(moved is not None and moved.any() for moved in map(step.moved, step.before)):
        return nothing
    if _moves_by(step.truths[name], name, yours, step, lambda: step.true_scale(name)):
        return "right", ""
    if not yours.any():
        return nothing
    loss = {graph.output: torch.ones_like(step.values[graph.output])}
    measured = _unrounded(yours, step.truths[name], name, step)
    return "wrong", _not_by_it(name, safely(explain, fused(graph.text, frozenset()), name, step.values, loss, measured))


def judge_inferred_given(name: str, graph: Graph, steps: Sequence[TrainingStep]) -> Said:
    """The same, where the judge has put gradients into the step."""
    step, upstream = steps[0], upstream_of(graph, name, steps[0])
    graph_here, yours = fused(graph.text, frozenset([name, *upstream])), inferred(name, step)
    args = (graph_here, name, step.values, upstream)
    if _moves_by(local_gradient(*args), name, yours, step, lambda: summand_scale(*args)):
        return "right", ""
    return "wrong", _not_by_it(name, safely(explain, *args, yours))


def _moves_by(truth: Tensor, name: str, yours: Tensor, step: TrainingStep, size: Callable[[], Tensor]) -> bool:
    """Whether a gradient that was read off an update is the true one, as far as the parameter's own rounding lets see."""
    rounding = 4 * torch.finfo(truth.dtype).eps * (step.before[name].abs() + 1) / step.rate
    off = (yours - truth).abs()
    scales = (scale() for scale in (truth.abs, size))
    return any(bool((off <= INFERRED * (scale + 1e-3 * scale.max()) + rounding).all()) for scale in scales)


def _unrounded(yours: Tensor, truth: Tensor, name: str, step: TrainingStep) -> Tensor:
    """A multiple of the truth by a short number, where what was read off an update is one but for the parameter's rounding."""
    large = truth.abs() > 0.1 * truth.abs().max()
    factor = float(f"{float((yours[large] / truth[large]).mean()):.6g}") if large.any() else 1.0
    multiple = factor * truth
    return multiple if _moves_by(multiple, name, yours, step, multiple.abs) else yours


def _not_by_it(name: str, said: str) -> str:
    return f"there is no d{name} in the loop, and what {name} moves by is not minus the learning rate times it. {said}"


def inferred(name: str, step: TrainingStep) -> Tensor | None:
    """The gradient that would move a parameter as it was moved."""
    moved = step.moved(name)
    return None if moved is None else -moved / step.rate


def kept_or_inferred(name: str, step: TrainingStep) -> Tensor | None:
    kept = step.gradient(name)
    return kept if isinstance(kept, Tensor) else inferred(name, step) if kept is None else None


def upstream_of(graph: Graph, name: str, step: TrainingStep) -> dict[str, Tensor]:
    """The upstream gradients that the student had in the loop when this one was bound; other steps are substituted away."""
    own, seen = {}, step.upstream_at(name)
    for other in graph.steps:
        gradient = seen.get("d" + other)
        if other not in (name, graph.output) and isinstance(gradient, Tensor):
            fitted = fit(gradient.to(step.values[other].dtype), step.values[other].shape)
            if fitted is not None and torch.isfinite(fitted).all():
                own[other] = fitted
    return {**own, **step.given, graph.output: torch.ones_like(step.values[graph.output])}
