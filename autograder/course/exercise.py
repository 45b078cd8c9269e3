"""An assignment as the judge needs it, read from its source notebook: forward pass, inputs, what each graded cell expects."""

import copy
import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config, PyFileConfigLoader

from toolkit.network import exercise
from toolkit.network.graph import Graph

COURSE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class GradedCell(exercise.GradedCell):
    """A graded cell of the source: its points and the hidden tests between nbgrader's markers."""

    points: float
    hidden_tests: str

    def run(self, functions: Mapping[str, Callable[..., object]]) -> None:
        """Run the hidden tests with the ``expect_...`` functions bound to a submission (or to anything else)."""
        run_hidden_tests(self.grade_id, self.hidden_tests, functions)


def run_hidden_tests(grade_id: str, tests: str, functions: Mapping[str, Callable[..., object]]) -> None:
    """Run the text of hidden tests; ``functions`` are the ``expect_...`` by name."""
    exec(compile(tests, f"<hidden tests of {grade_id}>", "exec"), dict(functions))


EXPECTATIONS = {f"expect_{kind}": kind for kind in ("gradients", "training", "values", "checker", "mended", "findings")}
"""The functions that hidden tests call: gradients one by one, a training loop, values computed from the whole data set; a
gradient checker, lines that were to be mended, mistakes that were to be found."""


@dataclass(frozen=True, eq=False)
class Exercise(exercise.Exercise):
    """The trusted half of an assignment."""

    graded: tuple[GradedCell, ...]
    notebook: NotebookNode

    @classmethod
    def from_notebook(cls, notebook: NotebookNode, name: str = "") -> "Exercise":
        """Read a source notebook; its cells are found by their tags ``imports``, ``inputs`` and ``forward``.

        Raises:
            ValueError: a tag is missing, or the forward cell is not straight-line code.
        """
        tagged = functools.partial(_sources_with_tag, notebook)
        missing = [tag for tag in ("imports", "inputs", "forward") if not tagged(tag)]
        if missing:
            raise ValueError(f"The source notebook {name} has no cell with the tag {' or '.join(missing)}.")
        return cls(
            name, Graph.from_source(tagged("forward")[0]), "\n".join(tagged("imports")), tuple(tagged("inputs")),
            tuple(_graded_cells(notebook)), _words(), tuple(_stubs(notebook)), notebook,
        )  # fmt: skip

    @classmethod
    def from_assignment(cls, name: str, source: Path = COURSE / "source") -> "Exercise":
        """Read ``source/<name>/<name>.ipynb``, as the build left it.

        Raises:
            FileNotFoundError: it was not built yet.
        """
        path = source / name / f"{name}.ipynb"
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there. Run `make build` first: it makes the source notebooks.")
        return _read(path, path.stat().st_mtime_ns)

    @functools.cached_property
    def released(self) -> dict[str, str]:
        """The text of each trusted cell as students get it, by grade_id."""
        return {grade_id: released_text(cell, hidden_tests=False) for grade_id, cell in self.trusted_cells.items()}

    @functools.cached_property
    def checksums(self) -> dict[str, str]:
        """nbgrader's checksum of each trusted cell, by grade_id: of the text without solution, with hidden tests."""
        found = {}
        for grade_id, cell in self.trusted_cells.items():
            cell = copy.deepcopy(cell)
            cell.source = released_text(cell, hidden_tests=True)
            found[grade_id] = utils.compute_checksum(cell)
        return found

    @functools.cached_property
    def trusted_cells(self) -> dict[str, NotebookNode]:
        """Cells of the source that nbgrader knows (locked, solution or graded), by grade_id, in order."""
        known = (c for c in self.notebook.cells if utils.is_locked(c) or utils.is_solution(c) or utils.is_grade(c))
        return {cell.metadata.nbgrader.grade_id: cell for cell in known}


@functools.cache
def configuration() -> Config:
    """What nbgrader_config.py says."""
    return PyFileConfigLoader(str(COURSE / "nbgrader_config.py")).load_config()


def released_text(source: NotebookNode, hidden_tests: bool, keep_solution: bool = False) -> str:
    """The text of a source cell as nbgrader hands it out, with or without its hidden tests and its solution."""
    cell = copy.deepcopy(source)
    solutions, tests = _clearing()
    if utils.is_solution(cell) and not keep_solution:
        solutions.preprocess_cell(cell, {"language": "python"}, 0)
    if not hidden_tests:
        tests._remove_hidden_test_region(cell)
    return cell.source


def without_markers(source: str) -> str:
    """A solution cell as one would write it: nbgrader's marker lines taken out."""
    return "\n".join(
        line for line in source.split("\n") if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
    )


@functools.cache
def _clearing() -> tuple[ClearSolutions, ClearHiddenTests]:
    return ClearSolutions(config=configuration()), ClearHiddenTests(config=configuration())


@functools.lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Exercise:
    return Exercise.from_notebook(nbformat.read(path, as_version=4), path.stem)


@functools.cache
def _words() -> tuple[str, ...]:
    path = COURSE / "data" / "names.txt"
    return exercise.few_words(path.read_text().split() if path.exists() else ["emma", "olivia", "ava"])


def _sources_with_tag(notebook: NotebookNode, tag: str) -> list[str]:
    return [cell.source for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _stubs(notebook: NotebookNode) -> list[str]:
    solutions = (cell for cell in notebook.cells if utils.is_solution(cell) and cell.cell_type == "code")
    return [exercise.digest(released_text(cell, hidden_tests=False)) for cell in solutions]


def _graded_cells(notebook: NotebookNode) -> list[GradedCell]:
    found, solution = [], None
    for cell in notebook.cells:
        if utils.is_solution(cell):
            solution = cell.metadata.nbgrader.grade_id
        elif utils.is_grade(cell):
            meta = cell.metadata.nbgrader
            tests = hidden_tests(cell.source)
            asked = tuple(_expected(meta.grade_id, tests))
            found.append(GradedCell(meta.grade_id, solution, asked, float(meta.points), tests))
    return found


def _expected(grade_id: str, tests: str) -> list[exercise.Expectation]:
    """Every call of an ``expect_...`` function in hidden tests, in order."""
    calls: list[exercise.Expectation] = []

    def record(kind: str) -> Callable[..., None]:
        return lambda *names, **options: calls.append(exercise.Expectation(kind, names, options))

    run_hidden_tests(grade_id, tests, {function: record(kind) for function, kind in EXPECTATIONS.items()})
    return calls


def hidden_tests(source: str) -> str:
    """The lines of a graded cell between nbgrader's BEGIN and END HIDDEN TESTS."""
    begin, end = ClearHiddenTests.begin_test_delimeter.default_value, ClearHiddenTests.end_test_delimeter.default_value
    lines, inside = [], False
    for line in source.splitlines():
        if begin in line or end in line:
            inside = begin in line
        elif inside:
            lines.append(line)
    return "\n".join(lines)


def fingerprint(texts: list[str]) -> int:
    """A number of 48 bits that depends on every letter of a submission: seeds its unseen minibatches, the same at each grading.
    It is so large that nobody tries letters until it is one that they have answers for."""
    return int.from_bytes(hashlib.sha256(json.dumps(texts).encode()).digest()[:6], "big")
