"""A student's code in a page: coloured, cut to some of its lines, with one piece of it marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

LONGEST_CODE = 20_000
"""Characters of one cell that are shown."""
KINDS = {
    Comment: "c", Keyword: "k", Operator.Word: "k", String: "s", Number: "n", Name.Builtin: "b", Name.Function: "f",
}  # fmt: skip
"""CSS classes of what is coloured; pages name the colours."""
_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@dataclass(frozen=True)
class Span:
    """A piece of a cell's text. Lines count from 1, columns in characters from 0; the end is not part of it."""

    line: int
    column: int
    end_line: int
    end_column: int


def highlighted(source: str, lines: tuple[int, int] | None = None, mark: Span | None = None) -> Markup:
    """Code as HTML, to stand in a ``<pre>``.

    Args:
        lines: first and last line that are shown; all by default. Their common indentation goes.
        mark: the piece that is underlined.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    shown = source[:LONGEST_CODE]
    rows = [list(row) for row in _rows(shown)]
    first, last = lines or (1, len(rows))
    if lines:
        texts = shown.split("\n")[first - 1 : last]
        indent = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    else:
        indent = 0
    parts = [
        _row(row, number, mark, indent) for number, row in enumerate(rows[first - 1 : last], first)
    ]
    rest = f"\n... the rest, {len(source) - LONGEST_CODE} characters, is left out ..." if len(source) > LONGEST_CODE else ""
    return Markup("\n").join(parts) + (rest if lines is None else "")


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


def _kind(token: _TokenType) -> str:
    return next((name for known, name in KINDS.items() if token in known), "")


def _row(row: list[tuple[str, str]], number: int, mark: Span | None, indent: int) -> Markup:
    begin, end = _columns(number, mark)
    parts: list[Markup] = []
    column = 0
    for kind, text in row:
        cuts = sorted({0, len(text), *(min(max(at - column, 0), len(text)) for at in (begin, end, indent))})
        for left, right in zip(cuts, cuts[1:], strict=False):
            if column + right <= indent:
                continue
            piece = Markup('<span class="{}">{}</span>').format(kind, text[left:right]) if kind else escape(text[left:right])
            parts.append(Markup("<mark>{}</mark>").format(piece) if begin <= column + left < end else piece)
        column += len(text)
    return Markup("").join(parts)


def _columns(number: int, mark: Span | None) -> tuple[int, int]:
    """Where the marked piece begins and ends in a line; an empty range if it is not in it."""
    if mark is None or not mark.line <= number <= mark.end_line:
        return 0, 0
    return mark.column if number == mark.line else 0, mark.end_column if number == mark.end_line else 1 << 30


def sentence(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    pieces = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )
