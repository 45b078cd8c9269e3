"""What a training loop should do, and the verdicts on one: gradients, update, learning rate, trajectory.

The loop is run for a few steps from unseen initial values, and watched (``watched_loop``). Each step is judged given the
student's own parameters before it: the gradients (``gradients``), the update and the learning rate before and after it
drops (``update_and_rate``). A mistake in one of them so costs its own points; ``trajectory`` asks for all of it together.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from toolkit.judge import Judge
from toolkit.network.minibatches import Minibatch, large_numbers, make, other_sizes, own_sizes
from toolkit.not_right import syntax_sentence
from toolkit.running.outcome import IS_NONE
from toolkit.running.watched_loop import written_out
from toolkit.training_loop.gradients import Explained, explained_by_lines, judge_gradient, judge_step, wrong_on_the_way
from toolkit.training_loop.proof import proof
from toolkit.training_loop.runs import cells_of, chunks_up_to, guarded, loop_job, of_before, stopped
from toolkit.training_loop.step import DROP, STEPS, Said, TrainingStep, drop_of, reference_trajectory, training_steps
from toolkit.training_loop.update_and_rate import judge_rate, judge_trajectory, judge_update
from toolkit.verdict import Place, Verdict


def training_verdicts(judge: Judge, grade_id: str, steps: int, **drawn_from: str) -> list[Verdict]:
    """Verdicts on the training loop of a submission: each parameter's gradient, update, learning rate, trajectory.

    Args:
        grade_id: the graded cell that asks; the loop is looked for in the student's cells before it.
        steps: how many steps to run; at ``drop_of`` them the learning rate drops.
        drawn_from: for each input of the forward pass that holds a minibatch, the data set whose rows it takes:
            ``Xb="Xtr"``.
    """
    verdicts = _training_verdicts(judge, grade_id, steps, drawn_from)
    if judge.as_written is None or all(verdict.points == 1 for verdict in verdicts):
        return verdicts
    both = zip(verdicts, _training_verdicts(judge.as_written, grade_id, steps, drawn_from), strict=True)
    return [written if _says_more(written, verdict) else verdict for verdict, written in both]


def _says_more(written: Verdict, verdict: Verdict) -> bool:
    """Whether a verdict on the loop as it is written holds, and not the one on what is left without words of autograd's."""
    own = written.kind == "wrong" and IS_NONE not in written.message  # a value, though no derivative could be had
    return written.points > verdict.points or (verdict.kind == "uses autograd" and own)


def _training_verdicts(judge: Judge, grade_id: str, steps: int, drawn_from: Mapping[str, str]) -> list[Verdict]:
    fixed = large_numbers(judge.exercise)
    settings = {name: steps if name == STEPS else drop_of(steps) for name in fixed}
    own = {**own_sizes(judge.exercise), **settings}
    sizes = {**other_sizes(own, random.Random(judge.seed), fixed), **settings}
    found: dict[str, Said] = {}
    places: dict[str, tuple[Place, ...]] = {}
    for label, wanted in (("own sizes", own), ("other sizes", sizes)):
        batch = make(judge.exercise, wanted, own, f"training, {label}", judge.seed + 7)
        for name, (kind, message) in _judge_run(judge, grade_id, batch, steps, drawn_from, places).items():
            if found.get(name, ("right",))[0] == "right":
                if name in found and kind != "right":
                    kind, message = "right for these sizes only", f"it is not right at other sizes: {message}"
                found[name] = kind, message
    source = "\n".join(cell.source for cell in cells_of(judge, grade_id))
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


def _judge_run(
    judge: Judge,
    grade_id: str,
    batch: Minibatch,
    steps: int,
    drawn_from: Mapping[str, str],
    places: dict[str, tuple[Place, ...]],
) -> dict[str, Said]:
    """All verdicts on one run of the loop.

    Args:
        places: takes the pieces of the student's lines that a message speaks of, by message.
    """
    graph, parameters = judge.exercise.graph, batch.lists["parameters"]
    inputs = [n for n in graph.inputs if n not in parameters and isinstance(batch.values.get(n), Tensor)]
    gradients = ["d" + n for n in (*parameters, *graph.steps) if n != graph.output]
    asked = ["d" + name for name in parameters]
    chunks, number = chunks_up_to(judge, grade_id, (*parameters, *inputs, *asked), gradients, asked)
    result = judge.outcomes.run(loop_job(judge, batch, chunks))
    failure = result.failures.get(number)
    generator = torch.Generator().manual_seed(next(iter(batch.generators.values()), 0))
    reference, minibatches = reference_trajectory(
        graph, parameters, batch.values, steps, drop_of(steps), generator, drawn_from
    )
    seen = result.steps.get(number, [])
    training, problem = training_steps(graph, parameters, batch, seen[:steps], drop_of(steps), minibatches)
    left_out = [n for n in parameters if failure and failure.text == f"NameError: name 'd{n}' is not defined"]
    if left_out and not any(step.seen for step in seen):  # the line that uses it is the exercise's own
        said = "not attempted", f"there is no d{left_out[0]} in the loop."
        return dict.fromkeys([*parameters, "update", "rate", "trajectory"], said)
    if not training:
        broken = next((cell for cell in judge.all_cells if cell.syntax_error), None)
        said = (
            ("raised", syntax_sentence(broken)) if broken else ("not attempted", "no step of a training loop was seen.")
        )
        said = ("wrong", problem) if problem else stopped(failure, judge) if failure else said
        return dict.fromkeys([*parameters, "update", "rate", "trajectory"], said)
    explained = explained_by_lines(judge, chunks[: number + 1], places)

    def proven(names: Sequence[str]) -> dict[str, Said]:
        return proof(judge, batch, chunks, number, training[0], names, explained)

    verdicts = _gradients(judge, parameters, training, proven, explained)
    here = [cell for cell in judge.all_cells if cell.cell.label == chunks[number].label]
    for gradient in of_before(judge, here, asked):
        text = f"there is no {gradient} in the loop: the one that it reads is from before it, of another minibatch."
        verdicts[gradient[1:]] = "not attempted", text
    if problem:
        verdicts = dict.fromkeys(parameters, ("wrong", problem))
    for cell in here:
        verdicts |= {
            n: ("uses autograd", f"{w} is autograd, and autograd is not an answer.")
            for n, w in cell.autograd.items()
            if n in parameters and verdicts[n][0] != "right"
        }
    whole = [step for step in training if step.step.after is not None]
    verdicts["update"] = guarded(judge, "the update", judge_update, parameters, whole, verdicts)
    words = sorted(set().union(*(cell.words for cell in here)))
    if words and verdicts["update"][0] == "wrong":
        verdicts["update"] = (
            "wrong",
            f"{verdicts['update'][1]} ({', '.join(words)} is autograd: what uses it is left out.)",
        )
    verdicts["rate"] = guarded(judge, "the learning rate", judge_rate, parameters, whole, verdicts)
    verdicts["trajectory"] = guarded(judge, "the trajectory", judge_trajectory, parameters, whole, reference, len(seen))
    broken = next((cell for cell in here if cell.syntax_error), None)
    if broken:  # the lines before it were run
        wrong = [n for n, (kind, _) in verdicts.items() if kind == "not attempted"]
        wrong += [n for n in ("update", "rate", "trajectory") if verdicts[n][0] != "right"]
        verdicts |= dict.fromkeys(wrong, ("raised", syntax_sentence(broken)))
    if failure:  # what was computed before it is judged; what was not, failed
        told = [n for n, (kind, _) in verdicts.items() if kind == "not attempted"]
        told += ["trajectory"] if verdicts["trajectory"][0] != "right" else []  # else the loop had come to its end
        verdicts |= dict.fromkeys(told, stopped(failure, judge))
    return verdicts


def _gradients(
    judge: Judge,
    parameters: Sequence[str],
    training: Sequence[TrainingStep],
    proven: Callable[[Sequence[str]], dict[str, Said]],
    explained: Explained,
) -> dict[str, Said]:
    """Verdicts on the gradients of the parameters. A wrong one on the way, that nobody is asked for, costs the first that
    comes from it.

    Args:
        proven: what is said of those that looked right and showed nothing.
    """
    graph = judge.exercise.graph
    open_ones, fine = list(parameters), ("right", "right value, wrong shape")
    verdicts: dict[str, Said] = {}
    shown: set[str] = set()
    for number in range(len(training)):  # a step after the other: its forward pass is only kept meanwhile
        for name in open_ones:
            said = guarded(judge, f"d{name}", judge_step, name, graph, training, number, shown, explained)
            if name not in verdicts or said[0] not in fine or verdicts[name][0] == "right":
                verdicts[name] = said
        open_ones = [name for name in open_ones if verdicts[name][0] in fine]
    if unproven := [name for name in open_ones if name not in shown]:
        verdicts |= proven(unproven)
    lost = judge.outcomes.guarded(lambda: wrong_on_the_way(graph, parameters, training))
    for name, blamed in ({} if isinstance(lost, str) else lost).items():
        if verdicts[blamed][0] in fine:
            why = judge_gradient(name, graph, training, explained)[1]
            verdicts[blamed] = "wrong", f"d{name}, from which d{blamed} comes, is not right: {why}"
    return verdicts
