"""``make lint-source``: what the checks of an exercise are worth, cell by cell, before anybody takes it.

Of each graded cell it says (1) what it grades, (2) whether the reference passes at all unseen sizes, (3) which mistakes it
catches and which slip through, (4) whether ``check`` is content where the grade is not, or the reverse, (5) which of the
mistakes that the text warns of are not named, and (6) whether a hint, a message or a figure gives the answer away.
"""

import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nbgrader import utils

from autograder.authoring.answers import MISTAKES, Answer, mistakes_known_of
from autograder.authoring.before_a_build import MOST, read_exercise, record
from autograder.authoring.given_away import shown_before, told
from autograder.authoring.mistakes import Mistake
from autograder.authoring.notebooks import shown
from autograder.authoring.references import (
    Progress,
    Tried,
    bar,
    changed_lines,
    hidden_by,
    not_passed,
    sizes_tried,
    tried,
)
from autograder.authoring.warned import flat, is_named, warnings_of
from autograder.authoring.workbench import Bench
from autograder.course.build import BuildError, assignments
from autograder.course.exercise import GradedCell
from toolkit.verdict import Verdict

MOST_NOTEBOOKS, FEWEST = 40, 3
"""Those of them that are run as a student's notebook; and the fewest of a cell."""


@dataclass
class Linted:
    """What was found out about one graded cell."""

    cell: GradedCell
    asks: str
    not_passed: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    compared: int = 0
    disagreements: list[str] = field(default_factory=list)
    warned: int = 0
    not_named: list[str] = field(default_factory=list)
    given_away: list[str] = field(default_factory=list)

    @property
    def slips(self) -> list[Tried]:
        """Mistakes that it does not see."""
        return [one for one in self.tried if one.slips_through]

    @property
    def clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.not_passed or self.slips or self.disagreements or self.not_named or self.given_away)


def lint(bench: Bench, most: int | None = MOST, progress: Progress = lambda *_: None) -> tuple[list[Linted], int]:
    """Everything that is to be said of an exercise; and how many mistakes there would be to try.

    Args:
        most: about how many of them are tried; None for all.
    """
    found = {cell.grade_id: Linted(cell, _asks(cell)) for cell in bench.exercise.graded}
    progress("reference", 0, 1)
    for grade_id, said in not_passed(bench, bench.exercise.graded).items():
        found[grade_id].not_passed = said
    cell_of = {name: cell.grade_id for cell in bench.exercise.graded for name in cell.names()}
    made, count = tried(bench, most, progress)
    for mistake in made:
        found[cell_of[mistake.verdict.name]].tried.append(mistake)
    for one in found.values():
        compare(bench, one, MOST_NOTEBOOKS * len(one.tried) // max(1, len(made)), progress)
        look(bench, one)
    heed(bench, found, progress)
    return list(found.values()), count


def _asks(cell: GradedCell) -> str:
    """What a graded cell grades, in words."""
    words = {
        "gradients": "gradients", "training": "a training loop, by its trajectory", "values": "values", "checker": "a checker",
        "mended": "mended lines, of", "findings": "findings",
    }  # fmt: skip
    parts: dict[str, list[str]] = {}
    for one in cell.expected:
        names = [f"d{name}" if one.kind in ("gradients", "mended") else name for name in one.names]
        large = [f"large {name}" for name in one.options.get("scale", ())]
        parts.setdefault(words[one.kind], []).extend([*names, *large])
    return "; ".join(f"{kind} {' '.join(dict.fromkeys(names))}".strip() for kind, names in parts.items())


# --- check beside the grade ---------------------------------------------------------------------------------------------


def compare(bench: Bench, one: Linted, most: int, progress: Progress = lambda *_: None) -> None:
    """Run some of the mistakes as a student's notebook, and the solution; what ``check`` says is to be what is graded.

    Args:
        most: about how many; at least ``FEWEST``.
    """
    names = [name for name in one.cell.names() if name in bench.gradients]
    if not names:
        return
    chosen = _one_of_each_kind(one.tried, max(FEWEST, most))
    right = [(Mistake("the solution", name, {}), Verdict(name, "right")) for name in names[:1]]
    for number, (mistake, verdict) in enumerate([*right, *((t.mistake, t.verdict) for t in chosen)]):
        progress(f"notebooks of {one.cell.grade_id}", number, len(chosen) + 1)
        answer = Answer(bench.exercise.name, mistake.label, mistake.edits)
        mark, sentence = shown(answer, wanted=(verdict.name,)).says.get(verdict.label, ("·", "nothing is said"))
        if (mark == "✓") != (verdict.points == 1):
            one.disagreements.append(
                f"{mistake.label}\n    check says {mark} {sentence}; graded {verdict.kind} {verdict.message}"
            )
        one.compared += 1


def _one_of_each_kind(made: Sequence[Tried], most: int) -> list[Tried]:
    """One of each kind, at most so many, spread over all; and what slips through."""
    first = {one.mistake.kind: one for one in reversed(made)}
    chosen = [*first.values()][:: -(-len(first) // most) or 1]
    return [*chosen, *(one for one in made if one.slips_through and one not in chosen)][: most + 5]


# --- what the text warns of ---------------------------------------------------------------------------------------------


def heed(bench: Bench, found: dict[str, Linted], progress: Progress = lambda *_: None) -> None:
    """Of each mistake that the text above a cell warns of: is there an answer that makes it, and is it named?"""
    known = [answer for answer in mistakes_known_of(bench.exercise.name) if answer.warned]
    titles = {grade_id: warnings_of(texts) for grade_id, texts in _texts_above(bench).items()}
    count = sum(map(len, titles.values()))
    for grade_id, title in ((grade_id, title) for grade_id, listed in titles.items() for title in listed):
        one = found[grade_id]
        progress("warnings", sum(other.warned for other in found.values()), count)
        one.warned += 1
        makes = [answer for answer in known if flat(title) in map(flat, answer.warned)]
        if not makes:
            own = f"source/{bench.exercise.name}/{MISTAKES}"
            one.not_named.append(f"{title!r}: no answer makes it. Write one into {own}.")
        one.not_named += [f"{title!r}: {said}" for answer in makes for said in _not_named(bench, answer)]


def _texts_above(bench: Bench) -> dict[str, list[str]]:
    """For each graded cell the text cells between it and the graded cell before it."""
    above: dict[str, list[str]] = {}
    texts: list[str] = []
    for cell in bench.exercise.notebook.cells:
        if cell.cell_type == "markdown":
            texts.append(cell.source)
        elif utils.is_grade(cell):
            above[cell.metadata.nbgrader.grade_id], texts = texts, []
    return above


def _not_named(bench: Bench, answer: Answer) -> Iterator[str]:
    """One sentence for each gradient of an answer whose mistake is not said."""
    wanted = answer.mistakes or dict.fromkeys(answer.expected, "")
    if wanted.keys() <= {*bench.gradients}:
        judge = bench.judge_here(answer.edits, answer.start)
        verdicts = [judge.verdict(name) for name in wanted]
    else:
        verdicts = [v for v in bench.judged_here(answer.edits, answer.start) if v.name in wanted]
    for verdict in verdicts:
        if verdict.points == 1 and answer.mistakes:
            yield f"{answer.name} keeps all its points."
        elif verdict.points < 1 and not is_named(verdict, wanted[verdict.name]):
            yield f"{answer.name} is not named, only: {verdict.message}"


# --- what gives the answer away -----------------------------------------------------------------------------------------


def look(bench: Bench, one: Linted) -> None:
    """What the exercise shows above a cell, and what the messages on its mistakes show, that is the answer."""
    for where, what in dict.fromkeys(shown_before(bench, one.cell)):
        one.given_away.append(f"{where} shows {what}")
    for made in one.tried:
        for message, piece in told(bench, made.mistake.edits, [made.verdict]):
            one.given_away.append(f"{made.mistake.label}: the message shows {piece}: {message}")


# --- the report ---------------------------------------------------------------------------------------------------------


def report(bench: Bench, linted: Sequence[Linted], count: int, seconds: float) -> str:
    """What ``make lint-source`` prints of an exercise."""
    made = sum(len(one.tried) for one in linted)
    of = f"{made} mistakes tried" if made == count else f"{made} of {count} mistakes tried, each kind in each cell"
    points = sum(one.cell.points for one in linted)
    lines = [f"{bench.exercise.name}: {len(linted)} graded cells, {points:g} points; {of}, in {seconds:.0f} s"]
    lines.append(_wrapped("the reference was judged on", ", ".join(sizes_tried(bench)), 2))
    for one in linted:
        lines += ["", f"{one.cell.grade_id} ({one.cell.points:g} points)", *_of_a_cell(bench, one)]
    faults = sum(not one.clean for one in linted)
    lines += ["", f"{bench.exercise.name}: {'clean' if not faults else f'{faults} graded cells want mending'}"]
    return "\n".join(lines)


def _of_a_cell(bench: Bench, one: Linted) -> Iterator[str]:
    yield _wrapped("1 grades", one.asks)
    yield from _listed("2 reference", "passes at all sizes", one.not_passed)
    gradients = [name for name in one.cell.names() if name in bench.gradients]
    if gradients:
        kinds = Counter(made.mistake.kind for made in one.tried if not made.slips_through)
        yield _wrapped("3 caught", f"{kinds.total()}: " + ", ".join(f"{k} {c}" for k, c in sorted(kinds.items())))
        yield from _listed("  slips through", "nothing", [_slip(bench, made) for made in one.slips])
        if one.slips and (why := hidden_by(bench)):
            yield _wrapped("", why)
        yield from _listed("4 check", f"as graded, in {one.compared} notebooks", one.disagreements)
    else:
        known = sum(1 for _ in mistakes_known_of(bench.exercise.name))
        kept = f"{known} wrong answers to the exercise are kept, and tests judge them" if known else "and none are kept"
        yield _wrapped("3 mistakes", f"none are made from the solution; {kept}")
        yield _wrapped("4 check", "tests compare it with the grade on these answers" if known else "not compared")
    named = f"{one.warned} mistakes that the text lists, each named" if one.warned else "the text lists no mistake"
    yield from _listed("5 warned of", named, one.not_named)
    yield from _listed("6 given away", "nothing", one.given_away)


def _slip(bench: Bench, made: Tried) -> str:
    said = f"{made.verdict.kind}, {made.verdict.message}" if made.verdict.message else made.verdict.kind
    return f"d{made.mistake.name}, {made.mistake.kind}: `{changed_lines(bench, made.mistake)}` is judged {said}"


def _listed(label: str, fine: str, faults: Sequence[str]) -> list[str]:
    if not faults:
        return [_wrapped(label, fine)]
    lines = [f"  {label:<16}{len(faults)}:"]
    return [*lines, *(f"    ! {fault}" for fault in faults)]


def _wrapped(label: str, text: str, indent: int = 18) -> str:
    first = f"  {label:<16}" if indent == 18 else f"  {label} "
    return textwrap.fill(text, 110, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False)


def main(source: str = "", every: bool = False) -> int:
    """``python -m autograder lint-source``: say it of one exercise or of all; returns the exit status."""
    status = 0
    for name in [source] if source else assignments():
        start = time.monotonic()
        try:
            bench = read_exercise(name)
        except BuildError as error:
            print(error)
            return 2
        linted, count = lint(bench, None if every else MOST, bar)
        bar("", 0, 0)
        print(report(bench, linted, count, time.monotonic() - start), flush=True)
        print()
        if all(one.clean for one in linted):
            record(bench)
        status |= not all(one.clean for one in linted)
    return status
