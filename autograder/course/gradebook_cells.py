"""An exercise's cells against those of the gradebook: once points hang on them, nbgrader takes no others."""

import re
from collections.abc import Sequence

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import listing

LISTED = 6
"""Cells that a sentence names; of more it says how many."""


def other_cells(name: str, source: NotebookNode, coursedir: CourseDirectory) -> str:
    """That an assignment's source has other cells than the gradebook, in which somebody has points for them, with the way on;
    nothing if it has not. To be asked before anything is written."""
    now = {
        "grade_cells": _named(source, utils.is_grade),
        "solution_cells": _named(source, utils.is_solution),
        "task_cells": _named(source, utils.is_task),
        "source_cells": _named(source, _is_known),
    }
    try:
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            notebook = gradebook.find_notebook(name, name)
            if not notebook.submissions:
                return ""
            before = {kind: {cell.name for cell in getattr(notebook, kind)} for kind in now}
    except (MissingEntry, SQLAlchemyError, ImportError):  # nothing there; or whoever opens it next says what is wrong
        return ""
    gone = sorted(set().union(*(before[kind] - now[kind] for kind in now)))
    new = sorted(set().union(*(now[kind] - before[kind] for kind in now)))
    if not gone and not new:
        return ""
    told = [f"{_listed(names)} {how}" for names, how in ((gone, "gone or of another kind"), (new, "new")) if names]
    return (
        f"{name}: the gradebook has submissions with the cells of before, and in source/{name} {' and '.join(told)}, which "
        "nbgrader does not take. Nothing was written. Give the cells their former grade_ids and kinds again. Or, if the exercise "
        f"is to change: copy gradebook.db to a safe place, `.venv/bin/nbgrader db assignment remove {name} --force` (points and "
        "comments that people gave for it go with it), then build and grade again."
    )


def _named(source: NotebookNode, wanted) -> set[str]:
    return {cell.metadata.nbgrader.grade_id for cell in source.cells if wanted(cell)}


def _is_known(cell: NotebookNode) -> bool:
    return utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell) or utils.is_task(cell)


def _listed(names: Sequence[str]) -> str:
    return f"{listing.cells(names, LISTED)} {'is' if len(names) == 1 else 'are'}"


def database_error(error: BaseException) -> str:
    """What a database says, in one line and without SQLAlchemy's appendix; and what to do, if it is an older nbgrader's."""
    said = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
    if re.search(r"no such (?:column|table)|(?:column|relation) .*does not exist|UndefinedColumn|UndefinedTable", said):
        said += ". It may be of an older nbgrader: copy it to a safe place, then `.venv/bin/nbgrader db upgrade`"
    return said
