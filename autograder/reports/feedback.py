"""The feedback page of one submission, as nbgrader's ``generate_feedback`` makes it, without gradebook and course folder."""

import functools
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades

from autograder.course.exercise import configuration
from autograder.handed_in.submitted import grader_version
from autograder.reports.at_most import TookTooLong, at_most

PAGE_SECONDS = 20.0
"""Longest time for one page, a hundred times what anybody's takes; then once more, all code plain."""
_CELLS = 512
"""Cells that are kept highlighted: those of all exercises, and some students' own."""
_IMAGE_WITHOUT_TEXT = re.compile(r"(<img\b(?![^>]*\balt\b)[^>]*?)(/?>)", re.IGNORECASE)
_NO_TEXT = r'\1 alt="No description has been provided for this image"\2'


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


def render(page: Page) -> str:
    """The page's HTML."""
    notebook = nbformat.reads(page.notebook, as_version=4)
    scores = page.scores
    for cell in notebook.cells:  # what nbgrader's GetGrades does, which asks the gradebook
        if utils.is_solution(cell):
            cell.metadata.nbgrader["comment"] = scores.comments.get(cell.metadata.nbgrader.grade_id)
        if utils.is_grade(cell):
            meta = cell.metadata.nbgrader
            meta["score"], meta["points"] = scores.points.get(meta.grade_id, (0.0, meta.points))
    shown = {
        "score": scores.score - scores.late_penalty,
        "max_score": scores.highest,
        "late_penalty": scores.late_penalty,
        "open": scores.open,
    }
    named = {"student": page.student, "assignment": page.assignment, "notebook": page.assignment, "db_url": ""}
    resources = ResourcesDict(
        nbgrader=named | shown, unique_key=page.assignment, output_files_dir=f"{page.assignment}_files",
        metadata=ResourcesDict(name=page.assignment, path=""),
    )  # fmt: skip
    with _one_at_a_time:
        try:
            with at_most(PAGE_SECONDS):
                return _exporter().from_notebook_node(notebook, resources=resources)[0]
        except TookTooLong:
            for cell in notebook.cells:
                cell.metadata["magics_language"] = "text"
        try:
            with at_most(PAGE_SECONDS):
                return _exporter().from_notebook_node(notebook, resources=resources)[0]
        except TookTooLong:
            raise RuntimeError(f"making the page took longer than {PAGE_SECONDS:g} s") from None


_one_at_a_time = threading.Lock()


class _Pages(HTMLExporter):
    """nbconvert's exporter to HTML, made for many pages that have most of their cells in common.

    Half of nbconvert's time goes into parsing the finished page once more, for alternative texts of images; here they
    are put in as text. A third goes into markdown and highlighting, mostly of cells that are the same on every page.
    """

    def from_notebook_node(self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: object) -> tuple:
        resources = self._init_resources(resources)
        known = nb.metadata.get("language_info", {})
        lexer = known.get("pygments_lexer", known.get("name"))
        lexer = lexer if lexer in ("python", "python3") else "ipython3"
        self.register_filter(
            "highlight_code",
            lambda source, metadata=None: self._highlight((metadata or {}).get("magics_language", lexer), source),
        )
        self.register_filter(
            "filter_data_type",
            WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources),
        )
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kwargs)
        return _IMAGE_WITHOUT_TEXT.sub(_NO_TEXT, html), resources

    def default_filters(self) -> Iterator[tuple[str, Callable]]:
        yield from super().default_filters()
        yield "markdown2html", self.markdown2html

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        if context.get("cell", {}).get("attachments"):
            return super().markdown2html(context, source)
        return self._markdown(source)

    @functools.cached_property
    def _markdown(self) -> Callable[[str], str]:
        render = super().markdown2html
        return functools.lru_cache(_CELLS)(lambda source: render({}, source))

    @functools.cached_property
    def _highlight(self) -> Callable[[str, str], str]:
        highlight = Highlight2HTML(parent=self)
        return functools.lru_cache(_CELLS)(lambda language, source: highlight(source, language))


@functools.cache
def _exporter() -> HTMLExporter:
    """One for the whole process: its templates are compiled once."""
    config = configuration().copy()
    converter = GenerateFeedback(config=config)
    converter.config.Exporter.default_preprocessors = []
    exporter = _Pages(config=converter.config)
    for step in converter.preprocessors:
        if step is not GetGrades:
            exporter.register_preprocessor(step)
    return exporter
