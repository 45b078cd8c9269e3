"""A cell's text as plain Python, as IPython reads it: without magics, shell lines, prompts and an indent of all of it."""

import functools
import re
from collections.abc import Iterator, Sequence

LONGEST_CELL, MOST_LINES = 50_000, 1_000
"""Most characters and lines of one cell that are read as Python."""

_HELP = re.compile(r"\?{1,2}[\w.*]+|[\w.*]+\?{1,2}")
"""``?name`` and ``name?``, which show the help of a name."""

_CAPTURED = re.compile(r"[\w,\s]+=\s*[!%]\s*\w")
"""``files = !ls`` and ``times = %timeit -o ...``."""

_RUN_AS_IT_IS, _WRITES = ("%%time", "%%timeit", "%%capture", "%%prun"), ("%%writefile", "%%file")
"""Magics of a cell that run its body and change nothing of it, and those that write it to a file."""


def is_too_long(source: str) -> bool:
    """Whether a cell is longer than anybody writes one: to read it would only cost time and memory."""
    return len(source) > LONGEST_CELL or source.count("\n") + source.count("\r") > MOST_LINES


def plain_python(source: str) -> str:
    """The cell without magics and shell lines, each replaced by an empty statement on the same line; nothing if it is too
    long, or if a magic has all of it (``cell_magic``)."""
    if is_too_long(source):
        return ""
    lines = _without_prompts(source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    magic, first = _cell_magic(lines)
    if magic in _WRITES:
        return "\n" * first + _writes_file(lines[first], lines[first + 1 :])
    if magic and magic not in _RUN_AS_IT_IS:
        return ""
    if magic:
        lines[first] = ""
    belongs = False  # to the magic of the line before it
    for number in beginnings(lines):
        line, belonged = lines[number], belongs
        code = line.strip()
        is_magic = code.startswith(("%", "!")) or bool(_HELP.fullmatch(code) or _CAPTURED.match(line))
        belongs = (belonged or is_magic) and code.endswith("\\")
        if belonged or is_magic:
            run = re.match(r"%(time|prun)\s+(?=[^\s-])", code)
            begin = line[: len(line) - len(line.lstrip())]
            lines[number] = "" if belonged else begin + (code[run.end() :] if run else "pass")
    return "\n".join(lines)


_PROMPTS = (
    (re.compile(r"^(>>>|\.\.\.)( |$)"), re.compile(r"^>>>( |$)")),
    (re.compile(r"^(((\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?)"),) * 2,
)
"""Python's own prompts, and IPython's: in any line, and in the first."""


def _without_prompts(lines: Sequence[str]) -> list[str]:
    """What IPython takes for the lines of a cell: without the indent of its first, and without the prompts of a session that
    was pasted. Source: IPython.core.inputtransformer2 of Colab's 7.34; later releases dedent otherwise, and take prompts out of
    strings, so the verdict would depend on the one at hand."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    code = [*lines[first:]]
    indent = code[0][: len(code[0]) - len(code[0].lstrip(" \t"))]
    code = [line.removeprefix(indent) for line in code]
    for prompt, begins in _PROMPTS:
        if begins.match(code[0]) or (len(code) > 1 and prompt.match(code[1])):
            code = [prompt.sub("", line, count=1) for line in code]
    return [*lines[:first], *code]


def cell_magic(source: str) -> str:
    """The magic that has all of a cell, ``%%bash``, so that nothing in it is run as Python; empty if none has."""
    magic = _cell_magic(source.splitlines())[0]
    return magic if magic not in _RUN_AS_IT_IS + _WRITES else ""


def _cell_magic(lines: Sequence[str]) -> tuple[str, int]:
    """The magic in a cell's first line that is not blank, and that line's number."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    return (lines[first].split()[0], first) if lines and lines[first].startswith("%%") else ("", first)


def _writes_file(magic: str, body: Sequence[str]) -> str:
    """What ``%%writefile`` does, as one line of Python: the module can be imported afterwards, anew if it was before."""
    append, name = re.search(r"\s-(a|-append)\b", magic), magic.split()[-1].strip("\"'")
    mode, text = "a" if append else "w", "\n".join([*body, ""])
    return (
        f"with open({name!r}, {mode!r}, encoding='utf-8') as _file: _file.write({text!r}); "
        f"__import__('sys').modules.pop({name.removesuffix('.py')!r}, None); __import__('importlib').invalidate_caches()"
    )


def beginnings(lines: Sequence[str]) -> Iterator[int]:
    """The lines in which a statement may begin: not inside of brackets or of a string, nor continued from the line before.

    One pass, and no parser: what is no Python is told apart, too. A line that is changed meanwhile is read as it is then.
    """
    quote, depth, continued = "", 0, False
    for number in range(len(lines)):
        if not quote and not depth and not continued:
            yield number
        line, at, continued = lines[number], 0, False
        while found := (_in_string(quote) if quote else _OUTSIDE).search(line, at):
            piece, at = found.group(), found.end()
            if quote:
                quote = "" if piece == quote else quote
            elif piece == "#":
                break
            elif piece in "([{":
                depth += 1
            elif piece in ")]}":
                depth = max(0, depth - 1)
            elif piece == "\\":
                continued = True
            else:
                quote = piece
        if len(quote) == 1 and not line.endswith("\\"):
            quote = ""  # no Python


_OUTSIDE = re.compile(r"#|\"{3}|'{3}|[\"'()\[\]{}]|\\$")


@functools.cache
def _in_string(quote: str) -> re.Pattern[str]:
    return re.compile(rf"\\.|{quote}")
