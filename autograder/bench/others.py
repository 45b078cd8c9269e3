"""Other ways to grade a sample of a class's notebooks: nbgrader's own, and merely running the cells (the floor)."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import nbformat
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from autograder.bench.classes import output, student
from autograder.sandbox.inside_sandbox.server import import_what_notebooks_need

SAMPLE = 3
"""Notebooks of each assignment."""
FLOOR = "import sys; from autograder.bench import others; others.run_bare(sys.argv[1:])"
"""Measured in a process of its own."""
PLAIN = """\
import sys
import time
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.config import Config
course, names, students, judged = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(","), sys.argv[4] == "judged"
config = Config({"CourseDirectory": {"ignore": ["*.py"]}})
if judged:
    from autograder.judging import nbgrader_steps
    from autograder.course.exercise import configuration
    from autograder.sandbox.execute import RunNotebook
    config = configuration().copy()
    listed = config.Autograde.autograde_preprocessors
    config.Autograde.autograde_preprocessors = [Execute if step is RunNotebook else step for step in listed]
config.CourseDirectory.root = course
config.Execute.timeout = 120
api = NbGraderAPI(CourseDirectory(config=config), config=config)
for name in names:
    assert api.generate_assignment(name)["success"], name
for name in names:
    for student in students:
        start = time.perf_counter()
        assert api.autograde(name, student)["success"], (name, student)
        if judged:
            nbgrader_steps.shared_runner().close()
        print(name, time.perf_counter() - start, flush=True)
"""
"""nbgrader one submission after the other, every kernel started from nothing; nbgrader's own start is not counted. It has
its own configuration, with which nothing is judged, or the course's, each submission judged in new processes, too.
"""


def by_nbgrader(course: Path, names: Sequence[str], kind: str) -> list[float]:
    """Seconds that nbgrader takes for each notebook of the sample (see ``PLAIN``).

    Args:
        kind: ``plain`` or ``judged``.
    """
    with tempfile.TemporaryDirectory(dir=course.parent) as folder:
        other = Path(folder, "course")
        for name in names:
            shutil.copytree(course / "source" / name, other / "source" / name)
            for number in range(SAMPLE):
                where = Path("submitted", student(number), name)
                shutil.copytree(course / where, other / where)
        shutil.copytree(course / "data", other / "data")
        students = ",".join(map(student, range(SAMPLE)))
        return output("-c", PLAIN, str(other), ",".join(names), students, kind)


def run_bare(paths: Sequence[str]) -> None:
    """Print the seconds that the code cells of each notebook take in a process that has imported all they need.

    It is a plain Python process with IPython's shell, since notebooks have magics and their checks ask IPython for the
    cells; figures are drawn, outputs are dropped.
    """
    import_what_notebooks_need()
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    for path in paths:
        sys.stdout.flush()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        try:
            seconds = _run_cells(Path(path).resolve())
            os.write(sys.__stdout__.fileno(), f"{seconds}\n".encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)


class Shell(InteractiveShell):
    """IPython's, without a window."""

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to keep alive."""


def _run_cells(path: Path) -> float:
    torch.set_num_threads(1)
    os.chdir(path.parent)
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    shell = Shell.instance(display_pub_class=CapturingDisplayPublisher)
    shell.enable_matplotlib("inline")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        start = time.perf_counter()
        for cell in cells:
            shell.run_cell(cell, store_history=True)
        return time.perf_counter() - start
