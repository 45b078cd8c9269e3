"""A training loop made visible: its iterable is passed through ``_each_step``, and each gradient that is bound is reported.

The cell's syntax tree is changed, not its text, so that a line number in a traceback is the student's own.
"""

import ast
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, TypeGuard

from toolkit.running.statements import bound_anew, written

Loop = ast.For | ast.While
_SIMPLE = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Delete


@functools.lru_cache(maxsize=32)
def compile_watched(
    source: str,
    label: str,
    steps_name: str,
    gradients: tuple[str, ...],
    numbers: tuple[tuple[str, int], ...],
    also: tuple[str, ...] = (),
) -> CodeType:
    """A cell as code in which the training loop can be watched.

    ``_each_step(iterable)`` stands around what a ``for`` goes through, ``_goes_on(test)`` around the test of a ``while``, and
    ``_seen("dW1")`` after each statement that binds or changes such a gradient.

    Args:
        steps_name: name of the number of steps (see ``find_loop``).
        gradients: names to be reported, by which the loop is known.
        also: other names to be reported.
        numbers: large numbers by name; where one is written out, the name takes its place (150_000 becomes ``lr_drop``).
    """
    tree = _Names(dict(numbers)).visit(ast.parse(source))
    loop = find_loop(tree.body, steps_name, gradients)
    tree = _Watch(loop, frozenset([*gradients, *also])).visit(tree)
    return compile(ast.fix_missing_locations(tree), label, "exec")


def names_bound(tree: Sequence[ast.stmt]) -> set[str]:
    """Every name that a simple statement binds or changes, wherever it stands, inside of functions, too."""
    simple = (node for part in tree for node in ast.walk(part) if isinstance(node, _SIMPLE))
    return set().union(*(written(node) | bound_anew(node) for node in simple), set())


def find_loop(body: Sequence[ast.stmt], steps_name: str, gradients: Sequence[str]) -> Loop | None:
    """The training loop of a cell: the last outermost loop that counts to ``steps_name`` and binds or changes a gradient; else
    the longest that counts (its gradients may have no names there), since one beside it only shows what came of it; else the
    last outermost one in which a gradient is bound or changed."""
    counting = counting_loops(body, steps_name)
    if binding := [loop for loop in counting if written(loop) & set(gradients)]:
        return binding[-1]
    if counting:
        return max(reversed(counting), key=lambda loop: sum(1 for _ in ast.walk(loop)))
    found = [*_outermost(body, lambda node: written(node) & set(gradients))]
    return found[-1] if found else None


def counting_loops(body: Sequence[ast.stmt], steps_name: str) -> list[Loop]:
    """The outermost loops that count to ``steps_name``, in order."""
    return [*_outermost(body, lambda node: steps_name in _names(node))]


def written_out(source: str, numbers: Mapping[str, int]) -> set[str]:
    """Names of the numbers that a cell has as figures."""
    constants = {node.value for node in ast.walk(ast.parse(source)) if _is_number(node)}
    return {name for name, value in numbers.items() if value in constants}


def _outermost(body: Sequence[ast.stmt], wanted: Callable[[Loop], object]) -> Iterator[Loop]:
    for node in body:
        if isinstance(node, Loop) and wanted(node):
            yield node
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _outermost(getattr(node, field, []), wanted)


def _names(loop: Loop) -> set[str]:
    """Names in what a ``for`` goes through; all in a ``while``, since ``while True`` is left by a ``break`` in it."""
    head = loop.iter if isinstance(loop, ast.For) else loop
    return {node.id for node in ast.walk(head) if isinstance(node, ast.Name)}


def _is_number(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and type(node.value) is int


class _Names(ast.NodeTransformer):
    """Puts names in the place of numbers."""

    def __init__(self, numbers: Mapping[str, int]):
        self.by_value: dict[Any, str] = {value: name for name, value in numbers.items()}

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if _is_number(node) and node.value in self.by_value:
            return ast.copy_location(ast.Name(self.by_value[node.value], ast.Load()), node)
        return node


class _Watch(ast.NodeTransformer):
    """Puts the calls in."""

    def __init__(self, loop: Loop | None, watched: frozenset[str]):
        self.loop, self.watched = loop, watched

    def visit(self, node: ast.AST) -> Any:
        is_loop = node is self.loop
        node = self.generic_visit(node)
        if is_loop and isinstance(node, ast.For):
            node.iter = _call("_each_step", node.iter, node.iter)
        elif is_loop and isinstance(node, ast.While):
            node.test = _call("_goes_on", node.test, node.test)
        if not isinstance(node, _SIMPLE):
            return node
        changed = sorted((written(node) | bound_anew(node)) & self.watched)
        calls = [_call("_seen", node, ast.Constant(name)) for name in changed]
        return [node, *(ast.copy_location(ast.Expr(call), node) for call in calls)]


def _call(function: str, place: ast.AST, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(function, ast.Load()), [*arguments], []), place)
