"""What a training loop should do, and the verdicts on one: gradients, update, learning rate, trajectory.

The loop is run for a few steps from unseen initial values, and watched (``watched_loop``). Each step is judged given the
student's own parameters before it: the gradients against autograd on the step's minibatch, each as it was when it was bound;
the update against the student's own gradients; the learning rate before and after it drops. A mistake in one of them so
costs its own points; ``trajectory`` asks for all of it together. Where a loop keeps no gradient under its name, the gradient is
what the parameter moved by, divided by the learning rate.
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from toolkit.cells import Screened
from toolkit.compare import equal, fit, is_degenerate
from toolkit.diagnosis import NOT_FINITE, explain, safely, shape_message
from toolkit.exercise import fused
from toolkit.graph import Graph, local_gradient, summand_scale
from toolkit.judge import Judge, failure_sentence, syntax_sentence
from toolkit.leading import inside_loop, leading_to
from toolkit.minibatches import Minibatch, large_numbers, make, other_sizes, own_sizes
from toolkit.outcome import IS_NONE, STUBS, no_gradient
from toolkit.plans import GradedPlace
from toolkit.runs import Chunk, Failure, Job, Step
from toolkit.verdict import Place, Verdict
from toolkit.watched_loop import find_loop, names_bound, written_out
from toolkit.why import Seen, why_wrong

RATES = (0.1, 0.01)
"""The lecture's learning rates: before the drop, and from there on."""
STEPS, DROP = "max_steps", "lr_drop"
"""Names of the number of steps, and of the step at which the learning rate drops."""
INFERRED = 1e-6
"""Relative tolerance of a gradient that is read off an update: the parameter's own rounding is in it."""
Said = tuple[str, str]
"""Kind of a verdict, and its message."""
Explained = Callable[[str, Graph, Iterator[Seen]], str]
"""What is wrong with a gradient, which is seen in one step after another."""


def by_numbers(name: str, graph: Graph, seen: Iterator[Seen]) -> str:
    """An explanation by the numbers of the first step alone."""
    first = next(seen)
    return explain(graph, name, first.values, first.upstream, first.yours)


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

    def gradient(self, name: str) -> Any:
        """``d<name>`` as the step bound it last; None if it did not."""
        return self.upstream_at(name).get("d" + name)

    def upstream_at(self, name: str) -> Mapping[str, Any]:
        """All gradients that this step has bound, as they were when ``d<name>`` was bound last."""
        seen = self.step.seen
        last = next((i for i in range(len(seen) - 1, -1, -1) if seen[i].name == "d" + name), None)
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


def training_verdicts(judge: Judge, grade_id: str, steps: int) -> list[Verdict]:
    """Verdicts on the training loop of a submission: each parameter's gradient, update, learning rate, trajectory.

    Args:
        grade_id: the graded cell that asks; the loop is looked for in the student's cells before it.
        steps: how many steps to run; the learning rate drops after half of them.
    """
    verdicts = _training_verdicts(judge, grade_id, steps)
    if judge.as_written is None or all(verdict.points == 1 for verdict in verdicts):
        return verdicts
    both = zip(verdicts, _training_verdicts(judge.as_written, grade_id, steps), strict=True)
    return [written if _says_more(written, verdict) else verdict for verdict, written in both]


def _says_more(written: Verdict, verdict: Verdict) -> bool:
    """Whether a verdict on the loop as it is written holds, and not the one on what is left without words of autograd's."""
    own = written.kind == "wrong" and IS_NONE not in written.message  # a value, though no derivative could be had
    return written.points > verdict.points or (verdict.kind == "uses autograd" and own)


def _training_verdicts(judge: Judge, grade_id: str, steps: int) -> list[Verdict]:
    fixed = large_numbers(judge.exercise)
    settings = {name: steps if name == STEPS else steps // 2 for name in fixed}
    own = {**own_sizes(judge.exercise), **settings}
    sizes = {**other_sizes(own, random.Random(judge.seed), fixed), **settings}
    found: dict[str, Said] = {}
    places: dict[str, tuple[Place, ...]] = {}
    for label, wanted in (("own sizes", own), ("other sizes", sizes)):
        batch = make(judge.exercise, wanted, own, f"training, {label}", judge.seed + 7)
        for name, (kind, message) in _judge_run(judge, grade_id, batch, steps, places).items():
            if found.get(name, ("right",))[0] == "right":
                if name in found and kind != "right":
                    kind, message = "right for these sizes only", f"it is not right at other sizes: {message}"
                found[name] = kind, message
    source = "\n".join(cell.source for cell in _cells_of(judge, grade_id))
    if DROP in written_out(source, fixed) and found["rate"][0] == "right":
        text = f"it assumes {DROP} = {fixed[DROP]}. Use the name, which a shorter run changes."
        found["rate"] = "right for these sizes only", text
    shown = {"update": "the update", "rate": "the learning rate", "trajectory": "the trajectory"}
    return [
        Verdict(
            f"loop:{name}",
            kind,
            text,
            shown.get(name, f"d{name} in the loop"),
            places=next((there for said, there in places.items() if said in text), ()),
        )
        for name, (kind, text) in found.items()
    ]


def value_verdicts(judge: Judge, grade_id: str, names: Sequence[str], instead: Mapping[str, str]) -> list[Verdict]:
    """Verdicts on values that the student computes from other inputs than a minibatch, such as the whole training set.

    Args:
        names: steps of the forward pass whose values are wanted under the same names.
        instead: for inputs of the forward pass by name, what stands in their place: ``Xb="Xtr"``.
    """
    verdicts = _value_verdicts(judge, grade_id, names, instead)
    if judge.as_written is None or all(verdict.points == 1 for verdict in verdicts):
        return verdicts
    both = zip(verdicts, _value_verdicts(judge.as_written, grade_id, names, instead), strict=True)
    return [written if written.points > verdict.points else verdict for verdict, written in both]


def _value_verdicts(judge: Judge, grade_id: str, names: Sequence[str], instead: Mapping[str, str]) -> list[Verdict]:
    graph = judge.exercise.graph
    batches = [next(b for b in judge.batches if b.own_sizes == own) for own in (True, False)]
    chunks, number = _chunks(judge, grade_id, tuple(names))
    found = dict.fromkeys(names, ("right", ""))
    broken = next((cell for cell in judge.all_cells if cell.syntax_error), None)
    for batch in batches:
        values = {**batch.values, **{old: batch.values[new] for old, new in instead.items()}}
        with torch.no_grad():
            wanted = graph.forward({k: v for k, v in values.items() if k not in graph.steps})
        # the forward pass of a minibatch has left these names: without the student's cell they must not be there
        job = _job(judge, replace(batch, values={k: v for k, v in batch.values.items() if k not in names}), chunks)
        result = judge.outcomes.run(job)
        for name in (name for name, (kind, _) in found.items() if kind == "right"):
            yours = result.snapshots.get(number, {}).get(name)
            kind, message = _guarded(judge, name, _compare_value, name, yours, wanted[name], batch.values[name])
            if kind == "not attempted" and (failure := result.failures.get(number)):
                kind, message = (
                    "raised" if failure.kind == "died" else failure.kind,
                    failure_sentence(failure, judge.all_cells),
                )
            if kind != "right" and broken and not any(cell.statements for cell in _cells_of(judge, grade_id)):
                kind, message = "raised", syntax_sentence(broken)
            found[name] = kind, message
    return [Verdict(f"value:{name}", kind, message, name) for name, (kind, message) in found.items()]


def _guarded(judge: Judge, name: str, decide: Callable[..., Any], *args: object) -> Any:
    """What is said of one name, whatever is raised meanwhile."""
    said = judge.outcomes.guarded(lambda: decide(*args))
    return ("wrong", f"{name}: {said}") if isinstance(said, str) else said


def _compare_value(name: str, yours: object, wanted: Tensor, of_the_batch: Tensor) -> Said:
    if yours is None:
        return "not attempted", f"there is no {name}."
    if not isinstance(yours, Tensor):
        return "wrong", f"{name} is a {yours}, not a torch.Tensor."
    fitted = fit(yours.to(wanted.dtype), wanted.shape)
    scale = wanted.abs() + wanted.abs().mean()
    if fitted is None:
        return "wrong", f"{name} has shape {tuple(yours.shape)}, wanted is {tuple(wanted.shape)}."
    if not equal(fitted, wanted, scale):
        if equal(fitted, of_the_batch, scale):
            return "wrong", f"{name} is that of a single minibatch. Wanted: the whole training set's."
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


# --- one run of the loop ----------------------------------------------------------------------------------------------------


def _judge_run(
    judge: Judge, grade_id: str, batch: Minibatch, steps: int, places: dict[str, tuple[Place, ...]]
) -> dict[str, Said]:
    """All verdicts on one run of the loop.

    Args:
        places: takes the pieces of the student's lines that a message speaks of, by message.
    """
    graph, parameters = judge.exercise.graph, batch.lists["parameters"]
    inputs = [n for n in graph.inputs if n not in parameters and isinstance(batch.values.get(n), Tensor)]
    gradients = ["d" + n for n in (*parameters, *graph.steps) if n != graph.output]
    asked = ["d" + name for name in parameters]
    chunks, number = _chunks(judge, grade_id, (*parameters, *inputs, *asked), gradients, asked)
    result = judge.outcomes.run(_job(judge, batch, chunks))
    failure = result.failures.get(number)
    generator = torch.Generator().manual_seed(next(iter(batch.generators.values()), 0))
    reference, minibatches = reference_trajectory(graph, parameters, batch.values, steps, steps // 2, generator)
    seen = result.steps.get(number, [])
    training, problem = _training_steps(graph, parameters, batch, seen[:steps], steps // 2, minibatches)
    left_out = [n for n in parameters if failure and failure.text == f"NameError: name 'd{n}' is not defined"]
    if left_out and not any(step.seen for step in seen):  # the line that uses it is the exercise's own
        said = "not attempted", f"there is no d{left_out[0]} in the loop."
        return dict.fromkeys([*parameters, "update", "rate", "trajectory"], said)
    if not training:
        broken = next((cell for cell in judge.all_cells if cell.syntax_error), None)
        said = (
            ("raised", syntax_sentence(broken)) if broken else ("not attempted", "no step of a training loop was seen.")
        )
        said = ("wrong", problem) if problem else _stopped(failure, judge) if failure else said
        return dict.fromkeys([*parameters, "update", "rate", "trajectory"], said)
    explained = _by_lines(judge, chunks[: number + 1], places)

    def proof(names: Sequence[str]) -> dict[str, Said]:
        return _proof(judge, batch, chunks, number, training[0], names, explained)

    verdicts = _gradients(judge, parameters, training, proof, explained)
    if problem:
        verdicts = dict.fromkeys(parameters, ("wrong", problem))
    here = [cell for cell in judge.all_cells if cell.cell.label == chunks[number].label]
    for cell in here:
        verdicts |= {
            n: ("uses autograd", f"{w} is autograd, and autograd is not an answer.")
            for n, w in cell.autograd.items()
            if n in parameters and verdicts[n][0] != "right"
        }
    whole = [step for step in training if step.step.after is not None]
    verdicts["update"] = _guarded(judge, "the update", judge_update, parameters, whole, verdicts)
    words = sorted(set().union(*(cell.words for cell in here)))
    if words and verdicts["update"][0] == "wrong":
        verdicts["update"] = (
            "wrong",
            f"{verdicts['update'][1]} ({', '.join(words)} is autograd: what uses it is left out.)",
        )
    verdicts["rate"] = _guarded(judge, "the learning rate", judge_rate, parameters, whole)
    verdicts["trajectory"] = _guarded(
        judge, "the trajectory", judge_trajectory, parameters, whole, reference, len(seen)
    )
    broken = next((cell for cell in here if cell.syntax_error), None)
    if broken:  # the lines before it were run
        wrong = [n for n, (kind, _) in verdicts.items() if kind == "not attempted"]
        wrong += [n for n in ("update", "rate", "trajectory") if verdicts[n][0] != "right"]
        verdicts |= dict.fromkeys(wrong, ("raised", syntax_sentence(broken)))
    if failure:  # what was computed before it is judged; what was not, failed
        told = {n: said for n, said in verdicts.items() if said[0] == "not attempted"}
        verdicts |= dict.fromkeys([*told, "trajectory"], _stopped(failure, judge))
    return verdicts


def _proof(
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
        return next(iter(judge.outcomes.run(_job(judge, shorter, again, given)).steps.get(number, [])), None)

    found: dict[str, Said | None] = dict.fromkeys(names)
    for also in ((), others):  # first by the names of gradients, which was seen already; then by whatever holds one
        left = [name for name, said in found.items() if said is None]
        plain = one_step(also, ()) if also and left else first.step
        places = {name: _comes_from(name, first, plain) for name in left} if plain else {}
        for put in dict.fromkeys(places.values()):
            step = one_step(also, put) if put else None
            for name in [name for name, place in places.items() if place == put]:
                args = (name, graph, first, plain, step, put, batch, explained, also == others)
                found[name] = _guarded(judge, f"d{name}", _proven, *args)
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
    was, yours = (_kept_or_inferred(name, one) for one in (before, now))
    if was is None or yours is None:
        return "right", ""
    if put and step is not None and not torch.equal(was, yours):
        now = replace(now, given={variable: batch.upstream[variable] for _, variable in put})
        if isinstance(now.gradient(name), Tensor):
            found = judge_gradient(name, graph, [now], explained)
        else:
            found = _judge_inferred_given(name, graph, [now])
        upstream = _upstream(graph, name, now)
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


def _kept_or_inferred(name: str, step: TrainingStep) -> Tensor | None:
    kept = step.gradient(name)
    return kept if isinstance(kept, Tensor) else _inferred(name, step) if kept is None else None


def _comes_from(name: str, first: TrainingStep, plain: Step) -> tuple[tuple[int, str], ...]:
    """Where a step binds the gradients that the one of ``name`` comes from: number of the report, and variable."""
    graph, seen = first.graph, plain.seen
    end = next((i for i in range(len(seen) - 1, -1, -1) if seen[i].name == "d" + name), len(seen))
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


def _stopped(failure: Failure, judge: Judge) -> Said:
    kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
    sentence = failure_sentence(failure, judge.all_cells)
    if "NoneType" in failure.text:
        sentence += " (Does the loop read .grad? Nothing in it fills that.)"
    return kind, sentence


def _training_steps(
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


def _forward(graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    with torch.no_grad():
        try:
            return graph.forward(inputs)
        except (RuntimeError, IndexError):  # characters that are none, say
            return None


def _chunks(
    judge: Judge,
    grade_id: str,
    snapshot: tuple[str, ...],
    watched: Sequence[str] = (),
    loop: Sequence[str] = (),
) -> tuple[list[Chunk], int]:
    """The student's cells up to a graded cell, with a snapshot at the last one that matters; and the number of that one.

    Args:
        watched: gradients that are reported, if there is a loop to watch.
        loop: gradients by which the loop is known.
    """
    before: list[Screened] = []
    for part in judge.all_parts:
        if isinstance(part, GradedPlace) and part.grade_id == grade_id:
            break
        if isinstance(part, Screened):
            before.append(part)
    wanted = _solution(judge, grade_id)
    numbers = [i for i, cell in enumerate(before) if cell.cell.grade_id == wanted]
    chosen = numbers[-1] if numbers else len(before) - 1
    if loop and before and not _has_loop(before[chosen], loop):
        # the loop may stand in a cell of the student's own
        loops = [i for i, cell in enumerate(before) if _has_loop(cell, ())]
        loops = loops or [i for i, cell in enumerate(before) if cell not in judge.cells and _has_loop(cell, loop)]
        chosen = loops[-1] if loops else chosen
    large = large_numbers(judge.exercise)
    chunks = []
    for i, cell in enumerate(before):
        here: dict[str, Any] = {"snapshot": snapshot} if i == chosen else {}
        # the cells before it, too: the loop may call a function that stands there
        watch: dict[str, Any] = {"watched": tuple(watched), "steps_name": STEPS, "numbers": large} if watched else {}
        chunks.append(Chunk(cell.source, cell.cell.label, **here, **watch))
    return chunks, chosen


def _has_loop(cell: Screened, gradients: Sequence[str]) -> bool:
    return any(find_loop([node], STEPS, gradients) for node in cell.nodes)


def _job(
    judge: Judge, batch: Minibatch, chunks: Sequence[Chunk], replacements: Mapping[str, Tensor] | None = None
) -> Job:
    graph = judge.exercise.graph
    return Job(
        chunks, batch.values, replacements or {}, (), imports=judge.exercise.imports, stubs=STUBS, seed=judge.seed,
        restored=(*graph.inputs, *graph.steps), lists=batch.lists, generators=batch.generators,
    )  # fmt: skip


def _solution(judge: Judge, grade_id: str) -> str | None:
    """grade_id of the solution cell that a graded cell grades."""
    return next(cell.after for cell in judge.exercise.graded if cell.grade_id == grade_id)


def _cells_of(judge: Judge, grade_id: str) -> list[Screened]:
    wanted = _solution(judge, grade_id)
    return [cell for cell in judge.all_cells if cell.cell.grade_id == wanted]


# --- the verdicts -----------------------------------------------------------------------------------------------------------


def _by_lines(judge: Judge, chunks: Sequence[Chunk], places: dict[str, tuple[Place, ...]]) -> Explained:
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


def _gradients(
    judge: Judge,
    parameters: Sequence[str],
    training: Sequence[TrainingStep],
    proof: Callable[[Sequence[str]], dict[str, Said]],
    explained: Explained,
) -> dict[str, Said]:
    """Verdicts on the gradients of the parameters. A wrong one on the way, that nobody is asked for, costs the first that
    comes from it.

    Args:
        proof: what is said of those that looked right and showed nothing.
    """
    graph = judge.exercise.graph
    open_ones, fine = list(parameters), ("right", "right value, wrong shape")
    verdicts: dict[str, Said] = {}
    shown: set[str] = set()
    for number in range(len(training)):  # a step after the other: its forward pass is only kept meanwhile
        for name in open_ones:
            said = _guarded(judge, f"d{name}", _judge_step, name, graph, training, number, shown, explained)
            if name not in verdicts or said[0] not in fine or verdicts[name][0] == "right":
                verdicts[name] = said
        open_ones = [name for name in open_ones if verdicts[name][0] in fine]
    if unproven := [name for name in open_ones if name not in shown]:
        verdicts |= proof(unproven)
    lost = judge.outcomes.guarded(lambda: wrong_on_the_way(graph, parameters, training))
    for name, blamed in ({} if isinstance(lost, str) else lost).items():
        if verdicts[blamed][0] in fine:
            why = judge_gradient(name, graph, training, explained)[1]
            verdicts[blamed] = "wrong", f"d{name}, from which d{blamed} comes, is not right: {why}"
    return verdicts


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
        yours = _inferred(name, step)
    if yours is None:
        return False
    truth = step.truths[name]
    fitted = fit(yours.to(truth.dtype), truth.shape)
    return fitted is not None and step.is_true(name, fitted)


def judge_gradient(name: str, graph: Graph, steps: Sequence[TrainingStep], explained: Explained = by_numbers) -> Said:
    """Verdict on one gradient of the loop, over all its steps."""
    found: Said = "right", ""
    for number in range(len(steps)):
        said = _judge_step(name, graph, steps, number, set(), explained)
        if said[0] not in ("right", "right value, wrong shape"):
            return said
        found = said if found[0] == "right" else found
    return found


def _judge_step(
    name: str, graph: Graph, steps: Sequence[TrainingStep], number: int, shown: set[str], explained: Explained
) -> Said:
    """Verdict on one gradient in one step of the loop.

    Args:
        shown: gets the name if the gradient was not zero but for rounding, so that what is right there is derived.
    """
    step = steps[number]
    yours, values = step.gradient(name), step.values
    if values is None:
        return "wrong", "the loop left no minibatch in Xb and Yb to judge it on."
    if yours is None:
        if step.step.after is None and number:
            return "right", ""  # the step that failed did not come so far
        if not is_degenerate(step.truths[name], step.true_scale(name)):
            shown.add(name)
        return _judge_inferred(name, graph, step)
    if not isinstance(yours, Tensor):
        return "wrong", no_gradient(name, yours)
    upstream = _upstream(graph, name, step)
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
            yield Seen(step.values, _upstream(graph, name, step), yours.to(step.values[name].dtype), {})


def _judge_inferred(name: str, graph: Graph, step: TrainingStep) -> Said:
    """Verdict on a gradient that the loop does not keep under its name."""
    nothing = "not attempted", f"there is no d{name} in the loop."
    yours = _inferred(name, step)
    if yours is None or not any(moved is not None and moved.any() for moved in map(step.moved, step.before)):
        return nothing
    if _moves_by(step.truths[name], name, yours, step, lambda: step.true_scale(name)):
        return "right", ""
    if not yours.any():
        return nothing
    loss = {graph.output: torch.ones_like(step.values[graph.output])}
    return "wrong", _not_by_it(name, safely(explain, fused(graph.text, frozenset()), name, step.values, loss, yours))


def _judge_inferred_given(name: str, graph: Graph, steps: Sequence[TrainingStep]) -> Said:
    """The same, where the judge has put gradients into the step."""
    step, upstream = steps[0], _upstream(graph, name, steps[0])
    graph_here, yours = fused(graph.text, frozenset([name, *upstream])), _inferred(name, step)
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


def _not_by_it(name: str, said: str) -> str:
    return f"there is no d{name} in the loop, and what {name} moves by is not minus the learning rate times it. {said}"


def _inferred(name: str, step: TrainingStep) -> Tensor | None:
    """The gradient that would move a parameter as it was moved."""
    moved = step.moved(name)
    return None if moved is None else -moved / step.rate


def _upstream(graph: Graph, name: str, step: TrainingStep) -> dict[str, Tensor]:
    """The upstream gradients that the student had in the loop when this one was bound; other steps are substituted away."""
    own, seen = {}, step.upstream_at(name)
    for other in graph.steps:
        gradient = seen.get("d" + other)
        if other not in (name, graph.output) and isinstance(gradient, Tensor):
            fitted = fit(gradient.to(step.values[other].dtype), step.values[other].shape)
            if fitted is not None and torch.isfinite(fitted).all():
                own[other] = fitted
    return {**own, **step.given, graph.output: torch.ones_like(step.values[graph.output])}


def judge_update(parameters: Sequence[str], steps: Sequence[TrainingStep], gradients: Mapping[str, Said]) -> Said:
    """Verdict on ``p -= rate * gradient``, given the student's own gradients, while the learning rate is the first.

    Args:
        gradients: the verdicts on them: where one has no name in the loop, its update is right if it is.
    """
    early = [step for step in steps if step.rate == RATES[0]]
    named = [name for name in parameters if any(isinstance(step.gradient(name), Tensor) for step in early)]
    said = _update(named, early, "update")
    unnamed = [name for name in parameters if name not in named]
    if said[0] == "not attempted" and early and unnamed:
        if not any(step.moved(name) is not None and step.moved(name).any() for step in early for name in parameters):
            return "wrong", "the parameters do not change in a step."
        if all(gradients[name][0] == "right" for name in unnamed):
            return "right", ""
    return said


def judge_rate(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> Said:
    """Verdict on the drop of the learning rate: late steps are to be a tenth of early ones, whatever the update's sign."""
    early, late = (_factor(parameters, [s for s in steps if s.rate == rate]) for rate in RATES)
    if not early or late is None:
        return _update(parameters, [step for step in steps if step.rate == RATES[1]], "learning rate")
    if abs(late / early - RATES[1] / RATES[0]) < 1e-6:
        return "right", ""
    if abs(late / early - 1) < 1e-6:
        if abs(abs(early) - RATES[1]) < 1e-9:
            text = f"the learning rate is {RATES[1]} all the time; it must be {RATES[0]} before step {DROP}."
        else:
            text = f"the learning rate stays at {abs(early):g} after step {DROP}; it must fall to {RATES[1]}."
        return "wrong", text
    return "wrong", f"the learning rate goes from {abs(early):g} to {abs(late):g} at step {DROP}, not to {RATES[1]}."


def _factor(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> float | None:
    """By what multiple of the student's gradients all parameters change, if it is one and the same everywhere."""
    ratios = []
    for step in steps:
        for name in parameters:
            moved, gradient = step.moved(name), step.gradient(name)
            if gradient is None and moved is not None and step.values is not None:
                gradient = step.truths[name]
            if isinstance(gradient, Tensor) and moved is not None and gradient.numel() == moved.numel():
                gradient = gradient.to(moved.dtype).reshape(moved.shape)
                large = gradient.abs() > 0.1 * gradient.abs().max()
                if gradient.abs().max() > 1e-9:
                    ratios.append((moved[large] / gradient[large]).flatten())
    if not ratios:
        return None
    all_ratios = torch.cat(ratios)
    same = (all_ratios - all_ratios.mean()).abs().max() <= 1e-6 * all_ratios.mean().abs()
    return float(all_ratios.mean()) if same else None


def judge_trajectory(
    parameters: Sequence[str], steps: Sequence[TrainingStep], reference: Sequence[Mapping[str, Tensor]], ran: int
) -> Said:
    """Whether the parameters after the last step are those of autograd's loop; else which one leaves it first.

    Args:
        ran: how many steps the loop ran.
    """
    if len(steps) < len(reference):
        return "wrong", f"the loop ran {len(steps)} steps where {STEPS} asked for {len(reference)}."
    if ran > len(reference):
        return "wrong", f"the loop ran more than the {len(reference)} steps that {STEPS} asked for."
    if not (off := _off(parameters, steps[-1], reference[-1])):
        return "right", ""
    for number, (step, wanted) in enumerate(zip(steps, reference, strict=True)):
        if first := _off(parameters, step, wanted):
            return "wrong", f"{_verb(first)} the first to leave the path of autograd's loop, in step {number}."
    return "wrong", f"after {len(steps)} steps {_verb(off)} not where autograd's loop has them."


def _verb(names: Sequence[str]) -> str:
    """``W1 is``, ``W1 and b1 are``, ``C, W1 and b1 are``."""
    return f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"


def _off(parameters: Sequence[str], step: TrainingStep, wanted: Mapping[str, Tensor]) -> list[str]:
    """Parameters that are not where they should be after a step."""

    def there(name: str) -> bool:
        yours = step.after(name)
        right = isinstance(yours, Tensor) and yours.shape == wanted[name].shape
        return right and torch.allclose(yours.to(wanted[name].dtype), wanted[name], rtol=1e-6, atol=1e-8)

    return [name for name in parameters if not there(name)]


def reference_trajectory(
    graph: Graph,
    parameters: Sequence[str],
    start: Mapping[str, Any],
    steps: int,
    drop: int,
    generator: torch.Generator,
) -> tuple[list[dict[str, Tensor]], list[dict[str, Tensor]]]:
    """The same training with autograd's gradients: parameters after each step, and the minibatches."""
    values = dict(start)
    states, minibatches = [], []
    for i in range(steps):
        index = torch.randint(0, values["Xtr"].shape[0], (values["batch_size"],), generator=generator)
        minibatches.append({"Xb": values["Xtr"][index], "Yb": values["Ytr"][index]})
        values |= minibatches[-1]
        gradients = graph.gradients({k: v for k, v in values.items() if k not in graph.steps})
        values |= {name: values[name] - RATES[i >= drop] * gradients[name] for name in parameters}
        states.append({name: values[name] for name in parameters})
    return states, minibatches


def _update(parameters: Sequence[str], steps: Sequence[TrainingStep], what: str) -> Said:
    seen = False
    for step in steps:
        for name in parameters:
            gradient, moved, before = step.gradient(name), step.moved(name), step.before[name]
            if not isinstance(gradient, Tensor) or moved is None:
                continue
            fitted = fit(gradient.to(before.dtype), before.shape)
            if fitted is None or not torch.isfinite(fitted).all():
                continue
            seen = seen or bool(fitted.any())
            wanted = -step.rate * fitted
            slack = 1e-8 * wanted.abs() + 1e-14 * (before.abs() + 1)
            if ((moved - wanted).abs() > slack).any():
                return "wrong", _why(name, moved, fitted, step, what)
    if not seen and any(isinstance(step.gradient(name), Tensor) for step in steps for name in parameters):
        return "wrong", f"all gradients are zero in all steps, so that nothing shows the {what}."
    return ("right", "") if seen else ("not attempted", f"no step of the loop shows the {what}.")


def _why(name: str, change: Tensor, gradient: Tensor, step: TrainingStep, what: str) -> str:
    if not change.any():
        later = step.after("d" + name)
        if isinstance(later, Tensor) and not later.any() and gradient.any():
            return f"d{name} is set to zero after it was computed and before the {what} reads it, so {name} does not change."
        return (
            f"{name} does not change in a step. (`p = p - ...` gives a new tensor to the name p, or to a place in a list; "
            f"{name} keeps the old one.)"
        )
    nonzero = gradient.abs() > 0.1 * gradient.abs().max()
    factors = change[nonzero] / gradient[nonzero]
    if factors.numel() and (factors - factors.mean()).abs().max() <= 1e-6 * factors.mean().abs():
        factor = float(factors.mean())
        if factor > 0:
            return (
                f"{name} goes up the gradient: a step of {factor:+.4g} times d{name} makes the loss larger. Downhill is the "
                "other way."
            )
        return f"{name} changes by {factor:.4g} times d{name}; with this step's learning rate it should be {-step.rate:g} times."
    return f"{name} does not change by a multiple of your d{name}: which tensor does the {what} read?"
