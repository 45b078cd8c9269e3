"""Wrong answers made from the right ones: one known mistake in the gradient of one variable, all else as it was.

What to break, and how, is read from the graph of the forward pass and from the syntax tree of the solution: a variable
with two readers has a branch to leave out, a ``sum`` can run over the wrong dimension, a ``+=`` can be a ``=``. Every
mistake is text of a cell, as a learner would type it. A change that changes no number is left out (``equivalent``).
"""

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder.authoring.equivalent import makes_a_difference, only_the_shape, unseen_batch
from autograder.authoring.node_slips import slips
from autograder.authoring.workbench import Bench
from toolkit.network.minibatches import make, own_sizes
from toolkit.running.statements import read, replaced, written

Statements = list[str]
"""The top-level statements of one cell."""
UNTOUCHED = ("stale upstream", "wrong upstream")
"""Kinds that do not look at their own upstream gradient any more, and so must show on a true backward pass: that a share is left
out which is zero in every backward pass is no mistake there, but a short cut."""


@dataclass(frozen=True)
class Mistake:
    """One wrong gradient in an otherwise right submission."""

    kind: str
    name: str
    """The variable whose gradient is wrong; for a line on the way, the first graded one that it leads to."""
    edits: dict[str, str]
    """The cells that differ from the solution, by grade_id."""
    fraction: float = 0.0
    """What the gradient may keep of its points: a half where only the shape, or a size written out, is wrong."""
    costs: tuple[str, ...] = ()
    """Graded gradients of which one at least must lose points; of ``name`` it is known."""

    @property
    def label(self) -> str:
        changed = " / ".join("; ".join(text.splitlines()) for text in self.edits.values())
        return f"{self.kind}, d{self.name}: {changed}"


def mistakes(bench: Bench) -> Iterator[Mistake]:
    """Every mistake that can be made in every graded gradient of an exercise, each once."""
    seen = set()
    for mistake in _all(bench):
        key = (mistake.name, tuple(mistake.edits.items()))
        if key not in seen and is_a_mistake(bench, mistake):
            seen.add(key)
            half = not mistake.fraction and only_the_shape(bench, mistake.edits, mistake.costs or (mistake.name,))
            yield replace(mistake, fraction=0.5) if half else mistake


def is_a_mistake(bench: Bench, mistake: Mistake) -> bool:
    """Whether the numbers come out other than the solution's, with random upstream gradients."""
    names = mistake.costs or (mistake.name,)
    if mistake.kind in UNTOUCHED and not makes_a_difference(bench, mistake.edits, names, replacing=False):
        return False
    return mistake.kind == "size written out" or makes_a_difference(bench, mistake.edits, names)


def _all(bench: Bench) -> Iterator[Mistake]:
    values, sizes = unseen_batch(bench).values, own_sizes(bench.exercise)
    own = make(bench.exercise, sizes, sizes, "own", 5).values
    for name in bench.gradients:
        yield from _afterwards(bench, name, values)
        for grade_id, statements, number in places(bench, name):
            for kind, fraction, changed in _changed(bench, name, statements, number, values, own):
                yield Mistake(kind, name, {grade_id: "\n".join(changed)}, fraction)
    for grade_id, statements, number, costs in _on_the_way(bench):
        for kind, _, changed in _changed(bench, costs[0], statements, number, values, own):
            if kind != "dimension dropped" and kind != "dimension added":  # of what nobody looks at
                fraction = 0.5 if kind == "size written out" else 0.0
                yield Mistake(kind, costs[0], {grade_id: "\n".join(changed)}, fraction, costs)
    yield from _stale(bench)
    yield from _aliased(bench, values)
    yield from _lookups(bench)


# --- what is done to a gradient when it is complete ---------------------------------------------------------------------


def _afterwards(bench: Bench, name: str, values: Mapping[str, Any]) -> Iterator[Mistake]:
    """A statement more, right after the one that completes the gradient."""
    d, shape = f"d{name}", values[name].shape
    lines = [("sign", 0.0, f"{d} = -{d}"), ("factor 2", 0.0, f"{d} = 2 * {d}")]
    if n := _count(bench, values):
        lines.append(("factor n", 0, f"{d} = {d} * {n}"))
        lines.append(("factor 1/n", 0, f"{d} = {d} / {n}"))
        lines.append(("factor n/(n-1)", 0, f"{d} = {d} * {n} / ({n} - 1)"))
    lines.append(("zeros", 0, f"{d} = torch.zeros_like({name})"))
    lines.append(("dimension added", 0.5, f"{d} = {d}.unsqueeze(0)"))
    if shape:
        last = ":, -1" if shape[0] == 1 and len(shape) > 1 else "-1"
        lines.append(("one element or row left out", 0, f"{d} = {d}.clone()\n{d}[{last}] = 0"))
    if 1 in shape:
        lines.append(("dimension dropped", 0.5, f"{d} = {d}.squeeze()"))
    if len(shape) > 1:
        one, other = (0, 1) if len(shape) == 2 else (len(shape) - 2, len(shape) - 1)
        column = 1 in (shape[one], shape[other])
        lines.append(("transpose", 0.5 if column else 0, f"{d} = {d}.transpose({one}, {other})"))
        if not column:
            lines.append(("transpose, reshaped", 0, f"{d} = {d}.transpose({one}, {other}).reshape({name}.shape)"))
    if shape and shape[0] > 1:
        lines.append(("sum too many", 0, f"{d} = {d}.sum(0, keepdim=True)"))
        lines.append(("mean of the rows", 0, f"{d} = {d}.mean(0, keepdim=True).expand({name}.shape)"))
    earlier = bench.gradients[: bench.gradients.index(name)]
    if same := [v for v in earlier if values[v].shape == shape]:
        lines.append(("another variable's gradient", 0, f"{d} = d{same[0]}.clone()"))
    grade_id, statements, number = list(places(bench, name))[-1]
    for kind, fraction, line in lines:
        changed = [*statements[: number + 1], line, *statements[number + 1 :]]
        yield Mistake(kind, name, {grade_id: "\n".join(changed)}, fraction)


def _count(bench: Bench, values: Mapping[str, Any]) -> str:
    """What the exercise calls the number of examples, or else some size."""
    sizes = [name for name in ("n", "batch_size", *own_sizes(bench.exercise)) if type(values.get(name)) is int]
    return sizes[0] if sizes else ""


# --- what is changed inside a statement ---------------------------------------------------------------------------------


def _changed(
    bench: Bench, name: str, statements: Statements, number: int, values: Mapping[str, Any], own: Mapping[str, Any]
) -> Iterator[tuple[str, float, Statements]]:
    """Each way in which the statement that computes (a share of) a gradient goes wrong."""
    statement = ast.parse(statements[number]).body[0]
    before, after = statements[:number], statements[number + 1 :]
    if isinstance(statement, ast.AugAssign):
        for kind, lines in _of_a_share(statement):
            yield kind, 0, [*before, *lines, *after]
    for position, node in enumerate(ast.walk(statement)):
        found = list(slips(bench, name, node, values, own))
        if isinstance(node, ast.AugAssign) and node is not statement and isinstance(node.op, ast.Add):
            found.append(("repeats overwritten", 0, ast.Assign([node.target], node.value)))
        for kind, fraction, replacement in found:
            tree = copy.deepcopy(statement)
            old = list(ast.walk(tree))[position]
            text = ast.unparse(replaced(tree, old, replacement))
            yield kind, fraction, [*before, text, *after]


def _of_a_share(statement: ast.AugAssign) -> Iterator[tuple[str, Statements]]:
    """What becomes of ``+=`` and its like."""
    text, target, value = ast.unparse(statement), ast.unparse(statement.target), ast.unparse(statement.value)
    match statement.op:
        case ast.Add() | ast.Sub():
            yield "missing branch", []
            yield "missing branch", [f"{target} = {value}"]
            yield "sign of a branch", [f"{target} {'-' if isinstance(statement.op, ast.Add) else '+'}= {value}"]
            yield "branch counted twice", [text, text]
        case ast.Mult() | ast.Div():
            yield "factor left out", []
            turned, kind = ("/", "divided where it multiplies"), ("*", "multiplied where it divides")
            sign, said = turned if isinstance(statement.op, ast.Mult) else kind
            yield said, [f"{target} {sign}= {value}"]
            yield "factor twice", [text, text]


# --- mistakes that take more than one place ------------------------------------------------------------------------------


def _stale(bench: Bench) -> Iterator[Mistake]:
    """A gradient computed from an upstream one to which the last share had not been added yet."""
    for late in bench.gradients:
        for grade_id, statements, number in places(bench, late):
            if not isinstance(ast.parse(statements[number]).body[0], ast.AugAssign):
                continue
            saved = [*statements[:number], f"early = d{late}.clone()", *statements[number:]]
            for name in bench.gradients:
                if late not in bench.graph.readers(name):
                    continue
                edits = {grade_id: saved}
                for cell, _, _ in places(bench, name):
                    texts = edits.get(cell, _statements(bench, cell))
                    edits[cell] = [
                        _renamed(text, f"d{late}", "early") if f"d{name}" in written(ast.parse(text)) else text
                        for text in texts
                    ]
                yield Mistake("stale upstream", name, {cell: "\n".join(texts) for cell, texts in edits.items()})


def _aliased(bench: Bench, values: Mapping) -> Iterator[Mistake]:
    """A second name for an upstream tensor, which is then changed through it."""
    for name in bench.gradients:
        upstream = {f"d{reader}": reader for reader in bench.graph.readers(name)}
        for grade_id, statements, number in places(bench, name):
            match ast.parse(statements[number]).body[0]:
                case ast.Assign(value=ast.Call(func=ast.Attribute(attr="clone", value=ast.Name(id=word)))):
                    shared = [f"d{name} = {word}"]
                case ast.Assign(value=ast.BinOp(left=left, op=ast.Mult(), right=ast.Name(id=word))):
                    shared = [f"d{name} = {word}", f"d{name} *= {ast.unparse(left)}"]
                case _:
                    continue
            if upstream.get(word) not in bench.gradients or values[upstream[word]].shape != values[name].shape:
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
        if table not in bench.gradients:
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
        grade_id, statements, _ = next(places(bench, table))
        others = [text for text in statements if d not in written(ast.parse(text))]
        for kind, variants in texts.items():
            for text in variants:
                yield Mistake(kind, table, {grade_id: "\n".join([*others, text])})


# --- where a gradient is written ----------------------------------------------------------------------------------------


def places(bench: Bench, name: str) -> Iterator[tuple[str, Statements, int]]:
    """Every statement that writes a gradient: grade_id of its cell, the cell's statements, its number among them."""
    for grade_id in bench.gradient_cells:
        statements = _statements(bench, grade_id)
        for number, text in enumerate(statements):
            if f"d{name}" in written(ast.parse(text)):
                yield grade_id, statements, number


def _on_the_way(bench: Bench) -> Iterator[tuple[str, Statements, int, tuple[str, ...]]]:
    """Every statement that writes no graded gradient, and the graded ones that it may cost.

    Those to which the gradient of a step goes back first; of what is no step's, those that the cell and later ones complete.
    """
    cells = [*bench.gradient_cells]
    for at, grade_id in enumerate(cells):
        statements = _statements(bench, grade_id)
        for number, text in enumerate(statements):
            names = {word[1:] for word in written(ast.parse(text)) if word[:1] == "d" and word[1:] in bench.tensors}
            if names & {*bench.gradients}:
                continue
            steps = [name for name in names if name in bench.graph.steps]
            costs = [found for step in steps for found in bench.graph.goes_back_to(step, bench.gradients)]
            costs = costs or [name for name in bench.gradients if bench.cell_of[name] in cells[at:]]
            if costs:
                yield grade_id, statements, number, tuple(dict.fromkeys(costs))


def _statements(bench: Bench, grade_id: str) -> Statements:
    source = bench.gradient_cells[grade_id]
    return [ast.get_source_segment(source, node) or "" for node in ast.parse(source).body]


def _renamed(text: str, old: str, new: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old and isinstance(node.ctx, ast.Load):
            node.id = new
    return ast.unparse(tree)
