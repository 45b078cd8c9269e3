"""An exercise with answers in it, as somebody hands it in: made from the exercise, its solution and a text of what differs.

The made-up class, the bank of answers, authors' own mistakes and the benchmark are kept as such texts.
"""

import random

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.exercise import without_markers


def read_answers(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """A text file of answers: directives (``# start: blank``) before the first ``# cell: <grade_id>``, then cells.

    Returns:
        Directives and cell sources by name; what a directive says more than once is a line each.
    """
    directives: dict[str, list[str]] = {}
    cells: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in text.split("\n"):
        if line.startswith("# cell: "):
            current = cells.setdefault(line.removeprefix("# cell: ").strip(), [])
        elif current is not None:
            current.append(line)
        elif line.startswith("# ") and ": " in line:
            key, value = line.removeprefix("# ").split(": ", 1)
            directives.setdefault(key, []).append(value.strip())
    sources = {name: "\n".join(lines).strip() for name, lines in cells.items()}
    return {key: "\n".join(values) for key, values in directives.items()}, sources


def answered(
    released: NotebookNode, source: NotebookNode, edits: dict[str, str], start: str = "solution"
) -> NotebookNode:
    """The released notebook with solution cells filled in: from ``edits``, else from the solution or left blank."""
    solutions = {c.metadata.nbgrader.grade_id: without_markers(c.source) for c in source.cells if utils.is_solution(c)}
    unknown = edits.keys() - solutions.keys()
    if unknown:
        raise ValueError(f"No solution cell is called {', '.join(sorted(unknown))}.")
    for cell in released.cells:
        if utils.is_solution(cell):
            grade_id = cell.metadata.nbgrader.grade_id
            if grade_id in edits:
                cell.source = edits[grade_id]
            elif start == "solution":
                cell.source = solutions[grade_id]
    return released


def as_colab_saves(notebook: NotebookNode) -> None:
    """What Colab does to a notebook when it saves it: metadata of its own, new ids in outputs, a badge cell without an id."""
    chooser = random.Random(0)
    notebook.metadata["colab"] = {"provenance": [], "toc_visible": True}
    for cell in notebook.cells:
        cell.metadata["id"] = "".join(chooser.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12))
        if cell.cell_type == "code":
            cell.metadata["outputId"] = "".join(chooser.choices("0123456789abcdef-", k=36))
            cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}
    badge = nbformat.v4.new_markdown_cell("[Open in Colab](#)", metadata={"id": "view-in-github", "colab_type": "text"})
    notebook.cells.insert(0, badge)
    for cell in notebook.cells:
        cell.pop("id", None)
    notebook.nbformat_minor = 0
