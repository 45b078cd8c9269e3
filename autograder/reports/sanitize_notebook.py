"""Nothing in a graded notebook does anything in a reader's browser.

The formgrader page shows what students wrote and what their cells printed, in the instructor's browser and with the rights of
the instructor's Jupyter server; nbgrader's templates put most of it into the page as it is. A script there could change any
grade, and a picture is enough to run a file that was handed in: ``![](/formgrader/?path=...)`` loads the configuration of
another folder. So a graded notebook is written anew from what is known to be harmless:

- of outputs, plain text in its colours and PNG and JPEG pictures;
- of metadata, the course's own;
- of text cells, the course's own as they are, and a student's as ``sanitize.markdown`` makes them.
"""

import filecmp
import html
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.files import note
from autograder.handed_in.mend import NOTES
from autograder.handed_in.naming import printable
from autograder.handed_in.nbgrader_steps import exercise_of
from autograder.handed_in.timestamps import is_nbgraders
from autograder.judging.nbgrader_steps import summary
from autograder.reports.sanitize import (
    AS_GIVEN,
    LONGEST_MARKDOWN,
    LONGEST_TEXT,
    MARKDOWN_SECONDS,
    NO_TEXT,
    markdown,
    picture,
    plain,
    typed,
)
from autograder.reports.tex import typed_out

MOST_OUTPUTS = 100
"""Outputs of one cell; the last ones are kept, since the judge's come last."""
MOST_LINES = 2_000
"""Lines of a traceback."""
MOST_MARKDOWN, MOST_SECONDS = 10 * LONGEST_MARKDOWN, 4 * MARKDOWN_SECONDS
"""Characters that are rendered in one notebook, and how long that may take; what is left then is shown as it was typed."""


class Defuse(NbGraderPreprocessor):
    """Writes a submission anew, so that showing it does nothing but show it. Twice does no harm."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        return defused(nb, exercise_of(self, resources).notebook), resources


class EscapeNames(NbGraderPreprocessor):
    """Names of students as text: the formgrader's page would take a folder's name in ``submitted/`` for HTML, or for TeX."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        for key in ("student", "first_name", "last_name"):
            if resources.get(key):
                resources[key] = html.escape(typed_out(printable(resources[key])))
        if resources.get("notebook_path"):  # an address, and no text
            resources["notebook_path"] = html.escape(resources["notebook_path"])
        return nb, resources


def defused(notebook: NotebookNode, source: NotebookNode) -> NotebookNode:
    """A mended notebook with nothing in it that a page could run, load or link to.

    Sources of code cells stay as they are. nbgrader's metadata is taken for the course's own, as ``mend`` leaves it.
    """
    known = {cell.source: cell for cell in source.cells if cell.cell_type == "markdown"}
    given = {cell.source for cell in source.cells if cell.cell_type == "code" and not utils.is_solution(cell)}
    cells: list[NotebookNode] = []
    seen: set[str] = set()
    room, seconds = MOST_MARKDOWN, MOST_SECONDS
    notes = _plain_throughout(notebook.metadata.get(NOTES, {}))
    said = {text: markdown(text, mark="") for text in _summaries(notebook.metadata.get(NOTES, {}), notes)}
    said |= {page: page for page in said.values()}  # twice does no harm
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            fresh = _code(cell)
        elif cell.cell_type == "markdown" and cell.source in known:
            fresh = _ours(known[cell.source])
        elif cell.cell_type == "markdown" and cell.source in said:
            fresh = _text(said[cell.source])
        elif cell.cell_type == "markdown":
            longest, before = min(room, LONGEST_MARKDOWN), time.process_time()
            fresh = _text(
                markdown(cell.source, cell.get("attachments"), longest, seconds=min(seconds, MARKDOWN_SECONDS))
            )
            room, seconds = room - len(cell.source), seconds - (time.process_time() - before)
        else:
            fresh = _text(typed(cell.source))
        owned = bool(cell.metadata.get("nbgrader"))
        kept = ("nbgrader", "tags", "deletable", "editable") if owned else ()
        fresh.metadata = NotebookNode({key: cell.metadata[key] for key in kept if key in cell.metadata})
        if not owned and cell.cell_type == "code" and cell.source in given:
            fresh.metadata["tags"] = [AS_GIVEN]
        name = cell.get("id")
        fresh.id = name if isinstance(name, str) and re.fullmatch(r"[\w-]{1,64}", name, re.ASCII) else f"cell-{number}"
        while fresh.id in seen:
            fresh.id = f"again-{number}-{len(seen)}"
        seen.add(fresh.id)
        cells.append(fresh)
    metadata = {
        "kernelspec": source.metadata.get("kernelspec", {}),
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        NOTES: notes,
    }
    return NotebookNode(nbformat=4, nbformat_minor=5, cells=cells, metadata=from_dict(metadata))


def leave_out_files(assignment: str, student: str, notebooks: list[str]) -> None:
    """Take out of ``autograded/`` what was handed in or written beside the notebook; called after each submission.

    The formgrader serves such a file as it is, and the feedback carries it on. The course's own files stay, and are noted as
    such for ``make grade``.
    """
    assignment, student = (part.name for part in list(Path(notebooks[0]).parents)[:2])  # those given may be patterns
    folder = Path("autograded", student, assignment)
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder)
        original = Path("source", assignment, name)
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not (
            name == Path(f"{assignment}.ipynb")
            or (not path.is_symlink() and is_nbgraders(name.as_posix(), path.read_bytes()))
            or (original.is_file() and not path.is_symlink() and filecmp.cmp(path, original, shallow=False))
        ):
            path.unlink()
    note(folder, [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()])


def _summaries(*notes: Mapping[str, Any]) -> set[str]:
    """The judge's first cell, by what it was made from: whoever has a cell of the same text says the same."""
    return {summary(dict(one)).source for one in notes if "verdicts" in one}


def _ours(cell: NotebookNode) -> NotebookNode:
    return _text(cell.source, **{key: cell[key] for key in ("attachments",) if key in cell})


def _text(source: str, **more: object) -> NotebookNode:
    return NotebookNode(cell_type="markdown", source=source, **more)


def _code(cell: NotebookNode) -> NotebookNode:
    count = cell.get("execution_count")
    outputs = filter(None, map(_output, cell.get("outputs", [])[-MOST_OUTPUTS:]))
    return NotebookNode(
        cell_type="code",
        source=NO_TEXT.sub("\ufffd", cell.source),
        execution_count=count if type(count) is int else None,
        outputs=list(outputs),
    )


def _output(output: NotebookNode) -> NotebookNode | None:
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return NotebookNode(output_type="stream", name=name, text=plain(output.get("text", "")))
        case "error":
            lines = _last([plain(line) for line in output.get("traceback", [])[-MOST_LINES:]])
            names = {key: plain(output.get(key, "")) for key in ("ename", "evalue")}
            return NotebookNode(output_type="error", **names, traceback=lines)
        case "display_data" | "execute_result" as kind:
            data, metadata = _bundle(output.get("data", {}), output.get("metadata", {}))
            count = output.get("execution_count")
            number = {"execution_count": count if type(count) is int else None} if kind == "execute_result" else {}
            return from_dict({"output_type": kind, "data": data, "metadata": metadata, **number}) if data else None
    return None


def _last(lines: list[str]) -> list[str]:
    """The last lines of a traceback, as many as one output may have characters: what was raised stands at the end."""
    room = LONGEST_TEXT
    for number, line in enumerate(reversed(lines)):
        room -= len(line)
        if room < 0:
            return ["... what comes before is left out ...", *lines[len(lines) - number :]]
    return lines


def _bundle(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> tuple[dict, dict]:
    kept: dict[str, str] = {}
    sizes: dict[str, dict[str, int]] = {}
    for kind, value in data.items():
        if found := picture(kind, value):
            kept[kind] = found
            given = metadata.get(kind)
            given = given if isinstance(given, Mapping) else {}
            sizes[kind] = {side: given[side] for side in ("width", "height") if type(given.get(side)) is int}
        elif kind == "text/plain":
            kept[kind] = plain(value)
    return kept, {kind: size for kind, size in sizes.items() if size}


def _plain_throughout(value: Any) -> Any:
    """Notes of the judge and of ``mend``, which quote students."""
    if isinstance(value, Mapping):
        return {plain(key): _plain_throughout(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain_throughout(inner) for inner in value]
    return plain(value) if isinstance(value, str) else value
