"""A student at another home: a kernel of other releases (Colab's, an old one's), with no course folder around, in which an
exercise is solved from the top to the bottom; and what such a home saves.

The kernel's Python has torch, matplotlib and ipykernel; ``make homes`` makes it.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.answered import as_colab_saves
from autograder.course.build import source_notebook
from autograder.course.exercise import COURSE, without_markers
from tests.bank import Answer

SHORT_RUN = """
max_steps, lr_drop, log_every = 100, 75, 5
Xtr, Ytr, Xdev, Ydev = Xtr[:2000], Ytr[:2000], Xdev[:500], Ydev[:500]"""
"""Added to the cell ``short-run`` of the training loop: what is to be seen here is seen in 100 steps, too."""
RELEASES = """
import json, platform, IPython, ipykernel, matplotlib, numpy, torch
found = {m.__name__: m.__version__ for m in (IPython, ipykernel, matplotlib, numpy, torch)}
print(json.dumps({"python": platform.python_version(), **found}))
"""


def releases(python: Path) -> dict[str, str]:
    """What a home has, by name."""
    ran = subprocess.run([python, "-c", RELEASES], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def released(name: str) -> NotebookNode:
    """An exercise as students get it."""
    return nbformat.read(COURSE / "exercises" / name / f"{name}.ipynb", as_version=4)


class Student:
    """Works through one notebook in one kernel: runs each cell, checks too early, types the solution's cell, checks again.

    Attributes:
        notebook: as it stands at the end, answers and outputs included.
        early: what the checks said before anything was typed, by grade_id.
        checked: and after the answer was typed.
        told: what the checks said of each mistake, by its name in the bank.
        broken: what the exercise's own cells, and the answers, raised or said on stderr in the end, by cell id.
    """

    def __init__(self, python: Path, name: str, folder: Path, mistakes: Sequence[Answer] = ()):
        self.mistakes = mistakes
        self.told: dict[str, str] = {}
        self.notebook, self.folder = released(name), folder
        self.early: dict[str, str] = {}
        self.checked: dict[str, str] = {}
        self.solutions = {
            cell.metadata.nbgrader.grade_id: without_markers(cell.source)
            for cell in source_notebook(COURSE, name).cells
            if utils.is_solution(cell)
        }
        kernels = folder / "kernels"
        (kernels / "home").mkdir(parents=True)
        command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": command, "display_name": "home", "language": "python"}
        (kernels / "home" / "kernel.json").write_text(json.dumps(spec))
        (folder / "alone").mkdir()
        self.client = NotebookClient(
            self.notebook, kernel_name="home", allow_errors=True, timeout=300,
            resources={"metadata": {"path": str(folder / "alone")}},
        )  # fmt: skip
        self.client.create_kernel_manager()
        self.client.km.transport, self.client.km.ip = "ipc", str(folder / "kernel")  # over TCP, a newer ipykernel warns
        self.client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)

    def works(self) -> None:
        """Run the notebook from the top to the bottom."""
        left = ("PYTHONPATH", "VIRTUAL_ENV", "NBGRADER_EXECUTION", "CI")
        environment = {key: value for key, value in os.environ.items() if key not in left} | {
            "NAMES_URL": (COURSE / "data" / "names.txt").as_uri(),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        with self.client.setup_kernel(env=environment):
            blank: list[int] = []  # cells from the first answer on that was not typed yet
            for number, cell in enumerate(self.notebook.cells):
                if cell.cell_type != "code":
                    continue
                said = self._run(number)
                if not utils.is_grade(cell):
                    if blank or utils.is_solution(cell):
                        blank.append(number)
                    continue
                self.early[cell.metadata.nbgrader.grade_id] = said
                for at in blank:
                    answer = self.notebook.cells[at]
                    if utils.is_solution(answer):
                        answer.source = self.solutions[answer.metadata.nbgrader.grade_id]
                    self._run(at)
                blank.clear()
                self.checked[cell.metadata.nbgrader.grade_id] = self._run(number)

            for answer in self.mistakes:
                self.told[answer.name] = self._try(answer)

    def _try(self, mistake: Answer) -> str:
        """Type another answer over one's own, run it and the check that comes after it, and put one's own back."""
        cells = list(enumerate(self.notebook.cells))
        edited = [at for at, cell in cells if _grade_id(cell) in mistake.edits]
        check = next(at for at, cell in cells if at > edited[-1] and utils.is_grade(cell))
        heard = self._type(edited, mistake.edits, check)
        self._type(edited, self.solutions, check)
        return heard

    def _type(self, numbers: Sequence[int], texts: Mapping[str, str], check: int) -> str:
        for at in numbers:
            self.notebook.cells[at].source = texts[_grade_id(self.notebook.cells[at])]
            self._run(at)
        return self._run(check)

    def _run(self, number: int) -> str:
        """Run a cell; what it printed and raised."""
        cell = self.notebook.cells[number]
        text = cell.source
        if cell.id == "short-run":
            cell.source += SHORT_RUN
        try:
            self.client.execute_cell(cell, number)
        finally:
            cell.source = text
        return said(cell)

    @property
    def broken(self) -> dict[str, str]:
        cells = [cell for cell in self.notebook.cells if cell.cell_type == "code" and not utils.is_grade(cell)]
        return {
            cell.id: said(cell)
            for cell in cells
            if any(o.output_type == "error" or o.get("name") == "stderr" for o in cell.outputs)
        }


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def said(cell: NotebookNode) -> str:
    """What a cell printed and raised."""
    return "\n".join(o.text if o.output_type == "stream" else f"{o.ename}: {o.evalue}" for o in cell.outputs
                     if o.output_type in ("stream", "error"))  # fmt: skip


def kept(notebook: NotebookNode) -> NotebookNode:
    """Saved with all metadata, and those that Colab adds."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    as_colab_saves(notebook)
    return notebook


def stripped(notebook: NotebookNode) -> NotebookNode:
    """Saved by a home that keeps texts and outputs alone: no metadata of cells, no ids."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    notebook.metadata = nbformat.from_dict({"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        cell.pop("id", None)
    return notebook
