"""Which mistake was it? Your gradient beside what it would be under one known mistake, all derived from the graph.

The candidates come in order of how often learners make the mistake; the first one that reproduces the numbers is named.
A sentence names the mistake and the principle, never the line to type.
"""

import ast
import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from toolkit.network.compare import DEGENERATE, equal, name_of_shape, tolerance
from toolkit.network.graph import Graph, Step, pullback, shares_and_scale, vector_jacobian_product
from toolkit.running.statements import replaced

Candidate = tuple[str, Tensor]
Said = TypeVar("Said")
NOT_FINITE = (
    "Which operation divides by zero, takes the log of what is not positive, or a power or root of what is negative?"
)
"""Where nan and inf come from."""


def explain(
    graph: Graph,
    name: str,
    values: Mapping[str, Any],
    upstream: Mapping[str, Tensor],
    yours: Tensor,
    others: Mapping[str, Tensor] | None = None,
) -> str:
    """One or two sentences on what is wrong with ``yours`` as the gradient of ``name``: the mistake, else where it shows."""
    args = (graph, name, values, upstream, yours)
    said = safely(known_mistakes, *args, others or {}) or [safely(worst_element, *args)]
    return said[0] or f"d{name} is not right."


def safely(function: Callable[..., Said], *args: object) -> Said | None:
    """What a function has to say; nothing if it raises. An explanation must never cost the verdict that it explains."""
    try:
        return function(*args)
    except Exception:
        return None


def known_mistakes(
    graph: Graph,
    name: str,
    values: Mapping[str, Any],
    upstream: Mapping[str, Tensor],
    yours: Tensor,
    others: Mapping[str, Tensor],
    first: bool = False,
) -> list[str]:
    """Each mistake that reproduces the numbers of ``yours`` as the gradient of ``name``, the commonest first.

    Args:
        values: every forward variable by name, detached.
        upstream: gradient of each reader of ``name``, as the learner had them.
        yours: the learner's gradient; its shape may be wrong.
        others: more gradients of the learner by variable, to recognise one bound to the wrong name; right as what they are.
        first: only those that tell more than any change of a line would.
    """
    parts, scale = shares_and_scale(graph, name, values, upstream)
    truth = torch.stack([*parts.values()]).sum(0)
    if not torch.isfinite(yours).all():
        bad = "nan" if torch.isnan(yours).any() else "inf"
        return [f"d{name} holds {bad}. {NOT_FINITE}"]
    if yours.shape == truth.shape and not yours.any():
        return [f"d{name} is all zeros: nothing has come back to it yet."]

    def same(wrong: Tensor) -> bool:
        return (
            wrong.shape == yours.shape
            and bool(wrong.abs().max() > (DEGENERATE * scale.max() if wrong.shape == truth.shape else 0))
            and equal(yours, wrong, _scale_like(wrong, scale))
        )

    false_starts = _possible(_false_starts(graph, name, values, upstream))
    if first:
        return [said for said, wrong in false_starts if same(wrong)]
    candidates = itertools.chain(false_starts, _candidates(graph, name, values, upstream, parts))
    found = [said for said, wrong in candidates if same(wrong)]
    for other, wrong in others.items():
        if other != name and same(wrong.to(yours.dtype)):
            found.append(f"This is the gradient of {other}, not of {name}. Check which tensor is bound to d{name}.")
    if yours.shape == truth.shape:
        return found
    shapes = _shapes(name, yours.shape, truth.shape)
    return [f"{shapes} {said}" for said in found] or [shape_message(name, yours.shape, truth.shape)]


def shape_message(name: str, yours: torch.Size, wanted: torch.Size) -> str:
    """The sentence on a gradient whose shape is not that of its variable."""
    text = f"{_shapes(name, yours, wanted)} A gradient has the shape of its variable"
    sizes, wanted_sizes = ([size for size in shape if size != 1] for shape in (yours, wanted))
    if len(yours) >= 2 and tuple(yours) == (*wanted[:-2], *wanted[:-3:-1]):
        return text + ": yours is transposed. Which factor comes first in the product, and which one is transposed?"
    if sizes == wanted_sizes and len(yours) > len(wanted):
        return text + ": which argument of sum() keeps a dimension, and which leaves it out?"
    if sizes == wanted_sizes and len(yours) < len(wanted):
        return text + ": a sum dropped a dimension that the variable has. Which argument keeps it?"
    if math.prod(yours) == math.prod(wanted):
        return text + ": yours holds as many numbers, in another arrangement."
    if _expands(wanted, yours):
        return text + f": {name} was broadcast in the forward pass, so its gradient is a sum over the copies."
    if set(sizes) - set(wanted_sizes):
        return text + ": which dimensions have to go, and which have to stay?"
    return (
        text + f": {name} has {math.prod(wanted)} elements that count by themselves, so each has a gradient of its own."
    )


def _shapes(name: str, yours: torch.Size, wanted: torch.Size) -> str:
    return f"shape {name_of_shape(yours)}, but {name} is {name_of_shape(wanted)}."


def worst_element(
    graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor], yours: Tensor
) -> str:
    """Where yours and autograd's differ most, both numbers and their ratio. They have the same shape."""
    parts, scale = shares_and_scale(graph, name, values, upstream)
    truth = torch.stack([*parts.values()]).sum(0)
    difference = (yours - truth).abs()
    beyond = difference > tolerance(scale)
    index = tuple(int(i) for i in torch.unravel_index((difference * beyond).argmax(), truth.shape))
    mine, theirs = float(yours[index]), float(truth[index])
    wrong = int(beyond.sum())
    where = f"{name}[{', '.join(map(str, index))}]" if index else name
    ratio = f", ratio {mine / theirs:.4g}" if theirs and math.isfinite(mine / theirs) else ""
    return f"{wrong} of {truth.numel()} elements differ; the worst is {where}: yours {mine:.6g}, autograd's {theirs:.6g}{ratio}."


def _scale_like(wrong: Tensor, scale: Tensor) -> Tensor:
    """A scale for comparing with a candidate: its own size, and never below the size of the true summands."""
    floor = wrong.abs().mean().to(scale.dtype) * 1e-3
    same = scale if scale.shape == wrong.shape else torch.zeros_like(wrong)
    return torch.maximum(torch.maximum(wrong.abs(), floor), same.to(wrong.dtype) * 1e-3).to(scale.dtype)


def _candidates(
    graph: Graph,
    name: str,
    values: Mapping[str, Any],
    upstream: Mapping[str, Tensor],
    parts: Mapping[str, Tensor],
) -> Iterator[Candidate]:
    truth = torch.stack([*parts.values()]).sum(0)
    yield from _possible(_branches(name, parts))
    for reader, share in parts.items():
        step, rest = graph.steps[reader], truth - share
        for sentence, wrong in _possible(_one_step(step, name, values, upstream[reader], share)):
            whole = wrong + rest if wrong.shape == rest.shape else wrong
            if len(parts) == 1:
                yield sentence, whole
                continue
            yield f"In the share through {reader}: {_uncapitalised(sentence)}", whole
            # two mistakes that go together: one branch only, and that one wrong
            yield f"Only the share through {reader} is in it, and there {_uncapitalised(sentence)}", wrong
    yield "The sign is wrong.", -truth
    yield from _factors("All is right", values, truth, [name for step in parts for name in graph.steps[step].reads])
    for reader, share in parts.items():
        for sentence, wrong in _factors(
            f"The share through {reader} is right", values, share, graph.steps[reader].reads
        ):
            yield sentence, wrong + truth - share
    yield from _variable_factors(graph, values, truth)


def _possible(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    """Candidates of one kind as far as they can be computed: where one cannot, those of other kinds still can."""
    with contextlib.suppress(Exception):
        yield from candidates


def _branches(name: str, parts: Mapping[str, Tensor]) -> Iterator[Candidate]:
    """Shares left out, counted with the wrong sign or counted twice, where ``name`` is read by several steps."""
    if len(parts) < 2:
        return
    readers = " and ".join([", ".join([*parts][:-1]), [*parts][-1]])
    for reader, share in parts.items():
        yield (
            (
                f"{name} is read by {len(parts)} lines, {readers}. Your tensor is the share that comes back through {reader} "
                f'only. (A variable that is used twice: section "Two branches".)'
            ),
            share,
        )
    for reader, share in parts.items():
        rest = sum(parts.values()) - share
        if len(parts) > 2:
            yield f"{name} is read by {readers}. The share through {reader} is not in it yet.", rest
        yield f"The share through {reader} has the wrong sign.", rest - share
        yield (
            f"The share through {reader} is in it twice. Was the cell run twice, or added in two places?",
            rest + 2 * share,
        )


def _one_step(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor, share: Tensor) -> Iterator[Candidate]:
    """What one reader would pass back under one mistake."""
    variable = values[name]
    ones = torch.ones_like(upstream)
    local = vector_jacobian_product(step, name, values, ones)
    yield f"The sign is wrong: look at how {name} enters {step.name}.", -share
    yield from _possible(_broadcast(step, name, values, upstream))
    yield from _possible(_overwritten(step, name, values, upstream))
    for fitted in _as_shape_of(upstream, variable):
        yield (
            f"This is the upstream gradient d{step.name} as it came. It still has to be multiplied by the local derivative "
            f"of {step.name} with respect to {name}.",
            fitted,
        )
    yield f"The upstream gradient d{step.name} is left out: this is the local derivative alone.", local
    yield from _possible(_elementwise(step, name, values, upstream))
    yield from _possible(_places(step, name, values, upstream))
    yield (
        f"The upstream gradient d{step.name} is added where it should be multiplied.",
        local + upstream if (local.shape == upstream.shape) else local,
    )
    for text, variant in _variants(step):
        try:
            wrong = vector_jacobian_product(variant, name, values, upstream)
        except Exception:  # a mutated line need not make sense
            continue
        yield f"{text} The line is `{step.name} = {step.expression}`.", wrong
    yield from _siblings(step, name, values, upstream)
    yield from _coupled(step, name, values, upstream)
    if share.dim() >= 2:
        yield "Yours is transposed. Which factor comes first in the product, and which one is transposed?", share.mT


def _broadcast(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """A sum over copies that is missing, is a mean, or is taken over one factor of a product only."""
    variable = values[name]
    if variable.shape == upstream.shape or variable.dim() > upstream.dim():
        return
    copies = variable.expand(upstream.shape).contiguous() if _expands(variable.shape, upstream.shape) else None
    if copies is None:
        yield from _one_for_all(step, name, values, upstream)
        return
    try:
        whole = vector_jacobian_product(step, name, {**values, name: copies}, upstream)
        local = vector_jacobian_product(step, name, {**values, name: copies}, torch.ones_like(upstream))
    except RuntimeError:
        return
    dims = _copied_dims(variable.shape, upstream.shape)
    count = math.prod(upstream.shape[d] for d in dims)
    shape = variable.shape
    reason = f"{name} {name_of_shape(shape)} is used {count} times in {step.name}, so {count} gradients add up"
    yield f"The sum over the copies is missing: {reason}.", whole
    yield (
        f"You take the mean over the copies: {reason}, and nothing divides by {count}.",
        whole.mean(dims).reshape(shape),
    )
    yield (
        f"Only one of the copies is in it: {reason}.",
        whole.select(dims[0], 0).reshape(-1)[: variable.numel()].reshape(shape)
        if whole.select(dims[0], 0).numel() == variable.numel()
        else whole,
    )
    precedence = "Multiply first, then sum: a method call binds closer than *"
    yield f"{precedence}; only one of the two factors is summed here.", local * upstream.sum(dims, keepdim=True)
    yield f"{precedence}; only one of the two factors is summed here.", local.sum(dims, keepdim=True) * upstream
    separate = (local.sum(dims) * upstream.sum(dims)).reshape(shape)
    yield f"{precedence}. A product of two sums is not the sum of the products.", separate
    for dim in range(upstream.dim()):
        if dim not in dims:
            wrong = whole.sum(dim, keepdim=True)
            yield f"The sum runs over the wrong dimension: {reason}. Which dimension has to go?", wrong
            yield f"The sum runs over the wrong dimension: {reason}. Which dimension has to go?", wrong.squeeze(dim)
            if wrong.numel() == variable.numel():
                yield f"The sum runs over the wrong dimension: {reason}.", wrong.reshape(shape)


def _one_for_all(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """A matrix by which each of a stack of others is multiplied: its gradient for each of them, not added up."""
    variable = values[name]
    if not 2 <= variable.dim() < upstream.dim():
        return
    copies = variable.expand(*upstream.shape[: upstream.dim() - variable.dim()], *variable.shape).contiguous()
    try:
        if step.evaluate({**values, name: copies}).shape != upstream.shape:
            return
        each = vector_jacobian_product(step, name, {**values, name: copies}, upstream)
    except Exception:  # the line need not make sense with one more dimension
        return
    dims = tuple(range(each.dim() - variable.dim()))
    count = math.prod(each.shape[d] for d in dims)
    reason = (
        f"{name} {name_of_shape(variable.shape)} is the same for all {count} matrices of {step.name}, so {count} gradients "
        "add up"
    )
    yield f"The sum over the copies is missing: {reason}.", each
    yield f"You take the mean over the copies: {reason}, and nothing divides by {count}.", each.mean(dims)
    for index in (0, -1):
        yield f"Only one of the copies is in it: {reason}.", each.flatten(0, len(dims) - 1)[index]


def _siblings(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """The gradient of another variable that the same line reads."""
    for other in step.reads:
        value = values.get(other)
        if other == name or not isinstance(value, Tensor) or not value.is_floating_point():
            continue
        if value.shape == values[name].shape:
            text = f"This is the gradient of {other}, not of {name}. Check which tensor is bound to d{name}."
            yield text, vector_jacobian_product(step, other, values, upstream)


MOST_COUPLED = 64
"""Largest size of a dimension along which a line may couple its entries for that to be looked at."""


def _coupled(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """Where a line couples the entries of a row, as a softmax or a normalization does: each entry's effect on its own place
    alone; and a factor that differs along the row, taken out of a sum over it."""
    variable = values[name]
    if variable.shape != upstream.shape or not variable.dim():
        return
    pull = pullback(step, name, values)
    share = pull(upstream)
    for dim in range(variable.dim()):
        if not 1 < variable.shape[dim] <= MOST_COUPLED:
            continue
        own = torch.zeros_like(share)
        for place in range(variable.shape[dim]):
            alone = torch.zeros_like(upstream)
            alone.select(dim, place).copy_(upstream.select(dim, place))
            own.select(dim, place).copy_(pull(alone).select(dim, place))
        if not equal(own, share, share.abs().amax().expand(share.shape)):
            yield (
                f"In {step.name} each entry of {name} also moves the others along dimension {dim}. Yours holds what each does at "
                "its own place, as if the function were elementwise: a term is missing, the shares through the others, summed.",
                own,
            )
    for factor in step.reads:
        value = values.get(factor)
        plain = isinstance(value, Tensor) and value.is_floating_point() and value.numel() > 1
        if factor == name or not plain or not _expands(value.shape, share.shape) or not torch.isfinite(value).all():
            continue
        without = vector_jacobian_product(step, name, {**values, factor: torch.ones_like(value)}, upstream)
        yield f"The factor {factor} is left out.", without
        if not equal(value * without, share, share.abs().amax().expand(share.shape)):
            yield (
                f"The factor {factor} stands in front of a sum, and it differs from summand to summand: it has to be "
                "multiplied with each before they are added up (brackets).",
                value * without,
            )


BY_OUTPUT = {"tanh": lambda y: 1 - y**2, "sigmoid": lambda y: y * (1 - y), "exp": lambda y: y}
"""Slopes that are usually written with the output y of the function."""


def _elementwise(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """The slope of an elementwise line taken at the wrong place, or a power with the wrong exponent."""
    variable, output, tree = values[name], values[step.name], step.tree
    if variable.shape != upstream.shape:
        return
    yield (
        f"The slope is taken at {step.name}, the output of the line, and not at {name}, its input.",
        vector_jacobian_product(step, name, {**values, name: output}, upstream),
    )
    function = getattr(getattr(tree, "func", None), "attr", None)
    if function in BY_OUTPUT:
        text = f"The slope of {function} is written with its output, and you have put its input {name} in that place."
        yield text, upstream * BY_OUTPUT[function](variable)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Pow):
        base = Step.from_expression("base", tree.left).evaluate(values)
        for by, text in ((1, "has not gone down by one"), (2, "has gone up by one"), (-1, "has gone down by two")):
            wrong = vector_jacobian_product(step, name, values, upstream * base**by)
            yield f"The exponent {ast.unparse(tree.right)} {text}.", wrong


_IDENTITIES = {  # one call that hides several uses of its argument, written out
    "cross_entropy": "({0}.logsumexp(1) - {0}.gather(1, {1}[:, None])[:, 0]).mean()",
    "softmax": "({0} - {0}.logsumexp({1}, keepdim=True)).exp()",
}
_IN_WORDS = {
    "logsumexp": "the denominator of the softmax",
    "gather": "the score of the label itself",
    "exp": "the numerator of the softmax",
}
"""What the places of such a line are called: the student has never seen them written out."""


def _places(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """Where one line uses ``name`` in several places, as a fused line does: the share of a place left out or changed."""
    tree = _Identities().visit(step.tree)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if not 2 <= len(nodes) <= 6:
        return
    written_out = ast.unparse(tree)
    contexts = [_context(tree, node, written_out != step.expression) for node in nodes]
    for number, node in enumerate(nodes):
        node.id = f"{name}__{number}"
    alias = {node.id: values[name] for node in nodes}
    placed = Step.from_expression(step.name, ast.fix_missing_locations(tree))
    found = [vector_jacobian_product(placed, node.id, {**values, **alias}, upstream) for node in nodes]
    if sum(bool(share.any()) for share in found) < 2:  # in the other places it is only asked for its shape
        return
    whole, where = sum(found), f"{name} is used in {len(nodes)} places of the line for {step.name}"
    if written_out != step.expression:
        where = f"{name} counts in {len(nodes)} ways in `{step.expression}`"
    shares_in = [(context, share) for context, share in zip(contexts, found, strict=True) if share.any()]
    for context, share in shares_in:
        yield f"{where}. The share through {context} is not in it yet.", whole - share
    for context, share in shares_in:
        yield f"{where}. Yours is the share through {context} alone.", share
        yield f"{where}. The share through {context} has the wrong sign.", whole - 2 * share
        for text, wrong in _factors(f"{where}. The share through {context} is right", values, share):
            yield text, whole - share + wrong


def _context(tree: ast.AST, node: ast.Name, unseen: bool) -> str:
    """The smallest call around a name, or the name itself; in words where the student has never seen that call."""
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and node in ast.walk(call)]
    smallest = min(calls, key=lambda call: len(ast.unparse(call)), default=None)
    if unseen and (words := _IN_WORDS.get(getattr(getattr(smallest, "func", None), "attr", ""))):
        return words
    text = ast.unparse(smallest) if smallest is not None else ""
    return f"`{text}`" if 0 < len(text) < 60 else f"`{node.id}`"


class _Identities(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return node
        text = _IDENTITIES.get(node.func.attr)
        if text is None or any(keyword.arg != "dim" for keyword in node.keywords):
            return node
        of_a_module = isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "F")
        given = [*([] if of_a_module else [node.func.value]), *node.args, *(k.value for k in node.keywords)]
        if len(given) != 2:
            return node
        return ast.parse(text.format(*(f"({ast.unparse(one)})" for one in given)), mode="eval").body


_LABELS = "the wrong columns' scores are in the denominator of the softmax, too: raise one of them, and the right share shrinks"


def _false_starts(
    graph: Graph, name: str, values: Mapping[str, Any], upstream: Mapping[str, Tensor]
) -> Iterator[Candidate]:
    """What comes out where the label's probability is differentiated and not its logarithm, or where only the label's own place
    has a gradient."""
    for reader in graph.readers(name):
        match graph.steps[reader].tree:
            case ast.Call(
                func=ast.Attribute(attr="cross_entropy"), args=[ast.Name(id=read), ast.Name(id=labels)], keywords=[]
            ):
                if read != name:
                    continue
            case _:
                continue
        place = torch.zeros_like(values[name]).scatter_(1, values[labels][:, None], 1.0)
        p = values[name].softmax(1)
        ours = (p * place).sum(1, keepdim=True)
        scale = upstream[reader] / len(p)
        section = '(Section "A false start".)'
        for sign, more in ((1, ""), (-1, " And the sign is wrong.")):
            of_probability = sign * scale * ours * (p - place)
            yield (
                f"A false start: this differentiates the label's probability, not its logarithm, and at the label's place alone; "
                f"{_LABELS}.{more} {section}",
                of_probability * place,
            )
            yield (
                f"A false start: this differentiates the label's probability, not its logarithm. What the derivative of the "
                f"logarithm brings in as a factor is missing.{more} {section}",
                of_probability,
            )
            yield (
                f"Right at the label's place, index {labels}, and zeros everywhere else: a term is missing, since "
                f"{_LABELS}.{more} {section}"
                if sign == 1
                else f"Only the label's place, index {labels}, has a gradient, and the sign is wrong: {_LABELS}. {section}",
                sign * scale * (p - place) * place,
            )
            yield (
                f"This is the gradient of the probabilities, not of {name}: the derivative of the softmax is still "
                f"left out, a layer "
                f"that is skipped.{more}",
                -sign * scale * place / ours,
            )


def _overwritten(step: Step, name: str, values: Mapping[str, Any], upstream: Tensor) -> Iterator[Candidate]:
    """Rows picked by index, written back with ``=`` where they had to be added up."""
    lookups = [node for node in ast.walk(step.tree) if isinstance(node, ast.Subscript)]
    slices = [node.slice for node in lookups if isinstance(node.value, ast.Name) and node.value.id == name]
    if len(slices) != 1:
        return
    index = Step.from_expression("index", slices[0]).evaluate(values)
    picked = torch.zeros_like(values[name])
    if picked[index].shape != upstream.shape:
        return
    picked[index] = upstream.to(picked.dtype)
    text = f"A row of {name} that was picked several times keeps only its last gradient: you overwrite, it must add up."
    yield text, picked
    if isinstance(index, Tensor):
        for row in (index.reshape(-1, index.shape[-1])[0], index.reshape(-1, index.shape[-1])[-1]):
            part = torch.zeros_like(values[name])
            part.index_add_(0, row, upstream.reshape(-1, *part.shape[1:])[: len(row)].to(part.dtype))
            yield f"Only one example of the minibatch has reached d{name}.", part
        for column in (0, -1) if index.dim() > 1 else ():
            part = torch.zeros_like(values[name])
            rows, chosen = upstream.select(index.dim() - 1, column), index.select(-1, column)
            part.index_add_(0, chosen.flatten(), rows.reshape(-1, *part.shape[1:]).to(part.dtype))
            which = "last" if column else "first"
            yield f"Only the {which} of the places that the index names has reached d{name}: a sum is missing.", part


def _variants(step: Step) -> Iterator[tuple[str, Step]]:
    """The step with one constant or operator changed: what a slip in copying the line gives."""
    source = step.tree
    for position, node in enumerate(list(ast.walk(source))):
        for text, change in _slips(node):
            tree = step.tree
            if isinstance(target := list(ast.walk(tree))[position], type(node)):
                replacement = change(target)
                yield text, Step.from_expression(step.name, replaced(tree, target, replacement))


def _slips(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.expr]]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and isinstance(node.right, ast.Constant):
        yield f"You have {ast.unparse(node.left)} where the line has {ast.unparse(node)}.", lambda n: n.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is_small(node.right):
        epsilon = ast.unparse(node.right)
        yield f"The small constant {epsilon} is left out.", lambda n: n.left
        yield f"The small constant {epsilon} has the wrong sign.", lambda n: ast.BinOp(n.left, ast.Sub(), n.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield (
            f"The exponent {ast.unparse(node.right)} has lost its sign.",
            lambda n: ast.BinOp(n.left, ast.Pow(), _negated(n.right)),
        )
    if isinstance(node, ast.Attribute) and node.attr == "mean":
        yield "The mean is treated as a sum.", lambda n: ast.Attribute(n.value, "sum", n.ctx)
    if isinstance(node, ast.Attribute) and node.attr == "sum":
        yield "The sum is treated as a mean.", lambda n: ast.Attribute(n.value, "mean", n.ctx)


def _factors(what: str, values: Mapping[str, Any], truth: Tensor, reads: Collection[str] = ()) -> Iterator[Candidate]:
    """The right gradient, or one share of it, times a constant that learners forget or add: of the sizes that the line reads,
    and of the minibatch's."""
    named = [("2", 2.0), ("1/2", 0.5)]
    for size in dict.fromkeys(["n", *reads]):
        n = values.get(size)
        if type(n) is int and n > 1:
            named = [(size, n), (f"1/{size}", 1 / n), (f"{size}-1", n - 1), (f"1/({size}-1)", 1 / (n - 1)),
                     (f"{size}/({size}-1)", n / (n - 1)), (f"({size}-1)/{size}", (n - 1) / n), *named]  # fmt: skip
    for text, factor in named:
        for sign, prefix in ((1, ""), (-1, "-")):
            yield (
                f"{what} but for the constant factor {prefix}{text}. Where does it come from?",
                sign * factor * truth,
            )


def _variable_factors(graph: Graph, values: Mapping[str, Any], truth: Tensor) -> Iterator[Candidate]:
    """The right gradient but for a forward variable as a factor, left out or there once too often."""
    for name in _whole(graph.text).variables(values):
        variable = values.get(name)
        if (
            isinstance(variable, Tensor)
            and variable.numel() > 1
            and _expands(variable.shape, truth.shape)
            and variable.all()
            and torch.isfinite(variable).all()
        ):
            yield f"All is right but for the factor {name}, which is left out.", truth / variable
            yield f"All is right but for the factor {name}, which is in it once too often.", truth * variable


@functools.lru_cache(maxsize=16)
def _whole(text: str) -> Graph:
    """The graph of a forward cell with the steps that are substituted away elsewhere."""
    return Graph.from_source(text)


def _as_shape_of(upstream: Tensor, variable: Tensor) -> Iterator[Tensor]:
    """``upstream`` brought to the shape of ``variable`` by a sum over copies or by repeating."""
    if upstream.shape == variable.shape:
        yield upstream
    elif _expands(variable.shape, upstream.shape):
        yield upstream.sum_to_size(variable.shape)
    elif _expands(upstream.shape, variable.shape):
        yield upstream.expand(variable.shape)
    if upstream.numel() == variable.numel() and upstream.shape != variable.shape:
        yield upstream.reshape(variable.shape)


def _expands(small: torch.Size, shape: torch.Size) -> bool:
    """Whether a tensor of the one shape is repeated by broadcasting to the other, or has it already."""
    pairs = zip(reversed(small), reversed(shape), strict=False)
    return len(small) <= len(shape) and all(size in (1, wanted) for size, wanted in pairs)


def _copied_dims(small: torch.Size, large: torch.Size) -> tuple[int, ...]:
    """Dimensions of ``large`` along which ``small`` was repeated."""
    padded = (1,) * (len(large) - len(small)) + tuple(small)
    return tuple(d for d, (s, l) in enumerate(zip(padded, large, strict=True)) if s == 1 and l != 1)


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < abs(node.value) < 1e-2


def _negated(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) else ast.UnaryOp(ast.USub(), node)


def _uncapitalised(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
