"""Brackets put in, left out, or somewhere else: what the operators bind."""

import ast
from collections.abc import Iterator

from toolkit.mistakes.line import Edit, Scope, Source, Span


def other_brackets(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Brackets put in, left out, or somewhere else: what the operators bind."""
    if not isinstance(node, ast.BinOp):
        return
    parent = source.parents.get(node)
    if isinstance(parent, ast.BinOp) and not in_brackets(source, node):
        return  # it is a part of a larger one
    parts = _flat(source, node)
    if not 3 <= len(parts) <= 31:
        return
    whole, now, texts = source.span(node), ast.dump(node), [source.text[a:b] for a, b in parts]
    for first, last, changed in _bracketings(texts):
        text = " ".join(changed)
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError:
            continue
        if ast.dump(tree) != now:
            mark = parts[max(0, first - 2)][0], parts[min(len(parts) - 1, last)][1]
            yield Edit(whole, f"({text})", "brackets", 1.07, mark)


def in_brackets(source: Source, node: ast.expr) -> bool:
    start, end = source.span(node)
    return source.text[:start].rstrip().endswith("(") and source.text[end:].lstrip().startswith(")")


def _flat(source: Source, node: ast.expr) -> list[Span]:
    """Operands, operators and brackets of an expression, in the order in which they are written."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.BinOp):
        start = source.span(node)[0]
        return [(start, start + 1), *_bracketed(source, node.operand)]
    if not isinstance(node, ast.BinOp):
        return [source.span(node)]
    return [*_bracketed(source, node.left), source.operator(node), *_bracketed(source, node.right)]


def _bracketed(source: Source, node: ast.expr) -> list[Span]:
    parts = _flat(source, node)
    if len(parts) == 1 or not in_brackets(source, node):
        return parts
    start, end = source.span(node)
    opening, closing = source.text.rindex("(", 0, start), source.text.index(")", end)
    return [(opening, opening + 1), *parts, (closing, closing + 1)]


def _bracketings(parts: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The same with one pair of brackets more, one less, or one elsewhere; with the first and the last part that it concerns."""
    yield from _one_more(parts)
    for i, opening in enumerate(parts):
        if opening != "(":
            continue
        depth = 0
        for j in range(i, len(parts)):
            depth += (parts[j] == "(") - (parts[j] == ")")
            if depth == 0:
                break
        without = [*parts[:i], *parts[i + 1 : j], *parts[j + 1 :]]
        yield i, j, without
        if len(without) <= 15:
            for first, last, changed in _one_more(without):
                yield min(i, first), max(j, last), changed


def _one_more(parts: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    operands = [i for i, part in enumerate(parts) if part not in _OPERATORS and part not in "()"]
    starts = {i - 1 if i and parts[i - 1] == "-" and (i == 1 or parts[i - 2] == "(") else i for i in operands}
    starts |= {i for i, part in enumerate(parts) if part == "("}
    ends = {*operands} | {i for i, part in enumerate(parts) if part == ")"}
    for start in sorted(starts):
        for end in sorted(ends):
            inside = parts[start : end + 1]
            if end > start and (start, end) != (0, len(parts) - 1) and inside.count("(") == inside.count(")"):
                yield start, end, [*parts[:start], "(", *inside, ")", *parts[end + 1 :]]


_OPERATORS = frozenset(["+", "-", "*", "/", "@", "**", "//", "%"])
