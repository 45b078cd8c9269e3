"""Small changes at one place of a line: another name, number, operator, function, another sign or exponent."""

import ast
from collections.abc import Iterator

from toolkit.mistakes.line import (
    METHODS,
    REDUCERS,
    Edit,
    Scope,
    Source,
    is_quantity,
    is_small,
    name_called,
    operand,
    operator_called,
)

MISTAKEN = {
    "zeros_like": "ones_like", "ones_like": "zeros_like", "zeros": "ones", "ones": "zeros", "softmax": "log_softmax",
    "log_softmax": "softmax", "exp": "log", "log": "exp", "rsqrt": "sqrt", "sqrt": "rsqrt", "var": "std", "std": "var",
    "empty_like": "zeros_like", "sigmoid": "tanh", "argmin": "argmax", "triu": "tril", "tril": "triu",
}  # fmt: skip
"""Functions, and what each is mistaken for."""


HARMLESS = {"clone", "detach", "contiguous", "float", "double", "to", "item", "size", "view_as", "type_as"}
"""Calls without which a value is the same."""


def other_names(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another name."""
    if not isinstance(node, ast.Name) or source.is_name_of_function(node) or source.asks_for_shape(node):
        return
    span, old = source.span(node), node.id
    if old in scope.tensors:
        for new, cost in scope.alike(old):
            yield Edit(span, new, scope.kind_of(old, new), cost, span, (old, new))
    elif old in scope.numbers:
        for new in scope.numbers:
            yield Edit(span, new, "another size", 1.25, span, (old, new))
        where = "exponent" if source.is_exponent(node) else "number"
        for new, cost in ((f"({old} - 1)", 1.0), (f"({old} + 1)", 1.2)):
            yield Edit(span, new, where, cost, span, (old, new.strip("()")))
        yield Edit(span, f"({old} ** 0.5)", "power missing", 1.2, span, (old,))


def other_picks(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Other whole numbers that pick entries: a tensor of indices, a piece of one, the places of maxima."""
    match node:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if name in scope.indices:
            pass
        case ast.Call(func=ast.Attribute(attr="argmax" | "argmin")) | ast.Attribute(attr="indices"):
            pass
        case _:
            return
    parent = source.parents.get(node)
    if source.asks_for_shape(node) or (isinstance(parent, ast.Subscript) and parent.value is node):
        return
    span, old = source.span(node), source.piece(node)
    for cost, others in ((1.2, scope.indices), (1.25, scope.picks)):
        yield from (Edit(span, new, "index", cost, span, (old,)) for new in others if new != old)


def other_constants(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
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
        for new in (*scope.dimensions, "-1"):
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


_SWAPS: dict[str, list[tuple[str, str, float]]] = {
    "+": [("-", "sign", 1.0), ("*", "operator", 1.3)],
    "-": [("+", "sign", 1.0), ("*", "operator", 1.3)],
    "*": [("/", "upside down", 1.0), ("@", "matrix product", 1.0), ("+", "operator", 1.3), ("**", "operator", 1.4),
               ("-", "operator", 1.3)],
    "/": [("*", "upside down", 1.0), ("-", "operator", 1.4)],
    "**": [("*", "operator", 1.2)],
    "@": [("*", "matrix product", 1.0)],
}  # fmt: skip


def other_operators(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another operator, its operands exchanged, one of them left out."""
    if not isinstance(node, ast.BinOp) or source.in_index(node):
        return
    mark, whole = source.operator(node), source.span(node)
    if _is_size_but_one(node, scope):
        yield Edit(whole, source.piece(node.left), "n for n-1", 1.0, whole)
        yield Edit(mark, "+", "number", 1.1, whole)
        return
    old = source.text[mark[0] : mark[1]]
    small = next((source.piece(n) for n in (node.left, node.right) if is_small(n)), None)
    for new, kind, cost in _SWAPS.get(old, ()):
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
        if is_small(node.right):
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
            for one in (first, f"{first}.mT"):
                for two in (second, f"{second}.mT"):
                    turned = (one.endswith(".mT") != (b_turned if exchanged else a_turned)) + (
                        two.endswith(".mT") != (a_turned if exchanged else b_turned)
                    )
                    kind = "order" if exchanged else "transpose"
                    yield Edit(whole, f"{one} @ {two}", kind, 1.0 + 0.05 * turned + 0.1 * exchanged, whole)


def _is_size_but_one(node: ast.BinOp, scope: Scope) -> bool:
    """Whether it is ``n - 1``."""
    is_size = isinstance(node.left, ast.Name) and node.left.id in scope.numbers
    return is_size and isinstance(node.op, ast.Sub) and isinstance(node.right, ast.Constant) and node.right.value == 1


def _without_t(source: Source, node: ast.expr) -> tuple[str, bool]:
    """What is turned over, and whether it is: the last two dimensions are exchanged."""
    match node:
        case ast.Attribute(attr="T" | "mT" | "H" | "mH", value=of):
            return source.safe(of), True
        case ast.Call(func=ast.Attribute(attr="t" | "transpose" | "swapaxes" | "swapdims" | "permute", value=of)):
            return source.safe(of), True
    return source.safe(node), False


def other_masks(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A mask that is upside down, left out, or puts in another number."""
    if not scope.masks:
        return
    span, parent = source.span(node), source.parents.get(node)
    match node:
        case ast.Name(id=name) if name in scope.masks:
            if not (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Invert)):
                yield Edit(span, f"(~{name})", "mask inverted", 1.0, span, (name,))
        case ast.UnaryOp(op=ast.Invert(), operand=of):
            yield Edit(span, source.safe(of), "mask inverted", 1.0, span, (source.piece(of),))
        case ast.Call(func=ast.Attribute(attr="masked_fill" | "masked_fill_"), args=[_, filled]):
            yield Edit(source.span(filled), "0.0", "fill", 1.0, source.span(filled))
        case ast.Call(func=ast.Attribute(attr="tril" | "triu" as name, value=of), args=[_]):
            yield Edit(span, f"{source.safe(of)}.{name}()", "index", 1.0, span)
    if is_quantity(source, node, scope) and isinstance(parent, ast.Assign | ast.AugAssign | ast.Return):
        for name in scope.masks:
            for mask in (name, f"~{name}"):
                yield Edit(span, f"({source.piece(node)}).masked_fill({mask}, 0.0)", "mask missing", 1.2, span, (name,))


def other_signs(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A minus too many, or one left out."""
    span = source.span(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        kind = "exponent" if source.is_exponent(node.operand) else "sign"
        if not source.is_dimension(node.operand):
            yield Edit(span, source.safe(node.operand), kind, 1.0, span, ("-",))
    elif is_quantity(source, node, scope):
        yield Edit(span, f"(-({source.piece(node)}))", "sign", 1.1, span, ("",))


def other_exponents(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A power left out."""
    parent = source.parents.get(node)
    if not is_quantity(source, node, scope) or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow)):
        return
    if isinstance(node, ast.Name | ast.Call | ast.Subscript):
        span = source.span(node)
        for power in ("2", "-1", "-2", *(("0.5", "-0.5") if scope.epsilons else ())):
            cost = {"2": 1.25, "-1": 1.5}.get(power, 1.35)
            yield Edit(span, f"(({source.piece(node)}) ** {power})", "power missing", cost, span, (source.piece(node),))


def other_epsilons(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """The small constant that is added in the forward pass, and not here."""
    parent, span = source.parents.get(node), source.span(node)
    if not scope.epsilons:
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and is_small(node.right):
        epsilon = source.piece(node.right)
        yield Edit(span, source.safe(node.left), "epsilon too much", 1.2, span, (epsilon,))
        if isinstance(node.left, ast.Call) and (of := operand(node.left, scope)[0]) is not None:
            a, b = source.span(of)
            inner = f"{source.text[span[0] : a]}({source.piece(of)} + {epsilon}){source.text[b : source.span(node.left)[1]]}"
            yield Edit(span, inner, "epsilon place", 1.0, span, (epsilon,))
        elif isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Pow):
            power = source.safe(node.left.right)
            yield Edit(
                span, f"({source.safe(node.left.left)} + {epsilon}) ** {power}", "epsilon place", 1.0, span, (epsilon,)
            )
        return
    if isinstance(parent, ast.BinOp) and any(is_small(side) for side in (parent.left, parent.right)):
        return
    epsilon = scope.epsilons.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Call) and name_called(node) in ("var", "mean", "sum"):
        epsilon = next(iter(scope.epsilons.values()))
    if epsilon is None and isinstance(node, ast.Name | ast.BinOp) and is_quantity(source, node, scope):
        base = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is node
        if base or name_called(parent) in ("sqrt", "rsqrt"):
            epsilon = next(iter(scope.epsilons.values()))
    if epsilon is not None:
        yield Edit(span, f"({source.piece(node)} + {epsilon})", "epsilon missing", 1.0, span, (epsilon,))


def other_functions(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A function of the forward pass that is left out."""
    if not is_quantity(source, node, scope) or not isinstance(node, ast.Name | ast.BinOp | ast.Subscript):
        return
    span, text = source.span(node), source.piece(node)
    for function in sorted(scope.functions & {"exp", "log", "tanh", "sqrt", "sigmoid", "relu", "sin", "cos"}):
        yield Edit(span, f"torch.{function}({text})", "function missing", 1.5, span, (function,))
    if "cross_entropy" in scope.functions:
        for dim in (1, 0):
            yield Edit(span, f"({text}).softmax({dim})", "function missing", 1.5, span, ("softmax",))
        yield Edit(span, f"(({text}) / ({text}).sum(1, keepdim=True))", "not normalised", 1.22, span)


def other_methods(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """What ``other_operators`` does, of an operator that is written as a method: ``a.mul_(b)``."""
    sign = operator_called(node)
    if not (sign and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)) or source.in_index(node):
        return
    (other,), end, whole, name = node.args, source.span(node.func)[1], source.span(node), name_called(node)
    word, in_place = (end - len(name), end), "_" if name.endswith("_") else ""
    piece, kept = source.piece(other), source.safe(node.func.value)
    for new, kind, cost in _SWAPS[sign]:
        if new in METHODS:
            yield Edit(word, METHODS[new][0] + in_place, kind, cost, word, (sign, new))
    if sign in "+-":
        yield Edit(whole, kept, "term too much", 1.2, source.span(other), (piece,))
        return
    said = piece if sign == "*" else f"1 / {source.safe(other)}"
    yield Edit(whole, kept, "factor too much", 1.15, source.span(other), (said,))
    if scope.local:
        yield Edit(whole, f"{kept}.mul{in_place}({scope.local})", "derivative", 1.35, source.span(other))


def other_letters(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """Another letter in an einsum; letters in another order, or one more or less in the result."""
    if not (isinstance(node, ast.Call) and name_called(node) == "einsum" and node.args):
        return
    said = node.args[0]
    if not (isinstance(said, ast.Constant) and isinstance(said.value, str) and "->" in said.value):
        return
    equation, span = said.value.replace(" ", ""), source.span(said)
    arrow, letters = equation.index("->"), sorted({c for c in equation if c.isalpha()})
    for i, letter in enumerate(equation):
        others = [other for other in letters if other != letter] if letter.isalpha() else []
        changed = [equation[:i] + other + equation[i + 1 :] for other in others]
        changed += [equation[:i] + equation[j] + equation[i + 1 : j] + letter + equation[j + 1 :]
                    for j in range(i + 1, len(equation)) if letter.isalpha() and equation[i : j + 1].isalpha()]  # fmt: skip
        if letter.isalpha() and i > arrow:
            changed.append(equation[:i] + equation[i + 1 :])
        for text in changed:
            yield Edit(span, repr(text), "letters", 1.0, span)
    inputs, whole = equation[:arrow].split(","), source.parents.get(node)
    if len(inputs) == 2 and inputs[0] == inputs[1] and len(node.args) == 3 and isinstance(whole, ast.Subscript):
        one, two = map(source.safe, node.args[1:])  # what a dimension is put into again
        for dim in scope.dimensions:
            yield Edit(source.span(whole), f"({one} * {two}).sum({dim}, keepdim=True)", "letters", 1.05, span)
    for i in range(arrow + 2, len(equation) + 1):
        for letter in letters:
            yield Edit(span, repr(equation[:i] + letter + equation[i:]), "letters", 1.1, span)


def other_calls(source: Source, node: ast.expr, scope: Scope) -> Iterator[Edit]:
    """A function that is too much, or another one that is meant; its arguments."""
    if not isinstance(node, ast.Call) or (source.in_index(node) and not isinstance(node.func, ast.Attribute)):
        return
    span, function, name = source.span(node), node.func, name_called(node)
    of, is_method = operand(node, scope)
    place = source.span(function)
    word = (place[1] - len(name), place[1])
    if name in MISTAKEN:
        yield Edit(
            word, MISTAKEN[name], "start" if "zeros" in name or "ones" in name else "function", 1.0, span, (name,)
        )
    if name in REDUCERS:
        yield Edit(word, REDUCERS[name], f"{name} for {REDUCERS[name]}", 1.0, span, (name,))
    if of is not None and name not in HARMLESS and not operator_called(node):
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
            for dim in scope.dimensions:
                yield Edit(span, f"{inside}.{kept}({dim}, keepdim=True)", "dimension", 1.1, span, ("",))
        else:
            yield Edit(span, f"{inside}.{name}()", "dimension", 1.2, span, ("",))
            for dim in scope.dimensions:
                yield Edit(span, f"{inside}.{name}({dim}, keepdim=True)", "dimension", 1.1, span, ("",))
            for dim in scope.reductions[len(scope.dimensions) :] if name in REDUCERS else ():
                yield Edit(span, f"{inside}.{name}({dim})", "dimension", 1.1, span, ("",))
            if "keepdim" not in keywords and name in {*REDUCERS, "var", "std"}:
                end = span[1] - 1
                yield Edit((end, end), ", keepdim=True", "keepdim", 1.0, span, ("keepdim",))
    if name in ("stack", "cat", "split", "chunk") and not {k.arg for k in node.keywords} & {"dim", "axis"}:
        for dim in scope.dimensions[1:] if len(given) == (name in ("split", "chunk")) else ():
            yield Edit((span[1] - 1, span[1] - 1), f", dim={dim}", "dimension", 1.0, span, ("",))
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
