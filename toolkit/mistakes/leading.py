"""Which of a student's statements lead to a gradient: from the one that completes it back to where other gradients begin.

Gradients that are judged by themselves are given here, as forward variables are: what was computed before them is another
question. (A backward slice; M. Weiser, Program Slicing, ICSE 1981.)
"""

import ast
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from toolkit.running.statements import bound_anew, read, written


@dataclass(frozen=True)
class Statement:
    """One top-level statement of a cell, or of the body of a loop."""

    text: str
    """Without the lines before it, and without indentation."""
    label: str
    """Name of the cell."""
    line: int
    """Its first line in the cell."""
    indent: int = 0
    """By how many columns it is moved to the left."""


@dataclass(frozen=True)
class Lead:
    """The statements that lead to a gradient."""

    name: str
    """The variable whose gradient it is."""
    statements: tuple[Statement, ...]
    reads: frozenset[str]
    """All names that they read."""
    early: frozenset[str] = frozenset()
    """Gradients that they read before these are complete."""

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(statement.text for statement in self.statements)


def statement(source: str, label: str) -> Statement:
    """A statement as the judge runs it: padded with empty lines, so that its lines are the cell's."""
    text = source.lstrip("\n")
    return Statement(text, label, 1 + len(source) - len(text))


def inside_loop(
    sources: Sequence[tuple[str, str]],
    find: Callable[[Sequence[ast.stmt]], ast.For | ast.While | None],
    gradients: Collection[str],
) -> list[Statement]:
    """The statements of a training loop's body, after all that stands before the loop; but gradients begin in it.

    Args:
        sources: text and name of each cell.
        find: finds the loop among the statements of a cell.
    """
    found: list[Statement] = []
    for text, label in sources:
        body = ast.parse(text).body
        loop = find(body)
        for node in body:
            holds = loop is not None and any(part is loop for part in ast.walk(node))
            if not holds and written(node) & {*gradients}:
                continue
            for inner in loop.body if holds else [node]:
                lines = ast.get_source_segment(text, inner).split("\n")
                dedented = "\n".join([lines[0], *(_dedented(line, inner.col_offset) for line in lines[1:])])
                found.append(Statement(dedented, label, inner.lineno, inner.col_offset))
    return found


def _dedented(line: str, columns: int) -> str:
    return line[columns:] if not line[:columns].strip() else line.lstrip()


def leading_to(
    name: str,
    statements: Sequence[Statement],
    gradients: Collection[str],
    values: Collection[str],
    rebound: bool = True,
) -> Lead | None:
    """The statements that lead to the gradient of a variable; None if none binds it, or one of them is no Python.

    Args:
        statements: all of the student's, in order.
        gradients: names that are given where they are read (``dh``), but for the gradient's own.
        values: forward variables.
        rebound: whether these are the student's own where a statement of the same cell has bound them anew; else they are given.
    """
    own = "d" + name
    try:
        trees = [ast.parse(one.text) for one in statements]
    except SyntaxError:
        return None
    writes = [written(tree) for tree in trees]
    ends = [i for i, names in enumerate(writes) if own in names]
    if not ends:
        return None
    given = {*gradients} - {own}
    inside: set[str] = set()
    """Names that the student's own functions read: they count from where these are called, not where they stand."""
    while True:
        needed, chosen, reads, called = {own, *inside}, [], set[str](), set[str]()
        for number in range(ends[-1], -1, -1):
            tree = trees[number]
            if not writes[number] & needed:
                continue
            chosen.append(number)
            seen = read(tree)
            reads |= seen
            wanted = {
                n
                for n in seen
                if n not in given and (n not in values or (rebound and _rebound(n, number, statements, writes)))
            }
            if isinstance(tree.body[0], ast.FunctionDef):
                called |= wanted
            anew = bound_anew(tree) if isinstance(tree.body[0], ast.Assign) else set()
            needed = {n for n in needed if n == own or n not in anew} | wanted
        if called <= inside:
            break
        inside |= called
    chosen.reverse()
    early = {
        n
        for n in given & reads
        if any(n in writes[i] for i in range(ends[-1] + 1, len(statements)))
        or any(n in writes[i] and i > j and n in read(trees[j]) for j in chosen for i in range(j + 1, len(statements)))
    }
    return Lead(name, tuple(statements[i] for i in chosen), frozenset(reads), frozenset(early))


def _rebound(name: str, number: int, statements: Sequence[Statement], writes: Sequence[set[str]]) -> bool:
    label = statements[number].label
    return any(name in writes[i] for i in range(number) if statements[i].label == label)
