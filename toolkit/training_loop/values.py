"""Values that are asked for besides gradients, such as the mean and the variance of the whole training set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from toolkit.judge import Judge
from toolkit.network.compare import equal, fit
from toolkit.not_right import failure_sentence, syntax_sentence
from toolkit.training_loop.runs import cells_of, chunks_up_to, guarded, loop_job
from toolkit.training_loop.step import Said
from toolkit.verdict import Verdict


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
    chunks, number = chunks_up_to(judge, grade_id, tuple(names))
    found = dict.fromkeys(names, ("right", ""))
    begun = _begun(judge, grade_id)
    broken = next((cell for cell in judge.all_cells if cell.syntax_error), None)
    for batch in batches:
        values = {**batch.values, **{old: batch.values[new] for old, new in instead.items()}}
        with torch.no_grad():
            wanted = graph.forward({k: v for k, v in values.items() if k not in graph.steps})
        # the forward pass of a minibatch has left these names: without the student's cell they must not be there
        job = loop_job(judge, replace(batch, values={k: v for k, v in batch.values.items() if k not in names}), chunks)
        result = judge.outcomes.run(job)
        for name in (name for name, (kind, _) in found.items() if kind == "right"):
            yours = result.snapshots.get(number, {}).get(name)
            kind, message = guarded(judge, name, _compare_value, name, yours, wanted[name], batch.values[name], begun)
            if kind == "not attempted" and (failure := result.failures.get(number)):
                kind, message = (
                    "raised" if failure.kind == "died" else failure.kind,
                    failure_sentence(failure, judge.all_cells),
                )
            if kind != "right" and broken and not any(cell.statements for cell in cells_of(judge, grade_id)):
                kind, message = "raised", syntax_sentence(broken)
            if kind != "right" and batch is not batches[0]:
                kind, message = "right for these sizes only", f"it is not right at other sizes: {message}"
            found[name] = kind, message
    return [Verdict(f"value:{name}", kind, message, name) for name, (kind, message) in found.items()]


def _begun(judge: Judge, grade_id: str) -> bool:
    """Whether there is a statement in the cell for an answer, or in a cell of the student's between it and the one before."""
    own = judge.solution_of(grade_id)
    begun = False
    for cell in judge.all_cells:
        if cell.cell.grade_id == own:
            return begun or bool(cell.statements)
        begun = not cell.cell.grade_id and (begun or bool(cell.statements))
    return True


def _compare_value(name: str, yours: object, wanted: Tensor, of_the_batch: Tensor, begun: bool) -> Said:
    if yours is None:
        return "not attempted", f"there is no {name}."
    if not isinstance(yours, Tensor):
        return "wrong", f"{name} is a {yours}, not a torch.Tensor."
    fitted = fit(yours.to(wanted.dtype), wanted.shape)
    scale = wanted.abs() + wanted.abs().mean()
    if fitted is None:
        return "wrong", f"{name} has shape {tuple(yours.shape)}, wanted is {tuple(wanted.shape)}."
    if not equal(fitted, wanted, scale):
        if equal(fitted, of_the_batch, scale) and begun:
            return "wrong", f"{name} is that of a single minibatch. Wanted: the whole training set's."
        ratio = fitted / wanted
        if (ratio - ratio.mean()).abs().max() < 1e-9:
            return (
                "wrong",
                f"{name} is {float(ratio.mean()):.6g} times what it should be. Which divisor does the variance have?",
            )
        if not begun:  # what is there, the training loop has left
            return "not attempted", f"there is no {name} of the whole training set yet."
        return (
            "wrong",
            f"{name} is not that of the whole training set: it differs by up to {float((fitted - wanted).abs().max()):.3g}.",
        )
    if yours.shape != wanted.shape:
        return "right value, wrong shape", f"{name} has shape {tuple(yours.shape)}, wanted is {tuple(wanted.shape)}."
    return "right", ""
