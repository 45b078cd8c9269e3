"""What ``check`` says and what is graded: over the whole bank of answers, each run as a student's notebook, they agree."""

import pytest

from autograder.authoring.notebooks import labels, shown
from tests.bank import Answer, answers, bench
from toolkit.verdict import POINTS

BANK = [answer for folder in ("right", "wrong") for answer in answers(folder)]
NO_KERNEL = {"ends_the_process", "exits_before_it_answers", "kills_its_process", "patched_comparisons"}
"""Answers after which no cell can be run."""
ENDLESS = {"infinite_loop", "infinite_loop_between", "sleeps"}
"""Answers whose cell never ends: a student interrupts it, and there is nothing to check."""


def _name(answer: Answer) -> str:
    return f"{answer.assignment}-{answer.name}"


def disagreements(answer: Answer, ids: bool) -> list[str]:
    """One line for each gradient of which ``check`` is content and the grade (by the bank) is not, or the reverse."""
    found = shown(answer, ids)
    if not found.says:
        return [] if answer.name in NO_KERNEL else ["nothing is said"]
    lines = []
    for name, label in labels(bench(answer.assignment).exercise).items():
        kind = answer.expected.get(name, ("right", ""))[0]
        mark, sentence = found.says[label]
        if (mark == "✓") not in {POINTS.get(one, 0) == 1 for one in kind.split(" or ")}:  # some are up to the draw
            lines.append(f"{label}: check says {mark} {sentence}; graded {kind}")
    return lines


@pytest.mark.share(0.02)
@pytest.mark.parametrize("answer", [a for a in BANK if a.name not in ENDLESS], ids=_name)
def test_check_and_grade_agree(answer: Answer):
    lines = disagreements(answer, ids=True)
    assert not lines, "\n" + "\n".join(lines)


@pytest.mark.share(0.02)
@pytest.mark.parametrize("answer", [a for a in BANK if a.name not in ENDLESS][::4], ids=_name)
def test_they_agree_where_the_frontend_tells_no_ids_of_cells(answer: Answer):
    lines = disagreements(answer, ids=False)
    assert not lines, "\n" + "\n".join(lines)
