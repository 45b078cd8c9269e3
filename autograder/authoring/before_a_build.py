"""The part of the lint that a build asks for: no assignment is built with a check through which a known mistake slips.

It takes a minute, so it is asked once for each version of the cells that a gradient's verdict depends on: forward pass, inputs,
solution, what is graded. Prose and figures may change as they like. What was found clean is written down in ``.lint/``; and
what the notebooks in ``exercises/`` and ``solutions/`` were built from has been through it before.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from autograder.authoring.references import Progress, bar, changed_lines, hidden_by, not_passed, tried
from autograder.authoring.workbench import Bench
from autograder.course.build import BuildError, assignments
from autograder.course.edited import BEGIN
from autograder.course.exercise import COURSE, Exercise, without_markers
from autograder.files import write

RECORD = ".lint"
MOST = 300
"""Mistakes that are tried of one exercise, if not all are asked for: each kind in each graded cell, and more."""
FEW = 3
"""Mistakes that a sentence of the build tells; the others are counted."""


def read_exercise(name: str, course: Path = COURSE) -> Bench:
    """An exercise and its solution, from its source.

    Raises:
        BuildError: there is none, or it is none; the message says what it lacks.
    """
    path = course / "source" / name / f"{name}.py"
    if name not in assignments(course):
        raise BuildError(f"There is no source/{name}/{name}.py. There are: {', '.join(assignments(course))}.")
    try:
        bench = Bench(Exercise.from_notebook(jupytext.read(path, fmt="py:percent"), name))
    except (ValueError, SyntaxError, NameError, TypeError) as error:
        raise BuildError(f"source/{name} is no exercise yet: {error}") from None
    variables = {*bench.exercise.graph.steps, *bench.exercise.graph.inputs}
    for cell in bench.exercise.graded:
        if cell.after is None:
            raise BuildError(f"source/{name}: the graded cell {cell.grade_id} has no solution cell above it.")
        for asked in cell.names():
            if asked not in variables:
                said = f"{cell.grade_id} grades d{asked}, but no line of the forward cell has a variable {asked}."
                raise BuildError(f"source/{name}: {said}")
            if asked in bench.gradients and asked not in bench.differentiated:
                raise BuildError(f"source/{name}: {cell.grade_id} grades d{asked}, but no solution cell binds it.")
    return bench


def slips_through(course: Path, name: str, progress: Progress = bar) -> str:
    """A sentence for the build on the mistakes that the checks of an assignment do not see; nothing if there are none.

    Raises:
        BuildError: it is no exercise.
    """
    bench = read_exercise(name, course)
    if is_known(bench, course):
        return ""
    print(f"{name}: its forward pass, solution or checks are new, so mistakes are tried on them ...", flush=True)
    cells = [cell for cell in bench.exercise.graded if cell.names()]
    if wrong := [sentence for said in not_passed(bench, cells).values() for sentence in said]:
        return f"{name} was not built: its own solution is not right. {wrong[0]}"
    slips = [one for one in tried(bench, MOST, progress)[0] if one.slips_through]
    progress("", 0, 0)
    if not slips:
        record(bench, course)
        return ""
    such = [f"  {one.mistake.kind}: {changed_lines(bench, one.mistake)}" for one in slips[:FEW]]
    first = f"{name} was not built: {len(slips)} known mistakes get their points all the same, such as"
    return "\n".join([first, *such, f"{hidden_by(bench)} `make lint-source SOURCE={name}` says all of them.".strip()])


def record(bench: Bench, course: Path = COURSE) -> None:
    """Write down that no known mistake slips through the checks of an exercise as it is now."""
    write(course / RECORD / bench.exercise.name, digest(bench) + "\n")


def is_known(bench: Bench, course: Path = COURSE) -> bool:
    """Whether no mistake slipped through an exercise with these very cells before."""
    path = course / RECORD / bench.exercise.name
    if path.exists() and path.read_text(encoding="utf-8").strip() == digest(bench):
        return True
    return _was_built(bench, course)


def digest(bench: Bench) -> str:
    """Of all that a verdict on a gradient depends on."""
    return hashlib.sha256(
        json.dumps(_asked(bench.exercise.description())).encode() + _solved(bench).encode()
    ).hexdigest()


def _asked(description: Mapping[str, Any]) -> list[Any]:
    """What of an exercise's description (``Exercise.description``) makes a difference to a gradient's verdict."""
    graded = [
        (grade_id, [one for one in asked if one[0] == "gradients"]) for grade_id, _, asked in description["graded"]
    ]
    network = [description[key] for key in ("imports", "inputs", "forward")]
    return json.loads(json.dumps([network, [cell for cell in graded if cell[1]]]))


def _solved(bench: Bench) -> str:
    return "\0".join(text.strip() for text in bench.gradient_cells.values())


def _was_built(bench: Bench, course: Path) -> bool:
    """Whether the built notebooks have these very cells: the setup cell says what is graded, the solution what is right."""
    name = bench.exercise.name
    built = [course / part / name / f"{name}.ipynb" for part in ("exercises", "solutions")]
    if not all(path.exists() for path in built):
        return False
    try:
        exercise, solution = (nbformat.read(path, as_version=4) for path in built)
    except Exception:  # whatever nbformat raises at what is no notebook
        return False
    begins = re.escape(BEGIN) + r"r'''\n(.*?)\n'''\)"
    said = next((found for cell in exercise.cells if (found := re.search(begins, cell.source, re.DOTALL))), None)
    cells = {cell.get("id"): without_markers(cell.source).strip() for cell in solution.cells}
    solved = "\0".join(cells.get(grade_id, "") for grade_id in bench.gradient_cells)
    if said is None or solved != _solved(bench):
        return False
    return _asked(json.loads(said[1])["exercise"]) == _asked(bench.exercise.description())
