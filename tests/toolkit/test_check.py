"""What ``check``, ``progress``, ``cmp`` and ``read_network`` say: the forward cell run in a small namespace, no kernel."""

import contextlib
import io
import re
from types import SimpleNamespace

import pytest
import torch

from autograder.course.build import source_notebook
from autograder.course.exercise import COURSE
from toolkit import check as tools
from toolkit.history import History
from toolkit.running.cells import StudentCell, screen

CELLS = {
    cell.metadata["nbgrader"]["grade_id"]: cell.source
    for cell in source_notebook(COURSE, "1_chunked_backprop").cells
    if cell.cell_type == "code" and "nbgrader" in cell.metadata
}
INPUTS = """
g = torch.Generator().manual_seed(1)
n = 8
Xb, Yb = torch.randint(0, 9, (n, 3), generator=g), torch.randint(0, 9, (n,), generator=g)
C, W1, b1, W2, b2, bngain, bnbias = parameters = [
    torch.randn(shape, generator=g) for shape in [(9, 4), (12, 6), 6, (6, 9), 9, (1, 6), (1, 6)]
]
for p in parameters:
    p.requires_grad = True
"""


class Notebook(dict):
    """The names of a notebook whose forward pass was run; every gradient is right."""

    def __init__(self):
        super().__init__({name: getattr(tools, name) for name in ("check", "progress", "cmp", "read_network")})
        self["torch"] = torch
        exec(INPUTS, self)
        self.forward()
        for name in self["network"].variables(self):
            if name != "loss":
                self[f"d{name}"] = self[name].grad.clone()

    def forward(self):
        tools.history.before(SimpleNamespace(raw_cell=CELLS["forward"]))
        exec(CELLS["forward"], self)
        exec(CELLS["autograd"], self)

    def says(self, code: str) -> str:
        """All that is printed, and the line in place of a traceback; lines that were wrapped are one again."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(code, self)
            except (tools.CheckFailed, tools.NotReady) as stop:
                print(*stop._render_traceback_())
        return " ".join(printed.getvalue().split())


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setattr(tools, "_Session", type("_Session", (tools._Session,), {}))
    monkeypatch.setattr(tools, "history", History())
    return Notebook()


def test_right(notebook):
    assert notebook.says('check("probs")').startswith("✓ dprobs right (This notebook has no setup cell of an exercise.")
    assert "✓ dprobs right ✓ db2 right (This" in notebook.says('check("probs", "b2")')
    assert notebook.says('dh = dh * (1 + 1e-6)\ncheck("h")').startswith("✓ dh right (")


BROKEN = [
    # what cannot be compared
    ("dprobs = [1.0]", "probs", "✗ dprobs is of type list, not a torch.Tensor."),
    ("dprobs = None", "probs", "is None, not a torch.Tensor"),
    ("dprobs = dprobs > 0", "probs", "is a tensor of torch.bool"),
    ("dprobs[0, 0] = float('nan')", "probs", "✗ dprobs holds nan."),
    ("dprobs[0, 0] = float('-inf')", "probs", "✗ dprobs holds inf."),
    # shapes; a shape that PyTorch would broadcast is as wrong as any other
    ("dbngain = dbngain[0]", "bngain", "shape (6,), but bngain is (1, 6). .*a sum dropped a dimension"),
    ("db2 = db2[None]", "b2", "shape (1, 9), but b2 is (9,). .*keeps a dimension, and which leaves it out"),
    ("dW2 = dW2.T.contiguous()", "W2", "shape (9, 6), but W2 is (6, 9). Yours is transposed"),
    ("db2 = dlogits", "b2", "(8, 9), but b2 is (9,). The sum over the copies is missing"),
    ("db2 = torch.ones(8, 9)", "b2", "b2 was broadcast in the forward pass"),
    ("db2 = dlogits.sum(1)", "b2", "shape (8,), but b2 is (9,). The sum runs over the wrong dimension"),
    ("db2 = torch.ones(7)", "b2", "which dimensions have to go, and which have to stay?"),
    ("db2 = dlogits.sum()", "b2", "shape (), but b2 is (9,). .*b2 has 9 elements"),
    ("demb = torch.ones(8, 12)", "emb", "as many numbers, in another arrangement"),
    # names
    ("del dbnmeani", "bnmeani", "· dbnmeani not there yet."),
    ("dbmeani = dbnmeani; del dbnmeani", "bnmeani", "You have a dbmeani: is the name a typing slip?"),
    ("for h in range(3): pass", "W2", "h is not what it was in the forward pass"),
    ("n = 9", "logprobs", "n is not what it was in the forward pass"),
    ("h.detach().add_(1)", "W2", "h is not what it was in the forward pass"),
    # which mistake it was
    ("dprobs = -dprobs", "probs", "The sign is wrong: look at how probs enters logprobs"),
    ("dprobs = dlogprobs", "probs", "dlogprobs as it came.*one and the same tensor"),
    ("dcounts = dprobs * counts_sum_inv", "counts", "read by 2 lines, counts_sum and probs.*through probs only"),
    ("dcounts = dcounts + dcounts_sum", "counts", "The share through counts_sum is in it twice"),
    ("dbndiff = dbnraw * bnvar_inv + bndiff * dbndiff2", "bndiff", "through bndiff2 is right but for .* 1/2"),
    ("dhprebn = dbndiff + dbnmeani", "hprebn", "In the share through bnmeani: this is the upstream gradient"),
    ("dhpreact = dh * (1 - hpreact**2)", "hpreact", "The slope of tanh is written with its output"),
    ("dprobs = dlogprobs / logprobs", "probs", "The slope is taken at logprobs, the output"),
    ("dbnvar = -0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv", "bnvar", "The exponent -0.5 has not gone down by one"),
    ("dbndiff2 = dbnvar / n * torch.ones(n, 6)", "bndiff2", "You have n where the line has n - 1"),
    ("dC = torch.zeros_like(C); dC[Xb] += demb", "C", "you overwrite, it must add up"),
    ("dprobs[3, 5] += 1", "probs", "1 of 72 elements differ; the worst is probs[3, 5]"),
    ("dprobs = torch.zeros_like(dprobs)", "probs", "dprobs is all zeros: nothing has come back"),
    # where the terms cancel, zeros are numerically right and still no answer
    ("db1 = torch.zeros_like(db1)", "b1", "db1 all zeros. .*its terms cancel"),
]


@pytest.mark.parametrize("code, name, expected", BROKEN, ids=[code for code, *_ in BROKEN])
def test_broken(notebook, code, name, expected):
    said = notebook.says(f'{code}\ncheck("{name}")')
    assert re.search(".*".join(map(re.escape, expected.split(".*"))), said), said
    assert said.endswith(f"Not right yet: d{name}")


def test_what_follows_from_an_earlier_mistake_is_not_blamed(notebook):
    said = notebook.says('dprobs *= 2\ndcounts_sum_inv *= 2\ncheck("probs", "counts_sum_inv")')
    assert "constant factor 2" in said
    assert "✓ dcounts_sum_inv right, given your dprobs, which is not right yet. Mend that first." in said


def test_a_cell_that_is_timed_keeps_nothing(notebook, monkeypatch):
    del notebook["dprobs"], notebook["dcounts"]
    cells = [StudentCell("cell probs", "%%timeit\ndprobs = 1"), StudentCell("cell counts", "dcounts = 1")]
    monkeypatch.setattr(tools, "judges", lambda: [SimpleNamespace(all_cells=screen(cells, []))])
    assert tools._right("probs", notebook, "").endswith("`%%timeit` keeps nothing, so run its cell without it.")
    assert tools._right("counts", notebook, "").endswith("not there in memory: run its cell again.")


def test_names_that_cannot_be_checked(notebook):
    assert notebook.says('check("dprobs")').endswith('Did you mean "probs"?')
    assert notebook.says('progress("Xb")') == "Xb is not a variable of the forward pass with a gradient to check."
    assert notebook.says("check(probs)").startswith("Names go in quotes")
    assert "in quotes" in notebook.says("check()")


def test_before_the_forward_pass_and_after_another_one(notebook):
    exec(CELLS["forward"], notebook)
    assert "logprobs is not what it was in the forward pass" in notebook.says('check("logprobs")')
    notebook.forward()
    assert "✓ dlogprobs right" in notebook.says('check("logprobs")')
    exec(CELLS["forward"], notebook)
    notebook.says("for p in parameters: p.grad = None\nloss.backward(); read_network()")
    assert "autograd did not keep the gradient of logprobs" in notebook.says('check("logprobs")')
    tools.history.before(SimpleNamespace(raw_cell="# The forward pass\nx += 1"))
    assert "Line 2 of the forward pass is not of the form" in notebook.says("read_network()")
    tools.history.ran, tools._Session.graph = [], None
    assert "No cell that starts with '# The forward pass' was run" in notebook.says("read_network()")
    for call in ('check("probs")', "progress()"):
        assert notebook.says(call).startswith("The network is not known yet. Run the forward cell first")


def test_progress(notebook):
    assert "✓ 26 right ✗ 0 wrong · 0 not yet All of it is right." in notebook.says("progress()")
    said = notebook.says("del dC; dh = -dh\nprogress()")
    assert (
        "✗ dh " in said
        and "· dC" in said
        and "✓ 24 right ✗ 1 wrong · 1 not yet" in said
        and said.endswith("not right yet. Mend that first.")
        and "All" not in said
    )
    assert "All" not in notebook.says('progress("probs")')


def test_cmp_never_broadcasts_and_never_raises(notebook):
    assert notebook.says('cmp("b2", db2, b2)') == "b2 | exact: True | approximate: True | maxdiff: 0.0"
    assert "shape (1, 9), but b2 is (9,)" in notebook.says('cmp("b2", db2[None], b2)')
    assert "is of type float" in notebook.says('cmp("b2", 0.5, b2)')
    assert "autograd kept no gradient" in notebook.says('cmp("b2", db2, b2.detach())')


def test_while_a_notebook_is_graded_checks_run_nothing(notebook, monkeypatch):
    notebook["dprobs"] = notebook["dprobs"] * 2
    assert notebook.says('check("probs")').startswith("✗")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setattr(tools, "judges", lambda: pytest.fail("the cells were run again"))
    for call in ('check("probs")', "progress()", "read_network()"):
        assert "✗" not in notebook.says(call)
    assert "the verdicts come from the judge itself" in notebook.says("progress()")


def test_check_computes_in_one_thread_and_leaves_the_notebook_its_own():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with tools.computing():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
