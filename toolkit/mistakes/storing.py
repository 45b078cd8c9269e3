"""Small changes of where a line stores: an index, ``=`` for ``+=``, a start, a copy, loops."""

import ast
import itertools
from collections.abc import Iterator

from toolkit.mistakes.line import REDUCERS, Edit, Scope, Source, Span, name_called, operator_called


def other_indices(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """An index that marks something else."""
    if not isinstance(node, ast.Subscript) or (isinstance(node.value, ast.Attribute) and node.value.attr == "shape"):
        return
    yield from _index_parts(source, node, scope)
    if isinstance(node.ctx, ast.Load):
        yield Edit(source.span(node), source.safe(node.value), "index", 1.4, source.span(node))


def _index_parts(source: Source, node: ast.Subscript, scope: Scope) -> Iterator[Edit]:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    mark = source.span(node.slice)
    for part in parts:
        if getattr(part, "lineno", None) is None:
            continue
        old, span = source.piece(part), source.span(part)
        others = [":", *scope.indices, *scope.picks, *source.counters]
        if vectors := [name for name, shape in scope.indices.items() if len(shape) == 1]:
            others += [f"range(len({vectors[0]}))"]
        for new in others:
            if new != old:
                yield Edit(span, new, "index", 1.15, mark, (old,))
    if len(parts) == 2 and all(getattr(part, "lineno", None) for part in parts):
        text = f"{source.piece(parts[1])}, {source.piece(parts[0])}"
        yield Edit(mark, text, "index", 1.2, mark)
    for counter in source.counters if isinstance(node.ctx, ast.Load) else ():
        if counter not in {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}:
            yield Edit(mark, f"{source.piece(node.slice)}, {counter}", "index", 1.15, mark)
            parent = source.parents.get(source.parents.get(node))
            if isinstance(parent, ast.Call) and name_called(parent) in REDUCERS:
                text = f"{source.piece(node.value)}[{source.piece(node.slice)}, {counter}]"
                yield Edit(source.span(parent), text, "sum too much", 1.15, source.span(parent))
    if len(parts) == 1 and (vectors := [name for name, shape in scope.indices.items() if len(shape) == 1]):
        for vector in vectors:
            yield Edit(mark, f"range(len({vector})), {vector}", "index", 1.2, mark)


def other_statements(
    source: Source, node: ast.stmt, scope: Scope, wanted: str, bound: frozenset[str]
) -> Iterator[Edit]:
    span = source.span(node)
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            mark = source.operator(node)
            old = source.text[mark[0] : mark[1]]
            for new, kind in {"+=": [("-=", "sign"), ("=", "added to")], "-=": [("+=", "sign"), ("=", "added to")],
                              "*=": [("/=", "upside down"), ("+=", "operator")],
                              "/=": [("*=", "upside down")]}.get(old, []):  # fmt: skip
                yield Edit(mark, new, kind, 1.0, span if kind == "added to" else mark, (old, new))
            if scope.local and isinstance(op, ast.Mult | ast.Div):
                end = source.span(value)
                yield Edit((mark[0], end[1]), f"*= {scope.local}", "derivative", 1.35, end)
            if isinstance(target, ast.Subscript):
                yield from _accumulated(source, target, value, "-" if isinstance(op, ast.Sub) else "", span)
                yield from _index_parts(source, target, scope)
            elif isinstance(target, ast.Name):
                yield from _targets(source, target, scope, wanted)
                if target.id == wanted:
                    for reader, name in scope.shares.items():
                        yield Edit(source.span(value), name, "share", 1.4, source.span(value), (reader,))
        case ast.Assign(targets=[ast.Tuple(elts=targets)]):
            names = [target for target in targets if isinstance(target, ast.Name)]
            for one, two in itertools.combinations(names, 2):
                first, second = source.span(one), source.span(two)
                mark, between = (first[0], second[1]), source.text[first[1] : second[0]]
                yield Edit(mark, two.id + between + one.id, "exchanged names", 1.0, mark, (one.id, two.id))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Subscript() as copy, attr=method), args=[value])) if (
            method.endswith("_")
        ):
            if stands_for := operator_called(node.value):
                yield Edit(
                    span, f"{source.piece(copy)} {stands_for}= {source.piece(value)}", "change of a copy", 1.0, span
                )
        case ast.Assign(targets=[target], value=value):
            sign = source.text.find("=", source.span(target)[1])
            if isinstance(target, ast.Subscript):
                kind = "overwritten" if isinstance(target.slice, ast.Tuple) else "overwritten rows"
                yield Edit((sign, sign + 1), "+=", kind, 1.0, span, ("=",))
                yield Edit((sign, sign + 1), "-=", kind, 1.2, span, ("=",))
                yield from _accumulated(source, target, value, "", span)
                yield from _index_parts(source, target, scope)
            elif isinstance(target, ast.Name):
                if target.id in bound:
                    yield Edit((sign, sign + 1), "+=", "overwritten", 1.0, span, ("=",))
                    yield Edit((sign, sign + 1), "-=", "overwritten", 1.2, span, ("=",))
                if target.id == wanted and isinstance(value, ast.Call):
                    yield Edit(source.span(value), f"torch.zeros_like({wanted[1:]})", "start", 1.05, source.span(value))
                if isinstance(value, ast.Name):
                    yield Edit(source.span(value), f"{value.id}.clone()", "clone", 1.0, span, (target.id, value.id))
        case ast.For(target=outer, iter=first, body=[ast.For(target=inner, iter=second, body=body)]) if body:
            head = span[0], source.span(body[0])[0]
            indent = " " * body[0].col_offset
            pairs = f"for {source.piece(outer)}, {source.piece(inner)} in zip({source.piece(first)}, {source.piece(second)}):"
            mark = span[0], source.span(second)[1]
            yield Edit(head, f"{pairs}\n{indent}", "all pairs", 1.2, mark, ())
    if isinstance(node, ast.Assign | ast.AugAssign):
        yield from _everywhere(source, node, scope)
        yield from _everywhere_indexed(source, node)
        yield from _arrangement(source, node.value, wanted)
    if isinstance(source.parents.get(node), ast.Module) and bound & {wanted}:
        yield Edit(span, "pass", "line too much", 1.25, span)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.For) and isinstance(
        source.parents.get(node), ast.Module
    ):
        yield from _entries(source, node, scope, wanted)


def _arrangement(source: Source, value: ast.expr, wanted: str) -> Iterator[Edit]:
    """The right elements in another arrangement."""
    base: ast.expr | None = value
    while isinstance(base, ast.Call | ast.Attribute):
        base = base.func if isinstance(base, ast.Call) else base.value
    if isinstance(value, ast.Call | ast.Attribute) and isinstance(base, ast.Name):
        span = source.span(value)
        yield Edit(span, f"{base.id}.reshape({wanted[1:]}.shape)", "arrangement", 1.2, span)


def _everywhere(source: Source, node: ast.Assign | ast.AugAssign, scope: Scope) -> Iterator[Edit]:
    """The same wrong name at several places of a line."""
    places: dict[str, list[Span]] = {}
    for part in ast.walk(node.value):
        if isinstance(part, ast.Name) and part.id in scope.tensors:
            places.setdefault(part.id, []).append(source.span(part))
    start, end = source.span(node.value)
    for old, spans in places.items():
        if len(spans) < 2:
            continue
        for new, cost in scope.alike(old):
            if cost < 1.3:
                text = source.text[start:end]
                for a, b in sorted(spans, reverse=True):
                    text = text[: a - start] + new + text[b - start :]
                yield Edit((start, end), text, scope.kind_of(old, new), cost + 0.2, min(spans), (old, new))


def _everywhere_indexed(source: Source, node: ast.AugAssign | ast.Assign) -> Iterator[Edit]:
    """The counter of an inner loop that is left out of all indices of a line."""
    start, end = source.span(node)
    slices = [n.slice for n in ast.walk(node) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Name)]
    for old in dict.fromkeys(n.id for n in slices):
        spans = sorted((source.span(n) for n in slices if n.id == old), reverse=True)
        for counter in source.counters if len(spans) > 1 and old in source.counters else ():
            text = source.text[start:end]
            for _, b in spans if counter != old else ():
                text = f"{text[: b - start]}, {counter}{text[b - start :]}"
            yield Edit((start, end), text, "index", 1.2, (start, end), (old,))


def _targets(source: Source, target: ast.Name, scope: Scope, wanted: str) -> Iterator[Edit]:
    """A share that is added to another name."""
    if target.id != wanted:
        yield Edit(source.span(target), wanted, "target", 1.2, source.span(target), (target.id, wanted))


def _accumulated(source: Source, target: ast.Subscript, value: ast.expr, sign: str, span: Span) -> Iterator[Edit]:
    """Rows that are named more than once and keep only the last of what is given to them."""
    index = source.piece(target.slice)
    text = f"{source.piece(target.value)}.index_put_(({index},), {sign}({source.piece(value)}), accumulate=True)"
    yield Edit(source.span(source.parents[target]), text, "overwritten rows", 1.0, span)


def _entries(source: Source, node: ast.stmt, scope: Scope, wanted: str) -> Iterator[Edit]:
    """What happens at the label's place alone, left out."""
    stores = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Subscript) and isinstance(n.ctx, ast.Store)]
    bases = [n.value if isinstance(n, ast.Subscript) else n for n in stores]
    names = {n.id for n in bases if isinstance(n, ast.Name)} or {wanted}
    for index, shape in scope.indices.items():
        if len(shape) != 1 or shape[0] != scope.rows:
            continue
        for name in sorted(names):
            for change in ("- 1", "+ 1", *(f"- 1 / {size}" for size in scope.numbers[:1])):
                text = f"\n{name}[range(len({index})), {index}] = {name}[range(len({index})), {index}] {change}"
                start, end = source.span(node)
                cost = 1.3 if name == wanted else 1.37  # that a helper lacks it is the less likely, if either may
                mark = _last_that_stores(source, node) if isinstance(node, ast.For) else (start, end)
                yield Edit((end, end), text, "entry missing", cost, mark, (index,))


def _last_that_stores(source: Source, loop: ast.For) -> Span:
    """The last statement in a loop that stores something."""
    inner = [n for n in ast.walk(loop) if isinstance(n, ast.Assign | ast.AugAssign)]
    return max(map(source.span, inner), default=source.span(loop))
