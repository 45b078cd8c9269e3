"""Why a gradient is wrong, in the order in which it is asked.

First the student's own lines: a single small change that makes them right (``nearest``). Then the numbers: one known mistake of
the calculus that gives just these (``diagnosis``). Then two changes, and at last the pattern of the difference (``pattern``).
What was found out for one answer holds for every other with the same lines.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from toolkit.mistakes.diagnosis import known_mistakes, safely, shape_message
from toolkit.mistakes.finite import first_not_finite
from toolkit.mistakes.leading import Lead, leading_to, statement
from toolkit.mistakes.line import fits
from toolkit.mistakes.nearest import Finding, Search
from toolkit.mistakes.pattern import patterns
from toolkit.mistakes.sentences import at, finding_in_words, where_it_is
from toolkit.network.exercise import Exercise
from toolkit.network.graph import Graph, shares_and_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.outcome import RunJob
from toolkit.running.plans import Plan
from toolkit.verdict import Place

MOST_KNOWN = 2000
"""How many answers are remembered."""


@dataclass(frozen=True)
class Why:
    """What is wrong with a gradient."""

    message: str
    places: tuple[Place, ...] = ()
    unnamed: bool = False
    """Whether it says where the mistake is, and not which."""
    named: bool = True
    """Whether it says anything of the mistake."""


@dataclass(frozen=True)
class Seen:
    """A gradient of the student's on one minibatch."""

    values: Mapping[str, Any]
    upstream: Mapping[str, Tensor]
    yours: Tensor
    others: Mapping[str, Tensor]
    """More gradients of the student's that are right as what they should be."""


def why_wrong(
    exercise: Exercise,
    graph: Graph,
    name: str,
    lead: Lead | None,
    seen: Iterator[Seen],
    run: RunJob,
    dtype: torch.dtype,
    seconds: float,
) -> Why | None:
    """What is wrong with a gradient; None if that is not found out.

    Args:
        graph: steps of the forward pass whose gradients are judged by themselves.
        lead: the student's statements that lead to it.
        seen: the gradient on one minibatch after another.
        run: runs a job.
    """
    search = Search(exercise, frozenset(graph.steps), lead, run, dtype, seconds) if lead else None
    first = next(seen)
    copies = _copies(graph, name, first)

    def found(ask: Callable[[Search], Finding | None]) -> Why | None:
        finding = _remembered(search, ask) if search else None
        if finding is None:
            return None
        unnamed = finding.edits[0].kind in ("share", "derivative")
        said, shape, wanted = finding_in_words(finding, graph, copies), first.yours.shape, first.values[name].shape
        if finding.others and shape != wanted:  # which change is meant, it does not say; the shapes do
            said += f" d{name} has the {shape_message(name, shape, wanted)}"
        return Why(said, (*finding.places, *finding.elsewhere), unnamed)

    if torch.isfinite(first.yours).all():
        seen, again = itertools.tee(seen)
        if said := safely(_known, graph, name, first, again, True):
            return Why(said)
    if why := found(Search.one):
        if why.unnamed and not torch.isfinite(first.yours).all():
            return None
        if why.unnamed and (said := safely(_known, graph, name, first, seen)):
            return Why(f"{at(why.places)}: {said[:1].lower()}{said[1:]}", why.places)
        return why
    if search and lead.early and search.is_right:
        names = " and ".join(sorted(lead.early))
        return Why(
            f"d{name} would be right if {names} were complete where it is read: a later line changes {names}. An upstream "
            "gradient has to hold all its shares before anything is computed from it."
        )
    if torch.isfinite(first.yours).all() and (said := safely(_known, graph, name, first, seen)):
        return Why(said)
    for ask in (Search.one_and_a_share, Search.two):
        if why := found(ask):
            return why
    said = safely(_pattern, graph, name, first, seen) if torch.isfinite(first.yours).all() else ""
    if search and (shares := safely(_shares, search)):
        said = f"{shares} {said}".strip()
    if search and search.out_of_time:
        more = "Not every small change of these lines could be tried in the time there is."
        return Why(f"{said} {more}".strip(), named=bool(said))
    return Why(said) if said else None


def _shares(search: Search) -> str:
    """Which of the shares is right and which is wrong, if they are not all one or the other."""
    found = search.right_shares()
    right, wrong = ([reader for reader, is_right in found.items() if is_right == wanted] for wanted in (True, False))
    if not right or not wrong:
        return ""
    through = " and ".join
    return (
        f"The share of d{search.lead.name} through {through(right)} is right, that through {through(wrong)} is wrong."
    )


def _pattern(graph: Graph, name: str, one: Seen, others: Iterator[Seen]) -> str:
    """What the difference looks like on two minibatches."""

    def said(seen: Seen) -> list[str]:
        parts, scale = shares_and_scale(graph, name, seen.values, seen.upstream)
        truth = torch.stack([*parts.values()]).sum(0)
        known = seen.yours.shape == truth.shape
        return [*patterns(graph, name, seen.values, seen.yours, truth, scale)] if known else []

    if not (found := said(one)) or (other := next(others, None)) is None:
        return ""
    also = {_without_numbers(sentence) for sentence in said(other)}
    return next((sentence for sentence in found if _without_numbers(sentence) in also), "")


def why_not_finite(
    exercise: Exercise, graph: Graph, lead: Lead, batch: Minibatch, run: RunJob, dtype: torch.dtype
) -> Why | None:
    """Which piece of the lines that lead to a gradient is the first that is not finite."""
    found = first_not_finite(Search(exercise, frozenset(graph.steps), lead, run, dtype), batch)
    if found is None:
        return None
    said, place = found
    return Why(f"It comes from {where_it_is([place])}: {said}", (place,))


def lead_of(exercise: Exercise, graph: Graph, name: str, plan: Plan) -> Lead | None:
    """The statements of a student's that lead to a gradient."""
    statements = [statement(chunk.source, chunk.label) for chunk in plan.chunks if chunk.source.strip()]
    gradients = {"d" + n for n in (*graph.steps, *graph.inputs)}
    return leading_to(name, statements, gradients, {*exercise.graph.steps, *exercise.graph.inputs})


_found: dict[tuple, Finding | None] = {}


def _remembered(search: Search, ask: Callable[[Search], Finding | None]) -> Finding | None:
    lead = search.lead
    key = (search.exercise, search.steps, lead.name, lead.texts, search.dtype, ask.__name__)
    if key not in _found:
        finding = safely(ask, search)
        if search.out_of_time:
            return finding
        if len(_found) > MOST_KNOWN:
            _found.clear()
        _found[key] = finding
    finding = _found[key]
    return finding and replace(finding, lead=lead)


def _known(graph: Graph, name: str, one: Seen, others: Iterator[Seen], first: bool = False) -> str:
    """The known mistake that gives a student's numbers on two minibatches."""

    def mistakes(seen: Seen) -> list[str]:
        return known_mistakes(graph, name, seen.values, seen.upstream, seen.yours, seen.others, first)

    if not (found := mistakes(one)) or (other := next(others, None)) is None:
        return ""
    also = {_without_numbers(said) for said in mistakes(other)}
    return next((said for said in found if _without_numbers(said) in also), "")


def _without_numbers(text: str) -> str:
    return "".join(c for c in text if not c.isdigit())


def _copies(graph: Graph, name: str, seen: Seen) -> int:
    """How many times a variable is used in the one line that reads it, where that is by broadcasting."""
    readers = graph.readers(name)
    if len(readers) != 1:
        return 0
    variable, used = seen.values[name], seen.upstream[readers[0]]
    return used.numel() // variable.numel() if fits(tuple(variable.shape), tuple(used.shape)) else 0
