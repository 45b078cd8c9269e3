"""What a piece of code says, so that it can be asked whether a message says it, too."""

import ast
import functools
import re


@functools.cache
def pieces(text: str, tensors: frozenset[str]) -> frozenset[str]:
    """Every expression in a text that says something: one with a gradient in it, or of two operations on a tensor.

    The order of factors and summands makes no difference, nor does 1 or 1.0. A text that is no Python has none.

    Args:
        tensors: names that have a gradient, ``Bench.tensors``.
    """
    try:
        tree = ast.parse(text.strip())
    except SyntaxError:
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        inside = [*ast.walk(node)]
        operations = [
            n for n in inside if isinstance(n, ast.BinOp | ast.UnaryOp | ast.Call | ast.Subscript | ast.Compare)
        ]
        words = {n.id for n in inside if isinstance(n, ast.Name)}
        gradients = {word for word in words if word.startswith("d") and word[1:] in tensors}
        if isinstance(node, ast.expr) and operations and (gradients or (len(operations) > 1 and words & tensors)):
            found.add(ordered(node))
    return frozenset(found)


def ordered(node: ast.AST) -> str:
    """An expression as text, in which the operands of a commutative operator are in one order."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return repr(float(node.value))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
        return f"{type(node.op).__name__}({', '.join(sorted(map(ordered, operands(node, type(node.op)))))})"
    if not isinstance(node, ast.AST):
        return repr(node)
    inner = (f"{name}={[ordered(v) for v in value] if isinstance(value, list) else ordered(value)}"
             for name, value in ast.iter_fields(node) if name != "ctx")  # fmt: skip
    return f"{type(node).__name__}({', '.join(inner)})"


def operands(node: ast.AST, operator: type) -> list[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, operator):
        return [*operands(node.left, operator), *operands(node.right, operator)]
    return [node]


def shown(message: str, tensors: frozenset[str]) -> frozenset[str]:
    """Every expression that a message shows, in backticks or as a line."""
    texts = [*re.findall(r"`+(.+?)`+", message, re.DOTALL), *message.splitlines()]
    return frozenset().union(*(pieces(text, tensors) for text in texts))
