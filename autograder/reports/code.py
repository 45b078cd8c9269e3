"""A student's code in a page: coloured, cut to some of its lines, with one piece of it marked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from autograder.reports.sanitize import is_long_code

LONGEST_SHOWN = 20_000
"""Characters of one cell that are shown."""
KINDS = {
    Comment: "c", Keyword: "k", Operator.Word: "k", String: "s", Number: "n", Name.Builtin: "b", Name.Function: "f",
}  # fmt: skip
"""CSS classes of what is coloured; pages name the colours."""
_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@dataclass(frozen=True)
class Span:
    """A piece of one line of a cell. Lines count from 1, columns in characters from 0; the end is not part of it."""

    line: int
    start: int
    end: int


def highlighted(
    source: str, lines: tuple[int, int] | None = None, marks: Sequence[Span] = (), plain: bool = False
) -> Markup:
    """Code as HTML, to stand in a ``<pre>``.

    Args:
        lines: first and last line that are shown; all by default. Their common indentation goes.
        marks: pieces that are underlined.
        plain: whether to leave the colours out; what would take long to colour is plain in any case.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    shown = source[:LONGEST_SHOWN]
    rows = [[("", text)] for text in shown.split("\n")] if plain or is_long_code(shown) else list(_rows(shown))
    first, last = lines or (1, len(rows))
    indent = 0
    if lines:
        texts = shown.split("\n")[first - 1 : last]
        indent = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    parts = [_row(row, number, marks, indent) for number, row in enumerate(rows[first - 1 : last], first)]
    if lines is None and len(source) > LONGEST_SHOWN:
        parts.append(escape(f"... the rest, {len(source) - LONGEST_SHOWN} characters, is left out ..."))
    return Markup("\n").join(parts)


def _rows(source: str) -> Iterator[list[tuple[str, str]]]:
    """Tokens of each line: CSS class and text."""
    row: list[tuple[str, str]] = []
    for kind, text in _LEXER.get_tokens(source):
        for number, part in enumerate(text.split("\n")):
            if number:
                yield row
                row = []
            if part:
                row.append((_kind(kind), part))
    yield row


def _kind(token: Any) -> str:
    return next((name for known, name in KINDS.items() if token in known), "")


def _row(row: list[tuple[str, str]], number: int, marks: Sequence[Span], indent: int) -> Markup:
    marked = [span for span in marks if span.line == number]
    parts: list[Markup] = []
    column = 0
    for kind, text in row:
        inside = (at - column for at in (indent, *(edge for span in marked for edge in (span.start, span.end))))
        cuts = sorted({0, len(text), *(at for at in inside if 0 < at < len(text))})
        for left, right in pairwise(cuts):
            if column + right <= indent:
                continue
            piece = (
                Markup('<span class="{}">{}</span>').format(kind, text[left:right])
                if kind
                else escape(text[left:right])
            )
            under = any(span.start <= column + left < span.end for span in marked)
            parts.append(Markup("<mark>{}</mark>").format(piece) if under else piece)
        column += len(text)
    return Markup("").join(parts).replace(Markup("</mark><mark>"), Markup(""))


def sentence(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    pieces = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )
