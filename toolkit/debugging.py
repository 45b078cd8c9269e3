"""What a student calls who looks for planted mistakes: the script, single lines of it under other conditions, the checks."""

import functools
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from toolkit.bug_hunt.findings import broken, drawn_for, findings_verdicts, mended_verdicts, script_of
from toolkit.bug_hunt.gradient_checker import checker_verdicts
from toolkit.bug_hunt.planted import kinds_of, read_lines, script_for
from toolkit.check import (
    SEED,
    CheckFailed,
    NotReady,
    asked,
    asked_of,
    best_of,
    computing,
    graded,
    history,
    known_network,
    say,
    say_all,
    silent,
    spoken,
)
from toolkit.judge import Judge
from toolkit.network.exercise import Exercise, Expectation
from toolkit.network.graph import Step
from toolkit.network.minibatches import Minibatch, large_numbers, make, other_sizes, own_sizes
from toolkit.running.cells import StudentCell
from toolkit.running.in_this_process import run_here
from toolkit.running.outcome import is_answer
from toolkit.running.plans import GradedPlace
from toolkit.running.runs import cast
from toolkit.verdict import Verdict

Function = Callable[[Tensor], Tensor]


def loss_from(name: str) -> Function:
    """The loss as a function of one variable, all else being what it is in this notebook.

    Args:
        name: a variable of the forward pass, an input or a step.

    Returns:
        A function of a tensor with the shape of the variable; it computes in the dtype of what it is given.

    Raises:
        NotReady: there is no such variable.
    """
    notebook = sys._getframe(1).f_globals
    graph = known_network()
    if name not in graph.variables(notebook):
        raise NotReady(f"{name!r} is no variable of the forward pass that has a gradient.")
    steps = graph.after(name)
    read = {key: notebook[key] for step in steps for key in step.reads if key in notebook}
    detached = {key: value.detach() if isinstance(value, Tensor) else value for key, value in read.items()}
    return _function(steps, name, detached)


def _function(steps: Sequence[Step], name: str, values: Mapping[str, Any]) -> Function:
    cast_to = functools.cache(lambda dtype: cast(values, dtype))

    def loss(x: Tensor) -> Tensor:
        known = cast_to(x.dtype) | {name: x}
        for step in steps:
            known[step.name] = step.evaluate(known)
        return known[steps[-1].name]

    return loss


def somebody_elses(who: str | int) -> str:
    """The backward pass that somebody else wrote, as text; it has other mistakes for everybody.

    Args:
        who: your name or number; without it, there is no script yet.
    """
    if not str(who).strip():
        return ""
    return script_for(_in_exercise("findings")[1].options, str(who)).text


def words_for_mistakes() -> list[str]:
    """The words of which ``findings`` is made."""
    return kinds_of(read_lines(_in_exercise("findings")[1].options["script"]))


def suspect(
    name: str,
    script: str,
    upstream: str = "true",
    sizes: str = "own",
    dtype: torch.dtype = torch.float64,
    large: bool = False,
) -> tuple[Function, Tensor, Tensor]:
    """One gradient of a backward pass, and what it should be the gradient of: three things that a gradient checker asks for.

    Args:
        name: the variable: what is suspected is its gradient ``d<name>``.
        script: the text of a backward pass.
        upstream: ``true``: the function is the loss, and all that the script computes before this gradient is in it;
            ``random``: random tensors take the place of the gradients that this one comes from, and the function is what
            its lines are to differentiate then. So a line is tried by itself.
        sizes: ``own`` for those of this notebook, ``other`` for others.
        dtype: in which precision the script is run.
        large: whether some numbers are larger than usual, by the factors that the exercise gives.

    Returns:
        (function, point, claimed gradient); the function computes in the dtype of what it is given. Where the script stops
        before the gradient is there, the claim is nan, and a sentence says why.

    Raises:
        NotReady: there is no script, or no such gradient.
    """
    if graded():
        raise NotReady("While a notebook is graded, no suspects are questioned.")
    if not script.strip():
        raise NotReady("There is no script yet: type your name or number in step 2, and run the cells from there.")
    judge, batches = _suspects(script), _suspect_batches(history.exercise)
    names = [one for cell in judge.exercise.graded for one in cell.names()]
    if name not in names:
        raise NotReady(f"{name!r} is no variable whose gradient the script computes. There are: {', '.join(names)}.")
    if upstream not in ("true", "random") or sizes not in ("own", "other"):
        raise NotReady('upstream is "true" or "random", and sizes is "own" or "other".')
    batch = batches["large" if large else sizes]
    with computing():
        values = judge.outcomes.values(batch, dtype)
        if upstream == "true":
            yours = judge.outcomes.result(batch, "plain", dtype).final.get(name)
            function = _function(judge.graph.after(name), name, values)
        else:
            outcome = judge.outcomes.outcome(name, batch, "by statement", dtype)
            yours = outcome.yours if outcome.upstream is not None else None
            readers = [judge.graph.steps[reader] for reader in judge.graph.readers(name)]
            function = _share(readers, name, values, outcome.upstream or {})
        point = values[name].detach().clone()
        if not is_answer(yours) or yours.shape != point.shape:
            failures = judge.outcomes.result(batch, "plain" if upstream == "true" else "by statement", dtype).failures
            why = f": {next(iter(failures.values())).text}" if failures else "."
            print(f"(the script has no d{name} of the shape {tuple(point.shape)} here{why})")
            yours = torch.full_like(point, torch.nan)
    return function, point, yours.detach().clone()


def _share(readers: Sequence[Step], name: str, values: Mapping[str, Any], given: Mapping[str, Tensor]) -> Function:
    """What has the gradient that the lines of one variable are to compute: each reader times its upstream gradient, summed."""

    cast_to = functools.cache(lambda dtype: (cast(values, dtype), cast(given, dtype)))

    def total(x: Tensor) -> Tensor:
        inputs, upstream = cast_to(x.dtype)
        known = inputs | {name: x}
        parts = [(step.evaluate(known) * upstream.get(step.name, 1)).sum() for step in readers]
        return torch.stack(parts).sum()

    return total


@functools.lru_cache(maxsize=4)
def _suspects(script: str) -> Judge:
    """The judge of a script as if it were an answer."""
    exercise = history.exercise
    place = next(cell for cell in exercise.graded if any(one.kind == "mended" for one in cell.expected))
    parts = (StudentCell("the script", script, place.after), GradedPlace(place.grade_id, place.names()))
    with computing():
        return Judge(exercise, parts, lambda job, skip: run_here(job, skip), SEED)


@functools.lru_cache(maxsize=2)
def _suspect_batches(exercise: Exercise) -> dict[str, Minibatch]:
    """The minibatches on which a script may be tried."""
    scale = _in_exercise("findings")[1].options["large"]
    with computing():
        own = own_sizes(exercise)
        others = other_sizes(own, random.Random(SEED), large_numbers(exercise))
        return {
            "own": make(exercise, own, own, "suspects", SEED + 7, small=False),
            "other": make(exercise, others, own, "suspects, other sizes", SEED + 8, small=False),
            "large": make(exercise, own, own, "suspects", SEED + 9, scale=scale, small=False),
        }


def cell_text(mark: str) -> str:
    """The cell with this first line, as it was run last.

    Raises:
        NotReady: there is none.
    """
    if not (text := history.last_text(mark)):
        raise NotReady(f"No cell that begins with the line {mark!r} was run. Keep that line, and run the cell first.")
    return text


# --- checks -----------------------------------------------------------------------------------------------------------------


def check_checker() -> None:
    """Ask your gradient checker about right and wrong gradients, as it is when graded.

    Raises:
        CheckFailed: something about it is not right yet.
    """
    if not silent():
        say_all(_checker(), _shown)


def check_mended() -> None:
    """Say how many of the planted mistakes are mended; not which, since to find them is yours.

    Raises:
        CheckFailed: not all of them are.
    """
    if silent():
        return
    mark, sentence = _mended_together()
    say(mark, "your lines", sentence)
    if mark != "✓":
        raise CheckFailed({"your lines": sentence})


def check_findings() -> None:
    """Say of each planted mistake whether you have named its line, and what is wrong there.

    Raises:
        CheckFailed: one is missing, or something else is said of it.
    """
    if not silent():
        say_all(_findings(), _shown)


def debugging_progress() -> None:
    """A board of the whole exercise: the checker, the mended lines, the findings."""
    if silent():
        return
    checker, mended, found = _checker(), _mended(), _findings()
    for title, said in (("the checker", checker), ("found", found)):
        print(title)
        cells = [f"{mark} {label.removeprefix('found: ')}" for label, (mark, _) in said.items()]
        for row in range(0, len(cells), 3):
            print("   " + "".join(cell.ljust(36) for cell in cells[row : row + 3]).rstrip())
    right = sum(mark == "✓" for mark, _ in mended.values())
    print(f"mended\n   {right} of {len(mended)}")
    if right == len(mended) and (lost := _not_right_any_more()):
        print(f"   {lost}")
    every = [mark for said in (checker, mended, found) for mark, _ in said.values()]
    done = every.count("✓")
    print(f"\n✓ {done} right   ✗ {len(every) - done} not yet")
    if done == len(every):
        print("All of it. You have checked what you were given, and mended it.")


def _in_exercise(kind: str) -> tuple[str, Expectation]:
    if history.exercise is None:
        raise NotReady("This notebook has no setup cell of an exercise. Run the notebook from its first cell.")
    return asked_of(kind)


def _shown(label: str) -> str:
    return f"{label.removeprefix('found: ')}:".ljust(29)


def _spoken(verdicts: Callable[[Judge], Sequence[Verdict]]) -> dict[str, tuple[str, str]]:
    return {verdict.label: spoken(verdict) for verdict in best_of(verdicts)}


def _checker() -> dict[str, tuple[str, str]]:
    """Mark and sentence on each part of the checker."""
    grade_id, task = asked("checker")
    return _spoken(lambda judge: checker_verdicts(judge, grade_id, task.names[0], task.options["tolerance"]))


def _findings() -> dict[str, tuple[str, str]]:
    grade_id, task = asked("findings")
    return _spoken(lambda judge: findings_verdicts(judge, grade_id, task))


def _mended() -> dict[str, tuple[str, str]]:
    """Mark and sentence on each planted mistake: for the grade to agree with, not to be shown."""
    grade_id, _ = asked("mended")
    return _spoken(lambda judge: mended_verdicts(judge, grade_id))


def _mended_together() -> tuple[str, str]:
    """Mark and sentence on all mended lines together."""
    grade_id, _ = asked("mended")
    verdicts = best_of(lambda judge: mended_verdicts(judge, grade_id))
    first = verdicts[0]
    if all(verdict.kind in ("not attempted", "raised", "timed out") for verdict in verdicts):
        return ("·" if first.kind == "not attempted" else "✗"), spoken(first)[1]
    right = sum(verdict.points == 1 for verdict in verdicts)
    lost = _not_right_any_more()
    if right == len(verdicts):
        return "✓", f"all {right} mistakes are mended. {lost}".rstrip()
    return "✗", f"{right} of {len(verdicts)} mistakes are mended. {lost}".rstrip()


def _not_right_any_more() -> str:
    """A sentence on what the script had right and the mended lines have not; nothing if there is none."""
    grade_id, task = asked("mended")
    lost = best_of(lambda judge: [*_broken(judge, grade_id, task.names)])
    return f"But not right any more, where the script was: {', '.join(v.label for v in lost)}." if lost else ""


def _broken(judge: Judge, grade_id: str, names: Sequence[str]) -> Sequence[Verdict]:
    where = script_of(judge)
    script, _, _ = drawn_for(judge, grade_id, Expectation(where.kind, (), where.options))
    return [] if script is None else [judge.verdict(name) for name in broken(judge, names, script)]
