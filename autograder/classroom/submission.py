"""The unit of work: one submission, from files to a verdict. No gradebook and no course folder, so any machine can do it.

The steps are those of nbgrader's own autograding, as nbgrader_config.py lists them, but for a few (``LEFT_OUT``) whose
work ``Mend`` or the recorder (autograder/classroom/gradebook.py) does.
"""

import functools
import logging
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning
from nbgrader import preprocessors as nbgrader
from nbgrader import utils

from autograder.classroom.nbgrader_steps import SaveGrades
from autograder.course.exercise import Exercise, configuration
from autograder.handed_in import mend
from autograder.handed_in.nbgrader_steps import notebook_of
from autograder.handed_in.submitted import Task, grader_version
from autograder.judging.nbgrader_steps import points_of

warnings.filterwarnings("ignore", category=MissingIDFieldWarning)  # older files have no cell ids; Mend sets them

LEFT_OUT = (
    nbgrader.OverwriteKernelspec, nbgrader.OverwriteCells, SaveGrades, nbgrader.AssignLatePenalties,
    nbgrader.CheckCellMetadata,
)  # fmt: skip
"""Steps that need the gradebook; and a check of metadata, twice 30 ms, which here is the source's own (``Mend``)."""


@dataclass(frozen=True)
class Graded:
    """The verdict on one submission."""

    notebook: str
    """The autograded notebook's text, with outputs, points and ``notes``."""
    points: Mapping[str, float | None]
    """Of each graded cell, by grade_id; None asks for a human."""
    unanswered: frozenset[str]
    """grade_ids of solution cells that are as they were handed out."""
    notes: Mapping[str, Any]
    """``verdicts``, ``mended``, ``run``, ``key``: what the notebook carries under ``mend.NOTES``."""
    seconds: Mapping[str, float]
    """Time that each step took, by its name, and parts of it: ``kernel`` and ``cells`` of ``RunNotebook``."""


class OtherVersion(Exception):
    """The task was made by another version of the course than the one that should grade it."""


def grade_submission(task: Task) -> Graded:
    """Grade one submission. The same task gives the same verdict, whichever process or machine grades it.

    Raises:
        OtherVersion: the checkout here is not the one that made the task.
    """
    if task.grader != grader_version():
        raise OtherVersion(
            f"{os.uname().nodename} runs another version of this course, or of torch, nbgrader or nbconvert, than the "
            "machine that asked. Check out and install the same everywhere."
        )
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as folder:
        _write_files(task, Path(folder))
        return _grade(task, Path(folder))


_one_at_a_time = threading.Lock()  # a worker of a cluster may have several threads, but there is one warm process


def _grade(task: Task, folder: Path) -> Graded:
    exercise = _exercise(task.assignment, task.source)
    resources = ResourcesDict(
        nbgrader={"student": task.student, "assignment": task.assignment, "notebook": task.assignment, "db_url": ""},
        metadata=ResourcesDict(name=task.assignment, path=str(folder)), unique_key=task.assignment,
        output_files_dir=f"{task.assignment}_files", task=task, exercise=exercise,
    )  # fmt: skip
    notebook = notebook_of(task, exercise)
    seconds: dict[str, float] = {}
    parts: dict[str, float] = {}
    resources["seconds"] = parts  # of what a step does one after the other, if it tells
    torch.set_num_threads(1)
    with utils.setenv(NBGRADER_EXECUTION="autograde"):
        for step in course_steps():
            start = time.perf_counter()
            notebook, resources = step(notebook, resources)
            name = type(step).__name__
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
    seconds |= parts
    return Graded(
        nbformat.writes(notebook, version=4) + "\n", points_of(notebook, _quiet()), frozenset(_unanswered(notebook)),
        notebook.metadata[mend.NOTES], seconds,
    )  # fmt: skip


def _unanswered(notebook: NotebookNode) -> list[str]:
    """As nbgrader's SaveAutoGrades decides it."""
    return [
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if utils.is_solution(cell) and cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    ]


def _write_files(task: Task, folder: Path) -> None:
    """What the notebook may read while it runs: what was handed in beside it (the course's data is always there)."""
    for name, data in task.files.items():
        path = folder / name
        if name != task.notebook:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@functools.lru_cache(maxsize=8)
def _exercise(assignment: str, source: bytes) -> Exercise:
    return Exercise.from_notebook(nbformat.reads(source.decode(), as_version=4), assignment)


@functools.cache
def course_steps() -> tuple[Preprocessor, ...]:
    """nbgrader's steps of this course, those apart that are left out."""
    config = configuration()
    listed = [*config.Autograde.sanitize_preprocessors, *config.Autograde.autograde_preprocessors]
    return tuple(step(config=config, log=_quiet()) for step in listed if step not in LEFT_OUT)


@functools.cache
def _quiet() -> logging.Logger:
    """A logger that says nothing: what matters is in the notes."""
    logger = logging.getLogger("autograder.quiet")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger
