"""Wrong lines that nobody would write, to try what is claimed of them: random trees, and right lines with several changes.

Made from a seed, so that each can be made again. Most are not one mistake away from anything right, and whoever explains them
all the same must have a reason.
"""

import ast
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.authoring.answers import Answer
from autograder.authoring.equivalent import unseen_batch
from autograder.authoring.workbench import Bench
from toolkit.network.graph import vector_jacobian_product
from toolkit.network.minibatches import Minibatch
from toolkit.running.statements import written


@dataclass(frozen=True)
class Line:
    """Cells with a line that is probably wrong."""

    name: str
    """The variable whose gradient it computes."""
    cell: str
    """grade_id of the cell that was changed."""
    edits: dict[str, str]


def random_lines(bench: Bench, answers: Sequence[Answer], seed: int) -> Iterator[Line]:
    """Without end: half of them trees over the names in scope, half right or wrong lines with one to four changes.

    Args:
        answers: answers to the same exercise, to start from; the solution is another.
    """
    chooser, batch = random.Random(seed), unseen_batch(bench)
    starts = [dict(answer.edits) for answer in answers if answer.edits.keys() <= bench.solution_cells.keys()]
    while True:
        edits = {**bench.solution_cells, **(chooser.choice(starts) if starts and chooser.random() < 0.4 else {})}
        name = chooser.choice(bench.exercise.expected)
        grade_id = bench.cell_of[name]
        statements = ast.parse(edits[grade_id]).body
        places = [i for i, node in enumerate(statements) if f"d{name}" in written(node)]
        if not places:
            continue
        scope = Scope(bench, batch, name, statements[: places[-1]], chooser)
        number = chooser.choice(places)
        if chooser.random() < 0.5:
            statements[number] = ast.parse(f"d{name} = {scope.tree(chooser.choice((1, 2, 2, 3)))}").body[0]
        else:
            for _ in range(chooser.choice((1, 2, 2, 3, 4))):
                number = chooser.choice([*places, *range(len(statements))])
                statements[number] = scope.changed(statements[number])
        cell = "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in statements)
        yield Line(name, grade_id, {**edits, grade_id: cell})


class Scope:
    """What a line may speak of, and how it is changed at random."""

    def __init__(self, bench: Bench, batch: Minibatch, name: str, before: Sequence[ast.stmt], chooser: random.Random):
        self.chooser, expected = chooser, bench.exercise.expected
        shape = batch.values[name].shape
        values = {k: v for k, v in batch.values.items() if isinstance(v, Tensor) and v.is_floating_point()}
        values = {
            k: v for k, v in values.items() if k in bench.exercise.graph.steps or k in bench.exercise.graph.inputs
        }
        earlier = {"d" + k: values[k] for k in expected[: expected.index(name)]}
        given = {"d" + k: values[k] for k in bench.exercise.graph.readers(name) if values[k].dim()}
        self.names = {**values, **earlier, **given}
        self.helpers = [word for node in before for word in written(node)]
        self.fitting = [k for k, v in self.names.items() if v.dim() and _fits(v.shape, shape)]
        self.likely = [k for k in given if k in self.fitting] or self.fitting

    def tree(self, depth: int) -> str:
        """An expression whose leaves can be broadcast to the shape that is wanted."""
        pick = self.chooser.choice
        if depth == 0 or self.chooser.random() < 0.1:
            return pick(self.likely) if self.chooser.random() < 0.35 else pick(self.fitting)
        one = self.tree(depth - 1)
        match pick("2222221116"):
            case "2":
                return f"({one} {pick('**+-/*')} {self.tree(depth - 1)})"
            case "1":
                return f"({one}).{pick(('sum', 'sum', 'mean'))}({pick((0, 1, 1, 0, -1))}, keepdim=True)"
            case _:
                return pick((f"(-{one})", f"{one} ** 2", f"(1 - {one})", f"{one} / n", f"2 * {one}", f"({one}).tanh()"))

    def changed(self, statement: ast.stmt) -> ast.stmt:
        """A statement with one node changed."""
        tree = ast.parse(ast.unparse(ast.fix_missing_locations(statement))).body[0]
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.AugAssign)]
        self.chooser.shuffle(nodes)
        for node in nodes:
            if (new := self._instead_of(node)) is not None:
                return _Replace(node, new).visit(tree)
        return tree

    def _instead_of(self, node: ast.AST) -> ast.AST | None:
        pick = self.chooser.choice
        match node:
            case ast.AugAssign(target=target, value=value) if self.chooser.random() < 0.3:
                return ast.Assign([target], value)
            case ast.Name(id=word, ctx=ast.Load()) if word in self.names:
                shape = self.names[word].shape
                alike = [k for k, v in self.names.items() if k != word and v.shape == shape]
                others = [*alike, *alike, *self.fitting, *self.helpers]
                return ast.Name(pick(others), ast.Load()) if others else None
            case ast.Name(id="n", ctx=ast.Load()):
                return _expression(pick(("(n - 1)", "(1 / n)", "(n + 1)", "2", "1")))
            case ast.BinOp(left=left, right=right, op=op):
                swapped = pick([o for o in (ast.Add, ast.Sub, ast.Mult, ast.Div) if not isinstance(op, o)])()
                return pick(
                    (
                        left,
                        right,
                        ast.BinOp(left, swapped, right),
                        ast.BinOp(right, op, left),
                        ast.BinOp(node, ast.Mult(), left),
                    )
                )
            case ast.UnaryOp(operand=operand):
                return operand
            case ast.Call(
                func=ast.Attribute(value=value, attr="sum"), args=[ast.Constant(value=dim)], keywords=keywords
            ):
                other = ast.Call(ast.Attribute(value, "sum", ast.Load()), [ast.Constant(1 - abs(dim))], keywords)
                mean = ast.Call(ast.Attribute(value, "mean", ast.Load()), node.args, keywords)
                return pick((value, other, mean))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=word), attr=attr)) if word == "torch" and "like" in attr:
                return ast.Call(
                    ast.Attribute(ast.Name("torch", ast.Load()), pick(("ones_like", "zeros_like")), ast.Load()),
                    node.args,
                    [],
                )
            case ast.Constant(value=int() | float() as value) if type(value) is not bool:
                return _expression(pick(("2", "1", "-1", "0.5", f"({value} + 1)", f"(-{value})")))
            case ast.Attribute(attr="T", value=value):
                return value
        return None


# --- tensors ---------------------------------------------------------------------------------------------------------------


def random_tensors(bench: Bench, name: str, batch: Minibatch, chooser: random.Random) -> Iterator[tuple[str, Tensor]]:
    """Without end: tensors that are no gradient of a variable, nor one mistake away from it; and how each was made."""
    values, graph = batch.values, bench.exercise.graph
    upstream = {r: batch.upstream[r] if values[r].dim() else torch.ones_like(values[r]) for r in graph.readers(name)}
    shares = {r: vector_jacobian_product(graph.steps[r], name, values, upstream[r]) for r in upstream}
    truth, generator = torch.stack([*shares.values()]).sum(0), torch.Generator().manual_seed(chooser.randrange(2**31))

    def noise() -> Tensor:
        return torch.randn(truth.shape, dtype=truth.dtype, generator=generator)

    def one_element() -> Tensor:
        wrong = truth.clone().reshape(-1)
        wrong[chooser.randrange(wrong.numel())] += float(truth.abs().max()) * chooser.uniform(0.1, 3)
        return wrong.reshape(truth.shape)

    def odd() -> float:
        return chooser.choice((-1, 1)) * chooser.choice((0.37, 1.61, 0.83, 2.7, 7.3)) * chooser.uniform(0.9, 1.1)

    made: Mapping[str, Callable[[], Tensor]] = {
        "random": noise,
        "random, as large as the gradient": lambda: noise() * truth.std(),
        "one element": one_element,
        "a little noise": lambda: truth + noise() * float(truth.abs().max()) * 10 ** chooser.uniform(-4, 0),
        "an odd factor": lambda: truth * odd(),
        "odd factors of the shares": lambda: sum((share * odd() for share in shares.values()), torch.zeros_like(truth)),
        "a factor for each row": lambda: (
            truth * noise().reshape(truth.shape[0], -1)[:, :1].reshape(-1, *[1] * (truth.dim() - 1))
        ),
        "elements shuffled": lambda: truth.reshape(-1)[torch.randperm(truth.numel(), generator=generator)].reshape(
            truth.shape
        ),
        "rounded": lambda: (truth / truth.abs().max() * 8).round() * truth.abs().max() / 8,
        "a constant more": lambda: truth + odd() * float(truth.abs().max()),
        "another's values": lambda: odd() * _as_shaped(values[chooser.choice([*graph.steps])], truth.shape, noise()),
    }
    while True:
        how = chooser.choice([*made])
        if not torch.allclose(wrong := made[how](), truth):
            yield how, wrong


def _as_shaped(value: Tensor, shape: torch.Size, otherwise: Tensor) -> Tensor:
    return value.to(otherwise.dtype).clone() if value.shape == shape else otherwise


def _fits(small: torch.Size, shape: torch.Size) -> bool:
    return len(small) <= len(shape) and all(a in (1, b) for a, b in zip(reversed(small), reversed(shape), strict=False))


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)
