"""Small changes to a line of code: what might have been meant instead of what stands there.

An ``Edit`` is a piece of a statement's text and what would stand in its place. The changes are those that people need who write
a backward pass: another name, a factor too many, a bracket elsewhere, a sum left out. Each says of what kind it is and which
piece it concerns, and how small it is: the smaller, the likelier. Which of them makes the line right is tried elsewhere
(``nearest``); how a kind is put into words stands in ``sentences``.
"""

import ast
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from toolkit.mistakes.brackets import other_brackets
from toolkit.mistakes.factors import other_factors, other_products, other_terms, what_is_not_right
from toolkit.mistakes.line import Edit, Scope, Source, Span
from toolkit.mistakes.slips import (
    other_calls,
    other_constants,
    other_epsilons,
    other_exponents,
    other_functions,
    other_letters,
    other_masks,
    other_methods,
    other_names,
    other_operators,
    other_picks,
    other_signs,
)
from toolkit.mistakes.storing import other_indices, other_statements
from toolkit.mistakes.sums import other_sums, other_transposes

MOST_EDITS, MOST_MADE = 2500, 10_000
"""Most changes of one statement, the smallest first, and most that these are chosen from."""
RULES: tuple[Callable[[Source, ast.expr, Scope], Iterator[Edit]], ...] = (
    other_names, other_picks, other_constants, other_operators, other_methods, other_brackets, other_signs, other_exponents,
    other_calls, other_sums, other_transposes, other_factors, other_products, what_is_not_right, other_terms, other_epsilons,
    other_functions, other_letters, other_indices, other_masks,
)  # fmt: skip


COMPUTED = frozenset([
    "number", "sign", "n for n-1", "constant missing", "constant too much", "factor too much", "factor missing", "upside down",
    "operator", "term too much", "term missing", "brackets", "exponent", "another size", "power missing",
])  # fmt: skip
"""Kinds of changes that within an exponent, an index or a range are mistakes in that."""


def edits(text: str, scope: Scope, wanted: str, bound: frozenset[str] = frozenset(), number: int = 0) -> list[Edit]:
    """Small changes of a statement, the smallest first.

    Args:
        wanted: the gradient that the statement leads to (``dprobs``).
        bound: names that statements before this one have bound.
        number: which of several statements it is.
    """
    source = Source(text)
    found: dict[tuple[Span, str], Edit] = {}
    for edit in itertools.islice(_all(source, scope, wanted, bound), MOST_MADE):
        key = edit.span, edit.text
        for kind, spans in source.inside.items():
            if (edit.kind in COMPUTED or kind == "loop") and any(
                a <= edit.mark[0] and edit.mark[1] <= b for a, b in spans
            ):
                edit = replace(edit, kind=kind, about=())
        if edit.text != text[edit.span[0] : edit.span[1]] and (key not in found or found[key].cost > edit.cost):
            found[key] = replace(edit, number=number)
    return sorted(found.values(), key=lambda edit: edit.cost)[:MOST_EDITS]


def _all(source: Source, scope: Scope, wanted: str, bound: frozenset[str]) -> Iterator[Edit]:
    for node in source.nodes:
        for rule in RULES:
            yield from rule(source, node, scope)
    for part in ast.walk(source.tree):
        if isinstance(part, ast.stmt):
            yield from other_statements(source, part, scope, wanted, bound)
