"""What must make no difference to a verdict: in which cells the lines stand, and which minibatches are drawn."""

import os
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.bank import BANK, Answer, answers, bench, read_answer
from toolkit.judge import Judge
from toolkit.network.minibatches import draw
from toolkit.running.in_this_process import run_here
from toolkit.verdict import Verdict

PROBS, H = "dprobs = (1.0 / probs) * dlogprobs", "dh = dlogits @ W2.T"
DROPPED = "        dlogits = dlogits * 2\n        dh = dlogits @ W2.T"
MISTAKES = [  # exercise, what is replaced, by what
    (1, PROBS, ""),
    (1, PROBS, f"{PROBS}\ndprobs = None"),
    (1, PROBS, "dprobs = probs.grad"),
    (1, PROBS, "dprob = (1.0 / probs) * dlogprobs"),
    (1, PROBS, "dlogprobs /= probs\ndprobs = dlogprobs"),
    (1, "dlogprobs = torch.zeros_like(logprobs)", "dlogprobs = 1.0 / dprobs"),
    (1, H, "dh = dlogit @ W2.T"),
    (1, H, f"dh = dlogits @ W2\n{H}"),
    (1, H, f"{H}\ndh += torch.zeros(3, 7, 9)"),
    (1, H, f"with torch.inference_mode():\n    {H}"),
    (1, "num_classes=logits.shape[1])", "num_classes=logits.shape[1]).roll(1, 1)"),
    (1, "dlogits = dnorm_logits.clone()", "dlogits = dnorm_logits"),
    (1, "(bnvar + 1e-5) ** -1.5", "(-bnvar - 1e-5) ** -1.5"),
    (1, "(1.0 / (n - 1))", "(1.0 / n - 1)"),
    (1, "dbnbias = dhpreact.sum(0, keepdim=True)", "dbnbias = dbngain"),
    (1, "dhprebn = dbndiff.clone()", "dhprebn = torch.randn(hprebn.shape)"),
    (1, "db1 = dhprebn.sum(0)", "db1 = -3 * dhprebn.sum(0, keepdim=True)"),
    (4, "dlogits /= n", "dlogits /= 32"),
    (4, "dC = torch.zeros_like(C)\n", "dC = torch.ones_like(C)\n"),
    (4, "        dh = dlogits @ W2.T", DROPPED),
    (4, "dW1 = embcat.T @ dhprebn\n        db1", "dW1 = W1.grad\n        db1"),
    (4, "        db1 = dhprebn.sum(0)", "        db1 = 3 * dhprebn.sum(0)"),
    (4, "lr = 0.1 if i < lr_drop else 0.01", "lr = 0.01"),
    (4, "p.add_(grad, alpha=-lr)", "p.add_(grad, alpha=-rate)"),
    (4, "unbiased=True", "unbiased=False"),
]
ASSIGNMENTS = {1: "1_chunked_backprop", 4: "4_training_loop"}
MANY, FEW, LOOPS = 100, 2, int(os.environ.get("DRAWS") or 15)
"""Seeds of minibatches for some right answers, for all, and for loops (DRAWS=100)."""
MANY_SEEDS = [
    *(
        "1_chunked_backprop/lecture",
        "1_chunked_backprop/function_called_at_the_end",
        "2_fused_cross_entropy/eight_steps",
    ),
    *(
        "3_fused_batchnorm/four_stages",
        "4_training_loop/step_in_a_function",
        "4_training_loop/step_in_one_running_tensor",
    ),
]


@pytest.mark.share(0.12)
@pytest.mark.parametrize(("exercise", "old", "new"), MISTAKES)
def test_a_mistake_is_the_same_wherever_the_lines_stand(exercise: int, old: str, new: str):
    """Each answer in its own cell, all in the first, all in the last: the same kinds of verdicts, and the same words."""
    cells = bench(ASSIGNMENTS[exercise]).solution_cells
    place = next(grade_id for grade_id, source in cells.items() if old in source)
    cells = {**cells, place: cells[place].replace(old, new, 1)}
    own, first, last = (_said(ASSIGNMENTS[exercise], edits) for edits in _placements(cells))
    assert first == own
    assert last == own


def test_a_syntax_error_is_told_of_every_gradient_that_it_costs():
    """What stands before it in its cell is judged."""
    cells = dict(bench("1_chunked_backprop").solution_cells)
    cells["hpreact"] = "dhpreact = (1.0 - h**2 * dh"
    own, first, last = (_judged("1_chunked_backprop", edits) for edits in _placements(cells))
    assert [name for name, verdict in own.items() if not verdict.points] == ["hpreact"]
    for found in (first, last):
        costs = [name for name, verdict in found.items() if not verdict.points]
        assert costs == [*found][[*found].index("hpreact") :]
        assert all("line 15 `dhpreact = (1.0 - h**2 * dh`: SyntaxError" in found[name].message for name in costs)


@pytest.mark.share(0.05)
@pytest.mark.parametrize("answer", [*answers("right")], ids=lambda answer: f"{answer.assignment}-{answer.name}")
def test_a_right_answer_is_right_on_whatever_is_drawn(answer: Answer):
    for seed in range(FEW):
        _assert_as_expected(answer, seed)


@pytest.mark.share(0)
@pytest.mark.parametrize("path", MANY_SEEDS)
def test_a_right_answer_is_right_on_a_hundred_draws(path: str):
    answer = read_answer(BANK / "right" / f"{path}.py")
    made = bench(answer.assignment)
    for seed in range(MANY):
        judge = Judge(made.exercise, made.submission(answer.edits, answer.start), run_here, seed)
        for name in made.exercise.expected:
            verdict = judge.verdict(name)
            assert verdict.kind == answer.expected.get(name, ("right", ""))[0], (seed, verdict)


@pytest.mark.share(0)
@pytest.mark.parametrize(
    "name", ["in_a_function", "no_intermediates", "one_running_tensor", "own_names_everywhere", "db1_past_other_names"]
)
def test_a_right_loop_is_right_on_many_draws(name: str):
    for seed in range(LOOPS):
        _assert_as_expected(read_answer(BANK / "right" / "4_training_loop" / f"{name}.py"), seed)


@pytest.mark.parametrize("assignment", ["1_chunked_backprop", "4_training_loop"])
def test_no_two_examples_are_a_whole_minibatch(assignment: str):
    """Two equal rows have no variance, and what batchnorm passes back of them is rounding."""
    for seed in range(10):
        batch = next(b for b in draw(bench(assignment).exercise, seed) if b.label == "a batch of two")
        first, second = batch.values["Xb"]
        assert (first != second).all()
        assert batch.values["Yb"].unique().numel() == 2


def _placements(cells: Mapping[str, str]) -> Iterator[dict[str, str]]:
    blank, whole = dict.fromkeys(cells, ""), "\n".join(cells.values())
    yield dict(cells)
    keys = [*cells]
    for place in (keys[0], keys[-1]):
        yield {**blank, place: whole}


def _said(assignment: str, edits: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Kind and message of each verdict, without the place."""
    return {
        name: (verdict.kind, re.sub(r"[Cc]ell \w+, line \d+", "cell", verdict.message))
        for name, verdict in _judged(assignment, edits).items()
    }


def _judged(assignment: str, edits: Mapping[str, str], start: str = "solution", seed: int = 7) -> dict[str, Verdict]:
    """The verdicts on an answer that is run in this process."""
    return {verdict.name: verdict for verdict in bench(assignment).judged_here(edits, start, seed)}


def _assert_as_expected(answer: Answer, seed: int) -> None:
    for name, verdict in _judged(answer.assignment, answer.edits, answer.start, seed).items():
        assert verdict.kind == answer.expected.get(name, ("right", ""))[0], (seed, verdict)
