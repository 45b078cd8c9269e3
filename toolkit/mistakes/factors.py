"""Factors and terms that are left out or one too many; factors that are no local derivative, terms that are no share."""

import ast
from collections.abc import Iterator, Sequence

from toolkit.mistakes.line import (
    REDUCERS,
    Edit,
    Scope,
    Shape,
    Source,
    Span,
    arguments,
    chain,
    fits,
    is_inside_product,
    is_quantity,
    name_called,
    operand,
)


def other_factors(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A factor that is left out: a constant, a forward variable, an upstream gradient."""
    if not is_quantity(source, node, scope) or is_inside_product(source, node):
        return
    span, text = source.span(node), source.piece(node)
    binds = isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult | ast.Div | ast.MatMult)
    parent = source.parents.get(node)
    alone = isinstance(parent, ast.Assign | ast.AugAssign | ast.Return) or (
        isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
    )

    def times(factor: str, sign: str = "*") -> tuple[Span, str]:
        if alone and not binds:  # put in at the end, so that what is inside may be changed as well
            return (span[1], span[1]), f" {sign} {factor}"
        return span, f"(({text}) {sign} {factor})"

    for factor in ("2", "0.5"):
        yield Edit(*times(factor), "constant missing", 1.35, span, (factor.replace("0.5", "1/2"),))
    for size in scope.divisors:
        for factor in (
            f"{size}/({size}-1)",
            f"({size}-1)/{size}",
            f"{size}",
            f"1/{size}",
            f"({size}-1)",
            f"1/({size}-1)",
        ):
            said = factor.strip("()") if "/" not in factor else factor
            cost = 1.1 if "/(" in factor or ")/" in factor else 1.3
            yield Edit(*times(f"({factor})"), "constant missing", cost, span, (said,))
    below = _is_below(source, node)
    for name in scope.tensors:
        kind = "upstream missing" if name.startswith("d") and name[1:] in scope.outputs else "factor missing"
        for sign, multiplies in (("*", not below), ("/", below)):
            if multiplies:
                yield Edit(*times(name, sign), kind, 1.4, span, (name,))
            else:
                yield Edit(*times(name, sign), "factor missing", 1.5, span, (f"1 / {name}",))
        for index in _indices(source, node, scope.tensors[name], scope):
            yield Edit(*times(f"{name}[{index}]"), kind, 1.35, span, (name,))


def _is_below(source: Source, node: ast.AST) -> bool:
    """Whether a piece stands below an odd number of lines of division: there, what multiplies divides the whole."""
    below = False
    while isinstance(parent := source.parents.get(node), ast.BinOp | ast.UnaryOp | ast.Subscript):
        below ^= isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and parent.right is node
        node = parent
    return below


def _indices(source: Source, node: ast.AST, shape: Shape, scope: Scope) -> list[str]:
    """What stands in square brackets behind tensors of this shape, in an expression."""
    found: dict[str, None] = {}
    for part in ast.walk(node):
        match part:
            case ast.Subscript(value=ast.Name(id=name), slice=index) if scope.tensors.get(name) == shape:
                found[source.piece(index)] = None
    return [*found]


def other_products(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Two factors of one product that are too many; a sum that takes one factor of it alone."""
    if (
        not isinstance(node, ast.BinOp)
        or not isinstance(node.op, ast.Mult | ast.Div)
        or is_inside_product(source, node)
    ):
        return
    factors = chain(node)
    if not 3 <= len(factors) <= 9:
        return
    span = source.span(node)

    def text(chosen: Sequence[tuple[str, str]]) -> str:
        return "1" + "".join(f" {sign} {piece}" for sign, piece in chosen)

    parts = [(sign, source.safe(factor)) for sign, factor in factors]
    for i in range(len(parts)):
        for j in range(i + 1, len(parts)):
            rest = text([part for k, part in enumerate(parts) if k not in (i, j)])
            mark = source.between(factors[i][1], factors[j][1])
            said = " and ".join(source.piece(factors[k][1]) for k in (i, j))
            yield Edit(span, f"({rest})", "factor too much", 1.5, mark, (said,))
    for i, (one, above) in enumerate(factors):
        for j, (two, below) in enumerate(factors):
            if (one, two) == ("*", "/") and all(map(_is_number, (above, below))):
                changed = {i: ("*", parts[j][1]), j: ("/", parts[i][1])}
                mark = source.between(factors[min(i, j)][1], factors[max(i, j)][1])
                yield Edit(
                    span, f"({text([changed.get(k, part) for k, part in enumerate(parts)])})", "upside down", 1.0, mark
                )
    for i, (sign, factor) in enumerate(factors):
        if sign == "*" and isinstance(factor, ast.Call) and name_called(factor) in REDUCERS:
            of, is_method = operand(factor, scope)
            for j in range(len(parts) if of is not None else 0):
                if j == i or parts[j][0] != "*":
                    continue
                inside = (
                    f"({parts[j][1]} * {source.safe(of)}).{name_called(factor)}({arguments(source, factor, is_method)})"
                )
                rest = text([("*", inside) if k == i else part for k, part in enumerate(parts) if k != j])
                mark = source.between(factors[min(i, j)][1], factors[max(i, j)][1])
                yield Edit(span, f"({rest})", "sum of one factor", 1.0, mark, (source.piece(factor),))


def _is_number(node: ast.AST) -> bool:
    """Whether a factor may be a constant of the forward pass: it has no call and no index, as ``n`` and ``(n - 1)``."""
    return all(
        isinstance(n, ast.Name | ast.Constant | ast.BinOp | ast.operator | ast.expr_context) for n in ast.walk(node)
    )


def what_is_not_right(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A factor that is not the local derivative, a term that is not a line's share, where all else is right.

    What would be right there is known as numbers only; no text says it.
    """
    parent = source.parents.get(node)
    if not isinstance(node, ast.BinOp) or not isinstance(parent, ast.Assign | ast.AugAssign | ast.Return | ast.BinOp):
        return
    if scope.local and isinstance(node.op, ast.Mult | ast.Div) and not is_inside_product(source, node):
        factors = chain(node)
        parts = [(sign, source.safe(factor)) for sign, factor in factors]
        for i in range(len(parts)):
            for j in range(i, min(len(parts), i + 3)):
                if j - i + 1 == len(parts):
                    continue
                rest = "".join(f" {sign} {piece}" for k, (sign, piece) in enumerate(parts) if not i <= k <= j)
                mark = source.between(factors[i][1], factors[j][1])
                yield Edit(source.span(node), f"({scope.local}{rest})", "derivative", 1.35, mark)
    if isinstance(node.op, ast.Add | ast.Sub):
        for term in (node.left, node.right):
            if term is node.right and isinstance(node.op, ast.Sub):
                continue
            for reader, name in scope.shares.items():
                yield Edit(source.span(term), name, "share", 1.4, source.span(term), (reader,))


def other_terms(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A term that is left out."""
    if not is_quantity(source, node, scope):
        return
    span, text = source.span(node), source.piece(node)
    for new, cost in ((f"(1 - {source.safe(node)})", 1.3), (f"({text} - 1)", 1.4), (f"(1 + {source.safe(node)})", 1.6)):
        yield Edit(span, new, "term missing", cost, span, ("1",))
    parent = source.parents.get(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        return  # the same one level further out
    if isinstance(node, ast.Name):
        shape = scope.tensors[node.id]
        for name in (n for n, theirs in scope.tensors.items() if theirs == shape or fits(theirs, shape)):
            for sign in "+-":
                yield Edit(span, f"({text} {sign} {name})", "term missing", 1.6, span, (name,))
