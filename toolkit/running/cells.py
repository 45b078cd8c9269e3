"""A student's cells, taken apart for the judge: their statements, without those that use autograd.

Nothing is run here; all is read from the syntax tree.
"""

import ast
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from toolkit.running.autograd_words import OwnWords, autograd_uses, own_words
from toolkit.running.magics import is_too_long, plain_python
from toolkit.running.statements import (
    BLOCKS,
    bound_anew,
    first_line_of,
    inner_statements,
    looped_over,
    read,
    read_statements,
    text_of,
    written,
)

LONGEST_CODE, MOST_STATEMENTS = 200_000, 2_000
"""Most characters of all cells together; and most statements, those inside of loops and functions not counted: after each of
them the judge looks at what it did."""


@dataclass(frozen=True)
class StudentCell:
    """A code cell that a student may have written in: a solution cell (by its grade_id) or an extra one."""

    label: str
    source: str
    grade_id: str | None = None


@dataclass
class Screened:
    """A cell without its uses of autograd."""

    cell: StudentCell
    statements: list[str] = field(default_factory=list)
    """Source of each top-level statement, padded with empty lines so that line numbers stay true."""
    writes: list[set[str]] = field(default_factory=list)
    """Names that each statement binds or changes in place."""
    assigned: set[str] = field(default_factory=set)
    """Names that it binds anew by a plain assignment, whatever they were before."""
    nodes: list[ast.stmt] = field(default_factory=list)
    """The syntax tree of each of these statements."""
    autograd: dict[str, str] = field(default_factory=dict)
    """Gradients (variable names) whose statements ask autograd for them, and were left out; with the words that do."""
    words: set[str] = field(default_factory=set)
    """Every word in the cell that may mean autograd."""
    left_out: bool = False
    """Whether a statement was left out for such a word."""
    syntax_error: str = ""
    line: int | None = None

    @property
    def source(self) -> str:
        """The whole cell, lines where they were."""
        lines: list[str] = []
        for statement in self.statements:
            text = statement.split("\n")
            start = next((i for i, line in enumerate(text) if line.strip()), 0)
            lines += [""] * (start - len(lines))
            if start < len(lines):  # two statements on one line
                lines[-1] += "; " + text[start].strip()
                lines += text[start + 1 :]
            else:
                lines += text[start:]
        return "\n".join(lines)

    def bound(self) -> set[str]:
        """Every name that the cell writes."""
        return set().union(*self.writes) if self.writes else set()


def screen(cells: Iterable[StudentCell], gradients: Iterable[str], leave_out: bool = True) -> list[Screened]:
    """Take the cells apart and leave out each statement that uses autograd, or a value that came from it: it would raise
    where there is none, and stop a loop or a cell in which all else is an answer.

    Args:
        gradients: the variables of the network; ``d<name>`` is the gradient of each. A gradient that came from autograd
            costs its own points, so what is computed from it further on is not left out.
        leave_out: if not, all stays as it is written. The words alone do not tell whose method ``backward`` is; a run
            without autograd does.
    """
    names = {"d" + name: name for name in gradients}
    read_cells: list[tuple[Screened, str, list[ast.stmt]]] = []
    length = count = 0
    for cell in cells:
        length += len(cell.source)
        read_cell = None
        if length <= LONGEST_CODE and not is_too_long(cell.source):
            read_cell = _read_cell(cell)
            count += len(read_cell[2])
        if read_cell is None or count > MOST_STATEMENTS:
            too_long = Screened(cell, syntax_error="all this is too long for an answer, and was not read.")
            read_cell = too_long, "", []
        read_cells.append(read_cell)
    own = own_words((node for _, _, body in read_cells for node in body), frozenset(names.values()))
    tainted: dict[str, str] = {}
    for result, source, body in read_cells:
        _screen_cell(result, source, body, names, tainted, own if leave_out else None)
    return [result for result, _, _ in read_cells]


def _read_cell(cell: StudentCell) -> tuple[Screened, str, list[ast.stmt]]:
    """A cell, what of it is Python, and its statements."""
    source = plain_python(cell.source)
    result = Screened(cell)
    source, body, error = read_statements(source)
    if error:
        result.syntax_error = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
        result.line = getattr(error, "lineno", None)
    return result, source, body


def _screen_cell(
    result: Screened,
    source: str,
    body: list[ast.stmt],
    gradients: dict[str, str],
    tainted: dict[str, str],
    own: OwnWords | None,
) -> None:
    """Fill in what of a cell is run, and what of it uses autograd (nothing, if ``own`` is None)."""
    lines = source.split("\n")  # as Python counts them: splitlines() would also part them at a form feed

    def words_of(node: ast.stmt, bound: Set[str] = frozenset()) -> set[str]:
        if own is None:
            return set()
        used = set(autograd_uses(node, own))
        result.words |= used
        return used | {tainted[name] for name in (read(node) - looped_over(node) - bound) & tainted.keys()}

    def leave_out(node: ast.stmt, words: set[str]) -> None:
        word, result.left_out = ", ".join(sorted(words)), True
        for name in written(node):
            if name in gradients:
                result.autograd[gradients[name]] = word
            elif name not in gradients.values() or name in bound_anew(node):
                tainted[name] = word

    for node in body:
        words = words_of(node)
        if words and isinstance(node, BLOCKS):  # a loop or a block: only the statements in it that use autograd
            of_its_loops = looped_over(node)
            for siblings, place in inner_statements(node):
                inner = siblings[place]
                if inner_words := words_of(inner, of_its_loops):
                    leave_out(inner, inner_words)
                    _blank(lines, inner)
                    siblings[place] = ast.copy_location(ast.Pass(), inner)
            words = words_of(node)
        if words:
            leave_out(node, words)
            continue
        writes = written(node)
        if isinstance(node, ast.Assign):
            for name in bound_anew(node):
                result.assigned.add(name)
                tainted.pop(name, None)
                result.autograd.pop(gradients.get(name, ""), None)
        result.statements.append("\n" * (first_line_of(node) - 1) + text_of(lines, node))
        result.writes.append(writes)
        result.nodes.append(node)


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Put an empty statement in the place of a statement, on its first line, and move nothing else on that line."""
    first, last = first_line_of(node) - 1, (node.end_lineno or node.lineno) - 1
    text = lines[first].encode()
    width = (node.end_col_offset or 0) - node.col_offset if first == last else 1
    rest = text[node.end_col_offset :] if first == last else b""
    lines[first] = (text[: node.col_offset] + b"0".ljust(width) + rest).decode()
    lines[first + 1 : last + 1] = [""] * (last - first)
