"""Where nan and inf come from: the first piece of a student's lines that is not finite although all that it is made of is."""

import ast
from collections.abc import Iterator

import torch
from torch import Tensor

from toolkit.mistakes.leading import Lead
from toolkit.mistakes.line import Source
from toolkit.mistakes.nearest import Search, place
from toolkit.network.minibatches import Minibatch
from toolkit.running.trials import Change
from toolkit.verdict import Place

MOST_PIECES = 200
"""Most pieces that are looked at."""
Piece = tuple[int, Source, ast.expr]


def first_not_finite(search: Search, batch: Minibatch) -> tuple[str, Place] | None:
    """What is the first that is not finite on a minibatch, at which numbers, and where it stands; None if nothing is."""
    pieces = [*_pieces(search.lead)][:MOST_PIECES]
    values = search.tried_on(batch, [_change(search, piece) for piece in pieces])
    known = {id(node): value for (_, _, node), value in zip(pieces, values, strict=True)}
    for (number, source, node), value in zip(pieces, values, strict=True):
        if value is not None and not torch.isfinite(value).all():
            start, end = source.span(node)
            return _reason(source, node, known), place(search.lead.statements[number], start, end)
    return None


def _pieces(lead: Lead) -> Iterator[Piece]:
    """All pieces of the lines, each after those that it is made of; what stands in loops and functions is left out."""
    for number, text in enumerate(lead.texts):
        source = Source(text)
        (statement,) = source.tree.body
        if isinstance(statement, ast.Assign | ast.AugAssign):
            for node in _inside_out(statement.value):
                yield number, source, node


def _inside_out(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.Slice):
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.slice):
            yield from _inside_out(child)
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Subscript | ast.Name | ast.Constant | ast.Attribute):
        yield node


def _change(search: Search, piece: Piece) -> Change:
    number, source, node = piece
    after = range(number + 1, len(search.lead.statements))
    text = f"import torch as _torch\n{search.wanted} = _torch.as_tensor({source.piece(node)})"
    return ((number, text), *((later, "pass") for later in after))


def _reason(source: Source, node: ast.expr, known: dict[int, Tensor | None]) -> str:
    """Which operation it is, and at which number."""

    def of(part: ast.expr) -> Tensor | None:
        value = known.get(id(part))
        return value if value is not None and value.numel() and torch.isfinite(value).all() else None

    match node:
        case ast.BinOp(op=ast.Div(), right=right) if (below := of(right)) is not None and not below.all():
            return f"it divides by `{source.piece(right)}`, which is 0 at {int((below == 0).sum())} of {below.numel()} places."
        case ast.BinOp(op=ast.Pow(), left=base) if (value := of(base)) is not None:
            if (value < 0).any():
                return (
                    f"a power that is no whole number, of what is negative: the smallest number of `{source.piece(base)}` is "
                    f"{float(value.min()):.3g}."
                )
            return f"a negative power of 0: `{source.piece(base)}` is 0 at {int((value == 0).sum())} places."
        case ast.Call(func=ast.Attribute(attr=name, value=owner), args=args):
            inner = args[0] if args and of(owner) is None else owner
            if (value := of(inner)) is not None:
                piece = source.piece(inner)
                if name in ("log", "log2", "log10", "sqrt", "rsqrt") and (value <= 0).any():
                    return f"the {name} of what is not positive: the smallest number of `{piece}` is {float(value.min()):.3g}."
                if name == "exp":
                    return f"exp overflows: the largest number of `{piece}` is {float(value.max()):.3g}."
                return f"{name} of numbers from {float(value.min()):.3g} to {float(value.max()):.3g}."
    return "this is the first piece that is not finite, and all that it is made of is."
