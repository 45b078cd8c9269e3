"""What the training loop of exercise 4 needs beside itself: a progress bar, checks of the loop, a clock.

What a loop should do, and whether yours does it, says ``loop``; here is what a student calls.
"""

import contextlib
import io
import os
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

import torch
from torch import Tensor

from toolkit.check import NotReady, asked, best_of, history, known_network, say_all, silent, spoken
from toolkit.network.graph import Graph
from toolkit.training_loop.step import DROP, ROWS, STEPS
from toolkit.training_loop.values import value_verdicts
from toolkit.training_loop.verdicts import training_verdicts

STEP_MARK, LOOP_MARK = "# The backward pass", "# The training loop"
"""First words of the cells with the backward pass of one minibatch and with the loop: by them they are found."""
WIDTH = 72
"""Of the progress line: each new one covers the one before."""
Namespace = dict[str, Any]


def progress_bar(iterable: Iterable, interval: float = 0.2) -> Iterator:
    """Pass on the items, and show on one line how many steps are done, how fast they go and how long the rest will take.

    Prints to stdout and never to stderr, at most every ``interval`` seconds. Where nobody watches (a notebook that is
    graded, tested or built) only the last line is printed.
    """
    total = len(iterable) if isinstance(iterable, Sized) else None
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
    """Run your training loop again for a few steps, on copies, and judge each part of it as it is graded.

    Raises:
        CheckFailed: the loop is missing, does not run, or a part of it is not right yet.
    """
    if silent():
        return
    notebook = sys._getframe(1).f_globals
    said = _training()
    if all(mark == "✓" for mark, _ in said.values()) and (problem := _fall(notebook)):
        said["the losses"] = "✗", problem
    say_all(said)


def check_calibration() -> None:
    """Judge your ``bnmean`` and ``bnvar``: the forward cell's, run on the whole training set.

    Raises:
        CheckFailed: one of them is not right yet.
    """
    if not silent():
        say_all(_calibration(sys._getframe(1).f_globals))


def training_progress() -> None:
    """A board of the whole exercise: the gradients in the loop, the update, the learning rate, the statistics."""
    if silent():
        return
    said = {**_training(), **_calibration(sys._getframe(1).f_globals)}
    cells = [f"{mark} {part}" for part, (mark, _) in said.items()]
    for row in range(0, len(cells), 4):
        print("".join(cell.ljust(24) for cell in cells[row : row + 4]).rstrip())
    wrong = [part for part, (mark, _) in said.items() if mark != "✓"]
    print(f"\n✓ {len(said) - len(wrong)} right   ✗ {len(wrong)} not yet")
    if wrong:
        print(f"The first that is not right yet: {wrong[0]}.")
    else:
        print("All of it. You have trained a network with your own backward pass, and nothing of it was autograd's.")


def _training() -> dict[str, tuple[str, str]]:
    """Mark and sentence on each part of the loop."""
    grade_id, task = asked("training")
    verdicts = best_of(lambda judge: training_verdicts(judge, grade_id, **task.options))
    return {verdict.label.removesuffix(" in the loop"): spoken(verdict) for verdict in verdicts}


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


def _calibration(notebook: Namespace) -> dict[str, tuple[str, str]]:
    """Mark and sentence on each statistic of batchnorm."""
    grade_id, task = asked("values")
    verdicts = best_of(lambda judge: value_verdicts(judge, grade_id, task.names, task.options))
    said = {verdict.label: spoken(verdict) for verdict in verdicts}
    try:
        in_memory = _statistics(notebook, task.names, {old: notebook[new] for old, new in task.options.items()})
    except Exception:  # what the forward cell reads is something else by now
        for name in [name for name, (mark, _) in said.items() if mark == "✓"]:
            said[name] = (
                "✓",
                "right as it is written; the parameters in memory are none any more: run their cell again.",
            )
        return said
    for name, wanted in in_memory.items():
        yours = notebook.get(name)
        if said[name][0] == "✓" and not (
            isinstance(yours, Tensor) and yours.shape == wanted.shape and _close(yours, wanted)
        ):
            said[name] = "✓", f"right as it is written, but the {name} in memory is another: run its cell again."
    return said


def _statistics(notebook: Namespace, wanted: Sequence[str], instead: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Some early variables of the forward cell for other inputs than the minibatch's."""
    values = {**_known(known_network(), notebook), **instead}
    with torch.no_grad():
        for step in known_network().steps.values():
            values[step.name] = step.evaluate(values)
            if all(name in values for name in wanted):
                break
    return {name: values[name] for name in wanted}


# --- your loop, run again -------------------------------------------------------------------------------------------------


def _seconds(notebook: Namespace, steps: int, text: str) -> float:
    """Seconds that a loop's cell takes for so many steps, on copies, with nothing in memory that it should compute itself."""
    graph = known_network()
    copies = {name: notebook[name].detach().clone() for name in _parameters(graph, notebook)}
    by_id = {id(notebook[name]): copy for name, copy in copies.items()}
    changes = {
        **copies, "parameters": [by_id.get(id(p), p) for p in notebook["parameters"]],
        "g": torch.Generator().manual_seed(1), STEPS: steps, DROP: steps, "progress_bar": iter,
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
            return time.perf_counter() - begin
    finally:
        for name in notebook.keys() - saved.keys():
            del notebook[name]
        notebook.update(saved)


def _known(graph: Graph, notebook: Namespace) -> Namespace:
    """What the forward cell reads and does not compute."""
    values = {name: notebook[name] for name in graph.inputs}
    return {name: value.detach() if isinstance(value, Tensor) else value for name, value in values.items()}


def _parameters(graph: Graph, notebook: Namespace) -> list[str]:
    return [name for name in graph.variables(notebook) if name not in graph.steps]


def _close(yours: Tensor, truth: Tensor, tolerance: float = 1e-4) -> bool:
    return bool(((yours.detach() - truth).abs().max() <= tolerance * truth.abs().max()).item())


# --- the clock ------------------------------------------------------------------------------------------------------------


def your_loop(variables: Namespace | None = None) -> Callable[[int], float]:
    """Your training loop as a function of the number of steps that returns the seconds it took; it runs on copies.

    Args:
        variables: what it reads, if not the notebook's own.
    """
    notebook = sys._getframe(1).f_globals if variables is None else variables
    return lambda steps: _seconds(notebook, steps, _text(LOOP_MARK))


def your_plain_loop() -> Callable[[int], float]:
    """The same made of the forward cell and your backward pass for one minibatch, as they stand."""
    notebook = sys._getframe(1).f_globals
    return lambda steps: _seconds(notebook, steps, _plain_text(notebook))


def _plain_text(notebook: Namespace) -> str:
    names = {id(notebook[name]): name for name in _parameters(known_network(), notebook)}
    slopes = ", ".join(f"d{names[id(p)]}" for p in notebook["parameters"])
    drawn_from = {name: value for name, value in asked("training")[1].options.items() if name in known_network().inputs}
    return "\n".join([
        "lossi = []",
        "with torch.no_grad():",
        f"    for i in range({STEPS}):",
        f"        ix = torch.randint(0, {next(iter(drawn_from.values()))}.shape[0], ({ROWS},), generator=g)",
        *(f"        {name} = {data_set}[ix]" for name, data_set in drawn_from.items()),
        textwrap.indent(known_network().text, " " * 8),
        textwrap.indent(_text(STEP_MARK), " " * 8),
        f"        for parameter, slope in zip(parameters, [{slopes}]):",
        "            parameter.data += -0.1 * slope",
        f"        lossi.append({known_network().output}.item())",
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
    print(
        f"(times: medians of {rounds} rounds of {steps} steps in turns; ratio: median of the rounds' own ratios; "
        f"{torch.get_num_threads()} thread(s))"
    )
    return ratios


def _text(mark: str) -> str:
    """The cell with this first line, as it was run last."""
    if not (text := history.last_text(mark)):
        raise NotReady(f"No cell that begins with the line {mark!r} was run. Keep that line, and run the cell first.")
    return text
