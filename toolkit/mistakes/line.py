"""A line of a student's as text and as syntax tree: where each piece stands, and what may be said of it.

An ``Edit`` is a piece of the text and what would stand in its place; a ``Scope`` is what a line may speak of.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Shape = tuple[int, ...]


Span = tuple[int, int]


REDUCERS = {"sum": "mean", "mean": "sum", "nansum": "sum"}
"""Functions that take dimensions away, and what each is mistaken for."""


DIMENSIONED = {
    *REDUCERS,
    "max",
    "amax",
    "min",
    "argmax",
    "softmax",
    "log_softmax",
    "logsumexp",
    "var",
    "std",
    "prod",
    "cumsum",
    "squeeze",
    "unsqueeze",
    "stack",
    "cat",
    "split",
    "chunk",
}
"""Functions whose whole numbers are dimensions."""


METHODS = {"+": ("add",), "-": ("sub", "subtract"), "*": ("mul", "multiply"), "/": ("div", "divide")}
"""Operators, and the methods that do the same, with and without ``_`` at their ends."""


@dataclass(frozen=True)
class Edit:
    """One small change to one statement."""

    span: Span
    """The piece that goes, as characters of the statement."""
    text: str
    """What stands there instead."""
    kind: str
    cost: float
    """How small it is; 1 is the smallest."""
    mark: Span
    """The piece to point at."""
    about: tuple[str, ...] = ()
    """Words of the kind's sentence, such as the name that is wrong and the one that is meant."""
    number: int = 0
    """Which of several statements."""

    def applied(self, source: str) -> str:
        return source[: self.span[0]] + self.text + source[self.span[1] :]


@dataclass(frozen=True)
class Scope:
    """What a line may speak of."""

    tensors: Mapping[str, Shape]
    """Floating-point tensors: forward variables, gradients that are there already, the student's own helpers."""
    indices: Mapping[str, Shape] = field(default_factory=dict)
    """Tensors of whole numbers."""
    numbers: Sequence[str] = ()
    """Names of sizes."""
    near: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each forward variable those that its line reads, or that read it."""
    outputs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each forward variable those that are computed from it."""
    epsilons: Mapping[str, str] = field(default_factory=dict)
    """For each forward variable the small constant that the forward pass adds to it; for '' any."""
    functions: frozenset[str] = frozenset()
    """Functions that the forward pass calls."""
    picks: Sequence[str] = ()
    """Expressions for the indices that the forward pass picks by a maximum."""
    local: str = ""
    """A name for the local derivative of the one line that reads the variable, where that is elementwise."""
    shares: Mapping[str, str] = field(default_factory=dict)
    """Names for what each line that reads the variable passes back, where there are several."""
    rows: int = 0
    """Size of the first dimension of what is wanted, if it has several."""
    reads: frozenset[str] = frozenset()
    """Names that the student's lines read."""

    masks: Sequence[str] = ()
    """Those of ``indices`` that hold True and False."""
    divisors: Sequence[str] = ()
    """Sizes that a mean in the forward line may divide by, the likeliest first."""

    @cached_property
    def dimensions(self) -> list[str]:
        """Every dimension that a tensor here has; two at least."""
        return [str(dim) for dim in range(max([2, *map(len, self.tensors.values())]))]

    @cached_property
    def reductions(self) -> list[str]:
        """What a sum may go over: one dimension, or of three and more all but the last."""
        return self.dimensions + ([f"({', '.join(self.dimensions[:-1])})"] if len(self.dimensions) > 2 else [])

    def alike(self, name: str) -> Iterator[tuple[str, float]]:
        """Tensors that could stand in the place of another, with the cost of mistaking them."""
        shape = self.tensors[name]
        for other, theirs in self.tensors.items():
            if other != name and (theirs == shape or fits(theirs, shape) or fits(shape, theirs)):
                yield other, _name_cost(self, name, other) + (0 if theirs == shape else 0.35)

    def kind_of(self, old: str, new: str) -> str:
        """What it is to write one name for another."""
        if old == "d" + new or new == "d" + old:
            return "gradient for value" if old == "d" + new else "value for gradient"
        gradients = old.startswith("d"), new.startswith("d")
        values = old in self.outputs, new in self.outputs
        if all(values):
            if new in self.near.get(old, ()):
                return "input for output" if new in self.outputs[old] else "output for input"
            return "another name"
        if values == (True, False) and gradients[1] and new[1:] in self.outputs:
            return "value for gradient"
        if values == (False, True) and gradients[0] and old[1:] in self.outputs:
            return "gradient for value"
        if all(gradients) and old[1:] in self.outputs and new[1:] in self.outputs:
            return "another upstream"
        return "another name"


def _name_cost(scope: Scope, old: str, new: str) -> float:
    kind = scope.kind_of(old, new)
    costs = {"input for output": 1.05, "output for input": 1.05, "another upstream": 1.05}
    if kind in ("value for gradient", "gradient for value"):
        return 1.0 if old.lstrip("d") == new.lstrip("d") else 1.4
    return costs.get(kind, 1.3)


def fits(small: Shape, large: Shape) -> bool:
    """Whether one is repeated by broadcasting to the other."""
    return len(small) <= len(large) and all(a in (1, b) for a, b in zip(small[::-1], large[::-1]))


class Source:
    """A statement's text with its syntax tree: where each piece stands, and in what."""

    def __init__(self, text: str):
        self.text = text
        self.tree = ast.parse(text)
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def inside(self) -> dict[str, list[Span]]:
        """Pieces in which numbers mean something else than a quantity, by the kind of mistake that one there is."""
        found: dict[str, list[Span]] = {"loop": [], "exponent": [], "index": []}
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(args=[first, *_]) if name_called(node) == "range":
                    found["loop"].append((self.span(first)[0], self.span(node.args[-1])[1]))
                case ast.BinOp(op=ast.Pow(), right=power):
                    found["exponent"].append(self.span(power))
                case ast.Slice() if hasattr(node, "lineno"):
                    found["index"].append(self.span(node))
        return found

    @cached_property
    def counters(self) -> list[str]:
        """Names that loops bind."""
        loops = [n.target for n in ast.walk(self.tree) if isinstance(n, ast.For | ast.comprehension)]
        return [n.id for target in loops for n in ast.walk(target) if isinstance(n, ast.Name)]

    @cached_property
    def nodes(self) -> list[ast.expr]:
        """All expressions that are read, outermost first."""
        nodes = [n for n in ast.walk(self.tree) if isinstance(n, ast.expr) and hasattr(n, "lineno")]
        return [n for n in nodes if not isinstance(getattr(n, "ctx", None), ast.Store | ast.Del)]

    def span(self, node: Any) -> Span:
        """First character of a node, and the one after its last."""
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _at(self, line: int, column: int) -> int:
        text = self.lines[line - 1]  # columns count in bytes
        return self.starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))

    def piece(self, node: Any) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def between(self, first: ast.expr, last: ast.expr) -> Span:
        """From one piece to another, with the brackets that stand around them."""
        (start, _), (_, end) = self.span(first), self.span(last)
        before, after = len(self.text[:start].rstrip()), len(self.text) - len(self.text[end:].lstrip())
        short = self.text[start:end].count("(") - self.text[start:end].count(")")
        if short < 0 and self.text[:before].endswith("("):
            start = before - 1
        elif short > 0 and self.text[after:].startswith(")"):
            end = after + 1
        return start, end

    def around(self, start: int, end: int) -> Span:
        """The smallest piece that is a whole and holds all from one character to another."""
        spans = [self.span(node) for node in ast.walk(self.tree) if hasattr(node, "end_lineno")]
        holding = [span for span in spans if span[0] <= start and end <= span[1]]
        return min(holding, key=lambda span: span[1] - span[0], default=(start, end))

    def safe(self, node: ast.expr) -> str:
        """A node's text that may stand anywhere."""
        text = self.piece(node)
        return (
            text
            if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
            else f"({text})"
        )

    def operator(self, node: ast.BinOp | ast.AugAssign) -> Span:
        """Where an operator stands."""
        left, right = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
        start, end = self.span(left)[1], self.span(right)[0]
        found = re.search(r"(\*\*|//|[-+*/@%&|^])=?", self.text[start:end])
        return (start + found.start(), start + found.end()) if found else (start, end)

    def is_dimension(self, node: ast.AST) -> bool:
        """Whether a number says over which dimension something is done."""
        node = self._signed(node)
        call = self.parents.get(node)
        if isinstance(call, ast.keyword):
            return call.arg in ("dim", "axis")
        if isinstance(call, ast.Tuple):
            return self.is_dimension(call)
        return isinstance(call, ast.Call) and name_called(call) in DIMENSIONED and node in call.args

    def _signed(self, node: ast.AST) -> ast.AST:
        parent = self.parents.get(node)
        return parent if isinstance(parent, ast.UnaryOp) else node

    def is_exponent(self, node: ast.AST) -> bool:
        node = self._signed(node)
        parent = self.parents.get(node)
        if isinstance(parent, ast.Call) and name_called(parent) == "pow":
            return node in parent.args
        return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is node

    def in_index(self, node: ast.AST) -> bool:
        """Whether a node stands between square brackets."""
        while (parent := self.parents.get(node)) is not None:
            if isinstance(parent, ast.Subscript) and parent.slice is node:
                return True
            if isinstance(parent, ast.Call | ast.stmt):
                return False
            node = parent
        return False

    def asks_for_shape(self, node: ast.AST) -> bool:
        """Whether all that is asked of a node is its shape."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Attribute):
            return parent.attr in ("shape", "size", "numel", "nelement", "dtype", "device")
        return isinstance(parent, ast.Call) and name_called(parent) in _SHAPED_LIKE and node in parent.args

    def is_name_of_function(self, node: ast.AST) -> bool:
        parent = self.parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node


_SHAPED_LIKE = frozenset(["zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "len"])


def name_called(call: ast.AST) -> str:
    """Name of the function or method that is called."""
    function = getattr(call, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


def operand(call: ast.Call, scope: Scope) -> tuple[ast.expr | None, bool]:
    """What a function is applied to, and whether it is called as a method."""
    function = call.func
    if isinstance(function, ast.Attribute) and not is_module(function.value, scope):
        return function.value, True
    if call.args and not isinstance(call.args[0], ast.Starred):
        return call.args[0], False
    return None, False


def is_module(node: ast.expr, scope: Scope) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("torch", "F", "nn", "np", "numpy", "math")


def arguments(source: Source, call: ast.Call, is_method: bool) -> str:
    """The arguments of a call but the tensor itself, as they are written."""
    parts = [*(call.args if is_method else call.args[1:]), *call.keywords]
    return ", ".join(source.piece(part) for part in parts)


def is_quantity(source: Source, node: ast.expr, scope: Scope) -> bool:
    """Whether a piece is a number or a tensor that is computed with, and not a function, an index or a shape."""
    if source.in_index(node) or source.is_name_of_function(node) or source.asks_for_shape(node):
        return False
    parent = source.parents.get(node)
    if isinstance(parent, ast.keyword | ast.Starred | ast.For | ast.comprehension | ast.Compare):
        return False
    if isinstance(parent, ast.Call) and name_called(parent) in (
        "range",
        "view",
        "reshape",
        "arange",
        "zip",
        "enumerate",
        "len",
    ):
        return False
    match node:
        case ast.Name(id=name):
            return name in scope.tensors
        case ast.BinOp():
            return True
        case ast.Call():
            return name_called(node) not in ("range", "zip", "enumerate", "len", "size") and not isinstance(
                parent, ast.Expr
            )
        case ast.Subscript(value=value):
            return not (isinstance(value, ast.Attribute) and value.attr == "shape")
        case ast.Attribute(attr="T" | "values"):
            return True
    return False


def operator_called(call: ast.AST) -> str:
    """The operator that a method stands for (``a.mul_(b)``), if it is one with a single operand; else ''."""
    plain = (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and len(call.args) == 1
        and not call.keywords
    )
    name = name_called(call).removesuffix("_") if plain else ""
    return next((sign for sign, names in METHODS.items() if name in names), "")


def is_small(node: ast.AST) -> bool:
    """Whether a node is such a constant as epsilon, by its size or by its name."""
    if isinstance(node, ast.Name):
        return node.id in ("eps", "epsilon")
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < abs(node.value) < 1e-2


def chain(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The factors of a product, each with what stands before it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        return [*chain(node.left), (sign, node.right)]
    return [("*", node)]


def is_inside_product(source: Source, node: ast.expr) -> bool:
    """Whether a factor more would be the same one level further out."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.UnaryOp):
        return True
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div):
        return True
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is node
