"""Made-up submissions and their verdicts, for every test that asks the judge.

A ``Bench`` is one exercise, read from its source, and all that it takes to judge an answer to it: the solution cells by
grade_id, and ``judge``, which changes some of them, adds others, and returns the verdicts. Answers kept as files
(``submissions/right`` and ``submissions/wrong``) are read by ``read_answer``.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader import utils

from autograder.course.exercise import COURSE, Exercise, without_markers
from autograder.demo import answered, read_answers
from autograder.judging.judge import grade, judge_submission, unseen_judge
from autograder.sandbox.runner import Runner
from toolkit.cells import StudentCell
from toolkit.judge import Judge
from toolkit.plans import GradedPlace, Submission
from toolkit.runs import run_here
from toolkit.verdict import Verdict

BANK = Path(__file__).parent / "submissions"
PATIENCE = 20.0
"""Seconds for one explanation: a slow machine is to say the same as a fast one."""
EXTRA = "extra "
"""Cells of a student's own: ``extra before h``, ``extra after h`` (the cell h), ``extra at the end``."""


@dataclass(frozen=True)
class Bench:
    """An exercise and its solution."""

    exercise: Exercise

    @functools.cached_property
    def solution_cells(self) -> dict[str, str]:
        """The reference solution by grade_id, in order, as one would write it."""
        cells = (cell for cell in self.exercise.notebook.cells if utils.is_solution(cell))
        return {cell.metadata.nbgrader.grade_id: without_markers(cell.source) for cell in cells}

    @functools.cached_property
    def cell_of(self) -> dict[str, str]:
        """For each graded gradient the grade_id of the solution cell that completes it."""
        return {name: graded.after for graded in self.exercise.graded for name in graded.names()}

    def submission(self, edits: Mapping[str, str], start: str = "solution") -> Submission:
        """A notebook with some cells changed or added.

        Args:
            edits: source by grade_id, or by a place for a cell of the student's own (see ``EXTRA``).
            start: ``solution`` or ``blank``: what the other solution cells hold.
        """
        unknown = [key for key in edits if key not in self.solution_cells and not key.startswith(EXTRA)]
        if unknown:
            raise ValueError(f"No solution cell is called {', '.join(unknown)}.")
        parts: list[StudentCell | GradedPlace] = []
        graded = {cell.grade_id: cell for cell in self.exercise.graded}
        for cell in self.exercise.notebook.cells:
            if utils.is_solution(cell):
                grade_id = cell.metadata.nbgrader.grade_id
                source = self.solution_cells[grade_id] if start == "solution" else ""
                parts += _extra_cells(edits, f"before {grade_id}")
                parts.append(StudentCell(f"cell {grade_id}", edits.get(grade_id, source), grade_id))
                parts += _extra_cells(edits, f"after {grade_id}")
            elif utils.is_grade(cell):
                found = graded[cell.metadata.nbgrader.grade_id]
                parts.append(GradedPlace(found.grade_id, found.names()))
        return [*parts, *_extra_cells(edits, "at the end")]

    def in_one_cell(self, edits: Mapping[str, str], start: str = "solution") -> dict[str, str]:
        """The same answer with all its lines in the first solution cell, those of a student's own cells among them."""
        lines = [part.source for part in self.submission(edits, start) if isinstance(part, StudentCell)]
        return {**dict.fromkeys(self.solution_cells, ""), next(iter(self.solution_cells)): "\n".join(lines)}

    def judged_here(self, edits: Mapping[str, str], start: str = "solution", seed: int = 7) -> Iterator[Verdict]:
        """Every verdict on an answer that is harmless: it is run in this process, and explained however long that takes."""
        run = functools.partial(run_here, seconds=PATIENCE)
        judge = Judge(self.exercise, self.submission(edits, start), run, seed, seconds=PATIENCE)
        for cell in self.exercise.graded:
            yield from grade(judge, cell)[0]

    def judge(
        self,
        edits: Mapping[str, str],
        start: str = "solution",
        seconds: float = 10.0,
        names: Sequence[str] | None = None,
    ) -> dict[str, Verdict]:
        """The verdict on every gradient of such a notebook, or on those named.

        Args:
            seconds: the longest time for one cell.
        """
        submission = self.submission(edits, start)
        if names is not None:
            judge = unseen_judge(self.exercise, submission, runner(seconds))
            return {name: judge.verdict(name) for name in names}
        judged = judge_submission(self.exercise, submission, runner(seconds))
        return {verdict.name: verdict for verdicts, _ in judged.values() for verdict in verdicts}


@functools.cache
def bench(name: str) -> Bench:
    """The bench of one assignment, read from its source once."""
    path = COURSE / "source" / name / f"{name}.py"
    return Bench(Exercise.from_notebook(jupytext.read(path), name))


@functools.cache
def runner(seconds: float = 10.0) -> Runner:
    """One warm process for each time limit, shared by all tests."""
    return Runner(chunk_seconds=seconds)


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
    """For each gradient whose mistake must be named: its kind, or several with `` or `` between them (submissions/kinds.py)."""
    warned: tuple[str, ...] = ()
    """Words of the notebook that warn of the mistake."""

    def verdicts(self) -> dict[str, Verdict]:
        return bench(self.assignment).judge(self.edits, self.start, self.seconds)

    def surprises(self) -> list[str]:
        """One line for each verdict that is not the expected one."""
        lines = []
        for name, verdict in self.verdicts().items():
            kind, words = self.expected.get(name, ("right", ""))
            if verdict.kind not in kind.split(" or ") or words not in verdict.message:
                wanted = f"{kind} ({words})" if words else kind
                lines.append(f"d{name}: {verdict.kind} ({verdict.message}), wanted {wanted}")
        return lines


def answers(folder: str) -> Iterator[Answer]:
    """Every answer in ``submissions/<folder>/<assignment>/``."""
    for path in sorted((BANK / folder).glob("*/*.py")):
        yield from read_answers_of(path)


def read_answers_of(path: Path) -> Iterator[Answer]:
    """Every answer of a file of the bank: one, or as many as begin with a line ``# answer: <name>``."""
    _, *others = re.split(r"^# answer: (.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if not others:
        yield read_answer(path)
    for name, text in zip(others[::2], others[1::2], strict=True):
        yield _read(text, path.parent.name, f"{path.stem}: {name.strip()}")


def read_answer(path: Path) -> Answer:
    """Read a file of the bank that holds one answer.

    It begins with what it is, in a docstring; then come directives, then the cells that are not the solution's::

        # start: blank                        the other cells are empty (else they are the solution's)
        # seconds: 1                          time limit of a cell
        # line endings: windows
        # expect: b2 h = wrong | constant factor      what gradients get other than "right", and words of the message
        # cell: h                             a solution cell by its grade_id
        # cell: extra before h                a cell of the student's own

    for those in ``submissions/named``, whose mistake a message must name::

        # mistake: b2 h = factor or constant  its kind (``submissions/kinds.py``); "wrong" is expected, if nothing else is
        # replace: h | dlogits.sum(0) | dlogits.mean(0)     instead of a cell: what is replaced in the solution's
        # warned: The sum takes too little    words by which the notebook warns of it

    and for those in ``submissions/hostile``, which are graded as a whole::

        # run: kernel died                    words of what is said of the notebook's run
        # free: prints the secret             what the cells do where nothing holds them back (tests/test_hostile.py)

    Raises:
        ValueError: a directive is unknown, or what is to be replaced is not there.
    """
    return _read(path.read_text(encoding="utf-8"), path.parent.name, path.stem)


def _read(text: str, assignment: str, name: str) -> Answer:
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
        source = cells.get(grade_id, bench(assignment).solution_cells[grade_id])
        if source.count(old) != 1:
            raise ValueError(f"{name}: {old!r} is not there once in the cell {grade_id}.")
        cells[grade_id] = source.replace(old, new)
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


def _extra_cells(edits: Mapping[str, str], place: str) -> list[StudentCell]:
    return [StudentCell(EXTRA + place, edits[EXTRA + place])] if EXTRA + place in edits else []
