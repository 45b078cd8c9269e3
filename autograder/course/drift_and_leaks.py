"""What must be true of the notebooks that are committed: they are what the sources give (drift), and tell nothing (leaks)."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.build import BuildError, assignments, build, copy_sources, source_notebook
from autograder.course.exercise import COURSE, hidden_tests
from autograder.course.published import unpublished
from autograder.course.release import built_from, fingerprint, is_released

_SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n?### END SOLUTION", re.DOTALL)


def drift(course: Path = COURSE) -> Iterator[str]:
    """One sentence for each committed notebook that differs from what the sources give; outputs are left to nbval."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        copy_sources(course, fresh)
        build(fresh, execute=False)
        for name in assignments(course):
            relative = Path("exercises", name, f"{name}.ipynb")
            committed = course / relative
            if not committed.exists() or committed.read_bytes() != (fresh / relative).read_bytes():
                yield f"{relative} is not what source/{name}/{name}.py gives. Run `make build` and commit the result."
            solution = course / "solutions" / name / f"{name}.ipynb"
            wanted = fingerprint(source_notebook(course, name))
            if not solution.exists() or built_from(solution.read_text(encoding="utf-8")) != wanted:
                yield f"solutions/{name}/{name}.ipynb is not what the source gives. Run `make build` and commit the result."
            elif problem := _solution_differs(nbformat.read(solution, as_version=4), source_notebook(course, name)):
                yield f"solutions/{name}/{name}.ipynb: {problem}"
        known = {Path(part, name) for part in ("exercises", "solutions") for name in assignments(course)}
        for stray in sorted(
            {p.relative_to(course) for part in ("exercises", "solutions") for p in (course / part).glob("*")}
        ):
            if stray not in known:
                yield f"{stray} belongs to no assignment in source/. Delete it."


def _solution_differs(solution: NotebookNode, source: NotebookNode) -> str:
    """Whether the cells of a solution are those of its source, markers and hidden tests apart."""
    kept = [cell for cell in unpublished(source).cells if is_released(cell)]
    if len(kept) != len(solution.cells):
        return "it has other cells than its source."
    for there, here in zip(solution.cells, kept, strict=True):
        wanted = set(here.source.split("\n"))
        if not set(there.source.split("\n")) <= wanted:
            return f"cell {here.id} was edited by hand. Edit the source instead."
    return ""


def leaks(course: Path = COURSE) -> Iterator[str]:
    """One sentence for each solution line or hidden test found where it must not be."""
    for name in assignments(course):
        source = source_notebook(course, name)
        public = "\n".join(c.source for c in source.cells if not utils.is_solution(c))
        secrets = {line for cell in source.cells for line in solution_lines(cell.source)} - _lines(_visible(public))
        hidden = {line for cell in source.cells for line in _lines(hidden_tests(cell.source))}
        exercise, solution = (course / part / name / f"{name}.ipynb" for part in ("exercises", "solutions"))
        for path, words in ((exercise, secrets | hidden | {"BEGIN SOLUTION"}), (solution, hidden)):
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            plain = text + "\n".join(c.source for c in nbformat.reads(text, as_version=4).cells) if text else ""
            for word in sorted(words | {"BEGIN HIDDEN TESTS", "expect_gradients", '"instructor"', '"for-authors"'}):
                if word in plain:
                    yield f"{path.relative_to(course)} holds {word!r}, which students must not see."


def solution_lines(source: str) -> list[str]:
    """Lines of code between nbgrader's solution markers, comments and blanks apart."""
    return [line for region in _SOLUTION.findall(source) for line in _lines(region)]


def _visible(text: str) -> str:
    return _SOLUTION.sub("", text)


def _lines(text: str) -> set[str]:
    stripped = (line.split("  #")[0].strip() for line in text.split("\n"))
    return {line for line in stripped if len(line) > 8 and not line.startswith("#")}


def main() -> int:
    """``python -m autograder check``: print what is wrong; returns the exit status."""
    os.environ.pop("GRADEBOOK_DB", None)  # the builds that are compared are no course of anybody's
    try:
        problems = [*drift(), *leaks()]
    except BuildError as error:
        problems = [str(error)]
    print("\n".join(problems) or "no drift, no leaks")
    return int(bool(problems))
