"""The checks of the training loop: our own loop is right, each mistake is told from the others; the bar and the clock."""

import contextlib
import io
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import jupytext
import pytest
import torch
import torch.nn.functional as F
from nbgrader import utils

from tests.bank import bench
from toolkit import check, training
from toolkit.check import CheckFailed
from toolkit.network.exercise import digest

NAME = "4_training_loop"
SOURCE = Path(__file__).resolve().parents[2] / "source" / NAME / f"{NAME}.py"
CELLS = {
    cell.metadata["nbgrader"]["grade_id"]: cell.source
    for cell in jupytext.read(SOURCE, fmt="py:percent").cells
    if "nbgrader" in cell.metadata
}
EXERCISE = bench(NAME).exercise


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict]:
    """A small notebook 4 after its parameters: two thousand made-up examples, steps 1 and 2 not run yet."""
    generator = torch.Generator().manual_seed(5)
    Xtr, Ytr = (torch.randint(0, 9, size, generator=generator) for size in ((2000, 3), (2000,)))
    names = (
        "check_training",
        "check_calibration",
        "training_progress",
        "compare_speed",
        "your_loop",
        "your_plain_loop",
    )
    space = {"torch": torch, "F": F, "time": time, "Xtr": Xtr, "Ytr": Ytr, "vocab_size": 9, "block_size": 3}
    space |= {name: getattr(training, name) for name in (*names, "progress_bar")} | {"read_network": check.read_network}
    monkeypatch.setenv("CI", "1")
    course = {
        grade_id: "" if utils.is_solution(cell) else digest(EXERCISE.released[grade_id])
        for grade_id, cell in EXERCISE.trusted_cells.items()
    }
    for name, value in {"ran": [], "exercise": EXERCISE, "course": course}.items():
        monkeypatch.setattr(check.history, name, value)
    run(space, "batch_size = 16\nn = batch_size\nmax_steps, lr_drop, log_every = 60, 40, 10")
    for grade_id in ("inputs-parameters", "inputs-minibatch", "forward"):
        run(space, CELLS[grade_id])
    run(space, CELLS["autograd"].removesuffix("\nloss"))
    yield space


def run(space: dict, text: str) -> None:
    """As a kernel would: the hooks, and the cell between them; the namespace is the cell's globals."""
    check.history.before(SimpleNamespace(raw_cell=text))
    worked = False
    try:
        exec(compile(text.removeprefix("%%time\n"), "<cell>", "exec"), space)
        worked = True
    finally:
        check.history.after(SimpleNamespace(success=worked))


def solution(grade_id: str, *edits: tuple[str, str]) -> str:
    text = CELLS[grade_id]
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def judged(space: dict, call: str = "check_training()") -> str:
    """What a check says in a failed cell, after the word that CheckFailed names; the whole of what was printed."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        try:
            exec(call, space)
        except CheckFailed as failed:
            print(*(f"failed: {line}" for line in str(failed).split("\n")))
    return re.sub(r"\s+", " ", out.getvalue())


def test_solution_is_right(notebook):
    run(notebook, CELLS["backward"])
    run(notebook, CELLS["train"])
    run(notebook, CELLS["calibrate"])
    said = judged(notebook)
    assert "failed" not in said
    for part in (
        "dC",
        "dW1",
        "db1",
        "dW2",
        "db2",
        "dbngain",
        "dbnbias",
        "the update",
        "the learning rate",
        "the trajectory",
    ):
        assert f"✓ {part} right" in said
    assert "failed" not in judged(notebook, "check_calibration()")
    assert "✓ 12 right ✗ 0 not yet All of it." in judged(notebook, "training_progress()")


def test_check_leaves_no_trace(notebook):
    run(notebook, CELLS["train"])
    before = {
        name: (id(value), value.clone() if isinstance(value, torch.Tensor) else None)
        for name, value in notebook.items()
    }
    state = notebook["g"].get_state()
    judged(notebook)
    judged(notebook, "speed = compare_speed({'yours': your_loop()}, 'yours', steps=3, rounds=1)")
    notebook.pop("speed")
    assert notebook.keys() == before.keys()
    for name, (identity, value) in before.items():
        assert id(notebook[name]) == identity
        assert value is None or torch.equal(notebook[name], value)
    assert torch.equal(notebook["g"].get_state(), state)


UPDATE = "p.add_(grad, alpha=-lr)"
RATE = "lr = 0.1 if i < lr_drop else 0.01"
MISTAKES = {
    "wrong operand": (("dW1 = embcat.T @ dhprebn", "dW1 = embcat.T @ dhpreact"), "failed: dW1", ""),
    "batchnorm passed by": (
        ("dhprebn = (bngain * bnvar_inv) * dbnraw_share", "dhprebn = dhpreact"), "failed: dW1", "dhprebn, from which dW1 comes",
    ),
    "rows overwritten": (
        (".index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))", "; dC[Xb] = demb"), "failed: dC", "it must add up",
    ),
    "shape": (("(bnraw * dhpreact).sum(0, keepdim=True)", "(bnraw * dhpreact).sum(0)"), "failed: dbngain", "(200,)"),
    "shape that stops the loop": (("db2 = dlogits.sum(0)", "db2 = dlogits.sum(0, keepdim=True)"), "failed: db2", "shape (1, 27)"),
    "sign": ((UPDATE, "p.add_(grad, alpha=lr)"), "failed: the update", "Downhill is the other way"),
    "twice": ((UPDATE, "p.add_(grad, alpha=-2 * lr)"), "failed: the update", "changes by -0.2 times"),
    "new tensor": ((UPDATE, "p = p - lr * grad"), "failed: the update", "keeps the old one"),
    "new tensor in the list": (
        (f"for p, grad in zip(parameters, grads):\n            {UPDATE}",
         "for k, grad in enumerate(grads):\n            parameters[k] = parameters[k] - lr * grad"),
        "failed: the update", "to a place in a list",
    ),
    "gradients reset": (
        (RATE, RATE + "\n        for grad in grads:\n            grad.zero_()"), "failed: the update", "set to zero after it was",
    ),
    "rate never drops": ((RATE, "lr = 0.1"), "failed: the learning rate", "stays at 0.1"),
    "rate drops one late": ((RATE, "lr = 0.1 if i <= lr_drop else 0.01"), "failed: the learning rate", ""),
    "rate small from the start": ((RATE, "lr = 0.01"), "failed: the update", "changes by -0.01 times"),
    "p.grad": ((UPDATE, "p.add_(p.grad, alpha=-lr)"), "failed: the update", ".grad"),
    "left over": (("dW2 = h.T @ dlogits", "pass"), "failed: dW2", ""),
    "momentum": ((UPDATE, "p.add_(grad, alpha=-lr); p.add_(grad, alpha=-lr * (i > 0))"), "failed: the update", ""),
}  # fmt: skip


@pytest.mark.share(0.3)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_named(notebook, mistake):
    edit, failed, sentence = MISTAKES[mistake]
    run(notebook, CELLS["backward"])
    with contextlib.suppress(RuntimeError):
        run(notebook, solution("train", edit))
    said = judged(notebook)
    assert failed in said
    assert sentence in said


@pytest.mark.parametrize(
    "edit",
    [
        (UPDATE, "p.data += -lr * grad"),
        (UPDATE, "p -= lr * grad"),
        ("torch.inference_mode()", "torch.no_grad()"),
        (
            "for p, grad in zip(parameters, grads):\n            " + UPDATE,
            "torch._foreach_add_(parameters, grads, alpha=-lr)",
        ),
        (
            "for p, grad in zip(parameters, grads):\n            " + UPDATE,
            "; ".join(f"{p} -= lr * d{p}" for p in ("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")),
        ),
        ("# The training loop", "%%time\n# The training loop"),
    ],
)
def test_other_ways_are_right(notebook, edit):
    run(notebook, solution("train", edit))
    assert "failed" not in judged(notebook)


def test_nothing_written_yet(notebook):
    said = judged(notebook)
    assert "· the update not there yet" in said and "✗" not in said
    blank = re.sub(r"( *)### BEGIN SOLUTION.*?### END SOLUTION", r"\1# your code here", CELLS["train"], flags=re.S)
    with pytest.raises(NameError):
        run(notebook, blank)
    assert "· dC not there yet" in judged(notebook)
    run(notebook, CELLS["backward"])  # its gradients lie about now, and must not be taken for the loop's
    with pytest.raises(NameError, match="lr"):
        run(notebook, blank)
    said = judged(notebook)
    assert "· dC not there yet" in said or "✗ dC" in said


def test_calibration_of_one_minibatch(notebook):
    run(notebook, CELLS["train"])
    assert "failed: bnmean" in judged(notebook, "check_calibration()")
    run(notebook, CELLS["calibrate"].replace("Xtr", "Xb"))
    assert "that of a single minibatch" in judged(notebook, "check_calibration()")
    run(notebook, CELLS["calibrate"])
    assert "failed" not in judged(notebook, "check_calibration()")
    notebook["bnmean"] = notebook["bnmean"][0]
    assert "the bnmean in memory is another" in judged(notebook, "check_calibration()")


def test_speed_of_three_loops(notebook):
    run(notebook, CELLS["backward"])
    run(notebook, CELLS["train"])
    run(notebook, CELLS["autograd-loop"])
    said = judged(
        notebook,
        "speed = compare_speed({'plain': your_plain_loop(), 'autograd': autograd_loop, 'yours': your_loop(),"
        " 'broken': lambda steps: 1 / 0}, 'autograd', steps=4, rounds=2)",
    )
    assert notebook["speed"].keys() == {"plain", "autograd", "yours"}
    assert notebook["speed"]["autograd"] == 1
    assert "broken does not run: ZeroDivisionError" in said


@pytest.mark.parametrize("variable", ["CI", "NBGRADER_EXECUTION"])
def test_bar_is_quiet_when_nobody_watches(monkeypatch, capsys, variable):
    monkeypatch.setenv(variable, "1")
    assert list(training.progress_bar(range(3), interval=0)) == [0, 1, 2]
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == 1 and "\r" not in said.out
    assert said.out.startswith("3 steps in ")


def test_bar_shows_what_is_left(monkeypatch, capsys):
    monkeypatch.setattr(training, "_somebody_watches", lambda: True)
    for _ in training.progress_bar(range(4), interval=0):
        time.sleep(0.002)
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.split("\r")[1:]
    assert len(lines) == 5
    assert re.match(r"2 steps of 4 · 0 s to go · [\d,]+ steps/s", lines[1])
    assert all(len(line.rstrip("\n")) == training.WIDTH for line in lines), (
        "a shorter line would leave the end of the last one"
    )


@pytest.mark.quiet
def test_bar_costs_nearly_nothing(monkeypatch):
    monkeypatch.setattr(training, "_somebody_watches", lambda: False)
    start = time.perf_counter()
    for _ in training.progress_bar(range(100_000)):
        pass
    assert (time.perf_counter() - start) / 100_000 < 5e-6  # a step takes 150 µs or more


def test_bar_of_an_iterator_and_of_nothing(monkeypatch, capsys):
    monkeypatch.setattr(training, "_somebody_watches", lambda: True)
    assert list(training.progress_bar(iter([7, 8]), interval=0)) == [7, 8]
    assert list(training.progress_bar([])) == []
    assert "0 steps in 0.0 s" in capsys.readouterr().out
