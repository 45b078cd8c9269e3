"""Is the mistake named? Wrong answers in people's own style, in the course's cells and all in one; and what no message says.

The table by kind at the end of the report counts both placements.
"""

import functools
from collections.abc import Callable, Iterator

import pytest

from autograder.authoring.given_away import told
from autograder.authoring.kinds import KINDS
from autograder.authoring.warned import flat, is_named, prose, warnings_of
from tests.bank import Answer, answers, bench
from toolkit.verdict import Verdict

ANSWERS = list(answers("named"))
ASSIGNMENTS = sorted({answer.assignment for answer in ANSWERS})
FILES = sorted({f"{answer.assignment}/{answer.name.partition(':')[0]}" for answer in ANSWERS})
PLACEMENTS = ("own cells", "one cell")
FLOOR = 0.95
"""Share of the mistakes that must be named, of each file and in each placement; of few, all but one."""
FEWEST = 200


@functools.cache
def said(number: int, placement: str) -> dict[str, Verdict]:
    """The verdicts on an answer: on all gradients in the course's cells, on the wrong ones if all stands in one cell."""
    answer = ANSWERS[number]
    made = bench(answer.assignment)
    edits = answer.edits if placement == "own cells" else made.in_one_cell(answer.edits, answer.start)
    found = made.judged_here(edits, answer.start if placement == "own cells" else "blank")
    return {verdict.name: verdict for verdict in found if placement == "own cells" or verdict.name in answer.expected}


def numbered(file: str) -> Iterator[tuple[int, Answer]]:
    """The answers of a file, each with its place among all."""
    return (
        (number, answer)
        for number, answer in enumerate(ANSWERS)
        if file == f"{answer.assignment}/{answer.name.partition(':')[0]}"
    )


def test_there_are_enough_answers_and_every_kind_is_among_them():
    assert len(ANSWERS) >= FEWEST
    assert {kind for answer in ANSWERS for kinds in answer.mistakes.values() for kind in kinds.split(" or ")} == {
        *KINDS
    }
    assert not [answer.name for answer in ANSWERS if not answer.mistakes]


@pytest.mark.share(0.02)
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("file", FILES)
def test_the_mistake_is_named(file: str, placement: str, named: Callable[[str, bool], None]):
    """And no message holds a line of the solution or a piece of it."""
    missed, surprises, count = [], [], 0
    for number, answer in numbered(file):
        verdicts = said(number, placement)
        for name, verdict in verdicts.items():
            kind, words = answer.expected.get(name, ("right", ""))
            if verdict.kind not in kind.split(" or ") or words not in verdict.message:
                surprises.append(f"{answer.name}: d{name} is {verdict.kind}, not {kind}: {verdict.message}")
        for name, kinds in answer.mistakes.items():
            count += 1
            named(kinds.split(" or ")[0], done := is_named(verdicts[name], kinds))
            if not done:
                missed.append(f"{answer.name} ({kinds}): d{name}: {verdicts[name].message}")
        own = "\n".join(answer.edits.values())
        places = [place for verdict in verdicts.values() for place in verdict.places]
        surprises += [f"{answer.name}: {place} is elsewhere" for place in places if place.text.strip() not in own]
        shows = told(bench(answer.assignment), answer.edits, verdicts.values())
        surprises += [f"{answer.name} shows {piece}: {text}" for text, piece in shows]
    assert not surprises, "\n" + "\n".join(surprises)
    assert len(missed) <= max(1, (1 - FLOOR) * count), f"{len(missed)} of {count} are not named:\n" + "\n".join(missed)


# --- what the notebooks warn of ------------------------------------------------------------------------------------------


def _prose(assignment: str) -> list[str]:
    return prose(bench(assignment).exercise.notebook)


ALL = [*ANSWERS, *answers("wrong")]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_bank_makes_every_mistake_that_the_notebook_warns_of(assignment: str):
    """A title that is new in the prose wants an answer with a line ``# warned: ...``; so does nothing that is not there."""
    whole = flat(" ".join(_prose(assignment)))
    listed = {flat(title) for title in warnings_of(_prose(assignment))}
    made = {flat(words) for answer in ALL if answer.assignment == assignment for words in answer.warned}
    assert listed, "the lists of mistakes are not found in the prose any more"
    assert listed <= made, f"no answer makes them: {sorted(listed - made)}"
    assert not [words for words in made if words not in whole]


@pytest.mark.share(0.12)
@pytest.mark.parametrize("answer", [a for a in ALL if a.warned], ids=lambda a: f"{a.assignment}-{a.name}")
def test_a_mistake_that_the_notebook_warns_of_is_named(answer: Answer):
    """All of them, not nineteen out of twenty."""
    made = bench(answer.assignment)
    wanted = answer.mistakes or dict.fromkeys(answer.expected, "")
    for verdict in made.judged_here(answer.edits, answer.start):
        if verdict.name in wanted and verdict.points != 1:
            kinds = wanted[verdict.name]
            assert is_named(verdict, kinds), f"{kinds}: {verdict.message}"


# --- what no message says ------------------------------------------------------------------------------------------------


def test_a_piece_of_the_solution_is_recognised():
    """In another order, with other brackets; and what is the learner's own is none."""
    answer = next(a for a in ANSWERS if a.name == "linear: the bracket squared")
    made = bench(answer.assignment)
    for text in ("Put `dh * (1 - h**2)` there.", "dhpreact = (1.0-h**2)*dh", "The slope is `1.0 - h ** 2`."):
        assert [*told(made, answer.edits, [Verdict("hpreact", "wrong", text)])], text
    for text in (
        "`(1 - h) ** 2` is another thing.",
        "At `dh`: the factor h is squared",
        "The line is `h = torch.tanh(hpreact)`.",
    ):
        assert not [*told(made, answer.edits, [Verdict("hpreact", "wrong", text)])], text
