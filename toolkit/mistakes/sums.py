"""Sums that are left out, one too many, or of one factor alone; and transposes."""

import ast
from collections.abc import Iterator

from toolkit.mistakes.line import REDUCERS, Edit, Scope, Source, arguments, is_quantity, name_called, operand


def other_sums(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A sum that is left out, or that takes one factor alone, or too many."""
    span, parent = source.span(node), source.parents.get(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        for summed, other in ((node.right, node.left), (node.left, node.right)):
            if not (isinstance(summed, ast.Call) and name_called(summed) in REDUCERS):
                continue
            of, is_method = operand(summed, scope)
            if of is None:
                continue
            rest = arguments(source, summed, is_method)
            sign = "*" if isinstance(node.op, ast.Mult) else "/"
            inner = source.safe(other), source.safe(of)
            if other is node.left:
                text = f"({inner[0]} {sign} {inner[1]}).{name_called(summed)}({rest})"
            else:
                text = f"({inner[1]} {sign} {inner[0]}).{name_called(summed)}({rest})"
            yield Edit(span, text, "sum of one factor", 1.0, span, (source.piece(summed),))
            if (
                isinstance(other, ast.Call)
                and name_called(other) in REDUCERS
                and (first := operand(other, scope)[0]) is not None
            ):
                text = f"({source.safe(first)} {sign} {inner[1]}).{name_called(summed)}({rest})"
                yield Edit(span, text, "product of sums", 1.0, span)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for ones, other in ((node.left, node.right), (node.right, node.left)):
            if name_called(ones).startswith("ones"):  # it sums
                for dim in scope.dimensions:
                    yield Edit(span, f"{source.safe(other)}.sum({dim}, keepdim=True)", "dimension", 1.0, span, ("",))
    if isinstance(node, ast.Call) and name_called(node) in REDUCERS:
        of, is_method = operand(node, scope)
        if isinstance(of, ast.BinOp) and isinstance(of.op, ast.Mult):
            rest, a, b = arguments(source, node, is_method), source.safe(of.left), source.safe(of.right)
            for text in (f"({a} * {b}.{name_called(node)}({rest}))", f"({a}.{name_called(node)}({rest}) * {b})"):
                yield Edit(span, text, "sum of too much", 1.2, span)
        if isinstance(of, ast.BinOp) and isinstance(of.op, ast.Add | ast.Sub):
            rest, sign = arguments(source, node, is_method), "+" if isinstance(of.op, ast.Add) else "-"
            a, b = source.safe(of.left), source.safe(of.right)
            for text in (
                f"({a} {sign} {b}.{name_called(node)}({rest}))",
                f"({a}.{name_called(node)}({rest}) {sign} {b})",
            ):
                yield Edit(span, text, "sum of too much", 1.2, span)
    if not is_quantity(source, node, scope) or (isinstance(node, ast.Name) and len(scope.tensors[node.id]) < 2):
        return
    if isinstance(parent, ast.Attribute) and parent.attr in {*REDUCERS, "T", "mT", "shape"}:
        return
    at_the_end = isinstance(parent, ast.Assign | ast.AugAssign | ast.Return)
    for function, cost in (("sum", 1.15), ("mean", 1.45)) if at_the_end else (("sum", 1.15),):
        for dim in scope.reductions:
            kind = "sum missing" if function == "sum" else "mean missing"
            text = f"({source.piece(node)}).{function}({dim}"
            if dim in scope.dimensions:
                yield Edit(span, f"{text}, keepdim=True)", kind, cost, span, (dim,))
            if at_the_end:
                yield Edit(span, f"{text})", kind, cost, span, (dim,))


def other_transposes(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A transpose too many, or one left out."""
    span = source.span(node)
    if (
        isinstance(node, ast.Call)
        and name_called(node) in ("view", "reshape")
        and (of := operand(node, scope)[0]) is not None
    ):
        yield Edit(span, f"{source.safe(of)}.flatten(0, -2).mT", "arrangement", 1.0, span)
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield Edit(span, source.safe(node.value), "transpose", 1.0, span)
    elif is_quantity(source, node, scope):
        if isinstance(node, ast.Name) and len(scope.tensors[node.id]) < 2:
            return
        yield Edit(span, f"{source.safe(node)}.mT", "transpose", 1.2, span)
