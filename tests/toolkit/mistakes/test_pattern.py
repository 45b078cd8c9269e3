"""What is said of a difference for which no mistake is found, and of where nan and inf come from."""

import pytest
import torch

from tests.bank import bench
from toolkit.judge import Judge
from toolkit.mistakes.pattern import patterns
from toolkit.network.graph import Graph
from toolkit.running.in_this_process import run_here

GRAPH = Graph.from_source("h = torch.tanh(x)\nz = h @ W\nloss = F.cross_entropy(z, Y)")
GENERATOR = torch.Generator().manual_seed(3)


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=GENERATOR)


VALUES = {"x": drawn(6, 4), "h": drawn(6, 4), "W": drawn(4, 5), "z": drawn(6, 5), "Y": torch.tensor([0, 4, 2, 2, 1, 3])}
TRUTH = drawn(6, 5)
ROWS = torch.arange(6)


def at(place: torch.Tensor, change: float) -> torch.Tensor:
    yours = TRUTH.clone()
    yours[ROWS, place] += change
    return yours


@pytest.mark.parametrize(
    ("yours", "words"),
    [
        (at(VALUES["z"].argmax(1), 0.3), "Only the column of each row's maximum (of z) differs"),
        (at(VALUES["Y"], -1.0), "Only the column that Y names in each row differs"),
        (torch.where(at(VALUES["Y"], 1.0) != TRUTH, TRUTH, 0.0), "Everything else is zero"),
        (TRUTH + 1, "Every element is too large by exactly 1"),
        (TRUTH - 0.37, "Every element is too small by the same number"),
        (TRUTH * 3, "3 times what it should be"),
        (TRUTH * VALUES["z"], "is z of that element"),
        (TRUTH / VALUES["z"], "is 1 / z of that element"),
        (TRUTH + VALUES["z"], "The difference is just z"),
        (TRUTH * torch.arange(1.0, 7.0, dtype=torch.float64)[:, None], "Each row is right but for a factor of its own"),
        (TRUTH * torch.tensor([1.0] * 5 + [2.0], dtype=torch.float64)[:, None], "Only the last row differs"),
    ],
)
def test_a_difference_in_words(yours: torch.Tensor, words: str):
    found = [*patterns(GRAPH, "z", VALUES, yours, TRUTH, TRUTH.abs())]
    assert found and words in found[0], found


@pytest.mark.parametrize("yours", [drawn(6, 5), TRUTH, torch.full_like(TRUTH, torch.nan)])
def test_of_no_pattern_nothing_is_said(yours: torch.Tensor):
    assert not [*patterns(GRAPH, "z", VALUES, yours, TRUTH, TRUTH.abs())]


def test_rows_that_are_read_several_times():
    table = Graph.from_source("e = C[X]\nloss = e.sum()")
    values = {"C": drawn(5, 3), "X": torch.tensor([[0, 1], [1, 2], [4, 0]]), "e": drawn(3, 2, 3)}
    truth = drawn(5, 3)
    yours = truth.clone()
    yours[:2] += 1
    (first, *_) = patterns(table, "C", values, yours, truth, truth.abs())
    assert first.startswith("Rows that X names once are right")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dbnvar = (bnvar - bnvar.max()) ** -1.5 * dbnvar_inv + torch.rand(1)", "of what is negative"),
        ("dbnvar = dbnvar_inv / (bnvar - bnvar) + torch.rand(1)", "divides by `bnvar - bnvar`, which is 0 at"),
        (
            "dbnvar = (bnvar - bnvar) ** -1.5 * dbnvar_inv + torch.rand(1)",
            "negative power of 0: `bnvar - bnvar` is 0 at 64 places",
        ),
        (
            "dbnvar = torch.log(-bnvar) * torch.rand(1)",
            "the log of what is not positive: the smallest number of `-bnvar` is -",
        ),
        ("dbnvar = (bnvar * 1e6 + 1e4).exp() * torch.rand(1)", "exp overflows: the largest number"),
    ],
)
def test_where_nan_and_inf_come_from(line: str, words: str):
    made = bench("1_chunked_backprop")
    cell = made.solution_cells["bnvar_inv"]
    old = next(text for text in cell.split("\n") if text.startswith("dbnvar ="))
    judge = Judge(made.exercise, made.submission({"bnvar_inv": cell.replace(old, line)}), run_here, 7)
    verdict = judge.verdict("bnvar")
    assert words in verdict.message, verdict.message
    assert verdict.places[0].line == 1 + cell.split("\n").index(old)
