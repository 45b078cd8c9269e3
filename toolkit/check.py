"""What a student calls: ``check``, ``progress``, and ``read_network``, which tells both what the network is."""

import difflib
import sys
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from toolkit.compare import equal, fit
from toolkit.diagnosis import explain, shape_message
from toolkit.graph import Graph, local_gradient, summand_scale

FORWARD_MARK = "# The forward pass"
"""First words of the forward cell: by them ``read_network`` finds it among the cells that were run."""


class CheckFailed(AssertionError):
    """At least one gradient is not right yet. Shown as one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"Not right yet: {self}"]


class NotReady(RuntimeError):
    """Nothing can be checked before something else is done. Shown as one line, too."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class _Session:
    """The network of this notebook and the values of its forward pass as ``read_network`` found them."""

    forward: str = ""
    """Text of the forward cell that was run last."""
    graph: Graph | None = None
    """Its graph; steps whose gradient autograd did not keep are substituted into those that read them."""
    values: Mapping[str, object] = MappingProxyType({})
    """Tensors and numbers of the forward pass, inputs included."""
    versions: Mapping[str, int] = MappingProxyType({})
    """How often each tensor had been changed in place by then."""


def read_network() -> Graph:
    """The graph of the forward cell that was run last; ``check`` uses it from then on.

    Raises:
        NotReady: no forward cell was run in this notebook, or it holds a line that is not a step.
    """
    notebook = sys._getframe(1).f_globals
    if not _Session.forward:
        raise NotReady(
            f"No cell that starts with {FORWARD_MARK!r} was run in this notebook. Run the forward cell, then this one."
        )
    try:
        graph = Graph.from_source(_Session.forward)
    except ValueError as error:
        raise NotReady(str(error)) from None
    values = {name: notebook.get(name) for name in (*graph.inputs, *graph.steps)}
    kept = [name for name in graph.steps if isinstance(values[name], Tensor) and values[name].retains_grad]
    _Session.graph = graph.fused(kept) if kept else graph
    _Session.values = {name: value for name, value in values.items() if isinstance(value, Tensor | int | float)}
    _Session.versions = {name: value._version for name, value in values.items() if isinstance(value, Tensor)}
    return graph


def check(*names: str) -> None:
    """Compare your gradients with autograd's on this notebook's minibatch, one line each.

    Args:
        names: forward variables, such as ``"probs"``: what is compared is your ``dprobs`` with ``probs.grad``.

    Raises:
        CheckFailed: a gradient is missing or not right; after all of them were looked at.
        NotReady: the network is not known yet, or a name is not one of its variables.
    """
    notebook = sys._getframe(1).f_globals
    if not names:
        raise NotReady("check wants names of forward variables in quotes. For all of them there is progress().")
    _require_checkable(names)
    failed = [f"d{name}" for name in names if not _report(name, notebook)]
    if failed:
        raise CheckFailed(", ".join(failed))


def progress(*names: str) -> None:
    """A board of all gradients (or those named), in the order of the backward pass: right, wrong, not yet."""
    notebook = sys._getframe(1).f_globals
    graph = _network()
    _require_checkable(names)
    names = names or _checkable(graph)[::-1]
    marks = {None: "·", True: "✓", False: "✗"}
    states = {name: _state(name, notebook) for name in names}
    cells = [f"{marks[state]} d{name}" for name, state in states.items()]
    width = max(map(len, cells)) + 3
    for row in range(0, len(cells), 5):
        print("".join(cell.ljust(width) for cell in cells[row : row + 5]).rstrip())
    count = {state: list(states.values()).count(state) for state in marks}
    print(f"\n✓ {count[True]} right   ✗ {count[False]} wrong   · {count[None]} not yet")
    if count[True] == len(_checkable(graph)):
        print("All of them. You have written the backward pass of this network by hand.")


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
        print(_line(label, yours.detach(), truth, torch.allclose(yours.detach().to(truth.dtype), truth)))


def _report(name: str, notebook: Mapping[str, object]) -> bool:
    """Print the lines for one gradient; whether it is right."""
    *lines, right = _judge(name, notebook)
    first, *more = lines
    print(first if " | exact" in first else "\n".join(_wrapped(f"{'d' + name:15s} | ", first)))
    for line in more:
        print("\n".join(_wrapped(" " * 18, line)))
    return right


def _state(name: str, notebook: Mapping[str, object]) -> bool | None:
    return None if "d" + name not in notebook else _judge(name, notebook)[-1]


def _judge(name: str, notebook: Mapping[str, object]) -> tuple:
    """Sentences about one gradient, then whether it is right."""
    graph = _network()
    if problem := _no_reference(name, notebook, graph):
        return problem, False
    variable = notebook[name]
    if "d" + name not in notebook:
        return f"not there yet.{_near_miss(name, notebook, graph)}", False
    yours = notebook["d" + name]
    if problem := _unusable(yours):
        return problem, False
    yours, truth = yours.detach().to(variable.dtype), variable.grad
    values = {k: v.detach() if isinstance(v, Tensor) else v for k, v in notebook.items()}
    upstream = {reader: _upstream(reader, notebook) for reader in graph.readers(name)}
    references = {reader: _reference(reader, notebook) for reader in graph.readers(name)}
    others = {o: notebook["d" + o].detach() for o in graph.variables(values) if _is_plain(notebook.get("d" + o))}
    if yours.shape != truth.shape:
        return explain(graph, name, values, upstream, yours, others), False
    right = equal(yours, truth, summand_scale(graph, name, values, references))
    line = _line(name, yours, truth, right)
    if right and truth.any() and not yours.any():
        return (
            f"all zeros. Autograd's is tiny (at most {float(truth.abs().max()):.0e}) because its terms cancel here, but it "
            "has terms. Derive them: the graded minibatches come with upstream gradients that do not cancel."
        ), False
    if right:
        return line, True
    wrong_before = [f"d{r}" for r in upstream if not _equal(upstream[r], references[r])]
    local = local_gradient(graph, name, values, upstream)
    if wrong_before and equal(yours, local, summand_scale(graph, name, values, upstream)):
        return f"follows from your {' and '.join(wrong_before)}, which is not right yet. Mend that first.", False
    sentence = explain(graph, name, values, upstream, yours, others)
    shared = [f"d{o}" for o in others if o != name and others[o].data_ptr() == notebook["d" + name].data_ptr()]
    if shared and others[shared[0][1:]].shape == yours.shape:
        sentence += f" Your d{name} and {shared[0]} are one and the same tensor: a change of one changes the other."
    return line, sentence, False


def _line(name: str, yours: Tensor, truth: Tensor, approximate: bool) -> str:
    exact = bool((yours == truth).all())
    maxdiff = float((yours - truth).abs().max())
    return f"{name:15s} | exact: {exact!s:5s} | approximate: {approximate!s:5s} | maxdiff: {maxdiff}"


def _no_reference(name: str, notebook: Mapping[str, object], graph: Graph) -> str:
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


def _checkable(graph: Graph) -> tuple[str, ...]:
    return tuple(name for name in graph.variables(_Session.values) if name != graph.output)


def _require_checkable(names: tuple[str, ...]) -> None:
    checkable = _checkable(_network())
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


def _is_as_it_was(name: str, notebook: Mapping[str, object]) -> bool:
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
    if yours.is_complex() or yours.dtype == torch.bool:
        return f"has dtype {yours.dtype}. A gradient holds real numbers."
    if not torch.isfinite(yours).all():
        bad = "nan" if torch.isnan(yours).any() else "inf"
        return f"holds {bad}. Which operation divides by zero, or takes the log of what is not positive?"
    return ""


def _near_miss(name: str, notebook: Mapping[str, object], graph: Graph) -> str:
    """A hint at a typing slip such as ``dbmeani``."""
    known = {"d" + v for v in graph.variables(_Session.values)}
    strays = [key for key, value in notebook.items() if key.startswith("d") and _is_plain(value) and key not in known]
    close = difflib.get_close_matches("d" + name, strays, n=1, cutoff=0.75)
    return f" You have a {close[0]}: is the name a typing slip?" if close else ""


def _upstream(reader: str, notebook: Mapping[str, object]) -> Tensor:
    """The learner's gradient of a reader where it can be used, else autograd's."""
    reference, yours = _reference(reader, notebook), notebook.get("d" + reader)
    fitted = fit(yours.detach(), reference.shape) if _is_plain(yours) else None
    return reference if fitted is None or not torch.isfinite(fitted).all() else fitted.to(reference.dtype)


def _reference(name: str, notebook: Mapping[str, object]) -> Tensor:
    variable = notebook[name]
    if name == _network().output and variable.dim() == 0:
        return torch.ones_like(variable.detach())
    return variable.grad.detach()


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and equal(one, other, torch.maximum(one.abs(), other.abs()))


def _is_plain(value: object) -> bool:
    return type(value) is Tensor and value.is_floating_point()


def _network() -> Graph:
    if _Session.graph is None:
        raise NotReady("The network is not known yet. Run the forward cell first, then the one with read_network().")
    return _Session.graph


def _wrapped(indent: str, sentence: str) -> Iterator[str]:
    yield from textwrap.wrap(sentence, 110, initial_indent=indent, subsequent_indent=" " * 18, break_on_hyphens=False)


def _remember_forward(info: object) -> None:
    """Before a cell is run: keep its text if it is the forward pass. (The history ``In`` is not kept by every runner.)"""
    text = getattr(info, "raw_cell", None) or ""
    if text.lstrip().startswith(FORWARD_MARK):
        _Session.forward = text


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    _shell.events.register("pre_run_cell", _remember_forward)
