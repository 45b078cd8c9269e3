"""Pages as steps of nbgrader's own pipeline: what is shown otherwise than nbgrader would."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbgrader
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.handed_in.mend import NOTES
from autograder.reports.mathematics import with_mathematics
from autograder.reports.page import QUESTION
from autograder.reports.sanitize import MOST_CODE, is_long_code

NBGRADERS = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
TEMPLATES = Path(__file__).resolve().parent / "templates" / "formgrader"


def formgrader_templates() -> list[str]:
    """Where the formgrader's pages look for templates: ours before nbgrader's and nbconvert's, so that nothing is loaded."""
    theirs = HTMLExporter(template_name="formgrade", extra_template_basedirs=[str(NBGRADERS)])
    return [str(TEMPLATES), *theirs.template_paths]


@pass_context
def text(context: Context, source: str) -> str:
    """A text cell on the formgrader's pages: as nbconvert has it, its pictures in it, and its formulas as MathML."""
    renderer = IPythonRenderer(escape=False, attachments=context.get("cell", {}).get("attachments", {}))
    return with_mathematics(MarkdownWithMath(renderer=renderer).render(source))


class FoldSetup(NbGraderPreprocessor):
    """Shortens the setup cell on the formgrader's pages to its first line."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = cell.source.split("\n")[0] + "\n# (the course's tools)"
        return cell, resources


class PlainCode(NbGraderPreprocessor):
    """Has code that would take long to highlight shown plain, by the metadata that nbconvert takes the cell's language from.

    Of all cells together no more is highlighted than a notebook of this course may hold.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        room = MOST_CODE
        for cell in nb.cells:
            if cell.cell_type == "code":
                room -= len(cell.source)
                if room < 0 or is_long_code(cell.source):
                    cell.metadata["magics_language"] = "text"
        return nb, resources


class ShowOpenScores(NbGraderPreprocessor):
    """On a feedback page ``?`` in place of 0 for points that a human has still to give."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        shown = resources.get("nbgrader", {})
        if "unreadable" in nb.metadata.get(NOTES, {}) and "score" in shown and _is_open(shown):
            shown["score"] = QUESTION
            for cell in filter(utils.is_grade, nb.cells):
                cell.metadata.nbgrader["score"] = QUESTION
        return nb, resources


def _is_open(shown: Mapping[str, Any]) -> bool:
    """Whether a submission has points that only a human can give: told by the grader, else asked of the gradebook."""
    if "open" in shown:
        return bool(shown["open"])
    with Gradebook(shown["db_url"]) as gradebook:
        names = (shown[key] for key in ("notebook", "assignment", "student"))
        grades = gradebook.find_submission_notebook(*names).grades
        return any(grade.auto_score is None and grade.manual_score is None for grade in grades)
