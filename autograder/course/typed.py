"""What a person typed into a notebook, told from what a build wrote.

A build writes a digest of each cell's text into the notebook's metadata. A cell whose text has none was typed, whether in a
cell of its own or over one of the exercise's. So an exercise of an older release that nobody has touched can be replaced, and
one with a single answer in it cannot. Outputs, moved and deleted cells are nothing that was typed.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import listing

BUILT = "built"
"""Key of the notebook's metadata under which a build leaves its digests: of ``cells``, and of ``files`` beside the notebook."""
LISTED = 4
"""Cells that a sentence names; of more it says how many."""


class NoNotebook(Exception):
    """A file that cannot be read as a notebook; what is in it may be anybody's work."""


def read(path: Path) -> NotebookNode:
    """A notebook as it lies there, whatever its minor version.

    Raises:
        NoNotebook: it is none, or none any more.
    """
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except Exception as error:  # nbformat raises all sorts for what is no notebook
        raise NoNotebook(f"{path} cannot be read as a notebook ({type(error).__name__}).") from None


def digest(cell: NotebookNode) -> str:
    """Of a cell's kind, text and pasted pictures; blank lines around the text do not count."""
    text = "\n".join(cell.source.strip().splitlines())
    parts = [cell.cell_type, text, *([cell.attachments] if cell.get("attachments") else [])]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def sign(notebook: NotebookNode, files: dict[str, bytes] | None = None) -> None:
    """Leave the digests of all cells in the notebook, and of files that belong beside it."""
    notebook.metadata[BUILT] = {"cells": list(dict.fromkeys(digest(cell) for cell in notebook.cells))}
    if files:
        notebook.metadata[BUILT]["files"] = {name: digest_of_file(data) for name, data in sorted(files.items())}


def digest_of_file(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def signature(notebook: NotebookNode) -> tuple[str, ...]:
    """Digests of the cells that the build wrote: which release a notebook is of. Empty if no build says so."""
    built = notebook.metadata.get(BUILT)
    cells = built.get("cells") if isinstance(built, dict) else None
    return tuple(cell for cell in cells if isinstance(cell, str)) if isinstance(cells, list) else ()


def typed_cells(notebook: NotebookNode, known: Iterable[str] = ()) -> list[NotebookNode]:
    """The cells that a person wrote or changed; ``known`` are digests of more cells that a build writes."""
    built = {*signature(notebook), *known}
    return [
        cell
        for cell in notebook.cells
        if (cell.source.strip() or cell.get("attachments")) and digest(cell) not in built
    ]


def typed_in(path: Path, known: Iterable[str] = ()) -> str:
    """That a file holds what a person typed, as the end of a sentence; nothing if all of it is a build's.

    An empty file holds nothing; one that is no notebook (a merge's marks in it, cut off) may hold anything.
    """
    if not path.exists() or not path.read_bytes().strip():
        return ""
    try:
        cells = typed_cells(read(path), known)
    except NoNotebook:
        return "cannot be read as a notebook"
    return f"holds what somebody typed ({named(cells)})" if cells else ""


def named(cells: Sequence[NotebookNode]) -> str:
    """Cells in words: by grade_id, else by the beginning of their text."""
    return listing.cells(list(dict.fromkeys(_name(cell) for cell in cells)), LISTED)


def _name(cell: NotebookNode) -> str:
    meta = cell.metadata.get("nbgrader")
    found = meta.get("grade_id") if isinstance(meta, dict) else None
    line = (cell.source.strip() or "a picture").splitlines()[0]
    return str(found) if found else f'"{line[:30]}{"…" if len(line) > 30 else ""}"'
