"""A run in the student's own process: its values, and that it leaves no trace; devices, patches, derivatives."""

import os
import random
import signal
import sys
import time

import pytest
import torch
from torch import Tensor

from toolkit.running.in_this_process import run_here
from toolkit.running.magics import plain_python
from toolkit.running.no_derivatives import derivatives_refused
from toolkit.running.one_device import cpu_by_default, every_device_is_the_cpu
from toolkit.running.runs import Chunk, Job
from toolkit.running.unpatched import patches_undone, unpatched

VALUES = {"x": torch.arange(6.0, dtype=torch.float64).reshape(2, 3), "n": 2}


def job(*sources: str, **options: object) -> Job:
    chunks = [Chunk(source, f"cell {i}", **options) for i, source in enumerate(sources)]
    return Job(chunks, VALUES, {"x": torch.full((2, 3), 7.0, dtype=torch.float64)}, ["x"], restored=["x"])


def test_values_after_each_cell_and_why_one_failed():
    result = run_here(job("dx = x * n", "dx += 1\nraise ValueError('no')", "dx = dx.tolist()"))
    assert torch.equal(result.after[0]["x"], VALUES["x"] * 2)
    assert torch.equal(result.after[1]["x"], VALUES["x"] * 2 + 1)
    assert result.after[2]["x"] == "list"
    assert (result.failures[1].kind, result.failures[1].text, result.failures[1].line) == (
        "raised",
        "ValueError: no",
        2,
    )


def test_a_gradient_is_replaced_and_what_became_of_it_is_told():
    result = run_here(job("dx = x.clone()", "dx += 1", replace=("x",)))
    assert torch.equal(result.after[1]["x"], torch.full((2, 3), 8.0, dtype=torch.float64))


TRACES = """
import os, random, builtins
print("shown"); import matplotlib.pyplot as plt; plt.plot([1]); plt.show()
torch.manual_seed(3); random.seed(3); torch.set_default_dtype(torch.float16); torch.set_num_threads(1)
open("left.txt", "w").write("x"); os.chdir("/")
torch.mine = 1; torch.Tensor.mine = 2; torch.allclose = None; builtins.mine = 3
x.mul_(100)
dx = x
"""


def test_no_trace_is_left(tmp_path, monkeypatch, capsys):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    drawn, chosen, allclose, figures = torch.get_rng_state(), random.getstate(), torch.allclose, plt.get_fignums()
    result = run_here(Job([Chunk(TRACES, "cell")], VALUES, {}, ["x"], imports="import torch"))
    assert not result.failures
    assert torch.equal(torch.get_rng_state(), drawn) and random.getstate() == chosen
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()
    assert os.listdir(tmp_path) == [] and os.getcwd() == str(tmp_path)
    assert torch.allclose is allclose and not hasattr(torch, "mine") and not hasattr(Tensor, "mine")
    assert plt.get_fignums() == figures and capsys.readouterr() == ("", "")
    assert VALUES["x"][0, 1] == 1


def test_what_never_ends_is_ended():
    start = time.monotonic()
    result = run_here(job("dx = x", "while True: pass", "dx = 2 * x"), seconds=0.3)
    assert time.monotonic() - start < 3
    assert result.failures[1].kind == "timed out" and 0 not in result.failures
    skipped = run_here(job("dx = x", "while True: pass", "dx = 2 * x"), skip={1: result.failures[1]})
    assert torch.equal(skipped.final["x"], 2 * VALUES["x"]) and skipped.failures == {1: result.failures[1]}


def test_an_interrupt_is_the_persons_own():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as a kernel has it
    try:
        _is_let_through()
    finally:
        signal.signal(signal.SIGINT, before)


def _is_let_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_here(job("import _thread; _thread.interrupt_main()\nfor _ in range(10**7): pass"))
    assert run_here(job("raise KeyboardInterrupt")).failures[0].text == "KeyboardInterrupt"


@pytest.mark.parametrize(
    "source",
    [
        "x.requires_grad_()",
        "x.retain_grad()",
        "torch.autograd.grad(x, x)",
        "torch.func.grad(torch.sum)(x)",
        "x.backward()",
        "input()",
    ],
)
def test_derivatives_and_questions_are_refused(source):
    result = run_here(Job([Chunk(source, "cell")], VALUES, {}, [], imports="import torch"))
    assert result.failures[0].kind == "raised"
    assert torch.func.grad(torch.sum)(torch.ones(2)).tolist() == [1, 1]


OPTIMIZER = """
x.grad = torch.ones_like(x)
optimizer = torch.optim.SGD([x], lr=0.5)
optimizer.step()
optimizer.zero_grad(set_to_none=False)
dx = x
"""


def test_an_optimizer_takes_a_step():
    result = run_here(Job([Chunk(OPTIMIZER, "cell")], VALUES, {}, ["x"], imports="import torch"), seconds=60)
    assert not result.failures and torch.equal(result.final["x"], VALUES["x"] - 0.5)


def test_a_module_that_a_cell_writes_is_there_in_that_run_alone(tmp_path, monkeypatch):
    (tmp_path / "mine_alone.py").write_text("number = 1")
    monkeypatch.syspath_prepend("")
    monkeypatch.chdir(tmp_path)
    import mine_alone

    for number in (2, 3):
        source = plain_python(f"%%writefile mine_alone.py\nnumber = {number}")
        result = run_here(job(source, "import mine_alone\ndx = mine_alone.number * x"))
        assert torch.equal(result.final["x"], VALUES["x"] * number)
    assert sys.modules.pop("mine_alone") is mine_alone and mine_alone.number == 1


DEVICES = """
device = torch.device("cuda")
torch.set_default_device("cuda")
a = torch.ones(3, device=device).cuda().to("mps").to(device=1).to("cuda:0", torch.float64).pin_memory()
with torch.device("cuda"):
    b = torch.zeros(3)
c = torch.rand(3, generator=torch.Generator(device="cuda").manual_seed(1), device="cuda")
d = torch.tensor([1]).type("torch.cuda.FloatTensor"), torch.tensor([1]).type(torch.cuda.LongTensor)
torch.cuda.synchronize(); torch.cuda.manual_seed_all(1)
e = torch.nn.Linear(2, 2).cuda()(torch.ones(1, 2, device="cuda"))
f = torch.vmap(lambda v: v * 2)(torch.ones(3, device="cuda"))
dx = a + b + c
"""


def test_every_device_is_the_cpu():
    generator = torch.Generator
    result = run_here(Job([Chunk(DEVICES, "cell")], VALUES, {}, ["x"], imports="import torch"))
    assert not result.failures
    assert result.final["x"].device.type == "cpu" and result.final["x"].dtype == torch.float64
    assert torch.Generator is generator and torch.empty(0).device.type == "cpu"
    with every_device_is_the_cpu(["no word of it"]), pytest.raises((AssertionError, RuntimeError)):
        torch.ones(1, device="cuda" if not torch.cuda.is_available() else "mps")


@pytest.mark.parametrize("kind", ["Float", "Double", "Half", "Long", "Int", "Bool", "Byte"])
def test_a_type_of_a_gpus_tensors_is_that_of_the_cpus(kind):
    there, here = getattr(torch.cuda, f"{kind}Tensor"), getattr(torch, f"{kind}Tensor")
    source = f"""
for kind in (torch.cuda.{kind}Tensor, "torch.cuda.{kind}Tensor", "torch.{kind}Tensor"):
    assert torch.tensor([1.0]).type(kind).type() == "torch.{kind}Tensor", kind
"""
    result = run_here(Job([Chunk(source, "cell")], {}, {}, [], imports="import torch"))
    assert not result.failures, result.failures
    assert getattr(torch.cuda, f"{kind}Tensor") is there is not here


def test_a_default_device_is_set_aside():
    torch.set_default_device("meta")
    try:
        with cpu_by_default():
            assert torch.empty(1).device.type == "cpu"
        assert torch.empty(1).device.type == "meta"
    finally:
        torch.set_default_device(None)


def test_patches_are_undone_and_put_back(monkeypatch):
    real, fake = torch.allclose, lambda *_: True
    monkeypatch.setattr(torch, "allclose", fake)
    monkeypatch.setattr(torch, "extra", 1, raising=False)
    with unpatched():
        assert torch.allclose is real and not hasattr(torch, "extra")
        with patches_undone():
            torch.equal = None
        assert torch.equal is not None
    assert torch.allclose is fake and torch.extra == 1


def test_names_refuse_only_meanwhile():
    with derivatives_refused(), pytest.raises(RuntimeError, match="autograd is not an answer"):
        torch.ones(1).requires_grad_()
    assert torch.ones(1).requires_grad_().requires_grad


@pytest.mark.parametrize(
    "code", ["torch.ops.aten.tanh_backward(x, x)", "torch._softmax_backward_data(x, x, 0, x.dtype)"]
)
def test_operators_of_a_backward_pass_refuse_only_meanwhile(code):
    x = torch.ones(2)
    with derivatives_refused([code]), pytest.raises(RuntimeError, match="autograd is not an answer"):
        eval(code)
    with derivatives_refused(["dh = 2 * x"]):
        assert eval(code).shape == x.shape
    assert eval(code).shape == x.shape
