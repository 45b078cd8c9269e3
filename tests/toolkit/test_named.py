"""Is the mistake named? Wrong answers in people's own style, in the course's cells and all in one; and what no message says.

The table by kind at the end of the report counts both placements.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.bank import Answer, answers, bench
from tests.submissions.kinds import KINDS, names
from tests.submissions.pieces import pieces, shown
from toolkit.verdict import Verdict

ANSWERS = list(answers("named"))
ASSIGNMENTS = sorted({answer.assignment for answer in ANSWERS})
FILES = sorted({f"{answer.assignment}/{answer.name.partition(':')[0]}" for answer in ANSWERS})
PLACEMENTS = ("own cells", "one cell")
FLOOR = 0.95
"""Share of the mistakes that must be named, of each file and in each placement; of few, all but one."""
FEWEST = 200
WARNING = r"What goes wrong|Two traps|different mistakes|Look for these"
"""How the prose begins a list of mistakes; each has its name in bold."""


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


def is_named(verdict: Verdict, kinds: str) -> bool:
    return verdict.named and names(verdict.message, kinds)


def test_there_are_enough_answers_and_every_kind_is_among_them():
    assert len(ANSWERS) >= FEWEST
    assert {kind for answer in ANSWERS for kinds in answer.mistakes.values() for kind in kinds.split(" or ")} == {
        *KINDS
    }
    assert not [answer.name for answer in ANSWERS if not answer.mistakes]


@pytest.mark.share(0.06)
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
        surprises += [f"{answer.name} shows {piece}: {text}" for text, piece in told(answer, verdicts.values())]
    assert not surprises, "\n" + "\n".join(surprises)
    assert len(missed) <= max(1, (1 - FLOOR) * count), f"{len(missed)} of {count} are not named:\n" + "\n".join(missed)


# --- what the notebooks warn of ------------------------------------------------------------------------------------------


def warnings_of(assignment: str) -> set[str]:
    """The names of the mistakes that an exercise's prose lists: what is bold after words such as "What goes wrong here"."""
    found = set()
    for text in prose(assignment):
        if begins := re.search(WARNING, text):
            found |= {
                title.strip(" .:") for title in re.findall(r"^(?:- )?\*\*(.+?)\*\*", text[begins.end() :], re.MULTILINE)
            }
    return found


@functools.cache
def prose(assignment: str) -> list[str]:
    """The text cells of an exercise; its lines are those of the source."""
    cells = bench(assignment).exercise.notebook.cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


ALL = [*ANSWERS, *answers("wrong")]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_bank_makes_every_mistake_that_the_notebook_warns_of(assignment: str):
    """A title that is new in the prose wants an answer with a line ``# warned: ...``; so does nothing that is not there."""
    whole = flat(" ".join(prose(assignment)))
    listed = {flat(title) for title in warnings_of(assignment)}
    made = {flat(words) for answer in ALL if answer.assignment == assignment for words in answer.warned}
    assert listed, "the lists of mistakes are not found in the prose any more"
    assert listed <= made, f"no answer makes them: {sorted(listed - made)}"
    assert not [words for words in made if words not in whole]


@pytest.mark.share(0.2)
@pytest.mark.parametrize("answer", [a for a in ALL if a.warned], ids=lambda a: f"{a.assignment}-{a.name}")
def test_a_mistake_that_the_notebook_warns_of_is_named(answer: Answer):
    """All of them, not nineteen out of twenty."""
    made = bench(answer.assignment)
    wanted = answer.mistakes or dict.fromkeys(answer.expected, "")
    for verdict in made.judged_here(answer.edits, answer.start):
        if verdict.name in wanted and verdict.points != 1:
            kinds = wanted[verdict.name]
            assert is_named(verdict, kinds) if kinds else verdict.named, f"{kinds}: {verdict.message}"


def flat(text: str) -> str:
    return " ".join(text.split()).casefold()


# --- what no message says ------------------------------------------------------------------------------------------------


def told(answer: Answer, verdicts: Iterable[Verdict]) -> Iterator[tuple[str, str]]:
    """Messages that say what is to be typed, each with the piece.

    What the learner has written himself may be repeated (as the piece that is pointed at, too, whatever brackets would make of
    it), and so may the forward pass.
    """
    made = bench(answer.assignment)
    solved = "\n".join(made.solution_cells[grade_id] for grade_id in answer.edits if grade_id in made.solution_cells)
    own = "\n".join({**made.solution_cells, **answer.edits}.values())
    may = pieces(own, answer.assignment) | pieces(made.exercise.graph.text, answer.assignment)
    secret = pieces(solved, answer.assignment) - may
    lines = [line for line in map(str.strip, solved.splitlines()) if line and line not in own]
    for verdict in verdicts:
        message = verdict.message
        for place in verdict.places:
            message = message.replace(f"`{place.piece}`", "")
        yield from ((message, piece) for piece in shown(message, answer.assignment) & secret)
        yield from ((message, line) for line in lines if close(line) in close(message))


def close(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_a_piece_of_the_solution_is_recognised():
    """In another order, with other brackets; and what is the learner's own is none."""
    answer = next(a for a in ANSWERS if a.name == "linear: the bracket squared")
    for text in ("Put `dh * (1 - h**2)` there.", "dhpreact = (1.0-h**2)*dh", "The slope is `1.0 - h ** 2`."):
        assert [*told(answer, [Verdict("hpreact", "wrong", text)])], text
    for text in (
        "`(1 - h) ** 2` is another thing.",
        "At `dh`: the factor h is squared",
        "The line is `h = torch.tanh(hpreact)`.",
    ):
        assert not [*told(answer, [Verdict("hpreact", "wrong", text)])], text
