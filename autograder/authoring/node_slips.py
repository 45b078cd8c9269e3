"""What a learner puts in the place of one node of the solution: a wrong dimension, another name, a term left out."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.authoring.equivalent import scope
from autograder.authoring.workbench import Bench

Slip = tuple[str, float, ast.AST]
"""Its kind, what the gradient may keep of its points, and what stands in the node's place."""
SOFT = ("softmax", "log_softmax")
LIKE = ("zeros_like", "ones_like")


def slips(bench: Bench, name: str, node: ast.AST, values: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Slip]:
    """Each slip at one node of a statement that leads to the gradient of ``name``.

    Args:
        values: every forward variable at some sizes, for shapes.
        own: the same at the notebook's own sizes, for numbers written out.
    """
    match node:
        case ast.Name(id=word, ctx=ast.Load()):
            yield from _of_a_name(bench, name, word, values, own)
        case ast.Subscript(value=ast.Attribute(attr="shape"), ctx=ast.Load()):
            yield "size written out", 0.5, ast.Constant(_value(bench, node, own))
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Call(func=ast.Name(id="range" | "arange")), *rest])):
            everywhere = ast.Tuple([ast.Slice(), *rest], ast.Load())
            yield "index", 0, ast.Subscript(node.value, everywhere, node.ctx)
        case ast.Call(func=ast.Attribute(attr="sum" | "mean" as method, value=summed), args=[dim]):
            yield from _of_a_sum(bench, node, method, summed, dim)
        case ast.Call(func=ast.Attribute(attr=function), args=[tensor, ast.Constant(value=int() as dim)]) if (
            function in SOFT
        ):
            yield "over the wrong dimension", 0, ast.Call(node.func, [tensor, _other_dim(dim)], node.keywords)
        case ast.Call(func=ast.Attribute(attr=function, value=_), args=[ast.Constant(value=int() as dim)]) if (
            function in SOFT
        ):
            yield "over the wrong dimension", 0, ast.Call(node.func, [_other_dim(dim)], node.keywords)
        case ast.Call(func=ast.Attribute(attr="masked_fill", value=tensor)):
            yield "mask left out", 0, tensor
        case ast.Call(func=ast.Attribute(attr="transpose", value=tensor)):
            yield "transpose left out", 0, tensor
        case ast.Attribute(attr="T" | "mT", ctx=ast.Load()):
            yield "transpose left out", 0, node.value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign of a factor", 0, operand
        case ast.Constant(value=int() | float() as constant) if abs(constant) not in (0, 1) and abs(constant) > 1e-2:
            yield "constant", 0, ast.Constant(constant / abs(constant))
        case ast.BinOp():
            yield from _of_an_operation(bench, name, node, values)


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


# --- names --------------------------------------------------------------------------------------------------------------


def _of_a_name(bench: Bench, name: str, word: str, values: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Slip]:
    graph, shape = bench.exercise.graph, getattr(values.get(word), "shape", None)
    gradients = [name, *bench.differentiated, *bench.given]
    if word.startswith("d") and word[1:] in gradients and word[1:] in values and word[1:] != name:
        upstream = word[1:]
        yield "upstream left out", 0, expression(f"torch.ones_like({upstream})")
        yield "value for gradient", 0, expression(upstream)
        shape = values[upstream].shape
        others = [v for v in bench.gradients if v not in (name, upstream) and values[v].shape == shape]
        known = others[: max(1, sum(v in _before(bench, name) for v in others))]
        if known:
            yield "wrong upstream", 0, expression(f"d{known[-1]}")
    elif word in graph.steps or word in bench.gradients:
        near = [*graph.readers(word), *(graph.steps[word].reads if word in graph.steps else ())]
        for other in near:
            if other != word and getattr(values.get(other), "shape", None) == shape:
                yield "wrong operand", 0, expression(other)
    elif type(values.get(word)) in (int, float) and word in own:
        if type(values[word]) is int:
            yield "n-1 for n", 0, expression(f"({word} - 1)")
        yield "size written out", 0.5, ast.Constant(own[word])


def _before(bench: Bench, name: str) -> tuple[str, ...]:
    return bench.gradients[: bench.gradients.index(name)] if name in bench.gradients else bench.gradients


# --- sums ---------------------------------------------------------------------------------------------------------------


def _of_a_sum(bench: Bench, node: ast.Call, method: str, summed: ast.expr, dim: ast.expr) -> Iterator[Slip]:
    """Missing, a mean, over other dimensions, of one factor alone; and the same of a mean."""
    kept = any(k.arg == "keepdim" for k in node.keywords)
    yield "missing sum", 0, summed
    other = "mean" if method == "sum" else "sum"
    yield f"{other} for {method}", 0, _call(summed, other, node.args, node.keywords)
    yield "sum over everything", 0, _call(summed, method, [], [])
    rank = getattr(_value(bench, summed, scope(bench)), "ndim", 2)
    match dim:
        case ast.Constant(value=int() as over):
            for wrong in (d for d in range(rank) if d != over % rank):
                yield "sum over the wrong dimension", 0, _call(summed, method, [ast.Constant(wrong)], node.keywords)
            yield "only one row", 0, expression(f"({ast.unparse(summed)}).narrow({over}, 0, 1)")
        case ast.Tuple(elts=over):
            for one in over:
                yield "one sum too few", 0, _call(summed, method, [one], node.keywords)
            first = ast.unparse(over[0])
            narrowed = expression(f"({ast.unparse(summed)}).narrow({first}, 0, 1)")
            yield "only one row", 0, _call(narrowed, method, node.args, node.keywords)
            places = {_value(bench, one, {}) % rank for one in over}
            others = [d for d in range(rank) if d not in places]
            if others:
                elsewhere = ast.Tuple([ast.Constant(others[0]), *over[1:]], ast.Load())
                yield "sum over the wrong dimension", 0, _call(summed, method, [elsewhere], node.keywords)
    if kept:
        yield "dimension dropped", 0.5, _call(summed, method, node.args, [])
    else:
        yield "dimension added", 0.5, _call(summed, method, node.args, [ast.keyword("keepdim", ast.Constant(True))])
    if isinstance(summed, ast.BinOp) and isinstance(summed.op, ast.Mult):
        right = _call(summed.right, method, node.args, node.keywords)
        yield "precedence of sum", 0, ast.BinOp(summed.left, ast.Mult(), right)


# --- operations ---------------------------------------------------------------------------------------------------------


def _of_an_operation(bench: Bench, name: str, node: ast.BinOp, values: Mapping[str, Any]) -> Iterator[Slip]:
    upstream = {f"d{reader}" for reader in bench.graph.readers(name)} if name in bench.tensors else set()
    match node:
        case ast.BinOp(op=ast.Mult()):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(side, ast.Name) and side.id in upstream:
                    yield "local derivative left out", 0, _call(side, "clone", [], [])
                    yield "added where it multiplies", 0, ast.BinOp(other, ast.Add(), side)
                    yield "divided where it multiplies", 0, ast.BinOp(side, ast.Div(), other)
                elif not (isinstance(other, ast.Name) and other.id in upstream):
                    yield "factor left out", 0, side
        case ast.BinOp(op=ast.MatMult()):
            yield "factors in the wrong order", 0, ast.BinOp(node.right, ast.MatMult(), node.left)
            swapped = ast.BinOp(_transposed(node.left), ast.MatMult(), _transposed(node.right))
            yield "wrong factor transposed", 0, swapped
            swapped = ast.BinOp(_transposed(node.right), ast.MatMult(), _transposed(node.left))
            yield "transpose of the product", 0, swapped
        case ast.BinOp(op=ast.Pow(), right=exponent):
            yield "power", 0, node.left
            yield "power", 0, ast.BinOp(node.left, ast.Pow(), ast.BinOp(exponent, ast.Add(), ast.Constant(1)))
            yield "power", 0, ast.BinOp(node.left, ast.Pow(), ast.UnaryOp(ast.USub(), exponent))
        case ast.BinOp(op=ast.Add(), right=small) if _is_epsilon(small, values):
            yield "epsilon", 0, node.left
            yield "epsilon", 0, ast.BinOp(node.left, ast.Sub(), small)
            yield "epsilon", 0, ast.BinOp(node.left, ast.Add(), ast.BinOp(ast.Constant(10), ast.Mult(), small))
        case ast.BinOp(op=ast.Sub(), right=ast.Constant(value=1)):
            yield "n for n-1", 0, node.left
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield "missing term", 0, node.left
            yield "missing term", 0, node.right if isinstance(node.op, ast.Add) else ast.UnaryOp(ast.USub(), node.right)
            turned = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "sign of a term", 0, ast.BinOp(node.left, turned, node.right)
        case ast.BinOp(op=ast.Div()):
            yield "factor left out", 0, node.left
            yield "multiplied where it divides", 0, ast.BinOp(node.left, ast.Mult(), node.right)
            match node.right:
                case ast.BinOp(op=ast.Sub(), left=n, right=one):
                    quotient = ast.BinOp(node.left, ast.Div(), n)
                    yield "precedence of / and -", 0, ast.BinOp(quotient, ast.Sub(), one)


def _is_epsilon(node: ast.expr, values: Mapping[str, Any]) -> bool:
    match node:
        case ast.Constant(value=float()):
            return True
        case ast.Name(id=word):
            return type(values.get(word)) is float
    return False


# --- syntax trees -------------------------------------------------------------------------------------------------------


def _call(value: ast.expr, method: str, args: list, keywords: list) -> ast.Call:
    return ast.Call(ast.Attribute(value, method, ast.Load()), args, keywords)


def _other_dim(dim: int) -> ast.Constant:
    return ast.Constant(0 if dim else 1)


def _transposed(node: ast.expr) -> ast.expr:
    """The other way round: ``T``, ``mT`` or ``transpose`` taken away, or put there."""
    match node:
        case ast.Attribute(attr="T" | "mT", value=inner):
            return inner
        case ast.Call(func=ast.Attribute(attr="transpose", value=inner)):
            return inner
    return ast.Attribute(node, "mT" if "transpose" in ast.unparse(node) else "T", ast.Load())


def _value(bench: Bench, node: ast.expr, names: Mapping[str, Any]) -> Any:
    """What an expression of the solution's is, None if it cannot be said without more."""
    try:
        return eval(ast.unparse(node), {**names})
    except Exception:
        return None
