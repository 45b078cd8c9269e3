"""The statements of a cell, and the names that each reads, binds or changes. All is read from the syntax tree."""

import ast
import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from toolkit.running.magics import beginnings, is_too_long, plain_python

LONGEST_NUMBER = 10_000
"""Most bits of a whole number."""

MOST_NESTED, MOST_TRIED = 400, 3
"""How deep an expression may go, and how many statements before a line that is no Python may be to blame for it."""

BLOCKS = (ast.For, ast.While, ast.With, ast.If, ast.Try)


def read_statements(source: str) -> tuple[str, list[ast.stmt], Exception | None]:
    """The top-level statements of a cell, up to what is no Python; their text; and what is wrong there, if anything is."""
    try:
        return source, _statements(source), None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return *_before(source, getattr(error, "lineno", None)), error


def _statements(source: str) -> list[ast.stmt]:
    """The top-level statements of a cell.

    Raises:
        SyntaxError: it is no Python; ``ValueError``, ``RecursionError`` and ``MemoryError`` mean the same of odder cells.
    """
    tree = ast.parse(source)
    if _depth(tree) > MOST_NESTED:  # what can be parsed here could fail where the stack is deeper
        raise RecursionError("it is nested too deeply")
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    if any(isinstance(value, int) and value.bit_length() > LONGEST_NUMBER for value in values):
        raise ValueError("a number in it has too many digits")  # in hexadecimal: Python could not write it in decimal
    return tree.body


def _before(source: str, line: int | None) -> tuple[str, list[ast.stmt]]:
    """The statements of a cell that come before a line which is no Python, as far as they can be read, and their text."""
    lines = source.split("\n")
    begin = [number for number in beginnings(lines) if number < (line or 1) and lines[number][:1].strip()]
    for end in [begin.pop() for _ in range(min(MOST_TRIED, len(begin)))]:
        text = "\n".join(lines[:end])
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return text, _statements(text)
    return "", []


def _depth(tree: ast.AST) -> int:
    """How many levels a syntax tree has."""
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def inner_statements(node: ast.stmt | ast.ExceptHandler) -> Iterator[tuple[list[ast.stmt], int]]:
    """Statements inside of a loop or a block, each as a list and a place in it, and each after those inside of itself; a function
    definition counts as one."""
    for field_name in ("body", "orelse", "finalbody", "handlers"):
        siblings = getattr(node, field_name, [])
        for place, inner in enumerate(siblings):
            if isinstance(inner, (*BLOCKS, ast.ExceptHandler)):
                yield from inner_statements(inner)
            if not isinstance(inner, ast.ExceptHandler):
                yield siblings, place


def looped_over(node: ast.AST) -> set[str]:
    """Names that a statement's own loops bind: what it reads under them is not what an earlier cell left there."""
    loops = (part.target for part in ast.walk(node) if isinstance(part, ast.For | ast.comprehension))
    return set().union(*map(bound_anew, loops), set())


def first_line_of(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def text_of(lines: list[str], node: ast.stmt) -> str:
    """A statement's own source; columns count in UTF-8 bytes."""
    first, last = first_line_of(node), node.end_lineno
    part = lines[first - 1 : last]
    part[-1] = part[-1].encode()[: node.end_col_offset].decode()
    if first == node.lineno:
        part[0] = part[0].encode()[node.col_offset :].decode()
    return "\n".join(part)


def written(node: ast.AST) -> set[str]:
    """Names that a statement binds, stores into by index or attribute, or changes by a method ending in ``_``."""
    names: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                names |= base_of(part)
            case ast.Call(func=ast.Attribute(attr=method) as call) if method.endswith("_") and not method.startswith(
                "_"
            ):
                names |= base_of(call)
            case ast.Call(keywords=keywords):
                names |= set().union(*(base_of(k.value) for k in keywords if k.arg == "out"), set())
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {(a.asname or a.name).split(".")[0] for a in aliases}
    return names


def read(node: ast.AST) -> set[str]:
    """Names that a statement loads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def bound_anew(node: ast.AST) -> set[str]:
    """Names that a statement binds to something else, not only changes."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def base_of(node: ast.expr) -> set[str]:
    """The name at the root of ``a.b[c].d``."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


@functools.lru_cache(maxsize=512)
def makes(source: str) -> tuple[frozenset[str], frozenset[str], frozenset[str], bool]:
    """The names that a cell writes; those among them that it goes on from: read or changed in place before it binds them; all
    that it needs from elsewhere; and whether one of its loops is what it is about."""
    bound: set[str] = set()
    goes_on: set[str] = set()
    in_loops: set[str] = set()
    for node in read_statements("" if is_too_long(source) else plain_python(source))[1]:
        inside = [siblings[place] for siblings, place in inner_statements(node)]
        for part in [part for part in inside if not isinstance(part, BLOCKS)] if isinstance(node, BLOCKS) else [node]:
            changed = written(part) - (bound_anew(part) if not isinstance(part, ast.AugAssign) else set())
            goes_on |= (read(part) | changed) - bound
            bound |= written(part)
        in_loops |= set().union(*(written(loop) for loop in ast.walk(node) if isinstance(loop, ast.For | ast.While)))
    return frozenset(bound), frozenset(goes_on & bound), frozenset(goes_on), len(in_loops) > len(bound) / 2


def calls(source: str, function: str) -> list[tuple[object, ...]]:
    """The arguments of each call of a function by name in a cell, as far as they are plain constants."""
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        tuple(argument.value for argument in node.args if isinstance(argument, ast.Constant))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


def replaced(tree: ast.AST, old: ast.AST, new: ast.AST) -> Any:
    """A syntax tree in which one node has another in its place."""
    return ast.fix_missing_locations(_Replace(old, new).visit(tree))


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)
