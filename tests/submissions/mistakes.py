"""Wrong answers made from the right ones: one known mistake in the gradient of one variable, all else as it was.

What to break, and how, is read from the graph of the forward pass and from the syntax tree of the solution: a variable
with two readers has a branch to leave out, a ``sum`` can run over the wrong dimension, a ``+=`` can be a ``=``. Every
mistake is text of a cell, as a learner would type it. A change that changes no number (a mutant that is equivalent) is
not a mistake and is left out; ``is_a_mistake`` finds those without the judge.
"""

import ast
import contextlib
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from tests.bank import Bench
from toolkit.cells import read, written
from toolkit.minibatches import Minibatch, make, own_sizes

Statements = list[str]
"""The top-level statements of one cell."""


@dataclass(frozen=True)
class Mistake:
    """One wrong gradient in an otherwise right submission."""

    kind: str
    name: str
    """The variable whose gradient is wrong."""
    edits: dict[str, str]
    """The cells that differ from the solution, by grade_id."""
    fraction: float = 0.0
    """What the gradient may keep of its points: a half where only the shape, or a size written out, is wrong."""

    @property
    def label(self) -> str:
        changed = " / ".join("; ".join(text.splitlines()) for text in self.edits.values())
        return f"{self.kind}, d{self.name}: {changed}"


def mistakes(bench: Bench) -> Iterator[Mistake]:
    """Every mistake that can be made in every graded gradient of an exercise, each once."""
    seen = set()
    batch = unseen_batch(bench)
    for mistake in _all(bench, batch):
        key = (mistake.name, tuple(mistake.edits.items()))
        if key not in seen and is_a_mistake(bench, mistake, batch):
            seen.add(key)
            yield mistake


def _all(bench: Bench, batch: Minibatch) -> Iterator[Mistake]:
    own = make(bench.exercise, own_sizes(bench.exercise), own_sizes(bench.exercise), "own", 5)
    for name in bench.exercise.expected:
        yield from _afterwards(bench, name, batch.values)
        for grade_id, statements, number in _places(bench, name):
            for kind, fraction, changed in _changed(bench, name, statements, number, batch.values, own.values):
                yield Mistake(kind, name, {grade_id: "\n".join(changed)}, fraction)
    yield from _stale(bench)
    yield from _aliased(bench, batch.values)
    yield from _lookups(bench)


# --- what is done to a gradient when it is complete ---------------------------------------------------------------------


def _afterwards(bench: Bench, name: str, values: Mapping) -> Iterator[Mistake]:
    """A statement more, right after the one that completes the gradient."""
    d, shape = f"d{name}", values[name].shape
    wide, column = len(shape) > 1, 1 in shape
    grade_id, statements, number = list(_places(bench, name))[-1]
    lines = [
        ("sign", 0, f"{d} = -{d}"),
        ("factor n", 0, f"{d} = {d} * n"),
        ("factor 1/n", 0, f"{d} = {d} / n"),
        ("factor n/(n-1)", 0, f"{d} = {d} * n / (n - 1)"),
        ("factor 2", 0, f"{d} = 2 * {d}"),
        ("zeros", 0, f"{d} = torch.zeros_like({name})"),
        ("one element or row left out", 0, f"{d} = {d}.clone()\n{d}[{':, -1' if shape[0] == 1 else '-1'}] = 0"),
        ("dimension added", 0.5, f"{d} = {d}.unsqueeze(0)"),
    ]
    if column:
        lines.append(("dimension dropped", 0.5, f"{d} = {d}.squeeze()"))
    if wide:
        lines.append(("transpose", 0.5 if column else 0, f"{d} = {d}.transpose(0, 1)"))
    if wide and not column:
        lines.append(("transpose, reshaped", 0, f"{d} = {d}.transpose(0, 1).reshape({name}.shape)"))
    if shape[0] > 1:
        lines.append(("sum too many", 0, f"{d} = {d}.sum(0, keepdim=True)"))
        lines.append(("mean of the rows", 0, f"{d} = {d}.mean(0, keepdim=True).expand({name}.shape)"))
    same = [v for v in bench.exercise.expected if v != name and values[v].shape == shape]
    earlier = [v for v in same if bench.exercise.expected.index(v) < bench.exercise.expected.index(name)]
    if earlier:
        lines.append(("another variable's gradient", 0, f"{d} = d{earlier[0]}.clone()"))
    for kind, fraction, line in lines:
        changed = [*statements[: number + 1], line, *statements[number + 1 :]]
        yield Mistake(kind, name, {grade_id: "\n".join(changed)}, fraction)


# --- what is changed inside a statement ---------------------------------------------------------------------------------


def _changed(
    bench: Bench, name: str, statements: Statements, number: int, values: Mapping, own: Mapping
) -> Iterator[tuple[str, float, Statements]]:
    """Each way in which the statement that computes (a share of) a gradient goes wrong."""
    statement = ast.parse(statements[number]).body[0]
    before, after = statements[:number], statements[number + 1 :]
    if isinstance(statement, ast.AugAssign):
        target, value = ast.unparse(statement.target), ast.unparse(statement.value)
        yield "missing branch", 0, [*before, *after]
        yield "missing branch", 0, [*before, f"{target} = {value}", *after]
        yield "sign of a branch", 0, [*before, f"{target} -= {value}", *after]
        yield "branch counted twice", 0, [*before, statements[number], statements[number], *after]
    for position, node in enumerate(list(ast.walk(statement))):
        for kind, fraction, replacement in _slips(bench, name, node, values, own):
            tree = copy.deepcopy(statement)
            old = list(ast.walk(tree))[position]
            text = ast.unparse(ast.fix_missing_locations(_Replace(old, replacement).visit(tree)))
            yield kind, fraction, [*before, text, *after]


def _slips(
    bench: Bench, name: str, node: ast.AST, values: Mapping, own: Mapping
) -> Iterator[tuple[str, float, ast.AST]]:
    """What a learner puts in the place of one node of the syntax tree."""
    graph = bench.exercise.graph
    upstream = {f"d{reader}": reader for reader in graph.readers(name)}
    match node:
        case ast.Name(id=word, ctx=ast.Load()) if word in upstream:
            reader = upstream[word]
            yield "upstream left out", 0, _expression(f"torch.ones_like({reader})")
            others = [v for v in bench.exercise.expected if v not in (name, reader)]
            others = [v for v in others if values[v].shape == values[reader].shape]
            known = others[: max(1, sum(v in _before(bench, name) for v in others))]
            if known:
                yield "wrong upstream", 0, _expression(f"d{known[-1]}")
        case ast.Name(id=word, ctx=ast.Load()) if word in graph.steps or word in bench.exercise.expected:
            near = [*graph.readers(word), *(graph.steps[word].reads if word in graph.steps else ())]
            for other in near:
                if other != word and getattr(values.get(other), "shape", None) == values[word].shape:
                    yield "wrong operand", 0, _expression(other)
        case ast.Name(id=word, ctx=ast.Load()) if type(values.get(word)) is int:
            yield "n-1 for n", 0, _expression(f"({word} - 1)")
            yield "size written out", 0.5, ast.Constant(own[word])
        case ast.Subscript(value=ast.Attribute(attr="shape"), ctx=ast.Load()):
            yield "size written out", 0.5, ast.Constant(eval(ast.unparse(node), dict(own)))
        case ast.Call(func=ast.Attribute(attr="sum", value=summed), args=[ast.Constant(value=dim)]):
            kept = any(k.arg == "keepdim" for k in node.keywords)
            yield "missing sum", 0, summed
            yield "mean for sum", 0, _call(summed, "mean", node.args, node.keywords)
            yield "sum over the wrong dimension", 0, _call(summed, "sum", [ast.Constant(1 - dim)], node.keywords)
            yield "sum over everything", 0, _call(summed, "sum", [], [])
            yield "only one row", 0, _expression(f"({ast.unparse(summed)}).narrow({dim}, 0, 1)")
            if kept:
                yield "dimension dropped", 0.5, _call(summed, "sum", node.args, [])
            else:
                keep = ast.keyword("keepdim", ast.Constant(True))
                yield "dimension added", 0.5, _call(summed, "sum", node.args, [keep])
            if isinstance(summed, ast.BinOp) and isinstance(summed.op, ast.Mult):
                right = _call(summed.right, "sum", node.args, node.keywords)
                yield "precedence of sum", 0, ast.BinOp(summed.left, ast.Mult(), right)
        case ast.BinOp(op=ast.Mult()):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(side, ast.Name) and side.id in upstream:
                    yield "local derivative left out", 0, _call(side, "clone", [], [])
                    yield "added where it multiplies", 0, ast.BinOp(other, ast.Add(), side)
                    yield "divided where it multiplies", 0, ast.BinOp(side, ast.Div(), other)
        case ast.BinOp(op=ast.MatMult()):
            yield "factors in the wrong order", 0, ast.BinOp(node.right, ast.MatMult(), node.left)
            swapped = ast.BinOp(_transposed(node.left), ast.MatMult(), _transposed(node.right))
            yield "wrong factor transposed", 0, swapped
            swapped = ast.BinOp(_transposed(node.right), ast.MatMult(), _transposed(node.left))
            yield "transpose of the product", 0, swapped
        case ast.Attribute(attr="T", ctx=ast.Load()):
            yield "transpose left out", 0, node.value
        case ast.BinOp(op=ast.Pow(), right=exponent):
            yield "power", 0, node.left
            yield "power", 0, ast.BinOp(node.left, ast.Pow(), ast.BinOp(exponent, ast.Add(), ast.Constant(1)))
            yield "power", 0, ast.BinOp(node.left, ast.Pow(), ast.UnaryOp(ast.USub(), exponent))
        case ast.BinOp(op=ast.Add(), right=ast.Constant(value=float())):
            yield "epsilon", 0, node.left
            yield "epsilon", 0, ast.BinOp(node.left, ast.Sub(), node.right)
            yield "epsilon", 0, ast.BinOp(node.left, ast.Add(), ast.Constant(10 * node.right.value))
        case ast.BinOp(op=ast.Div(), right=ast.BinOp(op=ast.Sub(), left=n, right=one)):
            quotient = ast.BinOp(node.left, ast.Div(), n)
            yield "precedence of / and -", 0, ast.BinOp(quotient, ast.Sub(), one)
        case ast.BinOp(op=ast.Sub(), right=ast.Constant(value=1)):
            yield "n for n-1", 0, node.left
        case ast.BinOp(op=ast.Div()):
            yield "factor left out", 0, node.left
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign of a factor", 0, operand
        case ast.Constant(value=int() | float() as constant) if abs(constant) not in (0, 1) and abs(constant) > 1e-2:
            yield "constant", 0, ast.Constant(constant / abs(constant))


# --- mistakes that take more than one place ------------------------------------------------------------------------------


def _stale(bench: Bench) -> Iterator[Mistake]:
    """A gradient computed from an upstream one to which the last share had not been added yet."""
    for late in bench.exercise.expected:
        for grade_id, statements, number in _places(bench, late):
            if not isinstance(ast.parse(statements[number]).body[0], ast.AugAssign):
                continue
            saved = [*statements[:number], f"early = d{late}.clone()", *statements[number:]]
            for name in bench.exercise.expected:
                if late not in bench.exercise.graph.readers(name):
                    continue
                edits = {grade_id: saved}
                for cell, _, _ in _places(bench, name):
                    texts = edits.get(cell, _statements(bench, cell))
                    edits[cell] = [
                        _renamed(text, f"d{late}", "early") if f"d{name}" in written(ast.parse(text)) else text
                        for text in texts
                    ]
                yield Mistake("stale upstream", name, {cell: "\n".join(texts) for cell, texts in edits.items()})


def _aliased(bench: Bench, values: Mapping) -> Iterator[Mistake]:
    """A second name for an upstream tensor, which is then changed through it."""
    for name in bench.exercise.expected:
        upstream = {f"d{reader}": reader for reader in bench.exercise.graph.readers(name)}
        for grade_id, statements, number in _places(bench, name):
            match ast.parse(statements[number]).body[0]:
                case ast.Assign(value=ast.Call(func=ast.Attribute(attr="clone", value=ast.Name(id=word)))):
                    shared = [f"d{name} = {word}"]
                case ast.Assign(value=ast.BinOp(left=left, op=ast.Mult(), right=ast.Name(id=word))):
                    shared = [f"d{name} = {word}", f"d{name} *= {ast.unparse(left)}"]
                case _:
                    continue
            if word not in upstream or values[upstream[word]].shape != values[name].shape:
                continue
            before, after = statements[:number], statements[number + 1 :]
            used = any(f"d{name}" in read(ast.parse(text)) | written(ast.parse(text)) for text in after)
            changed = [*before, *shared, *after] if used else [*before, *after, *shared]
            yield Mistake("aliased upstream", upstream[word], {grade_id: "\n".join(changed)})


def _lookups(bench: Bench) -> Iterator[Mistake]:
    """Rows of a table picked by an index, and their gradients not accumulated."""
    for step in bench.exercise.graph.steps.values():
        tree = step.tree
        if not (
            isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name) and isinstance(tree.slice, ast.Name)
        ):
            continue
        table, index, picked = tree.value.id, tree.slice.id, step.name
        if table not in bench.exercise.expected:
            continue
        d, upstream = f"d{table}", f"d{picked}"
        start = f"{d} = torch.zeros_like({table})\n"
        loops = f"for i in range({index}.shape[0]):\n    for j in range({index}.shape[1]):\n        "
        texts = {
            "repeats overwritten": [
                f"{start}{d}[{index}] = {upstream}",
                f"{start}{d}[{index}] += {upstream}",
                f"{start}{loops}{d}[{index}[i, j]] = {upstream}[i, j]",
                f"{start}for i in range({index}.shape[0]):\n    {d}[{index}[i]] += {upstream}[i]",
                f"{start}{d}.index_put_(({index},), {upstream})",
            ],
            "repeats in part": [
                f"{start}{d}.index_add_(0, {index}[:, 0], {upstream}[:, 0])",
                f"{start}{d}.index_add_(0, {index}[0], {upstream}[0])",
                f"{start}{loops.replace('.shape[0])', '.shape[0] - 1)')}{d}[{index}[i, j]] += {upstream}[i, j]",
                f"{start}{loops.replace('range(', 'range(1, ')}{d}[{index}[i, j]] += {upstream}[i, j]",
            ],
            "repeats averaged": [
                f"{start}{d}.index_add_(0, {index}.view(-1), {upstream}.view(-1, {table}.shape[1]))\n"
                f"{d} /= torch.bincount({index}.view(-1), minlength={table}.shape[0]).clamp(min=1)[:, None]",
            ],
            "never filled": [start.strip(), f"{d} = torch.ones_like({table})"],
        }
        grade_id, statements, _ = next(_places(bench, table))
        others = [text for text in statements if d not in written(ast.parse(text))]
        for kind, variants in texts.items():
            for text in variants:
                yield Mistake(kind, table, {grade_id: "\n".join([*others, text])})


# --- is it a mistake at all? ---------------------------------------------------------------------------------------------


def unseen_batch(bench: Bench) -> Minibatch:
    """A minibatch of sizes that are not the notebook's."""
    own = own_sizes(bench.exercise)
    sizes = {name: value // 2 + 2 + number for number, (name, value) in enumerate(own.items())}
    return make(bench.exercise, sizes, own, "unseen", 7)


def is_a_mistake(bench: Bench, mistake: Mistake, batch: Minibatch) -> bool:
    """Whether the numbers come out other than the solution's, with random upstream gradients.

    Where a gradient does not look at its own upstream any more, it counts what comes out of a true backward pass: that
    a share is left out which is zero in every backward pass is no mistake there, but a short cut.
    """
    cells = {**bench.solution_cells, **mistake.edits}
    fraction = mistake.kind == "size written out"
    if mistake.kind in ("stale upstream", "wrong upstream") and not _differ(bench, cells, mistake.name, batch, False):
        return False
    return fraction or _differ(bench, cells, mistake.name, batch, True)


def _differ(bench: Bench, cells: Mapping[str, str], name: str, batch: Minibatch, replacing: bool) -> bool:
    right = _run(bench, bench.solution_cells, batch, replacing)[name]
    yours = _run(bench, cells, batch, replacing).get(name)
    if yours is None:
        return True
    return any(
        y.shape != r.shape or not torch.allclose(y.double(), r, rtol=1e-6, atol=1e-9 * float(r.abs().max()))
        for y, r in zip(yours, right, strict=True)
    )


def _run(bench: Bench, cells: Mapping[str, str], batch: Minibatch, replacing: bool) -> dict[str, list[torch.Tensor]]:
    """Run solution cells in this process: each gradient when its cell is done, and again at the end.

    Args:
        replacing: whether a gradient gives way to a random one when its cell is done.
    """
    namespace = {"torch": torch, "F": F, **batch.values}
    found: dict[str, list[torch.Tensor]] = {}
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            for grade_id, source in cells.items():
                with contextlib.suppress(Exception):
                    exec(source, namespace)
                for name in (v for v, cell in bench.cell_of.items() if cell == grade_id):
                    if isinstance(namespace.get(f"d{name}"), torch.Tensor):
                        found[name] = [namespace[f"d{name}"].clone()]
                        if replacing and name in bench.exercise.graph.steps:
                            namespace[f"d{name}"] = batch.upstream[name].clone()
                        kept[name] = (namespace[f"d{name}"], namespace[f"d{name}"].clone())
    finally:
        torch.set_default_dtype(default)
    for name, (tensor, _) in kept.items():
        found[name].append(tensor)
    return found


# --- syntax trees --------------------------------------------------------------------------------------------------------


def _statements(bench: Bench, grade_id: str) -> Statements:
    source = bench.solution_cells[grade_id]
    return [ast.get_source_segment(source, node) for node in ast.parse(source).body]


def _places(bench: Bench, name: str) -> Iterator[tuple[str, Statements, int]]:
    """Every statement that writes a gradient: grade_id of its cell, the cell's statements, its number among them."""
    for grade_id in bench.solution_cells:
        statements = _statements(bench, grade_id)
        for number, text in enumerate(statements):
            if f"d{name}" in written(ast.parse(text)):
                yield grade_id, statements, number


def _before(bench: Bench, name: str) -> tuple[str, ...]:
    return bench.exercise.expected[: bench.exercise.expected.index(name)]


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _call(value: ast.expr, method: str, args: list, keywords: list) -> ast.Call:
    return ast.Call(ast.Attribute(value, method, ast.Load()), args, keywords)


def _transposed(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _renamed(text: str, old: str, new: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old and isinstance(node.ctx, ast.Load):
            node.id = new
    return ast.unparse(tree)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)
