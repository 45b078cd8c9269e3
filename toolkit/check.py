"""What a student calls: ``check``, ``progress``, and ``read_network``, which tells both what the network is.

``check`` asks the judge that grades, too (``judge``): the student's cells are run again, on copies, with random upstream
gradients and at other sizes. Beside that it looks at the gradient that is in memory, on this notebook's own minibatch.
"""

import difflib
import functools
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from toolkit.history import listen
from toolkit.judge import Judge, one_thread
from toolkit.mistakes.diagnosis import NOT_FINITE, explain, safely, shape_message, worst_element
from toolkit.mistakes.sentences import capitalised
from toolkit.network.compare import equal, fit
from toolkit.network.exercise import Exercise, Expectation
from toolkit.network.graph import Graph, local_gradient, summand_scale
from toolkit.running.in_this_process import run_here
from toolkit.running.one_device import cpu_by_default
from toolkit.running.outcome import admitted
from toolkit.running.plans import Submission
from toolkit.running.runs import Failure, Job, Result
from toolkit.running.unpatched import unpatched
from toolkit.verdict import Verdict, underlined

FORWARD_MARK = "# The forward pass"
"""First words of the forward cell: by them ``read_network`` finds it among the cells that were run."""
SEED = 20_160_219
"""Of the minibatches that ``check`` draws; those of the grader are others."""
SECONDS = 3.0
"""Longest time for one run of the student's cells."""
INDENT = " " * 20
history = listen()


class CheckFailed(AssertionError):
    """At least one gradient is not right yet; the message says which, and why. Shown as one line instead of a traceback."""

    def __init__(self, sentences: Mapping[str, str]):
        super().__init__("\n".join(f"{label}: {sentence}" for label, sentence in sentences.items()))
        self.sentences = sentences

    def _render_traceback_(self) -> list[str]:
        if (
            os.environ.get("NBGRADER_EXECUTION") == "validate"
        ):  # there this is all that is shown, in lines that are cut off
            return ["Not right yet:", *(part for line in str(self).split("\n") for part in textwrap.wrap(line, 80))]
        return [f"Not right yet: {', '.join(self.sentences)}"]


class NotReady(RuntimeError):
    """Nothing can be checked before something else is done. Shown as one line, too."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class _Session:
    """The network of this notebook and the values of its forward pass as ``read_network`` found them."""

    graph: Graph | None = None
    """Its graph; steps whose gradient autograd did not keep are substituted into those that read them."""
    values: Mapping[str, Any] = MappingProxyType({})
    """Tensors and numbers of the forward pass, inputs included."""
    versions: Mapping[str, int] = MappingProxyType({})
    """How often each tensor had been changed in place by then."""
    stuck: Mapping[str, Failure] = MappingProxyType({})
    """Cells that never ended when they were run again, by source."""


def graded() -> bool:
    """Whether this kernel runs the notebook to grade it."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def silent() -> bool:
    """Whether what a check would say is said elsewhere: while a notebook is graded, the verdicts stand below each step, and
    a check would only run the same cells again."""
    if not graded():
        return False
    print("(While a notebook is graded, its checks are silent: the verdicts come from the judge itself.)")
    return True


def begin(description: str) -> None:
    """Called by the setup cell: which exercise this notebook is.

    Args:
        description: JSON: ``exercise`` (``Exercise.description``) and ``cells``, the digest of each of its code cells.
    """
    said = json.loads(description)
    history.exercise, history.course = Exercise.from_description(said["exercise"]), said["cells"]


def read_network() -> Graph:
    """The graph of the forward cell that was run last; ``check`` uses it from then on.

    Raises:
        NotReady: no forward cell was run in this notebook, or it holds a line that is not a step.
    """
    notebook = sys._getframe(1).f_globals
    if not (forward := history.last_text(FORWARD_MARK)):
        raise NotReady(
            f"No cell that starts with {FORWARD_MARK!r} was run in this notebook. Run the forward cell, then this one."
        )
    try:
        graph = Graph.from_source(forward)
    except ValueError as error:
        raise NotReady(str(error)) from None
    values = {name: notebook.get(name) for name in (*graph.inputs, *graph.steps)}
    kept = [name for name in graph.steps if isinstance(values[name], Tensor) and values[name].retains_grad]
    _Session.graph = graph.fused(kept) if kept else graph
    _Session.values = {name: value for name, value in values.items() if isinstance(value, Tensor | int | float)}
    _Session.versions = {name: value._version for name, value in values.items() if isinstance(value, Tensor)}
    if not graded():
        _prepare()
    return graph


def _prepare() -> None:
    """What the first check would else have to wait for: the judge draws its minibatches, and torch imports a library of
    symbols when it is first given an upstream gradient."""
    next(judges(), None)
    with computing():
        one = torch.ones((), requires_grad=True)
        torch.autograd.grad(one * 1, one, torch.ones(()))


def check(*names: str) -> None:
    """Say of each gradient whether it is right, and if not, which mistake it is; one line each.

    Your cells are run again on copies, with random upstream gradients and at other sizes, as they are when graded.

    Args:
        names: forward variables, such as ``"probs"``: what is judged is your ``dprobs``.

    Raises:
        CheckFailed: a gradient is missing or not right; after all of them were looked at.
        NotReady: the network is not known yet, or a name is not one of its variables.
    """
    if silent():
        return
    notebook = sys._getframe(1).f_globals
    if not names:
        raise NotReady("check wants names of forward variables in quotes. For all of them there is progress().")
    _require_checkable(names)
    failed = {}
    for name in names:
        mark, sentence = _judged(name, notebook)
        say(mark, f"d{name}", sentence)
        if mark != "✓":
            failed[f"d{name}"] = sentence
    if problem := why_not_run():
        print(
            f"({problem} So this compares numbers on this notebook's minibatch only; what is graded is tried on others, too.)"
        )
    if failed:
        raise CheckFailed(failed)


def progress(*names: str) -> None:
    """A board of all gradients (or those named) by step, in the order of the backward pass, and what comes next."""
    if silent():
        return
    notebook = sys._getframe(1).f_globals
    graph = known_network()
    _require_checkable(names)
    steps = _steps(graph, names)
    marks = {name: _judged(name, notebook)[0] for _, step in steps for name in step}
    width = max((len(name) for name in marks), default=0) + 5
    for label, step in steps:
        print(
            (
                (f"{label:9s}" if label else "") + "".join(f"{marks[name]} d{name}".ljust(width) for name in step)
            ).rstrip()
        )
    count = {mark: list(marks.values()).count(mark) for mark in "✓✗·"}
    print(f"\n✓ {count['✓']} right   ✗ {count['✗']} wrong   · {count['·']} not yet")
    if names:
        return
    for label, step in steps:
        if open_ones := [name for name in step if marks[name] != "✓"]:
            what = ", ".join(f"d{name}" for name in open_ones)
            if any(marks[name] == "✗" for name in open_ones):
                print(f"{f'It stops at {label}: ' if label else ''}{what} not right yet. Mend that first.")
            else:
                print(f"Next{f' is {label}' if label else ''}: {what}.")
            return
    print("All of it is right.")


def cmp(label: str, yours: Tensor, variable: Tensor) -> None:
    """The lecture's comparison of a gradient with ``variable.grad``, for those who bring cells from there.

    Prints the same line, refuses to broadcast, and never raises. ``check`` says more.
    """
    truth = variable.grad if variable.is_leaf or variable.retains_grad else None
    if truth is None:
        print(f"{label:15s} | autograd kept no gradient for it. Run the cell with loss.backward() first.")
    elif problem := _unusable(yours):
        print(f"{label:15s} | {problem}")
    elif yours.shape != variable.shape:
        print(f"{label:15s} | {shape_message(label, yours.shape, variable.shape)}")
    else:
        yours = yours.detach()
        exact, close = bool((yours == truth).all()), torch.allclose(yours.to(truth.dtype), truth)
        difference = float((yours - truth).abs().max())
        print(f"{label:15s} | exact: {exact!s:5s} | approximate: {close!s:5s} | maxdiff: {difference}")


def say(mark: str, label: str, sentence: str) -> None:
    """Print a mark, a name and a sentence, wrapped; lines of code that come after it stay as they are."""
    sentence, *code = sentence.split("\n")
    lines = textwrap.wrap(
        sentence, 110, initial_indent=f"{mark} {label:17s} ", subsequent_indent=INDENT, break_on_hyphens=False
    )
    print("\n".join([*lines, *(f"{INDENT}    {line}" for line in code)]))


# --- by running the cells again ---------------------------------------------------------------------------------------------


def why_not_run() -> str:
    """Why the student's cells cannot be run again; empty if they can."""
    if history.exercise is None:
        return "This notebook has no setup cell of an exercise."
    if not history.ran:
        return "The text of your cells cannot be read here."
    if history.last_text(FORWARD_MARK) and history.last_text(FORWARD_MARK) != history.exercise.graph.text.strip():
        return "The forward cell is not the exercise's own any more."
    return ""


def judges() -> Iterator[Judge]:
    """The judge of what was run so far, for each order in which the cells may stand in the notebook."""
    if not why_not_run():
        for submission in history.submissions():
            yield _judge(history.exercise, submission)


@functools.lru_cache(maxsize=8)
def _judge(exercise: Exercise, submission: Submission) -> Judge:
    def run(job: Job, skip: Mapping[int, Failure]) -> Result:
        return run_here(job, skip, SECONDS)

    with computing():
        judge = Judge(exercise, submission, run, SEED)
    judge.outcomes.stuck = _Session.stuck = dict(_Session.stuck)
    return judge


class computing:
    """Within it torch computes as the judge needs it, whatever the notebook has set: on the CPU, with autograd; and in one
    thread, since on a busy machine several take ten times as long for tensors of this size, and then time is up."""

    def __enter__(self) -> None:
        plain = torch.inference_mode(False), torch.enable_grad()
        self.contexts: list[Any] = [unpatched(), cpu_by_default(), one_thread(), *plain]
        for context in self.contexts:
            context.__enter__()

    def __exit__(self, *error: object) -> None:
        for context in reversed(self.contexts):
            context.__exit__(*error)


def asked_of(kind: str) -> tuple[str, Expectation]:
    """The graded cell that asks for this kind (``training``, say), and what it asks."""
    return next((c.grade_id, one) for c in history.exercise.graded for one in c.expected if one.kind == kind)


def asked(kind: str) -> tuple[str, Expectation]:
    """The same, where the cells are to be run again for it.

    Raises:
        NotReady: the cells of this notebook cannot be run again.
    """
    if problem := why_not_run():
        raise NotReady(f"{problem} Run the notebook from its first cell.")
    return asked_of(kind)


def say_all(said: Mapping[str, tuple[str, str]], shown: Callable[[str], str] = str) -> None:
    """Say each mark and sentence, by what it is on.

    Args:
        shown: how that is printed.

    Raises:
        CheckFailed: not all of it is right.
    """
    for part, (mark, sentence) in said.items():
        say(mark, shown(part), sentence)
    if failed := {part: sentence for part, (mark, sentence) in said.items() if mark != "✓"}:
        raise CheckFailed(failed)


def best_of(verdicts: Callable[[Judge], Sequence[Verdict]]) -> list[Verdict]:
    """Verdicts for the first order of the cells in which all is right, else for the first; none if nothing can be run."""
    first: list[Verdict] = []
    for judge in judges():
        with computing():
            found = list(verdicts(judge))
        if all(verdict.points == 1 for verdict in found):
            return found
        first = first or found
    return first


def spoken(verdict: Verdict) -> tuple[str, str]:
    """Mark and sentence of a verdict, and below it the lines that it speaks of."""
    mark, sentence = _spoken(verdict)
    return mark, "\n".join([sentence, *underlined(verdict.places)])


def _spoken(verdict: Verdict) -> tuple[str, str]:
    if verdict.kind == "not attempted":
        why = verdict.message.removeprefix(f"there is no {verdict.label}.").strip()
        return "·", f"not there yet. {capitalised(why)}".strip()
    if verdict.points == 1:
        return "✓", f"right. {verdict.message}".rstrip(". ")
    if verdict.points and not verdict.message.startswith("right"):
        return "✗", f"{verdict.kind}: {verdict.message}"
    return "✗", verdict.message


def _judged(name: str, notebook: Mapping[str, Any]) -> tuple[str, str]:
    """Mark and sentence on one gradient."""
    found = best_of(lambda judge: [judge.verdict(name)])
    if not found:
        return _by_memory(name, notebook)
    verdict = found[0]
    if verdict.points == 1:
        return "✓", _right(name, notebook, verdict.message)
    if verdict.kind != "wrong":
        return spoken(verdict)
    mark, here = _by_memory(name, notebook)
    if mark == "✓":
        said = f"right on this minibatch, but not in general. {verdict.message}"
    else:
        said = (verdict.message if verdict.named or mark == "·" else here) + _shared(name, notebook)
    return "✗", "\n".join([said, *underlined(verdict.places)])


def _is_timed(name: str) -> bool:
    cells = (cell for judge in judges() for cell in judge.all_cells if "d" + name in cell.bound())
    return any(cell.cell.source.lstrip().startswith("%%timeit") for cell in cells)


def _right(name: str, notebook: Mapping[str, Any], more: str) -> str:
    """What to say of a gradient whose lines are right: what is in memory may be something else."""
    graph = known_network()
    if _no_reference(name, notebook, graph):
        return f"right. {more}".rstrip(". ")
    yours, truth = notebook.get("d" + name), _reference(name, notebook)
    if not _is_plain(yours) or yours.shape != truth.shape:
        again = "`%%timeit` keeps nothing, so run its cell without it" if _is_timed(name) else "run its cell again"
        return f"right as it is written{'. ' + more if more else f', but not there in memory: {again}.'}"
    yours = yours.detach().to(truth.dtype)
    if bool((yours == truth).all()):
        return "right"
    upstream, references = _upstreams(name, notebook, graph)
    values = _detached(notebook)
    if equal(yours, truth, summand_scale(graph, name, values, references)):
        return f"right, up to rounding (largest difference {float((yours - truth).abs().max()):.1e})"
    before = [f"d{r}" for r in upstream if not _equal(upstream[r], references[r])]
    if before and equal(
        yours, local_gradient(graph, name, values, upstream), summand_scale(graph, name, values, upstream)
    ):
        found = {v.label: v.points for v in best_of(lambda judge: [judge.verdict(r) for r in upstream])}
        if all(found.get(label, 0) == 1 for label in before):
            return f"right, given the {' and '.join(before)} in memory, which its lines would make another. Run its cell again."
        return f"right, given your {' and '.join(before)}, which is not right yet. Mend that first."
    return (
        f"right as it is written, but the d{name} in memory is another: a cell was run twice, or cells in another order. "
        "Run again from the cell that first makes it, or restart and run all."
    )


# --- by what is in memory ---------------------------------------------------------------------------------------------------


def _by_memory(name: str, notebook: Mapping[str, Any]) -> tuple[str, str]:
    """Mark and sentence on the gradient that is in memory, by this notebook's minibatch alone."""
    graph = known_network()
    if problem := _no_reference(name, notebook, graph):
        return "✗", problem
    if "d" + name not in notebook:
        return "·", f"not there yet.{_near_miss(name, notebook, graph)}"
    yours, variable = notebook["d" + name], notebook[name]
    if problem := _unusable(yours):
        return "✗", problem
    yours, truth = yours.detach().to(variable.dtype), variable.grad
    values = _detached(notebook)
    upstream, references = _upstreams(name, notebook, graph)
    args = (graph, name, values, upstream, yours)
    if yours.shape != truth.shape:
        return "✗", explain(*args)
    if equal(yours, truth, summand_scale(graph, name, values, references)):
        if truth.any() and not yours.any():
            return "✗", (
                f"all zeros. Autograd's is tiny (at most {float(truth.abs().max()):.0e}) because its terms cancel here, but it "
                "has terms. Derive them: the graded minibatches come with upstream gradients that do not cancel."
            )
        return "✓", "right"
    before = [f"d{r}" for r in upstream if not _equal(upstream[r], references[r])]
    if before and equal(
        yours, local_gradient(graph, name, values, upstream), summand_scale(graph, name, values, upstream)
    ):
        return "✓", f"right, given your {' and '.join(before)}, which is not right yet. Mend that first."
    if why_not_run():
        others = {o: notebook["d" + o].detach() for o in graph.variables(values) if _is_plain(notebook.get("d" + o))}
        return "✗", explain(*args, others) + _shared(name, notebook)
    return "✗", safely(worst_element, *args)


def _shared(name: str, notebook: Mapping[str, Any]) -> str:
    """Says so if a gradient is one tensor with another."""
    yours = notebook.get("d" + name)
    for other in _checkable(known_network()):
        theirs = notebook.get("d" + other)
        plain = other != name and _is_plain(yours) and _is_plain(theirs)
        if plain and theirs.shape == yours.shape and theirs.data_ptr() == yours.data_ptr():
            return f" Your d{name} and d{other} are one and the same tensor: a change of one changes the other."
    return ""


def _upstreams(name: str, notebook: Mapping[str, Any], graph: Graph) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The learner's gradients of what reads a variable, where they can be used, and autograd's."""
    readers = graph.readers(name)
    return {r: _upstream(r, notebook) for r in readers}, {r: _reference(r, notebook) for r in readers}


def _detached(notebook: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.detach() if isinstance(v, Tensor) else v for k, v in notebook.items()}


def _no_reference(name: str, notebook: Mapping[str, Any], graph: Graph) -> str:
    """Why there is nothing to compare with; empty if there is."""
    readers = graph.readers(name)
    for other in dict.fromkeys([name, *readers, *(read for reader in readers for read in graph.steps[reader].reads)]):
        if other in _Session.values and not _is_as_it_was(other, notebook):
            return (
                f"{other} is not what it was in the forward pass. Run again from the cell that makes {other}. If a cell of "
                "yours gives this name to something else, or changes it in place, take another name there first."
            )
    for other in (name, *readers):
        variable = notebook[other]
        if other == graph.output and variable.dim() == 0:
            continue
        if not (variable.is_leaf or variable.retains_grad):
            return (
                f"autograd did not keep the gradient of {other}. Run the forward cell and the one with retain_grad()."
            )
        if variable.grad is None:
            return f"{other} has no gradient from autograd. Run the cell with loss.backward() first."
    return ""


def _steps(graph: Graph, names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The gradients of each step of the exercise, with the step's label; all in one if the exercise is not known."""
    if names or history.exercise is None:
        return [("", tuple(names) or _checkable(graph)[::-1])]
    cells = [cell.names() for cell in history.exercise.graded if cell.names()]
    return [(f"step {number}" if len(cells) > 1 else "", names) for number, names in enumerate(cells, 1)]


def _checkable(graph: Graph) -> tuple[str, ...]:
    return tuple(name for name in graph.variables(_Session.values) if name != graph.output)


def _require_checkable(names: tuple[str, ...]) -> None:
    checkable = _checkable(known_network())
    if history.exercise is not None and not any(
        one.kind == "gradients" for c in history.exercise.graded for one in c.expected
    ):
        raise NotReady("In this exercise no gradient is checked for you: that is what your own checker is for.")
    for name in names:
        if not isinstance(name, str):
            raise NotReady(f'Names go in quotes, as in check("{checkable[-1]}") for your d{checkable[-1]}.')
        if name in _Session.values and isinstance(_Session.values[name], Tensor) and not _has_gradient(name):
            raise NotReady(
                f"autograd did not keep the gradient of {name}. Run the forward cell and the one with retain_grad()."
            )
        if name not in checkable:
            close = difflib.get_close_matches(name.removeprefix("d"), checkable, n=1)
            hint = f' Did you mean "{close[0]}"?' if close else ""
            raise NotReady(f"{name} is not a variable of the forward pass with a gradient to check.{hint}")


def _has_gradient(name: str) -> bool:
    value = _Session.values[name]
    return value.is_leaf or value.retains_grad or not value.is_floating_point()


def _is_as_it_was(name: str, notebook: Mapping[str, Any]) -> bool:
    """Whether a name still means what it meant when the network was read, unchanged."""
    then, now = _Session.values[name], notebook.get(name)
    if isinstance(then, Tensor):
        return now is then and now._version == _Session.versions[name]
    return isinstance(now, int | float) and now == then


def _unusable(yours: object) -> str:
    """Why a learner's gradient cannot be compared at all, whatever its shape; empty if it can."""
    if type(yours) is not Tensor:
        kind = type(yours).__name__
        return f"is {'None' if yours is None else f'of type {kind}'}, not a torch.Tensor."
    if isinstance(what := admitted(yours.detach()), str):
        return f"is a {what}. A gradient is a torch.Tensor of real numbers."
    if not torch.isfinite(yours).all():
        bad = "nan" if torch.isnan(yours).any() else "inf"
        return f"holds {bad}. {NOT_FINITE}"
    return ""


def _near_miss(name: str, notebook: Mapping[str, Any], graph: Graph) -> str:
    """A hint at a typing slip such as ``dbmeani``."""
    known = {"d" + v for v in graph.variables(_Session.values)}
    strays = [key for key, value in notebook.items() if key.startswith("d") and _is_plain(value) and key not in known]
    close = difflib.get_close_matches("d" + name, strays, n=1, cutoff=0.75)
    return f" You have a {close[0]}: is the name a typing slip?" if close else ""


def _upstream(reader: str, notebook: Mapping[str, Any]) -> Tensor:
    """The learner's gradient of a reader where it can be used, else autograd's."""
    reference, yours = _reference(reader, notebook), notebook.get("d" + reader)
    fitted = fit(yours.detach(), reference.shape) if _is_plain(yours) else None
    return reference if fitted is None or not torch.isfinite(fitted).all() else fitted.to(reference.dtype)


def _reference(name: str, notebook: Mapping[str, Any]) -> Tensor:
    variable = notebook[name]
    if name == known_network().output and variable.dim() == 0:
        return torch.ones_like(variable.detach())
    return variable.grad.detach()


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and equal(one, other, torch.maximum(one.abs(), other.abs()))


def _is_plain(value: object) -> bool:
    return type(value) is Tensor and value.is_floating_point()


def known_network() -> Graph:
    """The network that ``read_network`` has read.

    Raises:
        NotReady: it was not called yet.
    """
    if _Session.graph is None:
        raise NotReady("The network is not known yet. Run the forward cell first, then the one with read_network().")
    return _Session.graph
