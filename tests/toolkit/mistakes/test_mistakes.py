"""Every mistake loses its own gradient's points and no one else's, and is named: nearly six hundred, made from the graph."""

import functools
from collections import Counter, defaultdict

import pytest

from autograder.authoring.mistakes import Mistake, mistakes
from tests.bank import bench

ASSIGNMENT = "1_chunked_backprop"
SILENT = 0.05
"""Share of the mistakes of a kind that may go without a name."""
KINDS = """
sign | factor n | factor 1/n | factor n/(n-1) | factor 2 | zeros | one element or row left out
transpose | transpose, reshaped | dimension added | dimension dropped | sum too many | mean of the rows
another variable's gradient | upstream left out | wrong upstream | wrong operand | local derivative left out
added where it multiplies | divided where it multiplies | sign of a factor | power | constant | factor left out
missing sum | mean for sum | sum over the wrong dimension | sum over everything | only one row | precedence of sum
missing branch | sign of a branch | branch counted twice | stale upstream | aliased upstream | epsilon | n for n-1
n-1 for n | precedence of / and - | size written out | factors in the wrong order | wrong factor transposed
transpose of the product | transpose left out | repeats overwritten | repeats in part | repeats averaged | never filled
value for gradient | multiplied where it divides | missing term | sign of a term | index
"""
KINDS = [kind.strip() for line in KINDS.strip().splitlines() for kind in line.split("|")]


@functools.cache
def by_kind() -> dict[str, list[Mistake]]:
    """All mistakes by kind; made in each process that judges some of them."""
    made = defaultdict(list)
    for mistake in mistakes(bench(ASSIGNMENT)):
        made[mistake.kind].append(mistake)
    return made


def test_the_generator_knows_every_kind_and_reaches_every_gradient():
    assert sorted(by_kind()) == sorted(KINDS)
    reached = Counter(mistake.name for made in by_kind().values() for mistake in made)
    assert reached.keys() == set(bench(ASSIGNMENT).exercise.expected)
    assert min(reached.values()) >= 8


@pytest.mark.share(0.04)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_loses_its_own_points_and_no_others(kind, tried):
    """And it is named: of each kind all but one, or but one in twenty."""
    surprises, silent = [], []
    tried(kind, len(by_kind()[kind]))
    for mistake in by_kind()[kind]:
        found = {verdict.name: verdict for verdict in bench(ASSIGNMENT).judged_here(mistake.edits)}
        own = found.pop(mistake.name)
        if own.points > mistake.fraction or (mistake.fraction and not own.points):
            surprises.append(f"{mistake.label}\n    is judged {own.kind} ({own.message})")
        for other in found.values():
            if other.points < 1:
                surprises.append(f"{mistake.label}\n    costs d{other.name}: {other.kind} ({other.message})")
        if not own.message:
            surprises.append(f"{mistake.label}\n    gets no message")
        if not own.named:
            silent.append(f"{mistake.label}\n    is not named: {own.message}")
    assert not surprises, "\n".join(surprises)
    assert len(silent) <= max(1, SILENT * len(by_kind()[kind])), "\n".join(silent)
