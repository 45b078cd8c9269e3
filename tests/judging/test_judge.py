"""The banks of right and wrong answers, and what the judge says of the commonest mistakes."""

import pytest

from autograder.judging.hidden_tests import unseen_judge
from autograder.sandbox.runner import Allowance
from tests.bank import Answer, Bench, answers, runner, surprises
from toolkit.judge import Judge
from toolkit.network.graph import Graph
from toolkit.running import outcome

BANK = {folder: list(answers(folder)) for folder in ("right", "wrong")}
HALF = ("right value, wrong shape", "right for these sizes only")

SENTENCES = [
    ("counts", "dcounts += ", "dcounts = ", "counts is read by 2 lines"),
    ("counts", "dcounts += torch.ones_like(counts) * dcounts_sum", "", "comes back through probs only"),
    ("bndiff", "dbndiff += (2 * bndiff) * dbndiff2", "", "comes back through bnraw only"),
    ("bndiff", "dbndiff += ", "dbndiff = ", "bndiff is read by 2 lines"),
    ("hprebn", "dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)", "", "comes back through bndiff only"),
    ("logits", "dlogits += ", "dlogits -= ", "the sign is wrong"),
    ("hpreact", "(1.0 - h**2)", "-(1.0 - h**2)", "the sign is wrong"),
    ("W2", "h.T @ dlogits", "h.T @ dlogits / n", "the constant factor 1 / n"),
    ("logprobs", "-1.0 / n", "-1.0", "the constant factor 1/n, which is left out"),
    ("bnvar", "(bnvar + 1e-5)", "bnvar", "the small constant 1e-05 is left out"),
    ("bndiff2", "(n - 1)", "n", "n - 1"),
    ("bngain", "(bnraw * dhpreact).sum(0, keepdim=True)", "bnraw * dhpreact", "a sum is missing here"),
    ("b2", "dlogits.sum(0)", "dlogits.mean(0)", "a mean stands where a sum is meant"),
    ("probs", "* dlogprobs", "", "the upstream gradient dlogprobs is left out"),
    ("norm_logits", "counts * dcounts", "dcounts.clone()", "the factor counts is left out"),
    (
        "counts_sum_inv",
        "(counts * dprobs).sum(1, keepdim=True)",
        "counts * dprobs.sum(1, keepdim=True)",
        "multiply first",
    ),
    ("h", "dlogits @ W2.T", "(dlogits @ W2.T).T", "transposed"),
]
"""Gradient, what is replaced in the cell that completes it, by what, and words that the verdict must hold."""


def _name(answer: Answer) -> str:
    return f"{answer.assignment}-{answer.name}"


@pytest.mark.share(0.05)
@pytest.mark.parametrize("answer", BANK["right"], ids=_name)
def test_a_right_answer_keeps_all_its_points(answer: Answer):
    assert set(answer.expected) <= {"bnmeani"}, (
        "the lecture's own shape is all that a right answer may be marked down for"
    )
    _assert_none(surprises(answer))


@pytest.mark.share(0.05)
@pytest.mark.parametrize("answer", BANK["wrong"], ids=_name)
def test_a_wrong_answer_gets_its_verdict(answer: Answer):
    assert answer.expected, "an answer without a wrong gradient belongs to the right ones"
    _assert_none(surprises(answer))


@pytest.mark.parametrize(("name", "old", "new", "words"), SENTENCES)
def test_the_verdict_names_the_mistake(exercise_1: Bench, name: str, old: str, new: str, words: str):
    cell = exercise_1.cell_of[name]
    source = exercise_1.solution_cells[cell]
    assert old in source
    said = exercise_1.judged_here({cell: source.replace(old, new)})  # explained however long that takes
    verdict = next(verdict for verdict in said if verdict.name == name)
    assert verdict.kind == "wrong"
    assert words in verdict.message


def test_points(exercise_1: Bench):
    """Half the points for a value in the wrong shape, or for a size written out; a graded cell adds them up."""
    cells = exercise_1.solution_cells
    shape = exercise_1.judge({"h": cells["h"].replace("sum(0)", "sum(0, keepdim=True)")}, names=["b2", "W2"])
    size = exercise_1.judge({"logprobs": cells["logprobs"].replace("/ n", "/ 32")}, names=["logprobs"])
    assert [shape["W2"].points, shape["b2"].points, size["logprobs"].points] == [1, 0.5, 0.5]
    assert (shape["b2"].kind, size["logprobs"].kind) == HALF


def test_what_is_raised_while_one_gradient_is_judged_is_the_verdict_on_that_one(exercise_1: Bench, monkeypatch):
    compare = outcome.shares_and_scale

    def fails(graph: Graph, name: str, *args: object) -> object:
        if name == "h":
            raise ValueError("an odd tensor")
        return compare(graph, name, *args)

    monkeypatch.setattr(outcome, "shares_and_scale", fails)
    found = exercise_1.judge({}, names=["h", "hpreact"])
    assert found["h"].kind == "wrong" and "cannot be compared with autograd's (ValueError)" in found["h"].message
    assert found["hpreact"].kind == "right"


def test_a_run_that_is_not_possible_is_nobodys_answer(exercise_1: Bench):
    def broken(*_: object) -> None:
        raise RuntimeError("no process to be had")

    judge = Judge(exercise_1.exercise, exercise_1.submission({}), broken, 1)
    with pytest.raises(RuntimeError, match="no process to be had"):
        judge.verdict("h")


TABLE = "table = '''\n{}\n'''\ndhpreact = table"


@pytest.mark.parametrize(
    "other",
    [TABLE.format("#1"), TABLE.format("# "), TABLE.format("  "), TABLE.format("\n"), TABLE.format("\x0b"), TABLE],
)
def test_whatever_code_can_read_makes_other_minibatches(exercise_1: Bench, other: str):
    """Answers for the minibatches to come cannot be looked up: who writes them down gets others."""

    def seed(answer: str, **files: bytes) -> int:
        submission = exercise_1.submission({"hpreact": answer})
        return unseen_judge(exercise_1.exercise, submission, runner(), Allowance(files=files)).seed

    plain = seed(TABLE.format(""))
    assert seed(TABLE.format("")) == plain != seed(other)
    assert len({plain, seed(TABLE.format(""), table=b"1"), seed(TABLE.format(""), table=b"2")}) == 3


def test_the_same_submission_gets_the_same_verdicts(exercise_1: Bench):
    edits = {"hpreact": "dhpreact = (1.0 - h) * dh"}
    assert exercise_1.judge(edits) == exercise_1.judge(edits)


def _assert_none(lines: list[str]) -> None:
    assert not lines, "\n" + "\n".join(lines)
