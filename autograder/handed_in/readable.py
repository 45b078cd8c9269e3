"""Bytes of any file as a notebook, or one sentence on why they are none.

A notebook may come in any encoding and any version of its format, with a stray comma, as a script that Jupyter, Colab or VS
Code exported (its cells are told by their marks, or by the exercise's own cells in it), or in an archive. Nothing is run.
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader import utils

from autograder.course.exercise import Exercise
from autograder.time_limit import TookTooLong, at_most

NOTEBOOK_BYTES = 16 << 20
"""Largest notebook that is read, its outputs left out where it has more. A student's weighs about 0.4 MB, most of it pictures."""
LARGEST = 128 << 20
"""Largest file of which outputs are taken out, to see what is left."""
MOST_CELLS = 1_000
"""Cells of a notebook that is read; the exercises have fewer than a hundred."""
_TOO_MANY = f"has more than {MOST_CELLS:,} cells, too many for a notebook of this course."
READING_SECONDS = 10.0
"""Longest time for reading one file; a student's takes a tenth of a second."""
_COMMAS = 100
"""Stray commas that are taken out of a file."""
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What nbformat takes for a cell's id."""
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


class NotANotebook(Exception):
    """There is no notebook in these bytes; the message ends a sentence that begins with the file's name."""


class TooSlow(NotANotebook):
    """Reading them takes too long, whichever exercise they are of."""


def read_notebook(data: bytes, exercise: Exercise | None = None) -> tuple[NotebookNode, str]:
    """A notebook of version 4, without outputs, and a sentence's end on what had to be done for it, if anything.

    Args:
        exercise: whose notebook it should be; scripts without marks can only be read with its help.

    Raises:
        NotANotebook: there is none in it, or it takes too long to be read; the message says what to do.
    """
    try:
        with at_most(READING_SECONDS):
            text = _text(data)
            start = text.lstrip()[:1]
            return _of_json(text) if start in ("{", "[") else _of_script(text, exercise)
    except TookTooLong:
        raise TooSlow(f"takes longer than {READING_SECONDS:g} s to be read, so it was left out. {NEEDED}") from None


_OUTPUTS = re.compile(rb'(?<!\\)"outputs"\s*:\s*\[')
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_MOST_TOKENS = 1_000_000


def without_outputs(data: bytes) -> bytes:
    """A notebook's JSON with nothing in its lists of outputs; it is not parsed, since what is parsed takes many times its size.

    What has more brackets and strings in its outputs than anybody's comes back as it is.
    """
    parts, place, tokens = [], 0, 0
    while found := _OUTPUTS.search(data, place):
        parts += [data[place : found.end()], b"]"]
        place, depth = found.end(), 1
        while depth:
            token = _TOKEN.search(data, place)
            tokens += 1
            if token is None or tokens > _MOST_TOKENS:
                return data
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0][:1], 0)
            place = token.end()
    return b"".join([*parts, data[place:]])


def is_script(data: bytes) -> bool:
    """Whether a text has marks of cells in it, or Colab's first lines."""
    text = data[:NOTEBOOK_BYTES].decode("utf-8", "replace")
    return any(mark.search(text) for mark in (_IN, _PERCENT, _HEADER, _COLAB)) or bool(
        _FENCE.search(text) and "check(" in text
    )


def is_json_notebook(data: bytes) -> bool:
    """Whether these bytes begin like a notebook's, in whatever encoding."""
    head = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"{") and any(key in data.replace(b"\0", b"") for key in (b'"cells"', b'"worksheets"'))


# --- what it is -----------------------------------------------------------------------------------------------------------

_BINARY = {
    b"%PDF": "a PDF",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"{\\rtf": "a text document (RTF)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a compressed file",
    b"SQLite format 3": "a database",
}
_LFS = "version https://git-lfs"
_OURS, _THEIRS = (re.compile(rf"^{mark}{{7}}(?: .*)?$", re.MULTILINE) for mark in "<>")
_WEB_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CONFLICT = (
    "holds git's conflict markers: two versions were merged and neither was chosen. The version that counts is needed."
)
NEEDED = "The .ipynb file itself is needed."


def _text(data: bytes) -> str:
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise NotANotebook(f"is empty: the upload or the download did not work. {NEEDED}")
    if data.startswith(b"PK") and (b"[Content_Types].xml" in data or data[30:38] == b"mimetype"):
        raise NotANotebook(f"is an Office document, which cannot be graded. {NEEDED}")
    for magic, kind in _BINARY.items():
        if data.startswith(magic):
            raise NotANotebook(f"is {kind}, which cannot be graded. {NEEDED}")
    try:
        text = data.decode(json.detect_encoding(data), "replace").lstrip("\ufeff")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    if text.startswith(_LFS):
        raise NotANotebook(
            f"is a pointer of git-lfs, not the file that it stands for (`git lfs pull` fetches it). {NEEDED}"
        )
    if text.lstrip().startswith("<") and _WEB_PAGE.search(text[:5000]):
        if "jp-Notebook" in text or "jp-Cell" in text or "nbconvert" in text:
            raise NotANotebook(f"is a notebook exported as a web page, which cannot be run. {NEEDED}")
        raise NotANotebook(f"is a web page, perhaps one that asks to log in. {NEEDED}")
    return text


def _in_conflict(text: str) -> bool:
    return bool(_OURS.search(text) and _THEIRS.search(text))


# --- JSON -----------------------------------------------------------------------------------------------------------------


def _of_json(text: str) -> tuple[NotebookNode, str]:
    document, commas = _document(text)
    if not isinstance(document, dict) or not any(isinstance(document.get(k), list) for k in ("cells", "worksheets")):
        raise NotANotebook(f"could not be read as a notebook: it is JSON of another kind. {NEEDED}")
    how = "had stray commas in its JSON, which were taken out" if commas else ""
    try:
        if "cells" not in document:
            sheets = [sheet["cells"] for sheet in document["worksheets"] if isinstance(sheet.get("cells"), list)]
            if sum(map(len, sheets)) > MOST_CELLS:
                raise NotANotebook(_TOO_MANY)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                document = nbformat.reads(json.dumps(document), as_version=4)
        if len(document["cells"]) > MOST_CELLS:
            raise NotANotebook(_TOO_MANY)
        cells = [_parse_cell(cell) for cell in document["cells"] if isinstance(cell, dict)]
        if any(cell.cell_type == "code" and _in_conflict(cell.source) for cell in cells):  # nbdime merges so
            raise NotANotebook(_CONFLICT)
        metadata = document.get("metadata")
        metadata = nbformat.from_dict(metadata) if isinstance(metadata, dict) else NotebookNode()
        return _notebook(cells, metadata), how
    except NotANotebook:
        raise
    except Exception as error:  # whatever a file may hold: it must not stop the class
        raise NotANotebook(f"could not be read as a notebook ({type(error).__name__}). {NEEDED}") from None


def _document(text: str) -> tuple[object, int]:
    """The JSON of a text, and how many stray commas were taken out of it."""
    commas = 0
    while True:
        try:
            document = json.loads(text, strict=False)
            again = json.dumps(document, ensure_ascii=False)
            if not again.isascii():  # an escape may stand for half a character, which no file can hold
                document = json.loads(again.encode("utf-8", "replace"))
            return document, commas
        except json.JSONDecodeError as error:
            if commas < _COMMAS and (stray := _stray_comma(text, error.pos)) is not None:
                text, commas = text[:stray] + text[stray + 1 :], commas + 1
                continue
            if _in_conflict(text):
                said = _CONFLICT
            elif error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip(" \t\r\n\0")) - 1:
                said = f"breaks off in the middle: it was cut short on its way. {NEEDED}"
            else:
                said = f"could not be read as a notebook: its JSON is damaged in line {error.lineno}. {NEEDED}"
            raise NotANotebook(said) from None
        except (RecursionError, ValueError) as error:
            raise NotANotebook(f"could not be read as a notebook ({type(error).__name__}). {NEEDED}") from None


def _stray_comma(text: str, place: int) -> int | None:
    """Where the comma before a closing bracket is at which reading stopped, if that was the reason."""
    near = max(0, place - 200)
    found = re.search(r",\s*\Z", text[near : place + (text[place : place + 1] == ",")])
    return near + found.start() if found and text[near + found.end() :].lstrip()[:1] in ("]", "}") else None


def _notebook(cells: list[NotebookNode], metadata: NotebookNode) -> NotebookNode:
    """Without nbformat's validation: the rest is mended later. Of two cells with one id the second has none."""
    seen: set[str] = set()
    for cell in cells:
        if cell.get("id") in seen:
            del cell["id"]
        seen.add(cell.get("id", ""))
    return NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)


_EMPTY = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def _parse_cell(cell: dict) -> NotebookNode:
    """What of a cell can be used: kind, text, metadata, id and pasted pictures, whatever their types may be."""
    source = cell.get("source")
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        between = "" if any(line.endswith("\n") for line in lines[:-1]) else "\n"  # some leave the ends out
        source = between.join(lines)
    fresh = _EMPTY.get(str(cell.get("cell_type")), new_markdown_cell)()
    fresh.source = source if isinstance(source, str) else ""
    fresh.metadata = nbformat.from_dict(cell["metadata"]) if isinstance(cell.get("metadata"), dict) else NotebookNode()
    fresh.pop("id")
    if isinstance(cell.get("id"), str) and CELL_ID.fullmatch(cell["id"]):
        fresh["id"] = cell["id"]
    if fresh.cell_type != "code" and isinstance(cell.get("attachments"), dict):
        fresh["attachments"] = {
            file: {kind: picture for kind, picture in pictures.items() if isinstance(picture, str)}
            for file, pictures in cell["attachments"].items()
            if isinstance(pictures, dict)
        }
    return fresh


# --- scripts --------------------------------------------------------------------------------------------------------------

_IN = re.compile(r"^# In ?\[[\d *]*\]:[ \t]*$", re.MULTILINE)
_PERCENT = re.compile(r"^# ?%%(?!\w)", re.MULTILINE)
_FENCE = re.compile(r"^```python[ \t]*$", re.MULTILINE)
_HEADER = re.compile(r"^# +jupytext:", re.MULTILINE)
_COLAB = re.compile(r"Automatically generated by Colab")
_DOCSTRING = re.compile(r'^r?("""|\'\'\')', re.MULTILINE)
_ITS_END = {quotes: re.compile(rf"{quotes}[ \t]*$", re.MULTILINE) for quotes in ('"""', "'''")}
_MAGIC = re.compile(r"^([ \t]*)get_ipython\(\)\.(run_line_magic|run_cell_magic|system|getoutput)(\(.*\))[ \t]*$", re.M)


def _of_script(text: str, exercise: Exercise | None) -> tuple[NotebookNode, str]:
    text = text.replace("\r\n", "\n")
    if _in_conflict(text):
        raise NotANotebook(_CONFLICT)
    marks = {mark: len(list(islice(mark.finditer(text), MOST_CELLS + 1))) for mark in (_IN, _PERCENT, _FENCE)}
    if max(marks.values()) > MOST_CELLS:
        raise NotANotebook(_TOO_MANY)
    if marks[_IN]:
        cells, how = _cells_of_jupyter(text), "Jupyter exported it as a script"
    elif marks[_PERCENT] or _HEADER.search(text[:2000]):
        cells, how = _cells_of_jupytext(text, "py"), "it is a script with cell marks"
    elif marks[_FENCE] and _has_checks(cells := _cells_of_jupytext(text, "md"), exercise):
        how = "it is a text with the cells in it"
    else:
        cells, how = _cells_between_ours(text, exercise), "it is a script without cell marks"
    if len(cells) > MOST_CELLS:
        raise NotANotebook(_TOO_MANY)
    for cell in cells:
        cell.pop("id", None)  # it was made by chance
    notebook = _notebook(cells, NotebookNode(kernelspec=NotebookNode(KERNELSPEC)))
    return notebook, f"is no notebook: {how}; its cells were found again"


def _cells_of_jupyter(text: str) -> list[NotebookNode]:
    """``jupyter nbconvert --to script``: a mark before each code cell; markdown as comments, two blank lines away."""
    head, *parts = _IN.split(text)
    cells = [new_markdown_cell(head.strip())]
    for part in parts:
        code, comments = _comments_below(part.strip("\n"))
        cells.append(new_code_cell(_with_magics(code)))
        if comments:
            cells.append(new_markdown_cell(re.sub(r"^# ?", "", comments, flags=re.MULTILINE)))
    return cells


def _comments_below(text: str) -> tuple[str, str]:
    """A cell's code, and the comments that two blank lines part from it if there is nothing else below them."""
    lines = text.split("\n")
    start = len(lines)
    while start and (not lines[start - 1].strip() or lines[start - 1].lstrip().startswith("#")):
        start -= 1
    code = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    for first in range(max(start, code + 1), len(lines) - 2):
        if not lines[first].strip() and not lines[first + 1].strip():
            return "\n".join(lines[:first]).strip("\n"), "\n".join(lines[first:]).strip()
    return text, ""


def _with_magics(code: str) -> str:
    """IPython's magics as they were typed, in place of the calls that an export makes of them."""

    def typed(match: re.Match) -> str:
        try:
            words = ast.literal_eval(match[3].removesuffix(")") + ",)")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return match[0]
        if match[2] == "run_line_magic":
            return f"{match[1]}%{' '.join(map(str, words)).strip()}"
        if match[2] == "run_cell_magic":
            return f"%%{' '.join(map(str, words[:2])).strip()}\n{words[-1]}"
        return f"{match[1]}!{words[0]}"

    return _MAGIC.sub(typed, code)


def _cells_of_jupytext(text: str, form: str) -> list[NotebookNode]:
    import jupytext  # it takes a while, and few files need it

    try:
        return [_parse_cell(cell) for cell in jupytext.reads(text, fmt=form).cells]
    except Exception as error:
        raise NotANotebook(
            f"could not be read as a script with cell marks ({type(error).__name__}). {NEEDED}"
        ) from None


def _has_checks(cells: list[NotebookNode], exercise: Exercise | None) -> bool:
    """Whether half of the exercise's graded cells are among these."""
    wanted = {exercise.released[cell.grade_id].strip() for cell in exercise.graded} if exercise else set()
    return 2 * len(wanted & {cell.source.strip() for cell in cells}) >= len(wanted)


def _cells_between_ours(text: str, exercise: Exercise | None) -> list[NotebookNode]:
    """A script whose cells have no marks, as Colab writes it: what stands between the exercise's own cells."""
    graded = {cell.grade_id for cell in exercise.graded} if exercise else set()
    ours = [cell.source for cell in exercise.notebook.cells if cell.cell_type == "markdown"] if exercise else []
    prose = ["# " + source.replace("\n", "\n# ") for source in ours]  # as nbconvert writes it
    cells: list[NotebookNode] = []
    seen, place = 0, 0
    for grade_id, source in exercise.trusted_cells.items() if exercise else ():
        if source.cell_type == "code" and not utils.is_solution(source):
            given = exercise.released[grade_id].strip()
            if (start := _find_lines(text, given, place)) is not None:
                cells += [*_cells_between_docstrings(text[place:start], prose), new_code_cell(given)]
                place, seen = start + len(given), seen + (grade_id in graded)
    if 2 * seen < len(graded) or not seen:
        raise NotANotebook(
            f"is neither a notebook nor an export with its cells marked, so nobody can tell them apart. {NEEDED}"
        )
    return cells + _cells_between_docstrings(text[place:], prose)


def _find_lines(text: str, lines: str, start: int) -> int | None:
    """Where these whole lines are in a text."""
    while (start := text.find(lines, start)) >= 0:
        end = start + len(lines)
        if text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n"):
            return start
        start = end
    return None


def _cells_between_docstrings(text: str, prose: Sequence[str]) -> list[NotebookNode]:
    """Code, and text in docstrings (Colab) or in comments that are known (``prose``)."""
    for known in prose:
        text = text.replace(known, "")
    cells, place = [], 0
    for start, end in [*islice(_docstrings(text), MOST_CELLS + 1), (len(text), len(text))]:
        if code := text[place:start].strip():
            cells.append(new_code_cell(code))
        if start < end:
            cells.append(new_markdown_cell(text[start:end].strip().strip("\"'").strip()))
            place = end
    return cells


def _docstrings(text: str) -> Iterator[tuple[int, int]]:
    """Where docstrings are that begin a line and end one; each text is looked through once for an end that is not there."""
    place, endless = 0, set()
    while found := _DOCSTRING.search(text, place):
        end = None if found[1] in endless else _ITS_END[found[1]].search(text, found.end())
        if end:
            yield found.start(), end.end()
        else:
            endless.add(found[1])
        place = (end or found).end()
