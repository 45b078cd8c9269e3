"""Planted mistakes: each is shown by what it says, and by nothing before it; no two people get the same ones."""

import functools

import pytest
import torch

from tests.bank import bench
from toolkit import debugging
from toolkit.bug_hunt.findings import MENDED, mended_verdicts
from toolkit.bug_hunt.planted import AT_ONCE, FLOAT32, RANDOM, SIZES, SLOTS, draw_script, kinds_of, read_lines
from toolkit.check import CheckFailed, NotReady
from toolkit.judge import Judge
from toolkit.running.in_this_process import run_here

EXERCISE = "5_debugging"
RUNGS = {
    AT_ONCE: {},
    RANDOM: {"upstream": "random"},
    SIZES: {"upstream": "random", "sizes": "other"},
    FLOAT32: {"upstream": "random", "dtype": torch.float32, "large": True},
}
"""What shows a mistake, in the order in which one climbs."""
SHOWS, HIDES = 1e-4, 1e-5
"""Relative errors: of a wrong gradient at least, of one that looks right at most."""


@functools.cache
def lines():
    asked = next(one for cell in bench(EXERCISE).exercise.graded for one in cell.expected if one.kind == "findings")
    return read_lines(asked.options["script"])


WRONG = [(number, wrong) for number, line in enumerate(lines()) for wrong in line.wrong]


@pytest.fixture(autouse=True)
def in_the_exercise(monkeypatch):
    monkeypatch.setattr(debugging.history, "exercise", bench(EXERCISE).exercise)


def script(number: int, text: str) -> str:
    """The right script with one line in place of another."""
    return "\n".join(text if i == number else line.right[0] for i, line in enumerate(lines()))


def error(name: str, text: str, rung: str) -> float:
    """The relative error of a gradient of a script on a rung, in a few directions."""
    f, x, claimed = debugging.suspect(name, text, **RUNGS[rung])
    x, claimed, errors, sizes = x.double(), claimed.double(), [], [1e-4]
    for seed in range(4):
        way = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        found = float(f(x + 6e-6 * way) - f(x - 6e-6 * way)) / 1.2e-5
        errors.append(abs(found - float((claimed * way).sum())))
        sizes.append(abs(found))
    return max(errors, key=lambda one: (one != one, one)) / max(sizes)


@pytest.mark.parametrize(("number", "wrong"), WRONG, ids=[f"{n + 1}-{w.text}" for n, w in WRONG])
def test_a_mistake_is_shown_by_its_rung_and_by_none_below(number, wrong, capsys):
    name, text = lines()[number].gradient, script(number, wrong.text)
    for rung in RUNGS:
        found = error(name, text, rung)
        if rung == wrong.shown_by:
            assert not found < SHOWS, (rung, found)
            break
        assert found < HIDES, (rung, found)


@pytest.mark.parametrize("number", range(len(lines())))
def test_every_other_way_to_write_a_line_is_right(number):
    for text in lines()[number].right:
        whole = script(number, text)
        found = {rung: error(lines()[number].gradient, whole, rung) for rung in RUNGS}
        assert max(found.values()) < HIDES, (text, found)


def test_everybody_has_a_script_of_their_own():
    drawn = [draw_script(lines(), f"student {number}") for number in range(300)]
    assert len({one.text for one in drawn}) == 300
    assert len({tuple(sorted(p.number for p in one.planted)) for one in drawn}) > 250
    for one in drawn:
        assert [p.slot for p in one.planted] == list(SLOTS)
        assert len({p.number for p in one.planted}) == len({p.gradient for p in one.planted}) == len(SLOTS)
    assert draw_script(lines(), "Ada ") == draw_script(lines(), " ada")


def test_the_words_are_those_that_the_exercise_explains():
    prose = "\n".join(cell.source for cell in bench(EXERCISE).exercise.notebook.cells if cell.cell_type == "markdown")
    assert kinds_of(lines()) == debugging.words_for_mistakes()
    assert not [kind for kind in kinds_of(lines()) if f"| `{kind}` |" not in prose]


@pytest.mark.parametrize("who", ["ada", "blaise", "carl", "名前"])
def test_a_script_that_is_handed_in_as_it_is_has_nothing_mended(who):
    made = bench(EXERCISE)
    text = draw_script(lines(), who).text
    submission = made.submission({"who": f"yours = {who!r}", "mended": text})
    judge = Judge(made.exercise, submission, run_here, 7, seconds=0.5)
    verdicts = mended_verdicts(judge, "mended-check")
    assert [verdict.label for verdict in verdicts] == list(MENDED.values())
    assert all(verdict.points == 0 for verdict in verdicts), verdicts


def test_a_line_that_is_none():
    for text in ("~ a = b", "a = b", "= da = db\n! everywhere | sign | da = -db"):
        with pytest.raises(ValueError, match=r"line of a script|what shows"):
            read_lines(text)


def test_suspects_are_asked_for_by_name():
    with pytest.raises(NotReady, match="no variable whose gradient"):
        debugging.suspect("dW2", script(0, lines()[0].right[0]))
    with pytest.raises(NotReady, match="no script yet"):
        debugging.suspect("W2", "")
    assert issubclass(CheckFailed, AssertionError)
