"""The judge of a training loop: by its trajectory, step by step, from initial values that nobody has seen.

The student's loop is run for a few steps at other sizes, in float64. Its outermost ``for`` is wrapped so that the state after
every step is seen. Each step is then judged given the student's own parameters before it: the seven gradients against
autograd on the step's minibatch, the update against the student's own gradients, the learning rate before and after it drops.
A mistake in one of them so costs its own points; ``trajectory`` asks for all of it together.
"""

import ast
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autograder.cells import Screened
from autograder.cells import written as names_written
from autograder.client import Chunk, Job
from autograder.exercise import fused
from autograder.judge import STUBS, GradedPlace, Judge, Verdict, failure_sentence
from autograder.minibatches import Minibatch, large_numbers, make, other_sizes, own_sizes
from toolkit.compare import equal, fit, is_degenerate
from toolkit.diagnosis import explain, shape_message
from toolkit.graph import Graph, shares_and_scale

LEARNING_RATES = (0.1, 0.01)
"""The lecture's: before and after the drop."""


@dataclass(frozen=True)
class TrainingStep:
    """What is known of one step of a student's loop."""

    before: Mapping[str, Tensor]
    """Parameters before the step."""
    after: Mapping[str, object]
    """All watched values after it: parameters, minibatch, gradients."""
    rate: float
    """The learning rate that this step should have."""
    values: Mapping[str, object] | None
    """The forward pass on the step's minibatch, with the parameters before it; None if the loop left no minibatch."""


def training_verdicts(judge: Judge, grade_id: str, steps: int) -> list[Verdict]:
    """Verdicts on the training loop of a submission: each parameter's gradient, update, learning rate, trajectory.

    Args:
        grade_id: the graded cell that asks; the loop is looked for in the student's cells before it.
        steps: how many steps to run; the learning rate drops after half of them.
    """
    fixed = large_numbers(judge.exercise)
    settings = {name: steps if name == "max_steps" else steps // 2 for name in fixed}
    own = {**own_sizes(judge.exercise), **settings}
    sizes = {**other_sizes(own, random.Random(judge.seed), fixed), **settings}
    found: dict[str, tuple[str, str]] = {}
    for label, wanted in (("own sizes", own), ("other sizes", sizes)):
        batch = make(judge.exercise, wanted, own, f"training, {label}", judge.seed + 7)
        for name, (kind, message) in _judge_run(judge, grade_id, batch, steps).items():
            if found.get(name, ("right",))[0] == "right":
                if name in found and kind != "right":
                    kind, message = "right for these sizes only", f"it is not right at other sizes: {message}"
                found[name] = kind, message
    written_out = _written_out(judge, grade_id)
    if "lr_drop" in written_out and found["rate"][0] == "right":
        text = f"it assumes lr_drop = {fixed['lr_drop']}. Use the name, which a shorter run changes."
        found["rate"] = "right for these sizes only", text
    shown = {"update": "the update", "rate": "the learning rate", "trajectory": "the trajectory"}
    return [Verdict(f"loop:{n}", kind, text, shown.get(n, f"d{n} in the loop")) for n, (kind, text) in found.items()]


def value_verdicts(judge: Judge, grade_id: str, names: Sequence[str], instead: Mapping[str, str]) -> list[Verdict]:
    """Verdicts on values that the student computes from other inputs than a minibatch, such as the whole training set.

    Args:
        names: steps of the forward pass whose values are wanted under the same names.
        instead: for inputs of the forward pass by name, what stands in their place: ``Xb="Xtr"``.
    """
    graph = judge.exercise.graph
    batches = [next(b for b in judge.batches if b.own_sizes == own) for own in (True, False)]
    chunks, number = _chunks(judge, grade_id, tuple(names))
    found = dict.fromkeys(names, ("right", ""))
    for batch in batches:
        values = {**batch.values, **{old: batch.values[new] for old, new in instead.items()}}
        with torch.no_grad():
            wanted = graph.forward({k: v for k, v in values.items() if k not in graph.steps})
        # the forward pass of a minibatch has left these names: without the student's cell they must not be there
        job = _job(judge, replace(batch, values={k: v for k, v in batch.values.items() if k not in names}), chunks)
        result = judge.run(job)
        for name in (name for name, (kind, _) in found.items() if kind == "right"):
            kind, message = _compare_value(name, result.snapshots.get(number, {}).get(name), wanted[name])
            if kind == "not attempted" and (failure := result.failures.get(number)):
                kind, message = "raised" if failure.kind == "died" else failure.kind, failure_sentence(failure, judge)
            found[name] = kind, message
    return [Verdict(f"value:{name}", kind, message, name) for name, (kind, message) in found.items()]


def _compare_value(name: str, yours: object, wanted: Tensor) -> tuple[str, str]:
    if yours is None:
        return "not attempted", f"there is no {name}."
    if not isinstance(yours, Tensor):
        return "wrong", f"{name} is a {yours}, not a torch.Tensor."
    fitted = fit(yours.to(wanted.dtype), wanted.shape)
    scale = wanted.abs() + wanted.abs().mean()
    if fitted is None or not equal(fitted, wanted, scale):
        if fitted is None:
            return "wrong", f"{name} has shape {tuple(yours.shape)}, wanted is {tuple(wanted.shape)}."
        ratio = fitted / wanted
        if (ratio - ratio.mean()).abs().max() < 1e-9:
            return (
                "wrong",
                f"{name} is {float(ratio.mean()):.6g} times what it should be. Which divisor does the variance have?",
            )
        return (
            "wrong",
            f"{name} is not that of the whole training set: it differs by up to {float((fitted - wanted).abs().max()):.3g}.",
        )
    if yours.shape != wanted.shape:
        return "right value, wrong shape", f"{name} has shape {tuple(yours.shape)}, wanted is {tuple(wanted.shape)}."
    return "right", ""


def _judge_run(judge: Judge, grade_id: str, batch: Minibatch, steps: int) -> dict[str, tuple[str, str]]:
    """All verdicts (kind, message) on one run of the loop."""
    graph = judge.exercise.graph
    parameters = batch.lists["parameters"]
    inputs = [n for n in graph.inputs if n not in parameters and isinstance(batch.values.get(n), Tensor)]
    watched = dict.fromkeys([*parameters, *inputs, *("d" + n for n in (*parameters, *graph.steps))])
    chunks, number = _chunks(judge, grade_id, tuple(watched), ["d" + name for name in parameters])
    result = judge.run(_job(judge, batch, chunks))
    start = {name: batch.values[name] for name in parameters}
    training = []
    for i, after in enumerate(result.steps.get(number, [])):
        before = {n: training[-1].after[n] if training else start[n] for n in parameters}
        if not all(isinstance(value, Tensor) for value in before.values()):
            break
        rate = LEARNING_RATES[0] if i < steps // 2 else LEARNING_RATES[1]
        known = {**batch.values, **_fresh(after, graph)}
        training.append(TrainingStep(before, known, rate, _forward(graph, {**known, **before})))
    failure = result.failures.get(number)
    if not training and failure is not None:
        kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
        parts = [*parameters, "update", "rate", "trajectory"]
        return dict.fromkeys(parts, (kind, failure_sentence(failure, judge)))
    generator = torch.Generator().manual_seed(next(iter(batch.generators.values()), 0))
    reference = reference_trajectory(graph, parameters, batch.values, steps, steps // 2, generator)
    verdicts = {name: judge_gradient(name, graph, training) for name in parameters}
    if not training:
        verdicts = dict.fromkeys(parameters, ("not attempted", "no step of a training loop was seen."))
    for cell in judge.cells:
        verdicts |= {
            n: ("uses autograd", f"{w} is autograd, and autograd is not an answer.")
            for n, w in cell.autograd.items()
            if n in parameters
        }
    verdicts["update"] = judge_update(parameters, training)
    verdicts["rate"] = judge_rate(parameters, training)
    verdicts["trajectory"] = judge_trajectory(parameters, training, reference)
    return verdicts


def _fresh(after: Mapping[str, object], graph: Graph) -> dict[str, object]:
    return {name: value for name, value in after.items() if name not in graph.steps}


def _chunks(
    judge: Judge, grade_id: str, snapshot: tuple[str, ...], loop: Sequence[str] = ()
) -> tuple[list[Chunk], int]:
    """The student's cells up to a graded cell, with a snapshot at the last one that matters; and the number of that one."""
    before: list[Screened] = []
    for part in judge.all_parts:
        if isinstance(part, GradedPlace) and part.grade_id == grade_id:
            break
        if isinstance(part, Screened):
            before.append(part)
    wanted = next(cell.after for cell in judge.exercise.graded if cell.grade_id == grade_id)
    numbers = [i for i, cell in enumerate(before) if cell.cell.grade_id == wanted]
    chosen = numbers[-1] if numbers else len(before) - 1
    if loop and not any(wrap_loop(cell.source, loop) for cell in before[chosen : chosen + 1]):
        loops = [i for i, cell in enumerate(before) if cell not in judge.cells and wrap_loop(cell.source, loop)]
        chosen = loops[-1] if loops else chosen  # the loop may stand in a cell of the student's own
    chunks = []
    large = large_numbers(judge.exercise)
    for i, cell in enumerate(before):
        source = (wrap_loop(cell.source, loop) or cell.source) if loop and i == chosen else cell.source
        source = name_numbers(source, large)[0]
        chunks.append(Chunk(source, cell.cell.label, snapshot=snapshot if i == chosen else ()))
    return chunks, chosen


def _job(judge: Judge, batch: Minibatch, chunks: Sequence[Chunk]) -> Job:
    graph = judge.exercise.graph
    return Job(
        chunks, batch.values, {}, (), imports=judge.exercise.imports, stubs=STUBS, seed=judge.seed,
        restored=(*graph.inputs, *graph.steps), lists=batch.lists, generators=batch.generators,
    )  # fmt: skip


def _written_out(judge: Judge, grade_id: str) -> set[str]:
    """Names of the large numbers (max_steps, lr_drop) that the loop has as figures."""
    source = "\n".join(cell.source for cell in _cells_of(judge, grade_id))
    return name_numbers(source, large_numbers(judge.exercise))[1]


def _cells_of(judge: Judge, grade_id: str) -> list[Screened]:
    """The solution cell that a graded cell grades."""
    wanted = next(cell.after for cell in judge.exercise.graded if cell.grade_id == grade_id)
    return [part for part in judge.all_parts if isinstance(part, Screened) and part.cell.grade_id == wanted]


def name_numbers(source: str, names: Mapping[str, int]) -> tuple[str, set[str]]:
    """A cell with each number that is the value of a name replaced by the name (100_000 by lr_drop); and those names."""
    lines, used = source.split("\n"), set()
    by_value = {value: name for name, value in names.items()}
    constants = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and type(n.value) is int]
    for node in sorted(constants, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if node.value in by_value:
            line = lines[node.lineno - 1].encode()
            name = by_value[node.value]
            used.add(name)
            lines[node.lineno - 1] = (line[: node.col_offset] + name.encode() + line[node.end_col_offset :]).decode()
    return "\n".join(lines), used


def wrap_loop(source: str, written: Sequence[str]) -> str | None:
    """A cell with the iterable of its training loop passed through ``_each_step``; lines stay where they are.

    Args:
        written: names by which the loop is known: the outermost ``for`` in whose body one of them is bound or changed.

    Returns:
        The changed source, or None if there is no such loop (then nothing can be seen but its end).
    """

    def loops(nodes: Sequence[ast.stmt]) -> Iterator[ast.For]:
        for node in nodes:
            if isinstance(node, ast.For) and names_written(node) & set(written):
                yield node
            else:
                for field in ("body", "orelse", "finalbody"):
                    yield from loops(getattr(node, field, []))

    found = [*loops(ast.parse(source).body)]
    if not found:
        return None
    lines = source.split("\n")
    where = found[-1].iter
    for row, column, text in (
        (where.end_lineno - 1, where.end_col_offset, ")"),
        (where.lineno - 1, where.col_offset, "_each_step("),
    ):
        line = lines[row].encode()
        lines[row] = (line[:column] + text.encode() + line[column:]).decode()
    return "\n".join(lines)


def judge_gradient(name: str, graph: Graph, steps: Sequence[TrainingStep]) -> tuple[str, str]:
    """Verdict (kind, message) on one gradient of the loop, over all its steps."""
    shape_problem = ""
    for number, step in enumerate(steps):
        yours = step.after.get("d" + name)
        if yours is None:
            return "not attempted", f"there is no d{name} in the loop."
        if not isinstance(yours, Tensor):
            return "wrong", f"d{name} is a {yours}; a gradient is a torch.Tensor."
        if step.values is None:
            return "wrong", "the loop left no minibatch in Xb and Yb to judge it on."
        upstream = _upstream(graph, name, step)
        graph_here = fused(graph.text, frozenset([name, *upstream]))
        parts, scale = shares_and_scale(graph_here, name, step.values, upstream)
        truth = torch.stack([*parts.values()]).sum(0)
        fitted = fit(yours.to(truth.dtype), truth.shape)
        if fitted is None or not equal(fitted, truth, scale):
            late = steps[number + 1].after.get("d" + name) if number + 1 < len(steps) else None
            if isinstance(late, Tensor) and late.shape == truth.shape and equal(late, truth, scale):
                return "wrong", f"d{name} is the gradient of the step before: the update uses it one step late."
            if is_degenerate(truth, scale):
                continue
            return "wrong", explain(graph_here, name, step.values, upstream, yours.to(truth.dtype))
        if yours.shape != truth.shape:
            shape_problem = shape_message(name, yours.shape, truth.shape)
    return ("right value, wrong shape", shape_problem) if shape_problem else ("right", "")


def judge_update(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> tuple[str, str]:
    """Verdict on ``p -= rate * gradient``, given the student's own gradients, while the learning rate is the first."""
    early = [step for step in steps if step.rate == LEARNING_RATES[0]]
    return _update(parameters, early, "update")


def judge_rate(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> tuple[str, str]:
    """Verdict on the drop of the learning rate: late steps are to be a tenth of early ones, whatever the update's sign."""
    early, late = (_factor(parameters, [s for s in steps if s.rate == rate]) for rate in LEARNING_RATES)
    if not early or late is None:
        return _update(parameters, [step for step in steps if step.rate == LEARNING_RATES[1]], "learning rate")
    if abs(late / early - LEARNING_RATES[1] / LEARNING_RATES[0]) < 1e-6:
        return "right", ""
    if abs(late / early - 1) < 1e-6:
        return (
            "wrong",
            f"the learning rate stays at {abs(early):g} after step lr_drop; it must fall to {LEARNING_RATES[1]}.",
        )
    return (
        "wrong",
        f"the learning rate goes from {abs(early):g} to {abs(late):g} at step lr_drop, not to {LEARNING_RATES[1]}.",
    )


def _factor(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> float | None:
    """By what multiple of the student's gradients all parameters change, if it is one and the same everywhere."""
    ratios = []
    for step in steps:
        for name in parameters:
            gradient, now = step.after.get("d" + name), step.after.get(name)
            if isinstance(gradient, Tensor) and isinstance(now, Tensor) and gradient.numel() == now.numel():
                gradient = gradient.to(now.dtype).reshape(now.shape)
                large = gradient.abs() > 0.1 * gradient.abs().max()
                if gradient.abs().max() > 1e-9:
                    ratios.append(((now - step.before[name])[large] / gradient[large]).flatten())
    if not ratios:
        return None
    all_ratios = torch.cat(ratios)
    same = (all_ratios - all_ratios.mean()).abs().max() <= 1e-6 * all_ratios.mean().abs()
    return float(all_ratios.mean()) if same else None


def judge_trajectory(
    parameters: Sequence[str], steps: Sequence[TrainingStep], reference: Sequence[Mapping[str, Tensor]]
):
    """Whether the parameters after the last step are those of autograd's loop."""
    if len(steps) < len(reference):
        return "wrong", f"the loop ran {len(steps)} steps where max_steps asked for {len(reference)}."
    if len(steps) > len(reference):
        return "wrong", f"the loop ran more than the {len(reference)} steps that max_steps asked for."
    last, wanted = steps[-1].after, reference[-1]
    for name in parameters:
        yours = last.get(name)
        if not isinstance(yours, Tensor) or yours.shape != wanted[name].shape:
            return "wrong", f"after the loop {name} is not what it was: it has another type or shape."
        if not torch.allclose(yours.to(wanted[name].dtype), wanted[name], rtol=1e-6, atol=1e-8):
            worst = float((yours - wanted[name]).abs().max())
            return (
                "wrong",
                f"after {len(steps)} steps {name} is not where autograd's loop has it (by at most {worst:.2g}).",
            )
    return "right", ""


def reference_trajectory(
    graph: Graph,
    parameters: Sequence[str],
    start: Mapping[str, object],
    steps: int,
    drop: int,
    generator: torch.Generator,
) -> list[dict[str, Tensor]]:
    """Parameters after each step of the same training with autograd's gradients."""
    values = dict(start)
    states = []
    for i in range(steps):
        index = torch.randint(0, values["Xtr"].shape[0], (values["batch_size"],), generator=generator)
        values |= {"Xb": values["Xtr"][index], "Yb": values["Ytr"][index]}
        gradients = graph.gradients({k: v for k, v in values.items() if k not in graph.steps})
        rate = LEARNING_RATES[0] if i < drop else LEARNING_RATES[1]
        values |= {name: values[name] - rate * gradients[name] for name in parameters}
        states.append({name: values[name] for name in parameters})
    return states


def _forward(graph: Graph, inputs: Mapping[str, object]) -> dict[str, object] | None:
    if not all(isinstance(inputs.get(name), Tensor) for name in ("Xb", "Yb") if name in graph.inputs):
        return None
    with torch.no_grad():
        try:
            return graph.forward(inputs)
        except (RuntimeError, IndexError):
            return None


def _upstream(graph: Graph, name: str, step: TrainingStep) -> dict[str, Tensor]:
    """The upstream gradients that the student has in the loop; every other step is to be substituted away."""
    own, values = {}, step.values
    for other in graph.steps:
        gradient = step.after.get("d" + other)
        if other not in (name, graph.output) and isinstance(gradient, Tensor):
            fitted = fit(gradient.to(values[other].dtype), values[other].shape)
            if fitted is not None and torch.isfinite(fitted).all():
                own[other] = fitted
    return {**own, graph.output: torch.ones_like(values[graph.output])}


def _update(
    parameters: Sequence[str], steps: Sequence[TrainingStep], what: str, rate: float | None = None
) -> tuple[str, str]:
    seen = False
    for step in steps:
        for name in parameters:
            gradient, now = step.after.get("d" + name), step.after.get(name)
            if not isinstance(gradient, Tensor) or not isinstance(now, Tensor):
                continue
            before = step.before[name]
            fitted = fit(gradient.to(before.dtype), before.shape)
            if fitted is None or now.shape != before.shape or not torch.isfinite(fitted).all():
                continue
            seen = True
            change, wanted = now.to(before.dtype) - before, -(rate or step.rate) * fitted
            slack = 1e-8 * wanted.abs() + 1e-14 * (before.abs() + 1)
            if ((change - wanted).abs() > slack).any():
                return "wrong", _why(name, change, fitted, rate or step.rate, what)
    return ("right", "") if seen else ("not attempted", f"no step of the loop shows the {what}.")


def _why(name: str, change: Tensor, gradient: Tensor, rate: float, what: str) -> str:
    if not change.any():
        return f"{name} does not change in a step."
    nonzero = gradient.abs() > 0.1 * gradient.abs().max()
    factors = change[nonzero] / gradient[nonzero]
    if factors.numel() and (factors - factors.mean()).abs().max() <= 1e-6 * factors.mean().abs():
        factor = float(factors.mean())
        if factor > 0:
            return f"{name} goes up the gradient: a step of {factor:+.4g} times d{name} makes the loss larger."
        return f"{name} changes by {factor:.4g} times d{name}; with this step's learning rate it should be {-rate:g} times."
    return f"{name} does not change by a multiple of your d{name}: which tensor does the {what} read?"
