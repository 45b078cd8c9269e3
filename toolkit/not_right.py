"""What is said of a gradient that is not right: which verdict it is, and why; and what of a cell cannot be run."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from toolkit.mistakes.diagnosis import NOT_FINITE, safely, shape_message, worst_element
from toolkit.mistakes.why import Seen, Why, lead_of, why_not_finite, why_wrong
from toolkit.network.compare import equal, fit, is_degenerate
from toolkit.network.exercise import Exercise
from toolkit.network.graph import shares_and_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.cells import Screened
from toolkit.running.magics import cell_magic
from toolkit.running.outcome import is_answer
from toolkit.running.runs import Chunk, Failure, Job
from toolkit.running.statements import read
from toolkit.running.telling import Telling
from toolkit.verdict import Verdict

FOR_THESE_SIZES = "right for these sizes only"
"""The verdict on what holds at the notebook's own sizes."""
_LARGE = "Which number may be taken from all of a row without changing the result, so that nothing large is left?"
_UNDERFLOWN = (
    "A number has become 0 or infinite on the way. Is something divided by what is 0? What cancels on paper is better cancelled "
    "there. Or is an exponential taken of something large? A number may be taken from all of a row first."
)
_TOO_LARGE = re.compile(r"(OverflowError|ZeroDivisionError|FloatingPointError|ValueError: math domain error)\b")
"""What Python raises where numbers are too large, or of what has become 0 or inf of them."""


class NotRight:
    """The verdicts on gradients of one submission that are not right.

    Args:
        cells: the student's.
        changed_sizes: gives for each size of the network a minibatch at which only this one is another than in the notebook.
        seconds: longest time to look for what is wrong with one gradient.
    """

    def __init__(
        self,
        exercise: Exercise,
        cells: Sequence[Screened],
        telling: Telling,
        changed_sizes: Callable[[], Mapping[str, Minibatch]],
        seconds: float,
    ):
        self.exercise, self.cells, self.telling = exercise, cells, telling
        self.changed_sizes, self.seconds = changed_sizes, seconds
        self.outcomes, self.batches = telling.outcomes, telling.batches
        self.graph, self.plans = telling.graph, telling.plans

    def wrong(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Verdict:
        """The verdict on a gradient that is wrong on this minibatch in this precision."""
        if (failure := self._failure(name, batch, dtype)) is not None:
            kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
            return Verdict(name, kind, failure_sentence(failure, self.cells))
        outcome = self.telling.best(name, batch, dtype)
        if outcome.kind == "missing":
            return self.not_attempted(name)
        if said := self.outcomes.spoiled(name, batch, dtype):
            return Verdict(name, "wrong", said)
        if outcome.note:
            return Verdict(name, "wrong", outcome.note)
        if outcome.upstream is None:
            readers = " and ".join(f"d{reader}" for reader in self.graph.readers(name))
            return Verdict(
                name, "wrong", f"d{name} cannot be judged: it starts from {readers}, not all tensors of finite numbers."
            )
        why = safely(self._why, name, batch, dtype)
        if why and why.named:
            finite = bool(torch.isfinite(outcome.yours).all())
            said = why.message if finite else f"d{name} holds nan or inf. {why.message}"
            return Verdict(name, "wrong", said, places=why.places)
        if not torch.isfinite(outcome.yours).all():
            return self._not_finite(name, batch, outcome.yours, dtype)
        wanted = batch.values[name].shape
        if fit(outcome.yours, wanted) is None:
            return Verdict(name, "wrong", shape_message(name, outcome.yours.shape, wanted))
        args = (self.graph, name, self.outcomes.values(batch, dtype), outcome.upstream, outcome.yours)
        said = safely(worst_element, *args) or f"d{name} is not right."
        if batch.scaled:
            large = (
                f"d{name} is right on ordinary numbers, and not where the numbers of the forward pass are very large:"
            )
            return Verdict(name, "wrong", f"{large} {said} Does a line set a bound to them, or add a small constant?")
        return Verdict(name, "wrong", f"{said} {why.message}" if why else said, named=False)

    def for_these_sizes(self, name: str, dtype: torch.dtype) -> Verdict | None:
        """Which size an answer assumes that is right for the notebook's own sizes; None if no single one explains it."""
        assumed = [s for s, batch in self.changed_sizes().items() if not self.telling.all_good(name, [batch], dtype)]
        if not assumed:
            return None
        own = self.batches[0].sizes
        which = " and ".join(f"{size} = {own[size]}" for size in assumed)
        return Verdict(
            name, FOR_THESE_SIZES,
            f"it assumes {which}. Take a number from the tensors (.shape) or by its name.",
        )  # fmt: skip

    def overflows(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Verdict | None:
        """Where an answer first leaves the finite numbers that is right on ordinary ones; None if it does not."""
        what = " and ".join(f"{key} {value:,.0f} times as large" for key, value in batch.scaled.items())
        failure = self._failure(name, batch, dtype)
        # Python's own numbers raise where a tensor's become inf.
        if failure is not None and _TOO_LARGE.match(failure.text):
            return Verdict(
                name, "overflows on large numbers",
                f"right on ordinary numbers, but not with {what}: {failure_sentence(failure, self.cells)}. {_LARGE}",
            )  # fmt: skip
        outcome = self.telling.best(name, batch, dtype)
        if outcome.yours is None or torch.isfinite(outcome.yours).all():
            return None
        job = self.outcomes.job(batch, "by statement", dtype)
        writes = self.plans.by_statement.writes
        chunks = [
            Chunk(c.source, c.label, c.fresh, c.replace, tuple(sorted(w)))
            for c, w in zip(job.chunks, writes, strict=True)
        ]
        found = self.outcomes.run(Job(**{**vars(job), "chunks": chunks})).snapshots
        where = next(
            (
                (number, key)
                for number in sorted(found)
                for key, value in found[number].items()
                if is_answer(value) and value.is_floating_point() and not torch.isfinite(value).all()
            ),
            None,
        )
        place, question = "", _LARGE
        if where and torch.isnan(found[where[0]][where[1]]).any():
            question = _UNDERFLOWN
        if where:
            chunk, key = chunks[where[0]], where[1]
            line = next(i for i, text in enumerate(chunk.source.split("\n"), 1) if text.strip())
            place = f" {chunk.label}, line {line} `{_line_of(chunk, line)}`: {key} is the first that is not finite."
        return Verdict(
            name, "overflows on large numbers",
            f"right on ordinary numbers, but with {what} it is nan or inf.{place} {question}",
        )  # fmt: skip

    def not_attempted(self, name: str) -> Verdict:
        """Why there is no gradient: its cell cannot be read, or is not Python's, or the name is another."""
        here = [cell for cell in self.cells if cell.cell.grade_id == self.place(name)]
        for cell in self.cells:
            mentioned = re.search(rf"\bd{re.escape(name)}\b", cell.cell.source)
            if cell.syntax_error and (cell in here or mentioned):
                return Verdict(name, "raised", syntax_sentence(cell))
            if mentioned and (magic := cell_magic(cell.cell.source)):
                said = f"{cell.cell.label} begins with {magic}, and what that runs is not graded"
                return Verdict(name, "not attempted", f"there is no d{name} that counts: {said}.")
        if other := safely(self._kept_as, name):
            said = f"there is no d{name}, but your {other} holds its value. The name to use is d{name}."
            return Verdict(name, "not attempted", said)
        return Verdict(name, "not attempted", f"there is no d{name}.")

    def attempted(self, name: str) -> bool:
        """Whether any cell binds the gradient, or may do so in a way that the syntax tree does not show."""
        if "d" + name in self.plans.bound:
            return True
        batch = self.batches[0]
        value = self.outcomes.result(batch, "plain", torch.float64).final.get(name)
        return value is not None and not (isinstance(value, Tensor) and torch.equal(value, batch.upstream[name]))

    def place(self, name: str) -> str | None:
        """grade_id of the solution cell in which a gradient belongs."""
        return next((g.after for g in self.exercise.graded if name in g.names()), None)

    def _why(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Why | None:
        """What is wrong with a gradient, found on this minibatch and on another."""
        batches = [batch, *(b for b in self.batches if b is not batch and not b.scaled)]
        seen = (found for b in batches if (found := self._seen(name, b, dtype)) is not None)
        lead = lead_of(self.exercise, self.graph, name, self.plans.by_statement)
        return why_wrong(self.exercise, self.graph, name, lead, seen, self.outcomes.run_job, dtype, self.seconds)

    def _seen(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Seen | None:
        """A wrong gradient on one minibatch; None if it is not wrong there, or cannot be compared."""
        outcome = self.telling.best(name, batch, dtype)
        if outcome.kind != "wrong" or outcome.upstream is None or not is_answer(outcome.yours):
            return None
        state, others = self.outcomes.state(name, batch, outcome.mode, dtype), {}
        for other, value in state.items():
            if is_answer(value) and other != name and other in self.exercise.expected:
                there = self.outcomes.outcome(other, batch, outcome.mode, dtype)
                if there.kind == "right" and not there.degenerate:
                    others[other] = value
        return Seen(self.outcomes.values(batch, dtype), outcome.upstream, outcome.yours, others)

    def _not_finite(self, name: str, batch: Minibatch, yours: Tensor, dtype: torch.dtype) -> Verdict:
        """On which minibatches a gradient holds nan or inf, and where it comes from."""

        def bad(batch: Minibatch) -> bool:
            there = self.telling.best(name, batch, dtype).yours
            return is_answer(there) and not bool(torch.isfinite(there).all())

        ordinary = [batch for batch in self.batches if not batch.scaled]
        found = [batch.label for batch in ordinary if bad(batch)]
        where = "every minibatch"
        if len(found) < len(ordinary):
            where = f"{len(found)} of {len(ordinary)} minibatches ({'; '.join(found)})"
        said = f"d{name} holds {'nan' if torch.isnan(yours).any() else 'inf'} on {where}."
        lead = lead_of(self.exercise, self.graph, name, self.plans.by_statement)
        if why := safely(why_not_finite, self.exercise, self.graph, lead, batch, self.outcomes.run_job, dtype):
            return Verdict(name, "wrong", f"{said} {why.message}", places=why.places)
        return Verdict(name, "wrong", f"{said} {NOT_FINITE}")

    def _kept_as(self, name: str) -> str:
        """Under which other name a gradient stands, if it does."""
        batch, dtype = self.batches[0], torch.float64
        known = {*self.exercise.graph.inputs, *self.exercise.graph.steps, *("d" + n for n in batch.upstream)}
        if not (others := tuple(sorted(self.plans.bound - known))):
            return ""
        job = self.outcomes.job(batch, "plain", dtype)
        last = Chunk("", "the end", snapshot=others)
        found = self.outcomes.run(Job(**{**vars(job), "chunks": (*job.chunks, last)})).snapshots
        truths = self.outcomes.true_gradients(batch, dtype)
        scale = shares_and_scale(self.graph, name, self.outcomes.values(batch, dtype), truths)[1]
        if is_degenerate(truths[name], scale):
            return ""
        for other, value in found.get(len(job.chunks), {}).items():
            fitted = fit(value.to(dtype), truths[name].shape) if is_answer(value) else None
            if fitted is not None and equal(fitted, truths[name], scale):
                return other
        return ""

    def _failure(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Failure | None:
        """Why the statement that completes a gradient did not run, or one before it that makes what it reads."""
        plan, result = self.plans.by_statement, self.outcomes.result(batch, "by statement", dtype)
        failures, written = result.failures, plan.written_at(name)
        if not failures:
            return None
        if written is None:  # bound in a way that cannot be seen: the first that fails is to blame
            return failures[min(failures)] if name not in result.final else None
        needed = read(ast.parse(plan.chunks[written].source))
        made: dict[str, int] = {}  # for each name that it reads, the last statement before that should have made it
        for number in range(written):
            made |= dict.fromkeys(plan.writes[number] & needed, number)
        causes = [number for number in made.values() if number in failures]
        return failures[min(causes)] if causes else failures.get(written)


def syntax_sentence(cell: Screened) -> str:
    """What of a cell is no Python, with the student's own line."""
    said = failure_sentence(Failure("raised", cell.syntax_error, cell.cell.label, cell.line), [cell])
    if "f-string" in cell.syntax_error and sys.version_info < (3, 12):
        version = ".".join(map(str, sys.version_info[:2]))
        said += (
            f" (Here it is read by Python {version}. From 3.12 on, the quotes around an f-string may stand in its braces, too; "
            "with others in the braces it is right everywhere.)"
        )
    return said


def failure_sentence(failure: Failure, cells: Iterable[Screened]) -> str:
    """A failure with the student's own line."""
    where = failure.label
    if failure.line is not None:
        where += f", line {failure.line}"
        lines = [c.cell.source.splitlines() for c in cells if c.cell.label == failure.label]
        texts = [part[failure.line - 1].strip() for part in lines if 0 < failure.line <= len(part)]
        if text := next(filter(None, texts), ""):
            where += f" `{text[:100]}`"
    return f"{where}: {failure.text}"


def _line_of(chunk: Chunk, number: int) -> str:
    return chunk.source.split("\n")[number - 1].strip()[:100]
