"""Answers that are kept as text: what differs from the solution, what verdict is expected, which mistake it is.

The bank is in ``tests/submissions``; an author's own wrong answers stand beside the source, in ``mistakes.py``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.workbench import EXTRA, Bench, bench
from autograder.course.answered import answered, read_answers
from autograder.course.exercise import COURSE

BANK = COURSE / "tests" / "submissions"
MISTAKES = "mistakes.py"


@dataclass(frozen=True)
class Answer:
    """A file of the bank: cells that differ from the solution, and the verdicts they must get."""

    assignment: str
    name: str
    edits: dict[str, str]
    start: str = "solution"
    seconds: float = 10.0
    expected: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind of verdict, and a piece of the message, for each gradient that does not get all its points."""
    run: str = ""
    free: tuple[str, ...] = ()
    mistakes: dict[str, str] = field(default_factory=dict)
    """For each gradient whose mistake must be named: its kind, or several with `` or `` between them (``kinds``)."""
    warned: tuple[str, ...] = ()
    """Words of the notebook that warn of the mistake."""


def answers(folder: str) -> Iterator[Answer]:
    """Every answer in ``tests/submissions/<folder>/<assignment>/``."""
    for path in sorted((BANK / folder).glob("*/*.py")):
        yield from read_answers_of(path)


def mistakes_known_of(assignment: str) -> Iterator[Answer]:
    """Wrong answers that are kept of an exercise: its author's, in ``source/<assignment>/mistakes.py``, and the bank's."""
    own = COURSE / "source" / assignment / MISTAKES
    if own.exists():
        yield from read_answers_of(own)
    for folder in ("named", "wrong"):
        for path in sorted((BANK / folder / assignment).glob("*.py")):
            yield from read_answers_of(path)


def read_answers_of(path: Path, made: Bench | None = None) -> Iterator[Answer]:
    """Every answer of a file of the bank: one, or as many as begin with a line ``# answer: <name>``.

    Args:
        made: the exercise, if it is not the one in ``source/`` that the file's folder is called after.
    """
    _, *others = re.split(r"^# answer: (.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if not others:
        yield read_answer(path, made)
    for name, text in zip(others[::2], others[1::2], strict=True):
        yield _read(text, path.parent.name, f"{path.stem}: {name.strip()}", made)


def read_answer(path: Path, made: Bench | None = None) -> Answer:
    """Read a file of the bank that holds one answer.

    It begins with what it is, in a docstring; then come directives, then the cells that are not the solution's::

        # start: blank                        the other cells are empty (else they are the solution's)
        # seconds: 1                          time limit of a cell
        # line endings: windows
        # expect: b2 h = wrong | constant factor      what gradients get other than "right", and words of the message
        # cell: h                             a solution cell by its grade_id
        # cell: extra before h                a cell of the student's own

    for those in ``submissions/named`` and ``source/*/mistakes.py``, whose mistake a message must name::

        # mistake: b2 h = factor or constant  its kind (``kinds``); "wrong" is expected, if nothing else is
        # replace: h | dlogits.sum(0) | dlogits.mean(0)     instead of a cell: what is replaced in the solution's
        # append: h | print(db2)              a line more at the end of the cell, the solution's as it is by now
        # warned: The sum takes too little    words by which the notebook warns of it

    and for those in ``submissions/hostile``, which are graded as a whole::

        # run: kernel died                    words of what is said of the notebook's run
        # free: prints the secret             what the cells do where nothing holds them back (tests/sandbox/test_hostile.py)

    Raises:
        ValueError: a directive is unknown, or what is to be replaced is not there.
    """
    return _read(path.read_text(encoding="utf-8"), path.parent.name, path.stem, made)


def _read(text: str, assignment: str, name: str, made: Bench | None) -> Answer:
    directives, cells = read_answers(text)
    mistakes: dict[str, str] = {}
    for line in directives.pop("mistake", "").splitlines():
        names, kinds = line.split(" = ", 1)
        mistakes |= dict.fromkeys(names.split(), kinds.strip())
    expected = dict.fromkeys(mistakes, ("wrong", ""))
    for line in directives.pop("expect", "").splitlines():
        names, rest = line.split(" = ", 1)
        kind, _, words = rest.partition(" | ")
        expected |= dict.fromkeys(names.split(), (kind.strip(), words.strip()))
    for line in directives.pop("replace", "").splitlines():
        grade_id, old, new = (part.strip() for part in f"{line} ".split(" | "))
        source = cells.get(grade_id, (made or bench(assignment)).solution_cells[grade_id])
        if source.count(old) != 1:
            raise ValueError(f"{name}: {old!r} is not there once in the cell {grade_id}.")
        cells[grade_id] = source.replace(old, new)
    for line in directives.pop("append", "").splitlines():
        grade_id, _, more = line.partition(" | ")
        before = cells.get(grade_id, (made or bench(assignment)).solution_cells[grade_id])
        cells[grade_id] = f"{before.rstrip()}\n{more}\n"
    if unknown := directives.keys() - {"start", "seconds", "line endings", "run", "free", "warned"}:
        raise ValueError(f"{name} has unknown directives: {', '.join(sorted(unknown))}.")
    newline = "\r\n" if directives.get("line endings") == "windows" else "\n"
    return Answer(
        assignment, name, {key: source.replace("\n", newline) for key, source in cells.items()},
        directives.get("start", "solution"), float(directives.get("seconds", 10)), expected, directives.get("run", ""),
        tuple(directives.get("free", "").splitlines()), mistakes, tuple(directives.get("warned", "").splitlines()),
    )  # fmt: skip


def notebook_with(answer: Answer, released: NotebookNode, source: NotebookNode) -> NotebookNode:
    """The notebook that a student with this answer hands in."""
    extra = {key.removeprefix(EXTRA): text for key, text in answer.edits.items() if key.startswith(EXTRA)}
    own = {key: text for key, text in answer.edits.items() if not key.startswith(EXTRA)}
    notebook = answered(released, source, own, answer.start)
    for place, text in extra.items():
        where, _, grade_id = place.partition(" ")
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        at = len(ids) if place == "at the end" else ids.index(grade_id) + (where == "after")
        notebook.cells.insert(at, new_code_cell(text))
    return notebook
