"""Small changes to a line of code: what might have been meant instead of what stands there.

An ``Edit`` is a piece of a statement's text and what would stand in its place. The changes are those that people need who write
a backward pass: another name, a factor too many, a bracket elsewhere, a sum left out. Each says of what kind it is and which
piece it concerns, and how small it is: the smaller, the likelier. Which of them makes the line right is tried elsewhere
(``nearest``); how a kind is put into words stands in ``sentences``.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
}
"""Functions whose whole numbers are dimensions."""
MISTAKEN = {
    "zeros_like": "ones_like", "ones_like": "zeros_like", "zeros": "ones", "ones": "zeros", "softmax": "log_softmax",
    "log_softmax": "softmax", "exp": "log", "log": "exp", "rsqrt": "sqrt", "sqrt": "rsqrt", "var": "std", "std": "var",
    "empty_like": "zeros_like", "sigmoid": "tanh", "argmin": "argmax",
}  # fmt: skip
"""Functions, and what each is mistaken for."""
HARMLESS = {"clone", "detach", "contiguous", "float", "double", "to", "item", "size", "view_as", "type_as"}
"""Calls without which a value is the same."""
MOST_EDITS = 2500
"""Of one statement; what is likelier comes first."""


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

    def alike(self, name: str) -> Iterator[tuple[str, float]]:
        """Tensors that could stand in the place of another, with the cost of mistaking them."""
        shape = self.tensors[name]
        for other, theirs in self.tensors.items():
            if other != name and (theirs == shape or _fits(theirs, shape) or _fits(shape, theirs)):
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


def _fits(small: Shape, large: Shape) -> bool:
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
    def looped(self) -> list[Span]:
        """What stands in ``range(...)``."""
        calls = [n for n in ast.walk(self.tree) if isinstance(n, ast.Call) and _called(n) == "range" and n.args]
        return [(self.span(call.args[0])[0], self.span(call.args[-1])[1]) for call in calls]

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
        return isinstance(call, ast.Call) and _called(call) in DIMENSIONED and node in call.args

    def _signed(self, node: ast.AST) -> ast.AST:
        parent = self.parents.get(node)
        return parent if isinstance(parent, ast.UnaryOp) else node

    def is_exponent(self, node: ast.AST) -> bool:
        node = self._signed(node)
        parent = self.parents.get(node)
        if isinstance(parent, ast.Call) and _called(parent) == "pow":
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
        return isinstance(parent, ast.Call) and _called(parent) in _SHAPED_LIKE and node in parent.args

    def is_name_of_function(self, node: ast.AST) -> bool:
        parent = self.parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node


_SHAPED_LIKE = frozenset(["zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "len"])


def _called(call: ast.AST) -> str:
    """Name of the function or method that is called."""
    function = getattr(call, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


# --- all changes of a statement --------------------------------------------------------------------------------------------


def edits(text: str, scope: Scope, wanted: str, bound: frozenset[str] = frozenset(), number: int = 0) -> list[Edit]:
    """Small changes of a statement, the smallest first.

    Args:
        wanted: the gradient that the statement leads to (``dprobs``).
        bound: names that statements before this one have bound.
        number: which of several statements it is.
    """
    source = Source(text)
    found: dict[tuple[Span, str], Edit] = {}
    for edit in _all(source, scope, wanted, bound):
        key = edit.span, edit.text
        if source.looped and any(a <= edit.mark[0] and edit.mark[1] <= b for a, b in source.looped):
            edit = replace(edit, kind="loop", about=())
        if edit.text != text[edit.span[0] : edit.span[1]] and (key not in found or found[key].cost > edit.cost):
            found[key] = replace(edit, number=number)
    return sorted(found.values(), key=lambda edit: edit.cost)[:MOST_EDITS]


def _all(source: Source, scope: Scope, wanted: str, bound: frozenset[str]) -> Iterator[Edit]:
    for node in source.nodes:
        for rule in RULES:
            yield from rule(source, node, scope)
    for part in ast.walk(source.tree):
        if isinstance(part, ast.stmt):
            yield from _of_a_statement(source, part, scope, wanted, bound)


def _names(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another name."""
    if not isinstance(node, ast.Name) or source.is_name_of_function(node) or source.asks_for_shape(node):
        return
    span, old = source.span(node), node.id
    if old in scope.tensors:
        for new, cost in scope.alike(old):
            yield Edit(span, new, scope.kind_of(old, new), cost, span, (old, new))
    elif old in scope.indices:
        for new in scope.indices:
            yield Edit(span, new, "index", 1.2, span, (old,))
    elif old in scope.numbers:
        for new in scope.numbers:
            yield Edit(span, new, "another size", 1.25, span, (old, new))
        where = "exponent" if source.is_exponent(node) else "number"
        for new, cost in ((f"({old} - 1)", 1.0), (f"({old} + 1)", 1.2)):
            yield Edit(span, new, where, cost, span, (old, new.strip("()")))


def _constants(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another number."""
    if not isinstance(node, ast.Constant):
        return
    span, value = source.span(node), node.value
    parent = source.parents.get(node)
    if isinstance(value, bool) and isinstance(parent, ast.keyword):
        kind = {"keepdim": "keepdim", "unbiased": "bessel"}.get(parent.arg or "", "option")
        yield Edit(
            span, str(not value), kind, 0.95 if kind == "bessel" else 1.0, source.span(parent), (parent.arg or "",)
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if source.is_dimension(node):
        whole = source.span(source._signed(node))
        for new in ("0", "1", "-1"):
            yield Edit(whole, new, "dimension", 1.0, whole, (str(value),))
        return
    if source.in_index(node):
        if (
            isinstance(parent, ast.Subscript)
            and isinstance(parent.value, ast.Attribute)
            and parent.value.attr == "shape"
        ):
            for new in {"0", "1", "2"} - {str(value)}:
                yield Edit(span, new, "another size", 1.1, source.span(parent), (source.piece(parent),))
        return
    if 0 < abs(value) < 1e-2:
        for factor in (10, 0.1):
            yield Edit(span, repr(value * factor), "epsilon", 1.3, span, (str(value),))
        return
    kind = "exponent" if source.is_exponent(node) else "number"
    inside_product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
    others = [
        repr(new) for new in (value + 1, value - 1, 2 * value, value / 2) if new and not (inside_product and new == 1)
    ]
    if kind == "exponent":
        others += [f"(-{new!r})" for new in (value + 1, value - 1) if new]
    elif value:
        others.append(f"(1 / {value!r})")
    for new in dict.fromkeys(others):
        cost = 1.0 if kind == "exponent" else 1.1
        yield Edit(span, new if not new.startswith("-") else f"({new})", kind, cost, span, (str(value), new))
    yield Edit(span, f"(-{value!r})", "exponent" if kind == "exponent" else "sign", 1.05, span, (str(value),))
    if kind == "number":
        for size in scope.numbers:
            for new in (size, f"({size} - 1)"):
                yield Edit(span, new, kind, 1.3, span, (str(value), new.strip("()")))
            if value == 1 and size == scope.numbers[0]:
                yield Edit(span, f"({value} / {size})", "constant missing", 1.05, span, (f"1/{size}",))


_SWAPS: dict[type[ast.operator], list[tuple[str, str, float]]] = {
    ast.Add: [("-", "sign", 1.0), ("*", "operator", 1.3)],
    ast.Sub: [("+", "sign", 1.0), ("*", "operator", 1.3)],
    ast.Mult: [("/", "upside down", 1.0), ("@", "matrix product", 1.0), ("+", "operator", 1.3), ("**", "operator", 1.4),
               ("-", "operator", 1.3)],
    ast.Div: [("*", "upside down", 1.0), ("-", "operator", 1.4)],
    ast.Pow: [("*", "operator", 1.2)],
    ast.MatMult: [("*", "matrix product", 1.0)],
}  # fmt: skip


def _operators(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another operator, its operands exchanged, one of them left out."""
    if not isinstance(node, ast.BinOp) or source.in_index(node):
        return
    mark, whole = source.operator(node), source.span(node)
    if _is_size_but_one(node, scope):
        yield Edit(whole, source.piece(node.left), "n for n-1", 1.0, whole)
        yield Edit(mark, "+", "number", 1.1, whole)
        return
    old = source.text[mark[0] : mark[1]]
    small = next((source.piece(n) for n in (node.left, node.right) if _is_small(n)), None)
    for new, kind, cost in _SWAPS.get(type(node.op), ()):
        if small is not None and kind == "sign":
            yield Edit(mark, new, "epsilon sign", 1.0, source.span(node), (small,))
        else:
            yield Edit(mark, new, kind, cost, mark, (old, new))
    left, right = source.safe(node.left), source.safe(node.right)
    match node.op:
        case ast.Sub():
            yield Edit(whole, f"{right} - {left}", "sign", 1.1, whole, ("-",))
        case ast.Div():
            yield Edit(whole, f"{right} / {left}", "upside down", 1.15, whole, ("/", "/"))
        case ast.Pow():
            yield Edit(whole, left, "exponent", 1.1, source.span(node.right), (source.piece(node.right), "1"))
    if isinstance(node.op, ast.Mult | ast.Div):
        kept = [(node.left, node.right)] + ([(node.right, node.left)] if isinstance(node.op, ast.Mult) else [])
        for stays, goes in kept:
            dropped = source.piece(goes)
            if isinstance(node.op, ast.Div):
                dropped = f"1 / {source.safe(goes)}"
            yield Edit(whole, source.safe(stays), "factor too much", 1.15, source.span(goes), (dropped,))
        if isinstance(node.op, ast.Mult):
            yield Edit(source.span(node.left), f"(1 / {left})", "upside down", 1.1, source.span(node.left), ("*", "/"))
    elif isinstance(node.op, ast.Add | ast.Sub):
        if _is_small(node.right):
            return
        rest = right if isinstance(node.op, ast.Add) else f"(-{right})"
        one, two = source.piece(node.left), source.piece(node.right)
        yield Edit(whole, f"({one})", "term too much", 1.2, source.span(node.right), (two,))
        yield Edit(whole, rest, "term too much", 1.2, source.span(node.left), (one,))
    elif isinstance(node.op, ast.MatMult):
        for stays, goes in ((node.left, node.right), (node.right, node.left)):
            yield Edit(whole, source.safe(stays), "factor too much", 1.4, source.span(goes), (source.piece(goes),))
        (a, a_turned), (b, b_turned) = _without_t(source, node.left), _without_t(source, node.right)
        for first, second, exchanged in ((a, b, False), (b, a, True)):
            for one in (first, f"{first}.T"):
                for two in (second, f"{second}.T"):
                    turned = (one.endswith(".T") != (b_turned if exchanged else a_turned)) + (
                        two.endswith(".T") != (a_turned if exchanged else b_turned)
                    )
                    kind = "order" if exchanged else "transpose"
                    yield Edit(whole, f"{one} @ {two}", kind, 1.0 + 0.05 * turned + 0.1 * exchanged, whole)


def _is_size_but_one(node: ast.BinOp, scope: Scope) -> bool:
    """Whether it is ``n - 1``."""
    is_size = isinstance(node.left, ast.Name) and node.left.id in scope.numbers
    return is_size and isinstance(node.op, ast.Sub) and isinstance(node.right, ast.Constant) and node.right.value == 1


def _without_t(source: Source, node: ast.expr) -> tuple[str, bool]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return source.safe(node.value), True
    return source.safe(node), False


def _is_small(node: ast.AST) -> bool:
    """Whether a node is such a constant as epsilon, by its size or by its name."""
    if isinstance(node, ast.Name):
        return node.id in ("eps", "epsilon")
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < abs(node.value) < 1e-2


def _brackets(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Brackets put in, left out, or somewhere else: what the operators bind."""
    if not isinstance(node, ast.BinOp):
        return
    parent = source.parents.get(node)
    if isinstance(parent, ast.BinOp) and not _in_brackets(source, node):
        return  # it is a part of a larger one
    parts = _flat(source, node)
    if not 3 <= len(parts) <= 31:
        return
    whole, now, texts = source.span(node), ast.dump(node), [source.text[a:b] for a, b in parts]
    for first, last, changed in _bracketings(texts):
        text = " ".join(changed)
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError:
            continue
        if ast.dump(tree) != now:
            mark = parts[max(0, first - 2)][0], parts[min(len(parts) - 1, last)][1]
            yield Edit(whole, f"({text})", "brackets", 1.07, mark)


def _in_brackets(source: Source, node: ast.expr) -> bool:
    start, end = source.span(node)
    return source.text[:start].rstrip().endswith("(") and source.text[end:].lstrip().startswith(")")


def _flat(source: Source, node: ast.expr) -> list[Span]:
    """Operands, operators and brackets of an expression, in the order in which they are written."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.BinOp):
        start = source.span(node)[0]
        return [(start, start + 1), *_bracketed(source, node.operand)]
    if not isinstance(node, ast.BinOp):
        return [source.span(node)]
    return [*_bracketed(source, node.left), source.operator(node), *_bracketed(source, node.right)]


def _bracketed(source: Source, node: ast.expr) -> list[Span]:
    parts = _flat(source, node)
    if len(parts) == 1 or not _in_brackets(source, node):
        return parts
    start, end = source.span(node)
    opening, closing = source.text.rindex("(", 0, start), source.text.index(")", end)
    return [(opening, opening + 1), *parts, (closing, closing + 1)]


def _bracketings(parts: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The same with one pair of brackets more, one less, or one elsewhere; with the first and the last part that it concerns."""
    yield from _one_more(parts)
    for i, opening in enumerate(parts):
        if opening != "(":
            continue
        depth = 0
        for j in range(i, len(parts)):
            depth += (parts[j] == "(") - (parts[j] == ")")
            if depth == 0:
                break
        without = [*parts[:i], *parts[i + 1 : j], *parts[j + 1 :]]
        yield i, j, without
        if len(without) <= 15:
            for first, last, changed in _one_more(without):
                yield min(i, first), max(j, last), changed


def _one_more(parts: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    operands = [i for i, part in enumerate(parts) if part not in _OPERATORS and part not in "()"]
    starts = {i - 1 if i and parts[i - 1] == "-" and (i == 1 or parts[i - 2] == "(") else i for i in operands}
    starts |= {i for i, part in enumerate(parts) if part == "("}
    ends = {*operands} | {i for i, part in enumerate(parts) if part == ")"}
    for start in sorted(starts):
        for end in sorted(ends):
            inside = parts[start : end + 1]
            if end > start and (start, end) != (0, len(parts) - 1) and inside.count("(") == inside.count(")"):
                yield start, end, [*parts[:start], "(", *inside, ")", *parts[end + 1 :]]


_OPERATORS = frozenset(["+", "-", "*", "/", "@", "**", "//", "%"])


def _signs(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A minus too many, or one left out."""
    span = source.span(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        kind = "exponent" if source.is_exponent(node.operand) else "sign"
        if not source.is_dimension(node.operand):
            yield Edit(span, source.safe(node.operand), kind, 1.0, span, ("-",))
    elif _is_quantity(source, node, scope):
        yield Edit(span, f"(-({source.piece(node)}))", "sign", 1.1, span, ("",))


def _is_quantity(source: Source, node: ast.expr, scope: Scope) -> bool:
    """Whether a piece is a number or a tensor that is computed with, and not a function, an index or a shape."""
    if source.in_index(node) or source.is_name_of_function(node) or source.asks_for_shape(node):
        return False
    parent = source.parents.get(node)
    if isinstance(parent, ast.keyword | ast.Starred | ast.For | ast.comprehension | ast.Compare):
        return False
    if isinstance(parent, ast.Call) and _called(parent) in (
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
            return _called(node) not in ("range", "zip", "enumerate", "len", "size") and not isinstance(
                parent, ast.Expr
            )
        case ast.Subscript(value=value):
            return not (isinstance(value, ast.Attribute) and value.attr == "shape")
        case ast.Attribute(attr="T" | "values"):
            return True
    return False


def _exponents(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A power left out."""
    parent = source.parents.get(node)
    if not _is_quantity(source, node, scope) or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow)):
        return
    if isinstance(node, ast.Name | ast.Call | ast.Subscript):
        span = source.span(node)
        for power in ("2", "-1", "-2", *(("0.5", "-0.5") if scope.epsilons else ())):
            cost = {"2": 1.25, "-1": 1.5}.get(power, 1.35)
            yield Edit(span, f"(({source.piece(node)}) ** {power})", "exponent", cost, span, ("1", power))


def _calls(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A function that is too much, or another one that is meant; its arguments."""
    if not isinstance(node, ast.Call) or (source.in_index(node) and not isinstance(node.func, ast.Attribute)):
        return
    span, function, name = source.span(node), node.func, _called(node)
    of, is_method = _operand(node, scope)
    place = source.span(function)
    word = (place[1] - len(name), place[1])
    if name in MISTAKEN:
        yield Edit(
            word, MISTAKEN[name], "start" if "zeros" in name or "ones" in name else "function", 1.0, span, (name,)
        )
    if name in REDUCERS:
        yield Edit(word, REDUCERS[name], f"{name} for {REDUCERS[name]}", 1.0, span, (name,))
    if of is not None and name not in HARMLESS:
        kind = {"sum": "sum too much", "mean": "sum too much", "T": "transpose", "transpose": "transpose",
                "permute": "transpose"}.get(name, "function too much")  # fmt: skip
        if name not in ("zeros_like", "ones_like", "one_hot", "range", "len"):
            yield Edit(span, source.safe(of), kind, 0.98 if kind == "function too much" else 1.15, span, (name,))
    given = node.args if is_method else node.args[1:]
    if of is not None and name in {*REDUCERS, "max", "amax", "var", "std"}:
        keywords = {k.arg for k in node.keywords}
        inside = source.safe(of)
        kept = name.replace("max", "amax") if name == "max" else name
        if not given and not keywords & {"dim", "axis"}:
            for dim in (0, 1):
                yield Edit(span, f"{inside}.{kept}({dim}, keepdim=True)", "dimension", 1.1, span, ("",))
        else:
            yield Edit(span, f"{inside}.{name}()", "dimension", 1.2, span, ("",))
            for dim in (0, 1):
                yield Edit(span, f"{inside}.{name}({dim}, keepdim=True)", "dimension", 1.1, span, ("",))
            if "keepdim" not in keywords and name in {*REDUCERS, "var", "std"}:
                end = span[1] - 1
                yield Edit((end, end), ", keepdim=True", "keepdim", 1.0, span, ("keepdim",))
    if name in ("numel", "nelement", "size", "len"):
        for size in scope.numbers:
            yield Edit(span, size, "another size", 1.1, span, (source.piece(node),))
    if of is not None and name in ("sigmoid", "tanh", "exp") and "cross_entropy" in scope.functions:
        cost = 1.35 if name == "exp" else 1.1
        yield Edit(span, f"{source.safe(of)}.softmax(1)", "function", cost, span, (name,))
    if name == "argmax" and not given and not node.keywords:
        yield Edit(span, f"{source.safe(of)}.argmax(1)" if of else source.piece(node), "dimension", 1.0, span, ("",))
    for i in range(len(node.args) - 1):
        one, two = node.args[i : i + 2]
        if not any(isinstance(a, ast.Starred) for a in (one, two)):
            pieces = source.span(one)[0], source.span(two)[1]
            between = source.text[source.span(one)[1] : source.span(two)[0]]
            yield Edit(pieces, f"{source.piece(two)}{between}{source.piece(one)}", "arguments", 1.2, pieces)
    if name == "range" and len(node.args) == 2:
        start = source.span(node.args[0])[0], source.span(node.args[1])[0]
        yield Edit(start, "", "loop", 1.1, span)
    if name == "one_hot" and len(node.args) == 2:
        yield Edit((span[1] - 1, span[1] - 1), "", "index", 1.0, span)


def _operand(call: ast.Call, scope: Scope) -> tuple[ast.expr | None, bool]:
    """What a function is applied to, and whether it is called as a method."""
    function = call.func
    if isinstance(function, ast.Attribute) and not _is_module(function.value, scope):
        return function.value, True
    if call.args and not isinstance(call.args[0], ast.Starred):
        return call.args[0], False
    return None, False


def _is_module(node: ast.expr, scope: Scope) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("torch", "F", "nn", "np", "numpy", "math")


def _sums(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A sum that is left out, or that takes one factor alone, or too many."""
    span, parent = source.span(node), source.parents.get(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        for summed, other in ((node.right, node.left), (node.left, node.right)):
            if not (isinstance(summed, ast.Call) and _called(summed) in REDUCERS):
                continue
            of, is_method = _operand(summed, scope)
            if of is None:
                continue
            rest = _arguments(source, summed, is_method)
            sign = "*" if isinstance(node.op, ast.Mult) else "/"
            inner = source.safe(other), source.safe(of)
            if other is node.left:
                text = f"({inner[0]} {sign} {inner[1]}).{_called(summed)}({rest})"
            else:
                text = f"({inner[1]} {sign} {inner[0]}).{_called(summed)}({rest})"
            yield Edit(span, text, "sum of one factor", 1.0, span, (source.piece(summed),))
            if (
                isinstance(other, ast.Call)
                and _called(other) in REDUCERS
                and (first := _operand(other, scope)[0]) is not None
            ):
                text = f"({source.safe(first)} {sign} {inner[1]}).{_called(summed)}({rest})"
                yield Edit(span, text, "product of sums", 1.0, span)
    if isinstance(node, ast.Call) and _called(node) in REDUCERS:
        of, is_method = _operand(node, scope)
        if isinstance(of, ast.BinOp) and isinstance(of.op, ast.Mult):
            rest, a, b = _arguments(source, node, is_method), source.safe(of.left), source.safe(of.right)
            for text in (f"({a} * {b}.{_called(node)}({rest}))", f"({a}.{_called(node)}({rest}) * {b})"):
                yield Edit(span, text, "sum of too much", 1.2, span)
    if not _is_quantity(source, node, scope) or (isinstance(node, ast.Name) and len(scope.tensors[node.id]) < 2):
        return
    if isinstance(parent, ast.Attribute) and parent.attr in {*REDUCERS, "T", "shape"}:
        return
    at_the_end = isinstance(parent, ast.Assign | ast.AugAssign | ast.Return)
    for function, cost in (("sum", 1.15), ("mean", 1.45)) if at_the_end else (("sum", 1.15),):
        for dim in (0, 1):
            kind = "sum missing" if function == "sum" else "mean missing"
            text = f"({source.piece(node)}).{function}({dim}"
            yield Edit(span, f"{text}, keepdim=True)", kind, cost, span, (str(dim),))
            if at_the_end:
                yield Edit(span, f"{text})", kind, cost, span, (str(dim),))


def _arguments(source: Source, call: ast.Call, is_method: bool) -> str:
    """The arguments of a call but the tensor itself, as they are written."""
    parts = [*(call.args if is_method else call.args[1:]), *call.keywords]
    return ", ".join(source.piece(part) for part in parts)


def _transposes(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A transpose too many, or one left out."""
    span = source.span(node)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Edit(span, source.safe(node.value), "transpose", 1.0, span)
    elif _is_quantity(source, node, scope):
        if isinstance(node, ast.Name) and len(scope.tensors[node.id]) != 2:
            return
        yield Edit(span, f"{source.safe(node)}.T", "transpose", 1.2, span)


def _factors(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A factor that is left out: a constant, a forward variable, an upstream gradient."""
    if not _is_quantity(source, node, scope) or _is_inside_product(source, node):
        return
    span, text = source.span(node), source.piece(node)
    binds = isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult | ast.Div | ast.MatMult)
    parent = source.parents.get(node)
    alone = isinstance(parent, ast.Assign | ast.AugAssign | ast.Return) or (
        isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
    )

    def times(factor: str, sign: str = "*") -> tuple[Span, str]:
        if alone and not binds:  # put in at the end, so that what is inside may be changed as well
            return (span[1], span[1]), f" {sign} {factor}"
        return span, f"(({text}) {sign} {factor})"

    for factor in ("2", "0.5"):
        yield Edit(*times(factor), "constant missing", 1.35, span, (factor.replace("0.5", "1/2"),))
    for size in scope.numbers[:1]:
        for factor in (
            f"{size}/({size}-1)",
            f"({size}-1)/{size}",
            f"{size}",
            f"1/{size}",
            f"({size}-1)",
            f"1/({size}-1)",
        ):
            said = factor.strip("()") if "/" not in factor else factor
            cost = 1.1 if "/(" in factor or ")/" in factor else 1.3
            yield Edit(*times(f"({factor})"), "constant missing", cost, span, (said,))
    for name in scope.tensors:
        kind = "upstream missing" if name.startswith("d") and name[1:] in scope.outputs else "factor missing"
        yield Edit(*times(name), kind, 1.4, span, (name,))
        yield Edit(*times(name, "/"), "factor missing", 1.5, span, (f"1 / {name}",))


def _products(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Two factors of one product that are too many; a sum that takes one factor of it alone."""
    if (
        not isinstance(node, ast.BinOp)
        or not isinstance(node.op, ast.Mult | ast.Div)
        or _is_inside_product(source, node)
    ):
        return
    factors = _chain(node)
    if not 3 <= len(factors) <= 9:
        return
    span = source.span(node)

    def text(chosen: Sequence[tuple[str, str]]) -> str:
        return "1" + "".join(f" {sign} {piece}" for sign, piece in chosen)

    parts = [(sign, source.safe(factor)) for sign, factor in factors]
    for i in range(len(parts)):
        for j in range(i + 1, len(parts)):
            rest = text([part for k, part in enumerate(parts) if k not in (i, j)])
            mark = source.span(factors[i][1])[0], source.span(factors[j][1])[1]
            said = " and ".join(source.piece(factors[k][1]) for k in (i, j))
            yield Edit(span, f"({rest})", "factor too much", 1.5, mark, (said,))
    for i, (sign, factor) in enumerate(factors):
        if sign == "*" and isinstance(factor, ast.Call) and _called(factor) in REDUCERS:
            of, is_method = _operand(factor, scope)
            for j in range(len(parts) if of is not None else 0):
                if j == i or parts[j][0] != "*":
                    continue
                inside = (
                    f"({parts[j][1]} * {source.safe(of)}).{_called(factor)}({_arguments(source, factor, is_method)})"
                )
                rest = text([("*", inside) if k == i else part for k, part in enumerate(parts) if k != j])
                mark = source.span(factors[min(i, j)][1])[0], source.span(factors[max(i, j)][1])[1]
                yield Edit(span, f"({rest})", "sum of one factor", 1.0, mark, (source.piece(factor),))


def _oracles(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A factor that is not the local derivative, a term that is not a line's share, where all else is right.

    What would be right there is known as numbers only; no text says it.
    """
    parent = source.parents.get(node)
    if not isinstance(node, ast.BinOp) or not isinstance(parent, ast.Assign | ast.AugAssign | ast.Return | ast.BinOp):
        return
    if scope.local and isinstance(node.op, ast.Mult | ast.Div) and not _is_inside_product(source, node):
        factors = _chain(node)
        parts = [(sign, source.safe(factor)) for sign, factor in factors]
        for i in range(len(parts)):
            for j in range(i, min(len(parts), i + 3)):
                if j - i + 1 == len(parts):
                    continue
                rest = "".join(f" {sign} {piece}" for k, (sign, piece) in enumerate(parts) if not i <= k <= j)
                mark = source.span(factors[i][1])[0], source.span(factors[j][1])[1]
                yield Edit(source.span(node), f"({scope.local}{rest})", "derivative", 1.35, mark)
    if isinstance(node.op, ast.Add | ast.Sub):
        for term in (node.left, node.right):
            if term is node.right and isinstance(node.op, ast.Sub):
                continue
            for reader, name in scope.shares.items():
                yield Edit(source.span(term), name, "share", 1.4, source.span(term), (reader,))


def _chain(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The factors of a product, each with what stands before it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        return [*_chain(node.left), (sign, node.right)]
    return [("*", node)]


def _is_inside_product(source: Source, node: ast.expr) -> bool:
    """Whether a factor more would be the same one level further out."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.UnaryOp):
        return True
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div):
        return True
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is node


def _terms(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A term that is left out."""
    if not _is_quantity(source, node, scope):
        return
    span, text = source.span(node), source.piece(node)
    for new, cost in ((f"(1 - {source.safe(node)})", 1.3), (f"({text} - 1)", 1.4), (f"(1 + {source.safe(node)})", 1.6)):
        yield Edit(span, new, "term missing", cost, span, ("1",))
    parent = source.parents.get(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        return  # the same one level further out
    if isinstance(node, ast.Name):
        shape = scope.tensors[node.id]
        for name in (n for n, theirs in scope.tensors.items() if theirs == shape or _fits(theirs, shape)):
            for sign in "+-":
                yield Edit(span, f"({text} {sign} {name})", "term missing", 1.6, span, (name,))


def _epsilons(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """The small constant that is added in the forward pass, and not here."""
    parent, span = source.parents.get(node), source.span(node)
    if not scope.epsilons:
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and _is_small(node.right):
        epsilon = source.piece(node.right)
        yield Edit(span, source.safe(node.left), "epsilon too much", 1.2, span, (epsilon,))
        if isinstance(node.left, ast.Call) and (of := _operand(node.left, scope)[0]) is not None:
            a, b = source.span(of)
            inner = f"{source.text[span[0] : a]}({source.piece(of)} + {epsilon}){source.text[b : source.span(node.left)[1]]}"
            yield Edit(span, inner, "epsilon place", 1.0, span, (epsilon,))
        elif isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Pow):
            power = source.safe(node.left.right)
            yield Edit(
                span, f"({source.safe(node.left.left)} + {epsilon}) ** {power}", "epsilon place", 1.0, span, (epsilon,)
            )
        return
    if isinstance(parent, ast.BinOp) and any(_is_small(side) for side in (parent.left, parent.right)):
        return
    epsilon = scope.epsilons.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Call) and _called(node) in ("var", "mean", "sum"):
        epsilon = next(iter(scope.epsilons.values()))
    if epsilon is None and isinstance(node, ast.Name | ast.BinOp) and _is_quantity(source, node, scope):
        base = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is node
        if base or _called(parent) in ("sqrt", "rsqrt"):
            epsilon = next(iter(scope.epsilons.values()))
    if epsilon is not None:
        yield Edit(span, f"({source.piece(node)} + {epsilon})", "epsilon missing", 1.0, span, (epsilon,))


def _functions(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A function of the forward pass that is left out."""
    if not _is_quantity(source, node, scope) or not isinstance(node, ast.Name | ast.BinOp | ast.Subscript):
        return
    span, text = source.span(node), source.piece(node)
    for function in sorted(scope.functions & {"exp", "log", "tanh", "sqrt", "sigmoid", "relu", "sin", "cos"}):
        yield Edit(span, f"torch.{function}({text})", "function missing", 1.5, span, (function,))
    if "cross_entropy" in scope.functions:
        for dim in (1, 0):
            yield Edit(span, f"({text}).softmax({dim})", "function missing", 1.5, span, ("softmax",))
        yield Edit(span, f"(({text}) / ({text}).sum(1, keepdim=True))", "not normalised", 1.22, span)


def _indices(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
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
            if isinstance(parent, ast.Call) and _called(parent) in REDUCERS:
                text = f"{source.piece(node.value)}[{source.piece(node.slice)}, {counter}]"
                yield Edit(source.span(parent), text, "sum too much", 1.15, source.span(parent))
    if len(parts) == 1 and (vectors := [name for name, shape in scope.indices.items() if len(shape) == 1]):
        for vector in vectors:
            yield Edit(mark, f"range(len({vector})), {vector}", "index", 1.2, mark)


RULES: tuple[Callable[[Source, ast.expr, Scope], Iterator[Edit]], ...] = (
    _names, _constants, _operators, _brackets, _signs, _exponents, _calls, _sums, _transposes, _factors, _products, _oracles,
    _terms, _epsilons, _functions, _indices,
)  # fmt: skip


# --- statements -------------------------------------------------------------------------------------------------------------


def _of_a_statement(source: Source, node: ast.stmt, scope: Scope, wanted: str, bound: frozenset[str]) -> Iterator[Edit]:
    span = source.span(node)
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            mark = source.operator(node)
            old = source.text[mark[0] : mark[1]]
            for new, kind in {"+=": [("-=", "sign"), ("=", "added to")], "-=": [("+=", "sign"), ("=", "added to")],
                              "*=": [("/=", "upside down"), ("+=", "operator")],
                              "/=": [("*=", "upside down")]}.get(old, []):  # fmt: skip
                yield Edit(mark, new, kind, 1.0, span if kind == "added to" else mark, (old, new))
            if isinstance(target, ast.Subscript):
                yield from _accumulated(source, target, value, "-" if isinstance(op, ast.Sub) else "", span)
                yield from _index_parts(source, target, scope)
            elif isinstance(target, ast.Name):
                yield from _targets(source, target, scope, wanted)
                if target.id == wanted:
                    for reader, name in scope.shares.items():
                        yield Edit(source.span(value), name, "share", 1.4, source.span(value), (reader,))
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
        yield from _arrangement(source, node.value, wanted)
    if isinstance(source.parents.get(node), ast.Module) and bound & {wanted}:
        yield Edit(span, "pass", "line too much", 1.25, span)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and isinstance(source.parents.get(node), ast.Module):
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
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} or {wanted}
    for index, shape in scope.indices.items():
        if len(shape) != 1 or shape[0] != scope.rows:
            continue
        for name in sorted(names):
            for change in ("- 1", "+ 1", *(f"- 1 / {size}" for size in scope.numbers[:1])):
                text = f"\n{name}[range(len({index})), {index}] = {name}[range(len({index})), {index}] {change}"
                end = source.span(node)[1]
                yield Edit((end, end), text, "entry missing", 1.3, source.span(node), (index,))
