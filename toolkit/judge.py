"""The verdict on each gradient of a submission: student code against autograd, on minibatches of many sizes.

Each gradient is judged by itself (error carried forward), given the student's own upstream gradients. Three kinds of runs
of the same cells (``plans``) tell what one alone cannot; what is computed past a wrong upstream gradient, and is right all
the same, is compared with autograd's own (``true chain``).

The grader asks this judge with minibatches that nobody has seen and runs in a sandbox, ``check`` with others and runs in the
notebook itself: what is right is said here, once, for both.
"""

import ast
import contextlib
import functools
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from toolkit.mistakes.diagnosis import NOT_FINITE, safely, shape_message, worst_element
from toolkit.mistakes.nearest import SECONDS
from toolkit.mistakes.why import Seen, Why, lead_of, why_not_finite, why_wrong
from toolkit.network.compare import equal, fit, is_degenerate, tolerance
from toolkit.network.exercise import Exercise, fused
from toolkit.network.graph import shares_and_scale
from toolkit.network.minibatches import Minibatch, draw, one_size_changed
from toolkit.running.cells import Screened, StudentCell, screen
from toolkit.running.magics import cell_magic
from toolkit.running.no_derivatives import is_refusal
from toolkit.running.outcome import Outcome, Outcomes, RunJob, is_answer
from toolkit.running.plans import GradedPlace, Submission
from toolkit.running.precisions import casts
from toolkit.running.runs import Chunk, Failure, Job
from toolkit.running.statements import read
from toolkit.running.tasks import by_task
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


class Judge:
    """All verdicts on one submission; made lazily.

    Args:
        run: runs a job.
        seed: of the minibatches, and of torch's random numbers in the runs.
        seconds: longest time to look for what is wrong with one gradient.
    """

    def __init__(
        self,
        exercise: Exercise,
        submission: Submission,
        run: RunJob,
        seed: int,
        *,
        leave_out: bool = True,
        seconds: float = SECONDS,
    ):
        self.exercise, self.seed, self.seconds = exercise, seed, seconds
        submission = by_task(submission, exercise)
        names = exercise.graph.steps | dict.fromkeys(exercise.expected)
        screened = iter(screen([p for p in submission if isinstance(p, StudentCell)], names, leave_out))
        self.all_parts = [next(screened) if isinstance(part, StudentCell) else part for part in submission]
        self.all_cells = [part for part in self.all_parts if isinstance(part, Screened)]
        parts = _up_to_other_tasks(self.all_parts, exercise)
        self.cells = [part for part in parts if isinstance(part, Screened)]
        bound = set().union(*(cell.bound() for cell in self.cells))
        # steps whose gradient nobody asks for and the student does not compute are no steps here
        steps = frozenset(n for n in exercise.graph.steps if n in exercise.expected or "d" + n in bound)
        self.graph = fused(exercise.graph.text, steps)
        has_shape = bool(self.batches[0].upstream[self.graph.output].shape)
        self.outcomes = Outcomes(exercise, self.graph, parts, run, seed, has_shape)
        self.plans = self.outcomes.plans
        self._verdicts: dict[str, Verdict] = {}
        self.as_written: Judge | None = None
        """The judge of the same submission with nothing left out, if this one leaves out what may be autograd."""
        if any(cell.left_out for cell in self.all_cells):
            self.as_written = Judge(exercise, submission, run, seed, leave_out=False, seconds=seconds)

    def verdict(self, name: str) -> Verdict:
        """The verdict on the gradient of ``name``.

        Where words of autograd were left out, both runs count, since neither has a derivative to give: whoever has a class
        with a method ``backward`` is right in the one, who calls ``loss.backward()`` beside an own derivation in the other.
        "Uses autograd" is only said of a gradient that no run has, because autograd did not give it.
        """
        with one_thread():
            verdict = self._with_its_way(name)
            if self.as_written is None or verdict.points == 1:
                return verdict
            written = self.as_written.verdict(name)
            if written.points > verdict.points:
                return written
            refused = self.as_written.outcomes.guarded(functools.partial(self.as_written.refused, name)) is True
            if refused and verdict.kind == "not attempted" and (words := self._words(name)):
                return Verdict(name, "uses autograd", f"{words} is autograd, and autograd is not an answer.")
            return written if verdict.kind == "uses autograd" and not refused else verdict

    def _with_its_way(self, name: str) -> Verdict:
        verdict = self._decided(name)
        if verdict.points and (step := self._wrong_on_the_way.get(name)):
            why = self._decided(step)
            said = f"d{step}, from which d{name} comes, is not right: {why.message}"
            return Verdict(name, why.kind, said, named=why.named, places=why.places)
        return verdict

    def refused(self, name: str) -> bool:
        """Whether a gradient is not there, or None, because autograd gave nothing."""
        plan, result = self.plans.by_statement, self.outcomes.result(self.batches[0], "by statement", torch.float64)

        def failed(numbers: Iterable[int]) -> bool:
            waiting, seen = {*numbers}, set[int]()
            while waiting:
                number = waiting.pop()
                if number in result.failures and number not in seen:
                    seen.add(number)
                    if is_refusal(result.failures[number].text):
                        return True
                    waiting |= self._makers[number]
            return False

        written = plan.written_at(name)
        states = result.after if written is None else result.after[written : written + 1]
        if written is not None and written in result.failures:
            return failed([written])
        if any(state.get(name) == "NoneType" for state in states):
            return True
        writers = [number for number, names in enumerate(plan.writes) if "d" + name in names]
        return not any(name in state for state in states) and failed(writers)

    @cached_property
    def _makers(self) -> list[set[int]]:
        """For each statement, those before it that made what it reads."""
        made: dict[str, int] = {}
        makers = []
        for number, (chunk, writes) in enumerate(
            zip(self.plans.by_statement.chunks, self.plans.by_statement.writes, strict=True)
        ):
            makers.append({made[name] for name in read(ast.parse(chunk.source)) & made.keys()})
            made |= dict.fromkeys(writes, number)
        return makers

    def cells_before(self, grade_id: str) -> list[Screened]:
        """The student's cells that stand before a graded cell."""
        before = itertools.takewhile(
            lambda part: not (isinstance(part, GradedPlace) and part.grade_id == grade_id), self.all_parts
        )
        return [part for part in before if isinstance(part, Screened)]

    def solution_of(self, grade_id: str) -> str | None:
        """grade_id of the solution cell that a graded cell grades."""
        return next(cell.after for cell in self.exercise.graded if cell.grade_id == grade_id)

    def _decided(self, name: str) -> Verdict:
        if name not in self._verdicts:
            said = self.outcomes.guarded(lambda: self._decide(name))
            self._verdicts[name] = said if isinstance(said, Verdict) else Verdict(name, "wrong", said)
        return self._verdicts[name]

    @cached_property
    def _wrong_on_the_way(self) -> dict[str, str]:
        """Gradients of steps that nobody asks for and that are wrong, each given those it comes from, by the gradient that
        they cost: the first that comes from it and is not autograd's own. (What is, is right, whatever the names on the way
        were used for.) A step that is right for the notebook's sizes only costs it half.
        """
        expected = self.exercise.expected
        found: dict[str, str] = {}
        steps = [n for n in reversed(self.graph.steps) if n not in expected and "d" + n in self.plans.bound]
        own = [b for b in self.batches if b.own_sizes and not b.scaled]
        others = [b for b in self.batches if not b.own_sizes and not b.scaled]
        for step in steps:
            comes_from_it = self.graph.goes_back_to(step, expected)
            costs = self._not_autograds(comes_from_it, own)
            if costs and not self._decided(step).points:
                found.setdefault(costs[0], step)
                continue
            costs = self._not_autograds(comes_from_it, others)
            if costs and self._decided(step).kind == FOR_THESE_SIZES:
                found.setdefault(costs[0], step)
        return found

    def _not_autograds(self, names: Iterable[str], batches: Sequence[Minibatch]) -> list[str]:
        """Those of the gradients that are not autograd's own on some of the minibatches, nothing replaced."""
        return [
            name
            for name in names
            if not all(self.outcomes.outcome(name, b, "true chain", torch.float64).good for b in batches)
        ]

    # --- the decision ---------------------------------------------------------------------------------------------------

    def _decide(self, name: str) -> Verdict:
        if words := self._autograd(name):
            return Verdict(
                name, "uses autograd", f"{words} is autograd, and autograd is not an answer: derive d{name}."
            )
        if not self.graph.readers(name) or not self._attempted(name):
            return self._not_attempted(name)
        own = [b for b in self.batches if b.own_sizes and not b.scaled]
        others = [b for b in self.batches if not b.own_sizes and not b.scaled]
        large = [b for b in self.batches if b.scaled]
        failing: list[tuple[Minibatch, torch.dtype]] = []
        for dtype in (torch.float64, torch.float32):
            if dtype == torch.float32 and not self._needs_float32(name):
                continue
            if not self._all_good(name, own, dtype):
                continue
            failing = [(b, dtype) for group in (others, large) for b in group if not self._all_good(name, [b], dtype)]
            if failing:
                continue
            for batch in self.batches:
                if (outcome := self._best(name, batch, dtype)).kind == "shape":
                    shape = shape_message(name, outcome.yours.shape, batch.values[name].shape)
                    return Verdict(name, "right value, wrong shape", shape)
            return Verdict(name, "right", self._broken(name))
        if failing:
            batch, dtype = failing[0]
            half = self._overflows(name, batch, dtype) if batch.scaled else self._for_these_sizes(name, dtype)
            return half or self._wrong(name, batch, dtype)
        return self._wrong(name, next(b for b in own if not self._all_good(name, [b], torch.float64)), torch.float64)

    def _all_good(self, name: str, batches: Iterable[Minibatch], dtype: torch.dtype) -> bool:
        return all(self._best(name, batch, dtype).good for batch in batches)

    def _best(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Outcome:
        """The most telling outcome: one that is right where zeros would not be, else the first that says why not."""
        seen: list[Outcome] = []
        for mode in ("by cell", "by statement", "plain", "true chain"):
            if mode == "by statement" and seen[0].good and not self.plans.by_statement.replaces():
                continue  # it would see the same numbers once more
            outcome = self.outcomes.outcome(name, batch, mode, dtype)
            if outcome.changed or (outcome.kind == "right" and not outcome.blind):
                return self._wrong_where_zero(name, batch, dtype, seen, outcome) or outcome
            seen.append(outcome)
        for telling in seen:  # a wrong shape that is the upstream's, is right in another run
            if telling.kind == "shape" and not telling.blind:
                return telling
        told = [o for o in seen[:-1] if o.kind not in ("missing", "unusable")]
        # by statement first: so the words are the same wherever the lines stand
        bad = next((o for o in sorted(told, key=lambda o: o.mode != "by statement") if not o.good), None)
        good = next((o for o in seen[-2:] if o.good), None)
        if good is not None and not self._always_zeros(name, dtype):
            if bad is None or self._takes_another_way(name, batch, dtype, good):
                return good  # blind wherever it was tried, as when all is done in one function
        elif told and bad is None:
            first = told[0]
            bad = Outcome(
                "wrong", yours=first.yours, upstream=first.upstream, note=f"d{name} is all zeros.", mode=first.mode
            )
        return bad or seen[0]

    def _wrong_where_zero(
        self, name: str, batch: Minibatch, dtype: torch.dtype, seen: Sequence[Outcome], right: Outcome
    ) -> Outcome | None:
        """What a run with random upstream gradients says of an answer that is right on a true backward pass, if it is wrong just
        where that passes back zeros and so proves nothing: at the places of a mask, say."""
        for outcome in sorted(seen, key=lambda o: o.mode != "by statement"):
            if outcome.kind != "wrong" or outcome.upstream is None or outcome.yours is None:
                continue
            scale = shares_and_scale(self.graph, name, self.outcomes.values(batch, dtype), outcome.upstream)
            truth = torch.stack([*scale[0].values()]).sum(0)
            yours = fit(outcome.yours, truth.shape)
            if yours is not None and right.yours is not None and right.yours.shape == truth.shape:
                off = ~((yours - truth).abs() <= tolerance(scale[1]))
                where_zero = bool(off.any()) and not bool(right.yours[off].any())
                return outcome if where_zero and not self._takes_another_way(name, batch, dtype, right) else None
        return None

    def _always_zeros(self, name: str, dtype: torch.dtype) -> bool:
        """Whether a gradient is zero on every minibatch; on one, rounding alone can make it so."""
        return all(self.outcomes.outcome(name, batch, "plain", dtype).zeros for batch in self.batches)

    def _takes_another_way(self, name: str, batch: Minibatch, dtype: torch.dtype, plain: Outcome) -> bool:
        """Whether an answer is not computed from the gradients of its readers, so that only the plain chain can judge it:
        a fused shortcut, which stays the same whatever its readers' gradients are, or everything done in one statement.
        """
        at, mode = self.plans.completed(name, "by statement"), f"readers of {name}"
        if all(self.plans.completed(reader, "by statement") == at for reader in self.graph.readers(name)):
            return True
        if plain.degenerate:
            return False
        after = self.outcomes.result(batch, mode, dtype).after
        yours = after[min(at, len(after) - 1)].get(name) if after else None
        return is_answer(yours) and equal(yours.to(dtype), plain.yours, plain.yours.abs())

    def _autograd(self, name: str) -> str:
        """What the last cell that binds a gradient has it from, if that is autograd."""
        words = ""
        for cell in self.cells:
            if "d" + name in cell.assigned:
                words = ""
            words = cell.autograd.get(name, words)
        return words

    def _words(self, name: str) -> str:
        """Words of autograd's in the cell in which a gradient belongs."""
        here = [cell.words for cell in self.cells if cell.cell.grade_id == self._place(name)]
        return ", ".join(sorted(set().union(*here)))

    def _broken(self, name: str) -> str:
        """A word on a cell that holds a right answer and cannot be run as it stands."""
        for cell in self.cells:
            if cell.syntax_error and "d" + name in cell.bound():
                return f"But nothing of its cell runs as it stands: {syntax_sentence(cell)}"
        return ""

    # --- why not ----------------------------------------------------------------------------------------------------------

    def _wrong(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Verdict:
        if (failure := self._failure(name, batch, dtype)) is not None:
            kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
            return Verdict(name, kind, failure_sentence(failure, self.cells))
        outcome = self._best(name, batch, dtype)
        if outcome.kind == "missing":
            return self._not_attempted(name)
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

    def _why(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Why | None:
        """What is wrong with a gradient, found on this minibatch and on another."""
        batches = [batch, *(b for b in self.batches if b is not batch and not b.scaled)]
        seen = (found for b in batches if (found := self._seen(name, b, dtype)) is not None)
        lead = lead_of(self.exercise, self.graph, name, self.plans.by_statement)
        return why_wrong(self.exercise, self.graph, name, lead, seen, self.outcomes.run_job, dtype, self.seconds)

    def _seen(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Seen | None:
        """A wrong gradient on one minibatch; None if it is not wrong there, or cannot be compared."""
        outcome = self._best(name, batch, dtype)
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
            there = self._best(name, batch, dtype).yours
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

    def _for_these_sizes(self, name: str, dtype: torch.dtype) -> Verdict | None:
        """Which size an answer assumes that is right for the notebook's own sizes; None if no single one explains it."""
        assumed = [s for s, batch in self._changed_sizes.items() if not self._all_good(name, [batch], dtype)]
        if not assumed:
            return None
        own = self.batches[0].sizes
        which = " and ".join(f"{size} = {own[size]}" for size in assumed)
        return Verdict(
            name, FOR_THESE_SIZES,
            f"it assumes {which}. Take a number from the tensors (.shape) or by its name.",
        )  # fmt: skip

    def _overflows(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Verdict | None:
        """Where an answer first leaves the finite numbers that is right on ordinary ones; None if it does not."""
        what = " and ".join(f"{key} {value:,.0f} times as large" for key, value in batch.scaled.items())
        failure = self._failure(name, batch, dtype)
        # Python's own numbers raise where a tensor's become inf.
        if failure is not None and _TOO_LARGE.match(failure.text):
            return Verdict(
                name, "overflows on large numbers",
                f"right on ordinary numbers, but not with {what}: {failure_sentence(failure, self.cells)}. {_LARGE}",
            )  # fmt: skip
        outcome = self._best(name, batch, dtype)
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

    def _not_attempted(self, name: str) -> Verdict:
        place = self._place(name)
        here = [cell for cell in self.cells if cell.cell.grade_id == place]
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

    def _attempted(self, name: str) -> bool:
        """Whether any cell binds the gradient, or may do so in a way that the syntax tree does not show."""
        if "d" + name in self.plans.bound:
            return True
        batch = self.batches[0]
        value = self.outcomes.result(batch, "plain", torch.float64).final.get(name)
        return value is not None and not (isinstance(value, Tensor) and torch.equal(value, batch.upstream[name]))

    def _place(self, name: str) -> str | None:
        """grade_id of the solution cell in which a gradient belongs."""
        return next((g.after for g in self.exercise.graded if name in g.names()), None)

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

    def _needs_float32(self, name: str) -> bool:
        """Whether a gradient can only be judged in float32: what came of float64 inputs is of a lower precision (or not there,
        since two precisions did not go together), and code that it comes from has a cast; or its very statement has one.
        """
        value = self.outcomes.state(name, self.batches[0], "by statement", torch.float64).get(name)
        failures = self.outcomes.result(self.batches[0], "by statement", torch.float64).failures
        failed = self.plans.by_statement.written_at(name) in failures  # what is there is what it was before, zeros say
        lower = failed or not isinstance(value, Tensor) or value.dtype in (torch.float32, torch.float16)
        wanted = {"d" + name}
        for node, writes in reversed([one for cell in self.cells for one in zip(cell.nodes, cell.writes, strict=True)]):
            # What binds nothing may set a default.
            if "d" + name in writes or (lower and (not writes or writes & wanted)):
                if casts(node):
                    return True
                wanted |= read(node)
        return False

    @cached_property
    def batches(self) -> tuple[Minibatch, ...]:
        """The minibatches that this submission is judged on."""
        return _batches(self.exercise, self.seed)

    @cached_property
    def _changed_sizes(self) -> dict[str, Minibatch]:
        return _changed_sizes(self.exercise, self.seed)


@functools.lru_cache(maxsize=4)
def _batches(exercise: Exercise, seed: int) -> tuple[Minibatch, ...]:
    batches = draw(exercise, seed)
    for scale in exercise.scales:
        batches += draw(exercise, seed + 50, changes=1, edges=False, scale=scale)
    return tuple(batches)


@functools.lru_cache(maxsize=4)
def _changed_sizes(exercise: Exercise, seed: int) -> dict[str, Minibatch]:
    return one_size_changed(exercise, seed)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Without this, several judges on one machine wait for one another: on small tensors threads cost more than they give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _up_to_other_tasks(parts: list[Screened | GradedPlace], exercise: Exercise) -> list[Screened | GradedPlace]:
    """What comes before the first solution cell, after those graded gradient by gradient, that is not: a training loop, say."""
    last = max((i for i, cell in enumerate(exercise.graded) if cell.names()), default=-1)
    others = {cell.after for cell in exercise.graded[last + 1 :]}
    cut = [i for i, part in enumerate(parts) if isinstance(part, Screened) and part.cell.grade_id in others]
    return parts[: cut[0]] if cut else parts


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
