"""An assignment as the judge needs it, read from its source notebook: forward pass, inputs, what each graded cell expects."""

import ast
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

from toolkit.graph import Graph

COURSE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class GradedCell:
    """A graded cell of the source: its points and the hidden tests between nbgrader's markers."""

    grade_id: str
    points: float
    hidden_tests: str
    after: str | None
    """grade_id of the solution cell that it grades, the last one before it."""

    def expectations(self) -> list["Expectation"]:
        """Every call of an ``expect_...`` function in the hidden tests, in order."""
        calls: list[Expectation] = []

        def record(kind: str) -> Callable[..., None]:
            return lambda *names, **options: calls.append(Expectation(kind, names, options))

        self.run({kind: record(kind) for kind in EXPECTATIONS})
        return calls

    def names(self) -> tuple[str, ...]:
        """Every gradient that the hidden tests expect, once, in order."""
        calls = (call for call in self.expectations() if call.kind == "expect_gradients")
        return tuple(dict.fromkeys(name for call in calls for name in call.names))

    def run(self, functions: Mapping[str, Callable[..., object]]) -> None:
        """Run the hidden tests with the ``expect_...`` functions bound to a submission (or to anything else)."""
        exec(compile(self.hidden_tests, f"<hidden tests of {self.grade_id}>", "exec"), dict(functions))


@dataclass(frozen=True)
class Expectation:
    """One call in the hidden tests."""

    kind: str
    names: tuple[str, ...]
    options: dict[str, object]


EXPECTATIONS = ("expect_gradients", "expect_training", "expect_values")
"""What hidden tests may ask for: gradients one by one, a training loop, values computed from the whole data set."""


@dataclass(frozen=True)
class Exercise:
    """The trusted half of an assignment."""

    name: str
    notebook: NotebookNode
    graph: Graph
    imports: str
    inputs: tuple[str, ...]
    """Cells that make the network's inputs: sizes, parameters, minibatch; run again at other sizes."""
    graded: tuple[GradedCell, ...]

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
            name, notebook, Graph.from_source(tagged("forward")[0]), "\n".join(tagged("imports")), tuple(tagged("inputs")),
            tuple(_graded_cells(notebook)),
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

    @property
    def expected(self) -> tuple[str, ...]:
        """Every variable whose gradient is graded, in the order of the graded cells."""
        return tuple(name for cell in self.graded for name in cell.names())

    @property
    def scales(self) -> list[dict[str, float]]:
        """Factors on inputs with which more minibatches are asked for: ``expect_gradients(..., scale={"logits": 1e3})``."""
        return [
            call.options["scale"] for cell in self.graded for call in cell.expectations() if "scale" in call.options
        ]

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


@functools.cache
def _clearing() -> tuple[ClearSolutions, ClearHiddenTests]:
    return ClearSolutions(config=configuration()), ClearHiddenTests(config=configuration())


@functools.lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Exercise:
    return Exercise.from_notebook(nbformat.read(path, as_version=4), path.stem)


@functools.lru_cache(maxsize=256)
def fused(forward: str, keep: frozenset[str]) -> Graph:
    """``Graph.fused`` of a forward cell, remembered: one submission after another asks for the same few."""
    return Graph.from_source(forward).fused(keep)


def _sources_with_tag(notebook: NotebookNode, tag: str) -> list[str]:
    return [cell.source for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _graded_cells(notebook: NotebookNode) -> list[GradedCell]:
    found, solution = [], None
    for cell in notebook.cells:
        if utils.is_solution(cell):
            solution = cell.metadata.nbgrader.grade_id
        elif utils.is_grade(cell):
            meta = cell.metadata.nbgrader
            found.append(GradedCell(meta.grade_id, float(meta.points), hidden_tests(cell.source), solution))
    return found


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


def assigned_names(source: str) -> list[str]:
    """Names that a cell binds at its top level by ``name = ...``."""
    targets = (t for node in ast.parse(source).body if isinstance(node, ast.Assign) for t in node.targets)
    return [t.id for t in targets if isinstance(t, ast.Name)]


def fingerprint(cells: list[str]) -> int:
    """A number that depends on every letter of a submission: seeds its unseen minibatches, the same at each grading."""
    return int.from_bytes(hashlib.sha256(json.dumps(cells).encode()).digest()[:6], "big")
