"""A sentence that names a mistake is a claim, and none may be false.

Of a change that was found it is asked whether it makes the line right: at sizes that nobody has tried, on numbers that nobody
has drawn. Of a known mistake, whether the same is said on other minibatches. ``CLAIMS=1000`` tries that many random lines and
tensors of each exercise; without it there are a few.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest
import torch

from autograder.authoring.pieces import pieces, shown
from tests.bank import PATIENCE, Bench, answers, bench
from tests.submissions.random_lines import Line, random_lines, random_tensors
from toolkit.judge import Judge
from toolkit.mistakes import draws, why
from toolkit.mistakes.diagnosis import known_mistakes
from toolkit.mistakes.nearest import Finding
from toolkit.network.compare import equal, fit, is_degenerate
from toolkit.network.exercise import fused
from toolkit.network.minibatches import Minibatch, large_numbers, make, other_sizes, own_sizes
from toolkit.running.in_this_process import run_here
from toolkit.verdict import Verdict

COUNT = int(os.environ.get("CLAIMS", 0))
FEW_LINES, FEW_TENSORS = 40, 200
FRESH = 3
"""On how many new draws a change must be right."""
EXERCISES = {"1_chunked_backprop": 0.7, "2_fused_cross_entropy": 0.12, "3_fused_batchnorm": 0.18}
"""Exercises whose gradients stand by themselves, and their shares of the lines."""
NUMBER = r"\d+(\.\d+)?(e-?\d+)?"


@pytest.mark.share(0.12)
@pytest.mark.parametrize("assignment", EXERCISES)
def test_no_claim_on_a_random_line_is_false(assignment: str, monkeypatch: pytest.MonkeyPatch, tried):
    made, wrong, claims, false = bench(assignment), 0, Counter(), []
    wanted = round(EXERCISES[assignment] * (COUNT or FEW_LINES))
    starts = [answer for answer in answers("named") if answer.assignment == assignment]
    for number, line in enumerate(random_lines(made, starts, seed=12)):
        if wrong == wanted or number > 20 * wanted:
            break
        verdict, found, steps = explained(made, line, 3, monkeypatch)
        if verdict.kind != "wrong":
            continue
        wrong += 1
        if not verdict.named:
            claims["nothing claimed of a random line"] += 1
            continue
        claims["a change claimed, and true" if found else "a known mistake claimed, and true"] += 1
        if found and not all(holds(made, finding, steps) for finding in found):
            false.append(f"the change does not mend it: {said(line, verdict)}")
        if not found and not same_elsewhere(made, line, verdict):
            false.append(f"not said on other minibatches: {said(line, verdict)}")
        tensors, own = made.tensors, "\n".join(line.edits.values()) + "\n" + made.exercise.graph.text
        for edit in (edit for finding in found for edit in finding.edits):
            told = shown(verdict.message, tensors) & pieces(edit.text, tensors) - pieces(own, tensors)
            false += [f"it shows the change: {said(line, verdict)}"] * bool(told)
        false += [f"{place} is not there: {said(line, verdict)}" for place in strange_places(line, verdict)]
    for kind, count in claims.items():
        tried(kind, count)
    assert wrong == wanted
    assert not false, f"{len(false)} of {wrong}:\n" + "\n".join(false)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("b1", "dhprebn.sum(0)", "dbndiff.sum(1)"),
        ("b1", "dhprebn.sum(0)", "(1 - b1).sum(0, keepdim=True)"),
        ("logit_maxes", "(-dnorm_logits).sum(1, keepdim=True)", "logit_maxes.sum(0, keepdim=True)"),
        ("logit_maxes", "(-dnorm_logits).sum(1, keepdim=True)", "counts_sum_inv**2 / logit_maxes"),
    ],
)
def test_zeros_prove_nothing(name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch):
    """Where a gradient is zero but for rounding on a true backward pass, what makes the line zero does not make it right."""
    made = bench("1_chunked_backprop")
    cell = made.cell_of[name]
    line = Line(name, cell, {**made.solution_cells, cell: made.solution_cells[cell].replace(old, new)})
    verdict, found, steps = explained(made, line, 3, monkeypatch)
    assert verdict.kind == "wrong"
    assert all(holds(made, finding, steps) for finding in found), said(line, verdict)


@pytest.mark.share(0.12)
@pytest.mark.parametrize("assignment", EXERCISES)
def test_nothing_is_claimed_of_random_numbers(assignment: str, tried):
    made, false = bench(assignment), []
    wanted = round(EXERCISES[assignment] * (COUNT or FEW_TENSORS))
    for number, (name, batch, how, yours) in enumerate(tensors(made, seed=12)):
        if number == wanted:
            break
        graph, values = made.exercise.graph, batch.values
        upstream = {
            r: batch.upstream[r] if values[r].dim() else torch.ones_like(values[r]) for r in graph.readers(name)
        }
        if claim := known_mistakes(graph, name, values, upstream, yours, {}):
            false.append(f"d{name}, {how}: {claim[0]}")
    tried("random numbers, nothing claimed", wanted)
    assert not false, f"{len(false)} of {wanted}:\n" + "\n".join(false)


# --- what is claimed, and whether it is true ----------------------------------------------------------------------------------


def explained(
    made: Bench, line: Line, seed: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Verdict, list[Finding], frozenset[str]]:
    """The verdict on a line; the change that was found, if its words come from one; and the steps that are judged."""
    found: list[tuple[str, Finding]] = []

    def recording(finding: Finding, *args: object) -> str:
        text = in_words(finding, *args)
        found.append((text, finding))
        return text

    in_words = why.finding_in_words
    with monkeypatch.context() as patched:
        patched.setattr(why, "finding_in_words", recording)
        judge = Judge(made.exercise, made.submission(line.edits), run_here, seed, seconds=PATIENCE)
        verdict = judge.verdict(line.name)
    said = [finding for text, finding in found if text in verdict.message]
    return verdict, said, frozenset(judge.graph.steps)


def holds(made: Bench, finding: Finding, steps: frozenset[str]) -> bool:
    """Whether each of the changes that a finding speaks of gives what is right on new draws, and the lines themselves do not."""
    return all(
        not gives_what_is_right(made, finding, steps, number, ())
        and all(gives_what_is_right(made, finding, steps, number, edits) for edits in (finding.edits, *finding.others))
        for number in range(FRESH)
    )


def gives_what_is_right(made: Bench, finding: Finding, steps: frozenset[str], number: int, edits: tuple) -> bool:
    lead = finding.lead
    graph = fused(made.exercise.graph.text, steps)
    variables = {*graph.steps, *graph.inputs}
    read = frozenset(word[1:] for word in lead.reads if word[:1] == "d" and word[1:] in variables)
    draw = fresh_draw(made, steps, lead.name, read, number)
    if is_degenerate(
        draw.truth, draw.scale
    ):  # zeros would be right: what comes back to its readers is made random instead
        draw = fresh_draw(made, steps, lead.name, read | {*graph.readers(lead.name)}, number)
    texts = list(lead.texts)
    for edit in sorted(edits, key=lambda edit: -edit.span[0]):
        texts[edit.number] = edit.applied(texts[edit.number])
    namespace = {
        "torch": torch,
        "F": torch.nn.functional,
        **{k: copied(v) for k, v in {**draw.values, **draw.known}.items()},
    }
    namespace |= {"d" + k: v.clone() for k, v in draw.gradients.items()}
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            exec("\n".join(texts), namespace)
    except Exception:
        return False
    finally:
        torch.set_default_dtype(torch.float32)
    wanted = draw.truth
    if finding.missing:
        wanted = wanted - draw.shares[finding.missing]
    if finding.only:
        wanted = draw.shares[finding.only]
    yours = namespace.get("d" + lead.name)
    yours = fit(yours, wanted.shape) if isinstance(yours, torch.Tensor) else None
    return yours is not None and equal(yours.to(wanted.dtype), wanted, draw.scale)


def fresh_draw(made: Bench, steps: frozenset[str], name: str, read: frozenset[str], number: int) -> draws.Draw:
    """Numbers at sizes that nobody else has."""
    batch = fresh_batch(made, number)
    before, draws.small_batch = draws.small_batch, lambda *_: batch
    try:
        return draws.draw_for.__wrapped__(made.exercise, steps, name, read, number)
    finally:
        draws.small_batch = before


BATCHES: dict[tuple[str, int], Minibatch] = {}


def fresh_batch(made: Bench, number: int) -> Minibatch:
    key = made.exercise.name, number
    if key not in BATCHES:
        own = own_sizes(made.exercise)
        sizes = other_sizes(own, random.Random(900 + number), large_numbers(made.exercise))
        BATCHES[key] = make(made.exercise, sizes, own, f"fresh {number}", 70 + number)
    return BATCHES[key]


def same_elsewhere(made: Bench, line: Line, verdict: Verdict) -> bool:
    """Whether a known mistake is named on minibatches of other seeds, too."""
    words = re.sub(NUMBER, "0", verdict.message)
    for seed in (17, 71):
        other = Judge(made.exercise, made.submission(line.edits), run_here, seed, seconds=PATIENCE).verdict(line.name)
        if re.sub(NUMBER, "0", other.message) != words:
            return False
    return True


def strange_places(line: Line, verdict: Verdict) -> Iterator[object]:
    """Places that do not exist in the cells."""
    for place in verdict.places:
        sources = [source.split("\n") for grade_id, source in line.edits.items() if place.label == f"cell {grade_id}"]
        there = any(
            len(lines) >= place.line and lines[place.line - 1].strip() == place.text.strip() for lines in sources
        )
        if not (there and place.piece.strip()):
            yield place


def tensors(made: Bench, seed: int) -> Iterator[tuple[str, Minibatch, str, torch.Tensor]]:
    chooser = random.Random(seed)
    endless = {}
    while True:
        name, number = chooser.choice(made.exercise.expected), chooser.randrange(3)
        batch = fresh_batch(made, number)
        if (name, number) not in endless:
            endless[name, number] = random_tensors(made, name, batch, chooser)
        how, yours = next(endless[name, number])
        yield name, batch, how, yours


def copied(value: object) -> object:
    return value.clone() if isinstance(value, torch.Tensor) else value


def said(line: Line, verdict: Verdict) -> str:
    return f"d{line.name}: {verdict.message}\n" + "".join(
        f"        {text}\n" for text in line.edits[line.cell].splitlines()
    )
