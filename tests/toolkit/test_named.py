"""Is the mistake named? Wrong answers in people's own style, in the course's cells and all in one; and what no message says.

The table by kind at the end of the report counts both placements.
"""

import functools
import re
from collections.abc import Callable, Iterator

import pytest

from tests.bank import Answer, answers, bench
from tests.submissions.kinds import KINDS, names
from tests.submissions.pieces import pieces, shown
from toolkit.verdict import Verdict

ANSWERS = list(answers("named"))
ASSIGNMENTS = sorted({answer.assignment for answer in ANSWERS})
PLACEMENTS = ("own cells", "one cell")
FLOOR = 0.95
"""Share of the mistakes that must be named, in each exercise and each placement."""
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


def numbered(assignment: str) -> Iterator[tuple[int, Answer]]:
    return ((number, answer) for number, answer in enumerate(ANSWERS) if answer.assignment == assignment)


def is_named(verdict: Verdict, kinds: str) -> bool:
    return verdict.named and names(verdict.message, kinds)


def test_there_are_enough_answers_and_every_kind_is_among_them():
    assert len(ANSWERS) >= FEWEST
    assert {kind for answer in ANSWERS for kinds in answer.mistakes.values() for kind in kinds.split(" or ")} == {
        *KINDS
    }
    assert not [answer.name for answer in ANSWERS if not answer.mistakes]


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_mistake_is_named(assignment: str, placement: str, named: Callable[[str, bool], None]):
    missed, surprises, count = [], [], 0
    for number, answer in numbered(assignment):
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
    assert not surprises, "\n" + "\n".join(surprises)
    assert len(missed) <= (1 - FLOOR) * count, f"{len(missed)} of {count} are not named:\n" + "\n".join(missed)


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


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_message_holds_a_line_of_the_solution_or_a_piece_of_it(assignment: str):
    """What the learner has written himself may be repeated, and so may the forward pass."""
    for placement in PLACEMENTS:
        for number, answer in numbered(assignment):
            made = bench(assignment)
            solved = {
                grade_id: made.solution_cells[grade_id] for grade_id in answer.edits if grade_id in made.solution_cells
            }
            own = "\n".join({**made.solution_cells, **answer.edits}.values())
            secret = (
                pieces("\n".join(solved.values()), assignment)
                - pieces(own, assignment)
                - pieces(forward(assignment), assignment)
            )
            for verdict in said(number, placement).values():
                assert not shown(verdict.message, assignment) & secret, f"{answer.name}: {verdict.message}"
                for line in "\n".join(solved.values()).splitlines():
                    told = re.sub(r"\s", "", line) in re.sub(r"\s", "", verdict.message)
                    assert not line.strip() or line.strip() in own or not told, f"{answer.name}: {verdict.message}"


@functools.cache
def forward(assignment: str) -> str:
    return bench(assignment).exercise.graph.text
