"""The forward pass as a graph of named steps, read from the text of the forward cell.

The forward cell is straight-line code: each line ``name = expression`` is a step. Reading it with ``ast`` gives what
each step reads and what reads it; autograd on single expressions then gives every local gradient. No derivative of
any particular network is written down here.
"""

import ast
import builtins
import copy
import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Step:
    """One line of the forward pass, ``name = expression``."""

    name: str
    expression: str
    """Right-hand side as text, without comment."""
    reads: tuple[str, ...]
    """Every name that the expression loads, in order of first appearance (functions and modules included)."""
    line: int
    """Line number in the forward cell, from 1."""
    code: CodeType

    def evaluate(self, values: Mapping[str, Any]) -> Tensor:
        """Value of the expression; ``values`` must hold all that it reads (builtins are there already)."""
        known = {name: values[name] for name in self.reads if name in values}
        return eval(self.code, {"__builtins__": builtins, **known})

    @property
    def tree(self) -> ast.expr:
        """A fresh syntax tree of the expression."""
        return ast.parse(self.expression, mode="eval").body

    @classmethod
    def from_expression(cls, name: str, expression: ast.expr, line: int = 1) -> "Step":
        """A step from a syntax tree; also makes the variants of a step that a diagnosis compares with."""
        text = ast.unparse(expression)
        tree = ast.parse(text, mode="eval")
        loads = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        loads.sort(key=lambda node: (node.lineno, node.col_offset))
        return cls(
            name, text, tuple(dict.fromkeys(node.id for node in loads)), line, compile(tree, f"<{name}>", "eval")
        )


@dataclass(frozen=True)
class Graph:
    """A forward pass: its steps in order. Names that no step computes are its inputs (parameters, minibatch, sizes)."""

    steps: dict[str, Step]
    text: str
    """The forward cell as written."""
    whole: "Graph | None" = None
    """The graph before any step was substituted away, if some were."""

    @classmethod
    def from_source(cls, text: str) -> "Graph":
        """Read the text of a forward cell.

        Raises:
            ValueError: a line is not ``name = expression``, or a name is assigned twice.
        """
        steps: dict[str, Step] = {}
        for node in ast.parse(text).body:
            if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
                raise ValueError(
                    f"Line {node.lineno} of the forward pass is not of the form `name = expression`: "
                    f"{ast.unparse(node)!r}. Write one named step a line."
                )
            name = node.targets[0].id
            if name in steps:
                raise ValueError(f"Line {node.lineno} of the forward pass assigns {name} again. Give it a new name.")
            steps[name] = Step.from_expression(name, node.value, node.lineno)
        if not steps:
            raise ValueError("The forward pass is empty: write at least one step, `name = expression`.")
        return cls(steps, text)

    @property
    def output(self) -> str:
        """Name of the last step, the loss."""
        return next(reversed(self.steps))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names that are read and not computed by any step, in order; modules such as ``torch`` are among them."""
        read = itertools.chain.from_iterable(step.reads for step in self.steps.values())
        return tuple(dict.fromkeys(name for name in read if name not in self.steps and not hasattr(builtins, name)))

    def fused(self, keep: Iterable[str]) -> "Graph":
        """The same function in fewer steps: one that is not in ``keep`` is substituted into the steps that read it.

        Steps from which no way leads to the output are left out.
        """
        keep = {*keep, self.output}
        trees: dict[str, ast.expr] = {}
        kept: dict[str, Step] = {}
        for name, step in self.steps.items():
            trees[name] = _Substitute({other: trees[other] for other in step.reads if other in trees}).visit(step.tree)
            if name in keep:
                kept[name] = Step.from_expression(name, ast.fix_missing_locations(trees[name]), step.line)
                trees[name] = ast.Name(name, ast.Load())
        needed = [self.output]
        for name in needed:
            needed += [other for other in kept[name].reads if other in kept and other not in needed]
        return Graph({name: step for name, step in kept.items() if name in needed}, self.text, self.whole or self)

    def readers(self, name: str) -> tuple[str, ...]:
        """Steps that read ``name``, in forward order."""
        return tuple(step.name for step in self.steps.values() if name in step.reads)

    def after(self, name: str) -> list[Step]:
        """Steps that come after a variable, in forward order: all of them, if it is an input."""
        steps = [*self.steps.values()]
        return steps[[*self.steps].index(name) + 1 :] if name in self.steps else steps

    def goes_back_to(self, name: str, wanted: Collection[str]) -> list[str]:
        """Those of the wanted variables to which the gradient of a step goes back first, nearest first."""
        found, front, known = [], [name], {name}
        for step in front:
            for read in self.steps[step].reads:
                if read not in known:
                    known.add(read)
                    found += [read] if read in wanted else []
                    front += [read] if read in self.steps else []
        return found

    def variables(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Every name that has a gradient: floating-point inputs in order, then the steps."""
        leaves = (name for name in self.inputs if _is_float_tensor(values.get(name)))
        return (*leaves, *self.steps)

    def forward(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run the forward pass; returns inputs and steps by name. Records an autograd graph if inputs ask for it."""
        values = dict(inputs)
        for step in self.steps.values():
            values[step.name] = step.evaluate(values)
        return values

    def gradients(self, inputs: Mapping[str, Any], upstream: Tensor | None = None) -> dict[str, Tensor]:
        """Autograd's gradient of the output with respect to every variable: the reference.

        Args:
            upstream: gradient of the output, with its shape; needed only if the output is no scalar.

        Returns:
            One tensor for each name in ``variables``, with the shape and dtype of the variable.
        """
        tracked = {k: v.detach().requires_grad_() if _is_float_tensor(v) else v for k, v in inputs.items()}
        with torch.enable_grad():
            values = self.forward(tracked)
            names = self.variables(values)
            tensors = [values[name] for name in names]
            grads = torch.autograd.grad(values[self.output], tensors, upstream, materialize_grads=True)
        return dict(zip(names, grads, strict=True))


def vector_jacobian_product(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Tensor:
    """One reader's share of the gradient of ``name``: ``upstream`` times the Jacobian of a single expression.

    Args:
        values: all that the expression reads, by name; the values are detached here.
        upstream: gradient of the step; a tensor with the step's shape.

    Returns:
        A tensor with the shape and dtype of ``values[name]``.
    """
    return pullback(step, name, values)(upstream)


def pullback(step: Step, name: str, values: Mapping[str, Any]) -> Callable[[Tensor], Tensor]:
    """``vector_jacobian_product`` as a function of the upstream gradient alone; the expression is evaluated only once."""
    with torch.enable_grad():
        variable = values[name].detach().requires_grad_()
        output = step.evaluate({**values, name: variable})

    def pull(upstream: Tensor) -> Tensor:
        if not output.requires_grad:  # it reads only the shape, say
            return torch.zeros_like(variable)
        return torch.autograd.grad(output, variable, upstream, retain_graph=True, materialize_grads=True)[0]

    return pull


def shares(
    graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """What each reader of ``name`` passes back to it, as (reader, vector-Jacobian product).

    Raises:
        KeyError: a reader of ``name`` has no upstream gradient.
    """
    for reader in graph.readers(name):
        yield reader, vector_jacobian_product(graph.steps[reader], name, values, upstream[reader])


def local_gradient(graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor]) -> Tensor:
    """Gradient of the loss with respect to ``name``, given the gradients of the steps that read it.

    One vector-Jacobian product for each reader, summed: the multivariate chain rule on one node of the graph.

    Args:
        values: every forward variable by name, detached.
        upstream: gradient of each reader by name; each has its reader's shape.

    Returns:
        A tensor with the shape and dtype of ``values[name]``.

    Raises:
        KeyError: a reader of ``name`` has no upstream gradient.
        ValueError: nothing reads ``name``.
    """
    parts = [share for _, share in shares(graph, name, values, upstream)]
    if not parts:
        raise ValueError(f"Nothing in the forward pass reads {name}, so no gradient comes back to it.")
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]


def summand_scale(
    graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor], draws: int = 4
) -> Tensor:
    """How large the terms are that add up to each element of a local gradient, cancellation or not.

    Flipping the signs of the upstream gradients at random turns a sum that cancels into one that does not; the
    largest of a few such draws is about the root of the summed squares. An elementwise step gives just ``|gradient|``.

    Returns:
        A non-negative tensor with the shape of ``values[name]``.
    """
    return shares_and_scale(graph, name, values, upstream, draws)[1]


def shares_and_scale(
    graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor], draws: int = 4
) -> tuple[dict[str, Tensor], Tensor]:
    """``shares`` by reader and ``summand_scale`` together: each reader's expression is evaluated once for both."""
    parts, sizes = {}, []
    hidden = _hidden(graph, name)
    for place, reader in enumerate(graph.readers(name)):
        pull = pullback(graph.steps[reader], name, values)
        parts[reader] = pull(upstream[reader])
        if not hidden:
            shape = upstream[reader].shape
            sizes += [pull(upstream[reader] * _signs(shape, draw, place)).abs() for draw in range(draws)]
    if hidden:
        sizes = _sizes_inside(graph, name, values, upstream, hidden, draws)
    return parts, torch.stack(sizes).amax(0)


@functools.lru_cache(maxsize=256)
def _signs(shape: torch.Size, draw: int, place: int) -> Tensor:
    """Random signs, the same for the same draw and place."""
    generator = torch.Generator().manual_seed(1000 * place + draw)
    return (torch.randint(0, 2, shape, generator=generator, device="cpu") * 2 - 1).to(torch.int8)


def _hidden(graph: Graph, name: str) -> set[str]:
    """Steps between a variable and its readers that were substituted away: what cancels there, flipped signs outside do
    not bring to light."""
    if graph.whole is None:
        return set()
    found, front = set(), [name]
    for variable in front:
        inside = [r for r in graph.whole.readers(variable) if r not in graph.steps and r not in found]
        found |= {*inside}
        front += inside
    return found


def _sizes_inside(
    graph: Graph,
    name: str,
    values: Mapping[str, Any],
    upstream: Mapping[str, Tensor],
    hidden: set[str],
    draws: int,
) -> list[Tensor]:
    """The sizes of a local gradient with signs flipped at every hidden step, too."""
    readers, number, whole = graph.readers(name), 0, graph.whole or graph

    def flip(place: int) -> Callable[[Tensor], Tensor]:
        return lambda gradient: gradient * _signs(gradient.shape, number, place)

    with torch.enable_grad():
        variable = values[name].detach().requires_grad_()
        known, outputs = {**values, name: variable}, []
        for place, step in enumerate(whole.steps.values()):
            if step.name not in hidden and step.name not in readers:
                continue
            result = step.evaluate(known)
            if step.name in readers:  # what further hidden steps read is given
                outputs.append((step.name, result))
            elif result.requires_grad:
                result.register_hook(flip(place))  # type: ignore[no-untyped-call]  # torch does not say its type
                known[step.name] = result
    tensors = [(reader, tensor) for reader, tensor in outputs if tensor.requires_grad]
    sizes = []
    for number in range(draws):
        given = [upstream[reader] * _signs(tensor.shape, number, -1 - i) for i, (reader, tensor) in enumerate(tensors)]
        found = torch.autograd.grad([t for _, t in tensors], variable, given, retain_graph=True, materialize_grads=True)
        sizes.append(found[0].abs())
    return sizes


class _Substitute(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, expressions: Mapping[str, ast.expr]):
        self.expressions = expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.expressions.get(node.id, node))


def _is_float_tensor(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()
