"""The feedback page of one submission, whoever asks for it: ``make grade``, nbgrader's ``generate_feedback``, the formgrader.

What stands on it says autograder/reports/page.py.
"""

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils

from autograder.handed_in.submitted import grader_version
from autograder.reports.nbgrader_steps import ShowOpenScores
from autograder.reports.page import page_of
from autograder.time_limit import TookTooLong, at_most

PAGE_SECONDS = 20.0
"""Longest time for one page, a hundred times what anybody's takes."""


@dataclass(frozen=True)
class Scores:
    """What the gradebook says of one submission; manual scores and comments come before the autograder's."""

    points: Mapping[str, tuple[float, float]]
    """Score and highest score of each graded cell, by grade_id."""
    comments: Mapping[str, str | None]
    """On each solution cell, by grade_id."""
    late_penalty: float = 0.0
    open: bool = False
    """Whether points are missing that only a human can give."""

    @property
    def score(self) -> float:
        return sum(score for score, _ in self.points.values())

    @property
    def highest(self) -> float:
        return sum(highest for _, highest in self.points.values())


@dataclass(frozen=True)
class Page:
    """All that a feedback page is made from."""

    student: str
    assignment: str
    notebook: str = field(repr=False)
    """Text of the autograded notebook."""
    scores: Scores

    @property
    def key(self) -> str:
        """A digest of what the page shows. The same key, the same page."""
        digest = hashlib.sha256(self.notebook.encode())
        digest.update(repr((self.scores, grader_version())).encode())
        return digest.hexdigest()


def signed(html: str, page: Page) -> str:
    """A page's HTML with a last line that says what it was made from."""
    return f"{html}\n<!-- made from {page.key} -->\n"


def signature(path: Path) -> str:
    """The key that the last line of a feedback page carries; nothing, if the page is not there or not ours."""
    try:
        with path.open("rb") as file:
            file.seek(-min(200, path.stat().st_size), os.SEEK_END)
            found = _SIGNED.search(file.read())
    except OSError:
        return ""
    return found[1].decode() if found else ""


_SIGNED = re.compile(rb"<!-- made from ([0-9a-f]{64}) -->\n\Z")


class FeedbackExporter(Exporter):
    """nbconvert's exporter to this course's page. Points and comments are in the notebook already: nbgrader's ``GetGrades``."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: object) -> tuple:
        nb, resources = super().from_notebook_node(nb, resources, **options)
        return page_of(nb, resources.get("nbgrader", {})), resources


def render(page: Page) -> str:
    """The page's HTML, without gradebook and course folder."""
    notebook = nbformat.reads(page.notebook, as_version=4)
    scores = page.scores
    for cell in notebook.cells:  # what nbgrader's GetGrades does, which asks the gradebook
        if utils.is_solution(cell):
            cell.metadata.nbgrader["comment"] = scores.comments.get(cell.metadata.nbgrader.grade_id)
        if utils.is_grade(cell):
            meta = cell.metadata.nbgrader
            meta["score"], meta["points"] = scores.points.get(meta.grade_id, (0.0, meta.points))
    shown: dict[str, Any] = {
        "student": page.student,
        "assignment": page.assignment,
        "score": scores.score - scores.late_penalty,
        "max_score": scores.highest,
        "late_penalty": scores.late_penalty,
        "open": scores.open,
    }
    try:
        with at_most(PAGE_SECONDS):
            return _exporter().from_notebook_node(notebook, ResourcesDict(nbgrader=shown))[0]
    except TookTooLong:
        raise RuntimeError(f"making the page took longer than {PAGE_SECONDS:g} s") from None


@functools.cache
def _exporter() -> FeedbackExporter:
    exporter = FeedbackExporter(default_preprocessors=[])
    exporter.register_preprocessor(ShowOpenScores())
    return exporter
