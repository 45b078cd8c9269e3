"""A student's notebook as a kernel runs it: the exercise's cells and an answer's, one after the other, in IPython's shell.

Each notebook has a process of its own, forked from one that has run what is the same for all: the cells up to the first answer.
"""

import copy
import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from types import SimpleNamespace

import matplotlib
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbgrader import utils
from traitlets.config import Config

from autograder.authoring.answers import Answer, notebook_with
from autograder.course.build import source_notebook
from autograder.course.exercise import COURSE, Exercise
from autograder.course.release import is_released
from autograder.reports.report import LABELS


@dataclass(frozen=True)
class Shown:
    """What a student has seen at the end."""

    says: dict[str, tuple[str, str]]
    """Mark and sentence of ``check`` for everything that is graded, by the name that a verdict has; nothing if the answer
    has ended the kernel, or left it unable to run a cell."""
    printed: dict[str, str] = field(default_factory=dict)
    """Output of the exercise's own cells, by cell id."""
    errors: dict[str, str] = field(default_factory=dict)


@cache
def released(assignment: str) -> tuple[NotebookNode, NotebookNode]:
    """The exercise as students get it, and its source."""
    source = source_notebook(COURSE, assignment)
    exercise = Exercise.from_notebook(source, assignment)
    notebook = source_notebook(COURSE, assignment)
    notebook.cells = [cell for cell in notebook.cells if is_released(cell)]
    for cell in notebook.cells:
        if (grade_id := cell.metadata.get("nbgrader", {}).get("grade_id")) in exercise.released:
            cell.source = exercise.released[grade_id]
    return notebook, source


SKIPPED = (
    "demo-",
    "picture",
    "timing",
    "plot-",
    "workbench",
    "progress",
    "sample",
    "autograd-loop",
    "numerical-",
    "stretch-",
    "evaluate",
    "flow",
)
"""Beginnings of the ids of cells that only show something, or time it."""
SHORT_RUN = """
max_steps, lr_drop, log_every = 40, 30, 5
Xtr, Ytr, Xdev, Ydev = Xtr[:2000], Ytr[:2000], Xdev[:500], Ydev[:500]
"""
"""What the exercise's own cell ``short-run`` does under nbgrader, and shorter."""

ASK = """
import sys
check, training, graded = sys.modules["toolkit.check"], sys.modules.get("toolkit.training"), {}
for cell in check.history.exercise.graded:
    for one in cell.expected:
        if one.kind == "gradients":
            asked = [name for name in one.names if wanted is None or name in wanted]
            graded |= {f"d{name}": check._judged(name, globals()) for name in asked}
        elif wanted is not None:
            continue
        elif one.kind == "training":
            parts = training._training()
            graded |= {name if name.startswith("the ") else f"{name} in the loop": said for name, said in parts.items()}
        elif one.kind in ("checker", "mended", "findings"):
            graded |= getattr(sys.modules["toolkit.debugging"], f"_{one.kind}")()
        else:
            graded |= training._calibration(globals())
"""


def shown(answer: Answer, ids: bool = True, wanted: Collection[str] | None = None) -> Shown:
    """Run an answer's notebook from the top to the bottom, and ask ``check`` for everything in the end.

    Args:
        ids: whether the frontend tells the kernel the ids of cells.
        wanted: the gradients to ask for, if not for all and for what else is graded.

    Raises:
        RuntimeError: the notebook could not be run.
    """
    made = notebook_with(answer, *copy.deepcopy(released(answer.assignment)))
    cells = [cell for cell in made.cells if cell.cell_type == "code" and not cell.id.startswith(SKIPPED)]
    first = _until_the_first_answer(answer.assignment)
    if [cell.source for cell in cells[: len(first)]] == [cell.source for cell in first]:
        said = _kernel(answer.assignment, ids).ask(cells[len(first) :], wanted)
    else:  # it has a cell of its own among them
        with _Kernel([], ids) as kernel:
            said = kernel.ask(cells, wanted)
    if "failed" in said:
        raise RuntimeError(said["failed"])
    return Shown({k: tuple(v) for k, v in said["says"].items()}, said["printed"], said["errors"])


@cache
def _until_the_first_answer(assignment: str) -> list[NotebookNode]:
    code = [c for c in released(assignment)[0].cells if c.cell_type == "code" and not c.id.startswith(SKIPPED)]
    return code[: next(number for number, cell in enumerate(code) if utils.is_solution(cell))]


@cache
def _kernel(assignment: str, ids: bool) -> "_Kernel":
    return _Kernel(_until_the_first_answer(assignment), ids)


class _Kernel:
    """A process that has run some cells, and runs others in copies of itself: the beginning of a notebook is the same for all."""

    def __init__(self, first: list[NotebookNode], ids: bool):
        processes = multiprocessing.get_context("fork")
        self.connection, there = processes.Pipe()
        self.folder = tempfile.TemporaryDirectory(prefix="notebook-")
        self.process = processes.Process(target=_serve, args=(there, first, ids, self.folder.name), daemon=True)
        self.process.start()
        there.close()

    def __enter__(self) -> "_Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()
        self.folder.cleanup()

    def ask(self, cells: list[NotebookNode], wanted: Collection[str] | None) -> dict:
        self.connection.send((cells, wanted))
        return json.loads(self.connection.recv())


def _serve(connection: Connection, first: list[NotebookNode], ids: bool, folder: str) -> None:
    tempfile.tempdir = folder
    shell = _shell()
    before, errors = _run(shell, first, ids)
    while True:
        cells, wanted = connection.recv()
        read, write = os.pipe()
        if (child := os.fork()) == 0:
            os.close(read)
            try:
                said = _answers(shell, cells, ids, wanted, before, errors)
            except BaseException as error:
                said = {"failed": f"{type(error).__name__}: {error}"}
            with os.fdopen(write, "w") as file:
                json.dump(said, file)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as file:
            text = file.read()
        os.waitpid(child, 0)
        connection.send(text or json.dumps({"says": {}, "printed": {}, "errors": {}}))


def _shell() -> InteractiveShell:
    matplotlib.use("Agg")
    for name in [n for n in sys.modules if n == "toolkit" or n.startswith("toolkit.")]:
        del sys.modules[name]
    os.environ["CI"] = "1"
    os.chdir(tempfile.mkdtemp())
    shutil.copy(COURSE / "data" / "names.txt", "names.txt")
    return InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))


def _answers(
    shell: InteractiveShell,
    cells: list[NotebookNode],
    ids: bool,
    wanted: Collection[str] | None,
    before: dict[str, str],
    errors: dict[str, str],
) -> dict:
    folder = tempfile.mkdtemp()
    shutil.copytree(".", folder, dirs_exist_ok=True)
    os.chdir(folder)
    printed, raised = _run(shell, cells, ids)
    shell.events.callbacks["pre_run_cell"].clear()
    shell.user_ns["wanted"] = wanted
    shell.run_cell(ASK, store_history=False, silent=True)
    return {"says": shell.user_ns.get("graded", {}), "printed": before | printed, "errors": errors | raised}


def _run(shell: InteractiveShell, cells: list[NotebookNode], ids: bool) -> tuple[dict[str, str], dict[str, str]]:
    """What the cells print and raise, by cell id."""
    printed, errors = {}, {}
    for cell in cells:
        source = cell.source + (SHORT_RUN if cell.id == "short-run" else "")
        if utils.is_grade(cell):  # asked for everything at the end, check need not be run in each step
            info = SimpleNamespace(raw_cell=source, cell_id=cell.id if ids else None)
            shell.events.trigger("pre_run_cell", info)
            shell.events.trigger("post_run_cell", SimpleNamespace(success=True))
            continue
        out, sys.stdout = sys.stdout, io.StringIO()
        try:
            result = shell.run_cell(source, store_history=True, cell_id=cell.id if ids else None)
        finally:
            printed[cell.id], sys.stdout = sys.stdout.getvalue(), out
        if not result.success:
            error = result.error_in_exec or result.error_before_exec
            errors[cell.id] = f"{type(error).__name__}: {error}"
    return printed, errors


def labels(exercise: Exercise) -> dict[str, str]:
    """What a verdict is on, as ``Shown.says`` calls it, by the name that the bank has for it."""
    found: dict[str, str] = {}
    for cell in exercise.graded:
        for one in cell.expected:
            if one.kind == "gradients":
                found |= {name: f"d{name}" for name in one.names}
            elif one.kind == "values":
                found |= {f"value:{name}": name for name in one.names}
            elif one.kind in LABELS:
                part = one.kind.replace("findings", "found")
                found |= {f"{part}:{key.replace(' ', '_')}": label for key, label in LABELS[one.kind].items()}
            else:
                parameters = ("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")
                found |= {f"loop:{name}": f"d{name} in the loop" for name in parameters}
                parts = {"update": "the update", "rate": "the learning rate", "trajectory": "the trajectory"}
                found |= {f"loop:{name}": label for name, label in parts.items()}
    return found
