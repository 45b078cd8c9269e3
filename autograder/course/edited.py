"""Whether a source notebook was edited in Jupyter since it was built from its text.

What counts is what the text would say: cells, their order, tags, points and ids; and pictures, which it cannot hold. Outputs do
not.
"""

import copy
import hashlib
import json
from pathlib import Path

import jupytext
from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.published import TAG
from autograder.course.release import without_passing
from autograder.course.typed import BUILT, NoNotebook, read

BEGIN = 'sys.modules["toolkit.check"].begin('
"""With this the setup cell tells the toolkit which exercise this is, and which cells are the course's own."""
GOES_ON = "raises-exception"
"""Tag that the build gives to answers and checks: Run All goes on, whatever they raise."""
_FIRST_CELL = "# %%"


def has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def as_text(notebook: NotebookNode, setup: str = "") -> str:
    """The cells of a source notebook as py:percent text, from the first mark of a cell on.

    Args:
        setup: stands in place of the toolkit in the setup cell.
    """
    plain = copy.deepcopy(notebook)
    plain.cells = [
        without_passing(cell) for cell in plain.cells if not (has_tag(cell, "instructor") or has_tag(cell, TAG))
    ]
    for cell in plain.cells:
        cell.pop("outputs", None)
        if has_tag(cell, "setup"):
            cell.source = setup
        if has_tag(cell, "setup") or has_tag(cell, "fold"):  # what the build adds is no part of the text
            for key in ("cellView", "jupyter", "_kg_hide-input"):
                cell.metadata.pop(key, None)
        if (utils.is_solution(cell) or utils.is_grade(cell)) and has_tag(cell, GOES_ON):
            cell.metadata.tags = [tag for tag in cell.metadata.tags if tag != GOES_ON]
            if not cell.metadata.tags:
                del cell.metadata["tags"]
        cell.metadata = NotebookNode(sorted(cell.metadata.items(), key=lambda item: (item[0] != "tags", item[0])))
        if isinstance(cell.metadata.get("nbgrader"), dict):
            cell.metadata.nbgrader = NotebookNode(sorted(cell.metadata.nbgrader.items()))
    text = jupytext.writes(plain, fmt="py:percent")
    return text[text.index(_FIRST_CELL) :] if _FIRST_CELL in text else ""


def header(text: str) -> str:
    """What stands before the first cell of a text source."""
    return text[: text.index(_FIRST_CELL)] if _FIRST_CELL in text else ""


def made_cells(notebook: NotebookNode) -> list[str]:
    """The texts of the cells that the build makes itself: setup (but for what it says of the other cells) and instructor."""
    made = (cell for cell in notebook.cells if any(has_tag(cell, tag) for tag in ("setup", "instructor", TAG)))
    return [cell.source.partition(BEGIN)[0] for cell in made]


def pictures(notebook: NotebookNode) -> list[str]:
    """Of each cell into which a picture was pasted, all of them: a text source holds none."""
    return [json.dumps(cell.attachments, sort_keys=True) for cell in notebook.cells if cell.get("attachments")]


def state(notebook: NotebookNode) -> str:
    return _digest("\0".join([as_text(notebook), *made_cells(notebook), *pictures(notebook)]))


def sign_source(notebook: NotebookNode, text: str) -> None:
    """Leave in a source notebook what it is and what text it was built from."""
    notebook.metadata[BUILT] = {"notebook": state(notebook), "text": _digest(text)}


def is_edited(path: Path, fresh: NotebookNode) -> bool:
    """Whether a source notebook holds anything but what this or an earlier build wrote.

    Args:
        fresh: the notebook that the text gives now.

    Raises:
        NoNotebook: the file cannot be read.
    """
    there = read(path)
    now = state(there)
    return now not in (_signed(there).get("notebook"), state(fresh))


def is_signed(path: Path) -> bool:
    """Whether a build has left in a notebook what it wrote; earlier versions did not."""
    try:
        return bool(_signed(read(path)))
    except NoNotebook:
        return False


def text_has_changed(notebook: NotebookNode, text: str) -> bool:
    """Whether the text source is another than the one that a source notebook was built from."""
    return _signed(notebook).get("text") != _digest(text)


def _signed(notebook: NotebookNode) -> dict:
    built = notebook.metadata.get(BUILT)
    return built if isinstance(built, dict) else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
