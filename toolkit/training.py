"""What the training loop of exercise 4 needs beside itself: a progress bar, checks of the loop, a clock.

The checks take the text of the loop's cell and run it again for a few steps, on copies of the parameters, beside autograd's
gradients of the forward cell. No derivative of this network is written down here.
"""

import contextlib
import io
import os
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from toolkit.check import CheckFailed, _network
from toolkit.compare import equal, fit
from toolkit.diagnosis import explain
from toolkit.graph import Graph, local_gradient, summand_scale

STEP_MARK, LOOP_MARK = "# The backward pass", "# The training loop"
"""First words of the cells with the backward pass of one minibatch and with the loop: by them they are found."""
RATES = (0.1, 0.01)
"""Learning rate before ``lr_drop`` and from there on."""
WIDTH = 72
"""Of the progress line: each new one covers the one before."""
Namespace = dict[str, Any]

_texts: dict[str, str] = {}


def progress_bar(iterable: Iterable, interval: float = 0.2) -> Iterator:
    """Pass on the items, and show on one line how many steps are done, how fast they go and how long the rest will take.

    Prints to stdout and never to stderr, at most every ``interval`` seconds. Where nobody watches (a notebook that is
    graded, tested or built) only the last line is printed.
    """
    total = len(iterable) if hasattr(iterable, "__len__") else None
    watched = _somebody_watches()
    done, start = 0, time.perf_counter()
    shown = start
    for item in iterable:
        yield item
        done += 1
        now = time.perf_counter()
        if watched and now - shown > interval:
            shown, rate = now, done / (now - start)
            rest = "" if total is None else f" of {total:,} · {(total - done) / rate:,.0f} s to go"
            sys.stdout.write("\r" + f"{done:,} steps{rest} · {rate:,.0f} steps/s".ljust(WIDTH))
            sys.stdout.flush()
    seconds = time.perf_counter() - start
    last = f"{done:,} steps in {seconds:.1f} s" + (f" · {done / seconds:,.0f} steps/s" if done else "")
    print("\r" + last.ljust(WIDTH) if watched else last)


def _somebody_watches() -> bool:
    if os.environ.get("CI") or os.environ.get("NBGRADER_EXECUTION"):
        return False
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if (kernel := getattr(shell, "kernel", None)) is None:
        return sys.stdout.isatty()
    return getattr(kernel, "_allow_stdin", True)  # nbconvert and nbval answer no questions, a person does


# --- checks ---------------------------------------------------------------------------------------------------------------


def check_training() -> None:
    """Run your training loop again for a few steps, on copies, and compare each part of it with autograd's loop.

    Raises:
        CheckFailed: the loop is missing, does not run, or a part of it is not right yet.
    """
    notebook = sys._getframe(1).f_globals
    wrong = []
    for part, verdict in _training(notebook).items():
        _say(part, verdict or "right")
        wrong += [part] if verdict else []
    if not wrong and (verdict := _fall(notebook)):
        _say("loss", verdict)
        wrong = ["loss"]
    if wrong:
        raise CheckFailed(", ".join(wrong))


def check_calibration() -> None:
    """Compare your ``bnmean`` and ``bnvar`` with the forward cell's, run on the whole training set.

    Raises:
        CheckFailed: one of them is not right yet.
    """
    notebook = sys._getframe(1).f_globals
    verdicts = _calibration(notebook)
    for part, verdict in verdicts.items():
        _say(part, verdict or "right")
    if wrong := [part for part, verdict in verdicts.items() if verdict]:
        raise CheckFailed(", ".join(wrong))


def training_progress() -> None:
    """A board of the whole exercise: the gradients in the loop, the update, the learning rate, the statistics."""
    notebook = sys._getframe(1).f_globals
    verdicts = {**_training(notebook), **_calibration(notebook)}
    cells = [f"{'✗' if verdict else '✓'} {part}" for part, verdict in verdicts.items()]
    for row in range(0, len(cells), 4):
        print("".join(cell.ljust(20) for cell in cells[row : row + 4]).rstrip())
    wrong = sum(map(bool, verdicts.values()))
    print(f"\n✓ {len(cells) - wrong} right   ✗ {wrong} not yet")
    if not wrong:
        print("All of it. You have trained a network with your own backward pass, and nothing of it was autograd's.")


def _training(notebook: Namespace) -> dict[str, str]:
    """What is wrong with each part of the loop; nothing, if it is right."""
    graph = _network()
    parameters = _parameters(graph, notebook)
    parts = [*(f"d{name}" for name in parameters), "update", "learning rate", "ten steps"]
    try:
        first, later = _trial(notebook, 1, 1), _trial(notebook, 1, 0)
        ten = _trial(notebook, 10, 5)
    except Exception as error:
        return {"loop": _failure(error)}
    verdicts = dict.fromkeys(parts, "")
    values, truth = _autograd(graph, notebook, parameters, first)
    verdicts |= {f"d{name}": _gradient(graph, name, values, truth, first) for name in parameters}
    verdicts["update"] = _update(parameters, first, RATES[0])
    verdicts["learning rate"] = _rate(parameters, first, later)
    wrong = any(verdicts.values())
    verdicts["ten steps"] = "not right above, so not here." if wrong else _path(graph, parameters, notebook, ten)
    return verdicts


def _failure(error: Exception) -> str:
    """Why the loop did not run through."""
    if isinstance(error, CheckFailed):
        return str(error)
    text = f"your loop stops with {type(error).__name__}: {error}."
    if isinstance(error, NameError):
        text += " It is run with nothing left over from earlier cells: each step has to compute what it uses."
    if "NoneType" in str(error):
        text += " Does it read .grad? Nothing in this loop fills it."
    return text


def _gradient(graph: Graph, name: str, values: Namespace, truth: Mapping[str, Tensor], trial: Namespace) -> str:
    """What is wrong with one gradient of the first step, given the gradients that it is computed from."""
    yours = trial.get("d" + name)
    if not isinstance(yours, Tensor) or not yours.is_floating_point():
        return "is not there." if yours is None else f"is a {type(yours).__name__}, not a tensor of real numbers."
    upstream = {}
    for reader in graph.readers(name):
        given = trial.get("d" + reader)
        given = fit(given, truth[reader].shape) if isinstance(given, Tensor) and given.is_floating_point() else None
        upstream[reader] = truth[reader] if given is None or not torch.isfinite(given).all() else given
    if equal(yours, truth[name], summand_scale(graph, name, values, truth)):
        return ""
    if equal(yours, local_gradient(graph, name, values, upstream), summand_scale(graph, name, values, upstream)):
        return f"follows from your {' and '.join('d' + reader for reader in upstream)}, which is not right here."
    others = {o: t for o in truth if isinstance(t := trial.get("d" + o), Tensor) and t.is_floating_point()}
    return explain(graph, name, values, upstream, yours, others)


def _update(parameters: list[str], trial: Namespace, rate: float) -> str:
    """Whether each parameter went down its own gradient, whatever that was."""
    moved = _moves(parameters, trial)
    if not any(move.any() for move in moved.values()):
        return "the parameters have not moved. (`p = p - ...` gives a new tensor the name p; C and the others keep theirs.)"
    factors = {name: _factor(moved[name], trial["d" + name]) for name in parameters if "d" + name in trial}
    bad = [name for name in parameters if not _follows(moved[name], trial, name, rate)]
    if not bad:
        return ""
    if len(bad) >= len(parameters) - 1 and factors[bad[0]] > 0:  # -1: the gradient of a bias before batchnorm is zero
        return "the parameters go up their gradients. Downhill is the other way."
    return (
        f"wrong for {', '.join(bad)}: {bad[0]} moves by {factors[bad[0]]:.3g} times d{bad[0]}, not by minus the learning rate "
        "times it. Does each parameter get its own gradient, once?"
    )


def _rate(parameters: list[str], first: Namespace, later: Namespace) -> str:
    """Whether the learning rate drops where it should."""
    if all(_follows(move, later, name, RATES[1]) for name, move in _moves(parameters, later).items()):
        return ""
    if all(_follows(move, later, name, RATES[0]) for name, move in _moves(parameters, later).items()):
        return f"still {RATES[0]} in the step lr_drop. From this step on, counted from 0, it should be {RATES[1]}."
    if _update(parameters, first, RATES[0]):
        return "cannot be said before the update is right."
    return f"it should be {RATES[1]} from the step lr_drop on."


def _path(graph: Graph, parameters: list[str], notebook: Namespace, trial: Namespace) -> str:
    """Whether several steps end where autograd's loop ends."""
    generator = torch.Generator().manual_seed(1)
    values = dict(trial["start"])
    Xtr, Ytr = notebook["Xtr"], notebook["Ytr"]
    for i in range(10):
        ix = torch.randint(0, Xtr.shape[0], (notebook["batch_size"],), generator=generator)
        slopes = graph.gradients({**_known(graph, notebook), **values, "Xb": Xtr[ix], "Yb": Ytr[ix]})
        values = {name: values[name] - RATES[i >= 5] * slopes[name] for name in parameters}
    for name in parameters:
        far = (trial[name] - values[name]).abs().max()
        if not far <= 1e-2 * (values[name] - trial["start"][name]).abs().max() + 1e-5 * values[name].abs().max():
            return (
                f"one step is right, but after ten steps {name} is somewhere else than with autograd. Is anything carried over "
                "from one step to the next, or is the minibatch drawn in another way?"
            )
    return ""


def _fall(notebook: Namespace) -> str:
    """Whether the losses that the loop kept have gone down."""
    losses = torch.tensor([float(loss) for loss in notebook.get("lossi", [])])
    if not len(losses):
        return "lossi is empty: run the loop."
    if not torch.isfinite(losses).all():
        return "lossi holds nan or inf. Run the notebook from its parameters again."
    part = max(1, len(losses) // 4)
    if len(losses) >= 100 and losses[-part:].mean() >= losses[:part].mean() + 0.1:
        return (
            "the loop is right now, but the losses in lossi have gone up. Run the notebook from its parameters again."
        )
    return ""


def _calibration(notebook: Namespace) -> dict[str, str]:
    """What is wrong with the statistics of batchnorm."""
    wanted = ("bnmean", "bnvar")
    whole = _statistics(notebook, wanted, notebook["Xtr"])
    batch = _statistics(notebook, wanted, notebook["Xb"])
    verdicts = dict.fromkeys(wanted, "")
    for name in wanted:
        yours = notebook.get(name)
        if not isinstance(yours, Tensor):
            verdicts[name] = "is not there."
        elif yours.shape != whole[name].shape:
            verdicts[name] = f"has shape {tuple(yours.shape)}, it should be {tuple(whole[name].shape)}."
        elif not _close(yours, whole[name]):
            verdicts[name] = f"the largest difference is {(yours.detach() - whole[name]).abs().max():.3g}."
            if _close(yours, batch[name], 0.3):  # the parameters have moved by one step since
                verdicts[name] = (
                    "is that of a single minibatch, left over from the loop. Wanted: the whole training set's."
                )
    return verdicts


def _statistics(notebook: Namespace, wanted: tuple[str, ...], X: Tensor) -> dict[str, Tensor]:
    """Some early variables of the forward cell for other examples."""
    values = {**_known(_network(), notebook), "Xb": X}
    with torch.no_grad():
        for step in _network().steps.values():
            values[step.name] = step.evaluate(values)
            if all(name in values for name in wanted):
                break
    return {name: values[name] for name in wanted}


# --- your loop, run again -------------------------------------------------------------------------------------------------


def _trial(notebook: Namespace, steps: int, drop: int, text: str | None = None) -> Namespace:
    """Run the loop's cell for a few steps on copies, with nothing in memory that it should compute itself.

    Returns:
        Parameters, minibatch, forward variables and gradients as the loop left them, the ``seconds`` that it took, and
        in ``start`` the parameters before.
    """
    graph, text = _network(), text or _text(LOOP_MARK)
    start = {name: notebook[name].detach().clone() for name in _parameters(graph, notebook)}
    copies = {name: value.clone() for name, value in start.items()}
    by_id = {id(notebook[name]): copy for name, copy in copies.items()}
    changes = {
        **copies, "parameters": [by_id[id(p)] for p in notebook["parameters"]],
        "g": torch.Generator().manual_seed(1), "max_steps": steps, "lr_drop": drop, "progress_bar": iter,
    }  # fmt: skip
    computed = {*graph.steps, *(f"d{name}" for name in graph.variables(notebook)), "grads", "lr"} - copies.keys()
    saved = dict(notebook)
    try:
        for name in computed & notebook.keys():
            del notebook[name]
        notebook.update(changes)
        code = compile(text, "<your training loop>", "exec")
        with contextlib.redirect_stdout(io.StringIO()):
            begin = time.perf_counter()
            exec(code, notebook)
            seconds = time.perf_counter() - begin
        with torch.inference_mode(False):  # a clone outside of inference mode is an ordinary tensor again
            kept = {name: notebook.get(name) for name in (computed | copies.keys() | {"Xb", "Yb"})}
            after = {name: value.detach().clone() for name, value in kept.items() if isinstance(value, Tensor)}
        return after | {"start": start, "seconds": seconds}
    finally:
        for name in notebook.keys() - saved.keys():
            del notebook[name]
        notebook.update(saved)


def _autograd(
    graph: Graph, notebook: Namespace, parameters: list[str], trial: Namespace
) -> tuple[Namespace, Namespace]:
    """Forward variables and autograd's gradients for the minibatch of a trial of one step."""
    inputs = {**_known(graph, notebook), **trial["start"], "Xb": trial["Xb"], "Yb": trial["Yb"]}
    with torch.no_grad():
        values = graph.forward(inputs)
    return values, {**graph.gradients(inputs), graph.output: torch.ones(())}


def _known(graph: Graph, notebook: Namespace) -> Namespace:
    """What the forward cell reads and does not compute."""
    values = {name: notebook[name] for name in graph.inputs}
    return {name: value.detach() if isinstance(value, Tensor) else value for name, value in values.items()}


def _parameters(graph: Graph, notebook: Namespace) -> list[str]:
    return [name for name in graph.variables(notebook) if name not in graph.steps]


def _moves(parameters: list[str], trial: Namespace) -> dict[str, Tensor]:
    return {name: trial[name] - trial["start"][name] for name in parameters}


def _follows(move: Tensor, trial: Namespace, name: str, rate: float) -> bool:
    """Whether a parameter moved by minus the rate times its gradient, up to the rounding of the parameter."""
    slope = trial.get("d" + name)
    if slope is None or slope.shape != move.shape:
        return False
    error = (move + rate * slope).abs().max()
    return bool(error <= 1e-3 * rate * slope.abs().max() + 4e-7 * trial["start"][name].abs().max())


def _factor(move: Tensor, slope: Tensor) -> float:
    return float((move * slope).sum() / (slope * slope).sum().clamp_min(1e-30)) if slope.shape == move.shape else 0.0


def _close(yours: Tensor, truth: Tensor, tolerance: float = 1e-4) -> bool:
    return bool(((yours.detach() - truth).abs().max() <= tolerance * truth.abs().max()).item())


def _say(part: str, sentence: str) -> None:
    lines = textwrap.wrap(sentence, 110, initial_indent=f"{part:15s} | ", subsequent_indent=" " * 18)
    print("\n".join(lines))


# --- the clock ------------------------------------------------------------------------------------------------------------


def your_loop() -> Callable[[int], float]:
    """Your training loop as a function of the number of steps that returns the seconds it took; it runs on copies."""
    notebook = sys._getframe(1).f_globals
    return lambda steps: _trial(notebook, steps, steps)["seconds"]


def your_plain_loop() -> Callable[[int], float]:
    """The same made of the forward cell and your backward pass for one minibatch, as they stand."""
    notebook = sys._getframe(1).f_globals
    return lambda steps: _trial(notebook, steps, steps, _plain_text(notebook))["seconds"]


def _plain_text(notebook: Namespace) -> str:
    names = {id(notebook[name]): name for name in _parameters(_network(), notebook)}
    slopes = ", ".join(f"d{names[id(p)]}" for p in notebook["parameters"])
    return "\n".join([
        "lossi = []",
        "with torch.no_grad():",
        "    for i in range(max_steps):",
        "        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)",
        "        Xb, Yb = Xtr[ix], Ytr[ix]",
        textwrap.indent(_network().text, " " * 8),
        textwrap.indent(_text(STEP_MARK), " " * 8),
        f"        for parameter, slope in zip(parameters, [{slopes}]):",
        "            parameter.data += -0.1 * slope",
        "        lossi.append(loss.item())",
    ])  # fmt: skip


def compare_speed(
    loops: Mapping[str, Callable[[int], float]], against: str, steps: int = 300, rounds: int = 9
) -> dict[str, float]:
    """Time several training loops in turns and print microseconds a step, and the ratio to one of them.

    Turns, because whatever else the machine does then disturbs all of them alike. The time of a loop is the median of its
    rounds, the ratio the median of the ratios within a round.

    Args:
        loops: functions that run so many steps and return the seconds they took, by label.

    Returns:
        The ratio of each loop that runs.
    """
    running: dict[str, list[float]] = {}
    for label, loop in loops.items():
        try:
            loop(2)  # also warms up
            running[label] = []
        except Exception as error:
            print(f"{label:48s} does not run: {type(error).__name__}: {error}")
    for _ in range(rounds):
        for label, times in running.items():
            times.append(loops[label](steps) / steps * 1e6)
    print(f"{'':48s} µs a step   ratio")
    ratios = {}
    for label, times in running.items():
        ratios[label] = statistics.median(mine / other for mine, other in zip(times, running[against], strict=True))
        print(f"{label:48s} {statistics.median(times):9,.0f} {ratios[label]:7.2f}")
    print(f"(median of {rounds} rounds of {steps} steps in turns; {torch.get_num_threads()} thread(s))")
    return ratios


def _text(mark: str) -> str:
    """The cell with this first line, as it was run last."""
    if mark not in _texts:
        raise CheckFailed(
            f"no cell that begins with the line {mark!r} was run. Keep that line, and run the cell first."
        )
    return _texts[mark]


def _remember(info: object) -> None:
    """Before a cell is run: keep its text if it is one of the two. Lines such as ``%%time`` are left out."""
    raw = getattr(info, "raw_cell", None) or ""
    text = "\n".join(line for line in raw.split("\n") if not line.startswith(("%", "!"))).strip()
    for mark in (STEP_MARK, LOOP_MARK):
        if text.startswith(mark):
            _texts[mark] = text


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    _shell.events.register("pre_run_cell", _remember)
