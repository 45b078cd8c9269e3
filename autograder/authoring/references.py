"""Does the reference pass, and do the mistakes fail? The solution and answers made from it, judged as they would be graded."""

import contextlib
import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.authoring.equivalent import flat_inputs
from autograder.authoring.mistakes import Mistake, mistakes
from autograder.authoring.workbench import Bench
from autograder.course.exercise import GradedCell
from autograder.judging.hidden_tests import grade
from toolkit.verdict import Verdict

SEEDS = (3, 5, 7)
"""Draws of minibatches; the mistakes take turns with them."""
Progress = Callable[[str, int, int], None]
"""Told what is tried, how many are done, and of how many."""


@dataclass(frozen=True)
class Tried:
    """A mistake and what was said of it."""

    mistake: Mistake
    verdict: Verdict
    """Of the gradient that it is in; of several on the way, of the first that lost points."""

    @property
    def slips_through(self) -> bool:
        """Whether it keeps more of its points than it may."""
        return self.verdict.points > self.mistake.fraction


def not_passed(bench: Bench, cells: Sequence[GradedCell]) -> dict[str, list[str]]:
    """Sentences on what the solution is not given full points for, in any of several draws, by grade_id."""
    found: dict[str, dict[str, None]] = {cell.grade_id: {} for cell in cells}
    for seed in SEEDS:
        judge = bench.judge_here({}, seed=seed)
        for cell in cells:
            with contextlib.redirect_stdout(io.StringIO()):
                verdicts = grade(judge, cell)[0]
            wrong = (verdict for verdict in verdicts if verdict.points < 1)
            found[cell.grade_id] |= {f"{v.label} is {v.kind}. {v.message}": None for v in wrong}
    return {grade_id: [*said] for grade_id, said in found.items()}


def sizes_tried(bench: Bench) -> list[str]:
    """What minibatches the solution is judged on, in all draws together."""
    labels: dict[str, int] = {}
    for seed in SEEDS:
        for batch in bench.judge_here({}, seed=seed).batches:
            label = re.sub(r"other sizes \d+", "other sizes", batch.label)
            labels[label] = labels.get(label, 0) + 1
    return [f"{count} of {label!r}" for label, count in labels.items()]


def hidden_by(bench: Bench) -> str:
    """A sentence on the inputs that hide mistakes, if there are any."""
    batch = bench.judge_here({}, seed=SEEDS[0]).batches[0]
    said = [f"{name} is {value.flatten()[0].item():g} everywhere" for name, value in flat_inputs(bench, batch).items()]
    return f"{' and '.join(said)}: what it does to a gradient does not show. Draw it." if said else ""


def changed_lines(bench: Bench, mistake: Mistake) -> str:
    """What stands in a wrong answer and not in the solution."""
    lines = []
    for grade_id, text in mistake.edits.items():
        own = {line.partition("  #")[0].strip() for line in bench.solution_cells[grade_id].splitlines()}
        lines += [line.strip() for line in text.splitlines() if line.partition("  #")[0].strip() not in own]
    return "; ".join(lines) or "a line left out"


def tried(bench: Bench, most: int | None, progress: Progress) -> tuple[list[Tried], int]:
    """Mistakes made from the solution, each judged; and how many there are in all.

    Args:
        most: so many, every kind in each graded cell among them; None for all.
    """
    made = list(mistakes(bench))
    chosen = made if most is None else spread(bench, made, most)
    found = []
    for number, mistake in enumerate(chosen):
        progress("mistakes", number, len(chosen))
        found.append(Tried(mistake, _verdict(bench, mistake, SEEDS[number % len(SEEDS)])))
    progress("mistakes", len(chosen), len(chosen))
    return found, len(made)


def spread(bench: Bench, made: Iterable[Mistake], most: int) -> list[Mistake]:
    """So many of the mistakes: the first of each kind in each graded cell, then of each gradient, then second ones, and so on."""
    cells, gradients = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    ordered: list[tuple[int, int, int, Mistake]] = []
    for number, mistake in enumerate(made):
        cell, gradient = (bench.cell_of[mistake.name], mistake.kind), (mistake.name, mistake.kind)
        ordered.append((min(cells[cell], 1), gradients[gradient], number, mistake))
        cells[cell] += 1
        gradients[gradient] += 1
    kept = sorted(ordered, key=lambda one: one[:3])[: max(most, len(cells))]
    return [mistake for *_, mistake in sorted(kept, key=lambda one: one[2])]


def bar(what: str, done: int, of: int) -> None:
    """A line that says how far it is; nothing where nobody looks at it."""
    if sys.stderr.isatty():
        said = f"{what}: {done} of {of}" if what else ""
        print(f"\r{said:<70}\r{said}", end="", file=sys.stderr, flush=True)


def _verdict(bench: Bench, mistake: Mistake, seed: int) -> Verdict:
    judge = bench.judge_here(mistake.edits, seed=seed)
    for name in mistake.costs or (mistake.name,):
        verdict = judge.verdict(name)
        if verdict.points <= mistake.fraction:
            break
    return verdict
