"""``make demo``: grade a small made-up class in a folder of its own, demo/, and leave the instructor's work alone.

The class is in tests/submissions/class/: a folder a student, a text file an assignment, which says how the answers differ
from the solution (or from the blank exercise).
"""

import json
import os
import random
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder import untouched
from autograder.classroom.grade import grade
from autograder.classroom.overview import write_report
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE, without_markers
from autograder.sandbox import bubblewrap

CLASS = COURSE / "tests" / "submissions" / "class"


def make_class(course: Path) -> None:
    """Write ``submitted/`` of a course folder from the bundled class."""
    for path in sorted(CLASS.glob("*/*.py")):
        folder = course / "submitted" / path.parent.name / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        directives, edits = read_answers(path.read_text(encoding="utf-8"))
        if "no notebook" not in directives:
            released = nbformat.read(course / "exercises" / path.stem / f"{path.stem}.ipynb", as_version=4)
            source = nbformat.read(course / "source" / path.stem / f"{path.stem}.ipynb", as_version=4)
            notebook = answered(released, source, edits, start=directives.get("start", "solution"))
            if directives.get("saved by") == "colab":
                as_colab_saves(notebook)
            # json, since nbformat mends on writing what Colab leaves broken
            (folder / f"{path.stem}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")


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


def main() -> int:
    """``python -m autograder demo``; returns the exit status."""
    os.environ.pop("GRADEBOOK_DB", None)  # the made-up class has a gradebook of its own
    demo = COURSE / "demo"
    try:
        if said := untouched.make_room(demo):
            print(said)
    except untouched.NotOurs as error:
        print(error)
        return 2
    untouched.begin(demo)
    if bubblewrap.wanted() and bubblewrap.obstacle():
        print(
            f"Warning: {bubblewrap.obstacle()}\nThe class of this demonstration is part of the course, so it goes on without.",
            flush=True,
        )
        os.environ["SANDBOX"] = "off"
    copy_sources(COURSE, demo)
    build(demo, execute=False)
    make_class(demo)
    print(f"grading a class of {len(list((demo / 'submitted').iterdir()))} in demo/ ...", flush=True)
    report = grade(demo, assignments(demo))
    write_report(demo)
    untouched.finish(demo)
    pages = sorted((demo / "feedback").glob("*/*/*.html"))
    if pages:
        print(f"Open {pages[0].relative_to(COURSE)} in a browser to see what a student gets,")
        print("and demo/report/index.html to see what you get: what to teach again.")
    return 0 if report.rows else 1
