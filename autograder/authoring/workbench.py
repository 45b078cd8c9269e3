"""An exercise with its solution, and all that it takes to judge an answer to it.

A ``Bench`` knows the solution cells by grade_id, changes some of them, adds others, and returns the verdicts.
"""

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jupytext
from nbgrader import utils

from autograder.course.exercise import COURSE, Exercise, without_markers
from autograder.judging.hidden_tests import grade
from toolkit.judge import Judge
from toolkit.network.exercise import fused
from toolkit.network.graph import Graph
from toolkit.running.cells import StudentCell
from toolkit.running.in_this_process import run_here
from toolkit.running.plans import GradedPlace, Submission
from toolkit.running.statements import read, written
from toolkit.verdict import Verdict

PATIENCE = 20.0
"""Seconds for one explanation: a slow machine is to say the same as a fast one."""
EXTRA = "extra "
"""Cells of a student's own: ``extra before h``, ``extra after h`` (the cell h), ``extra at the end``."""


@dataclass(frozen=True, eq=False)
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

    def judge_here(self, edits: Mapping[str, str], start: str = "solution", seed: int = 7) -> Judge:
        """The judge of such a notebook, for who asks after single gradients; it is run in this process."""
        run = functools.partial(run_here, seconds=PATIENCE)
        return Judge(self.exercise, self.submission(edits, start), run, seed)

    @functools.cached_property
    def graph(self) -> Graph:
        """The forward pass as the solution goes back through it: steps that it has no gradient of are no steps."""
        known = {*self.exercise.expected, *self.differentiated}
        return fused(self.exercise.graph.text, frozenset(n for n in self.exercise.graph.steps if n in known))

    @functools.cached_property
    def differentiated(self) -> frozenset[str]:
        """Every name of which some solution cell binds a gradient."""
        bound = set().union(*(written(ast.parse(text)) for text in self.code_cells.values()), set())
        return frozenset(name[1:] for name in bound if name.startswith("d") and len(name) > 1)

    @functools.cached_property
    def gradients(self) -> tuple[str, ...]:
        """Every variable whose gradient is graded as such, in order (not among lines that were to be mended)."""
        asked = (one for cell in self.exercise.graded for one in cell.expected if one.kind == "gradients")
        return tuple(dict.fromkeys(name for one in asked for name in one.names))

    @functools.cached_property
    def gradient_cells(self) -> dict[str, str]:
        """The solution cells up to the last gradient, but for those that are graded as something else."""
        graded = [(cell.after, {one.kind for one in cell.expected}) for cell in self.exercise.graded]
        others = {after for after, kinds in graded if "gradients" not in kinds}
        numbers = [i for i, grade_id in enumerate(self.solution_cells) if (grade_id, {"gradients"}) in graded]
        first = [*self.solution_cells.items()][: max(numbers, default=-1) + 1]
        return {k: text for k, text in first if k not in others and k in self.code_cells}

    @functools.cached_property
    def given(self) -> tuple[str, ...]:
        """Steps whose gradients the exercise gives."""
        loss = self.graph.output if "d" + self.graph.output not in self._said else ""
        steps = (name for name in self.graph.steps if name != loss)
        return tuple(name for name in steps if name not in self.gradients and name not in self.differentiated)

    @functools.cached_property
    def _said(self) -> frozenset[str]:
        """Names that a solution cell reads."""
        return frozenset().union(*(read(ast.parse(text)) for text in self.code_cells.values()))

    @functools.cached_property
    def code_cells(self) -> dict[str, str]:
        """Those of the solution cells that can be read as Python."""
        return {grade_id: text for grade_id, text in self.solution_cells.items() if _is_python(text)}

    @functools.cached_property
    def tensors(self) -> frozenset[str]:
        """Every name that has a gradient in this exercise, or could have."""
        return frozenset({*self.exercise.graph.steps, *self.exercise.graph.inputs, *self.differentiated})


@functools.cache
def bench(name: str) -> Bench:
    """The bench of one assignment, read from its source once.

    Raises:
        ValueError: its source is no exercise; the message says what it lacks.
    """
    path = COURSE / "source" / name / f"{name}.py"
    return Bench(Exercise.from_notebook(jupytext.read(path), name))


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _extra_cells(edits: Mapping[str, str], place: str) -> list[StudentCell]:
    return [StudentCell(EXTRA + place, edits[EXTRA + place])] if EXTRA + place in edits else []
