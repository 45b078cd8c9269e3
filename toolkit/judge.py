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
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from toolkit.mistakes.diagnosis import shape_message
from toolkit.mistakes.nearest import SECONDS
from toolkit.network.exercise import Exercise, fused
from toolkit.network.minibatches import Minibatch, draw, one_size_changed
from toolkit.not_right import FOR_THESE_SIZES, NotRight, syntax_sentence
from toolkit.running.cells import Screened, StudentCell, screen
from toolkit.running.no_derivatives import is_refusal
from toolkit.running.outcome import Outcomes, RunJob
from toolkit.running.plans import GradedPlace, Submission
from toolkit.running.precisions import casts
from toolkit.running.statements import read
from toolkit.running.tasks import by_task
from toolkit.running.telling import Telling
from toolkit.verdict import Verdict


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
        self.telling = Telling(self.outcomes, self.batches)
        changed = functools.partial(_changed_sizes, exercise, seed)
        self.not_right = NotRight(exercise, self.cells, self.telling, changed, seconds)
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
        if not self.graph.readers(name) or not self.not_right.attempted(name):
            return self.not_right.not_attempted(name)
        own = [b for b in self.batches if b.own_sizes and not b.scaled]
        others = [b for b in self.batches if not b.own_sizes and not b.scaled]
        large = [b for b in self.batches if b.scaled]
        failing: list[tuple[Minibatch, torch.dtype]] = []
        for dtype in (torch.float64, torch.float32):
            if dtype == torch.float32 and not self._needs_float32(name):
                continue
            if not self.telling.all_good(name, own, dtype):
                continue
            failing = [
                (b, dtype) for group in (others, large) for b in group if not self.telling.all_good(name, [b], dtype)
            ]
            if failing:
                continue
            for batch in self.batches:
                if (outcome := self.telling.best(name, batch, dtype)).kind == "shape":
                    shape = shape_message(name, outcome.yours.shape, batch.values[name].shape)
                    return Verdict(name, "right value, wrong shape", shape)
            return Verdict(name, "right", self._broken(name))
        if failing:
            batch, dtype = failing[0]
            half = (
                self.not_right.overflows(name, batch, dtype)
                if batch.scaled
                else self.not_right.for_these_sizes(name, dtype)
            )
            return half or self.not_right.wrong(name, batch, dtype)
        return self.not_right.wrong(
            name, next(b for b in own if not self.telling.all_good(name, [b], torch.float64)), torch.float64
        )

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
        here = [cell.words for cell in self.cells if cell.cell.grade_id == self.not_right.place(name)]
        return ", ".join(sorted(set().union(*here)))

    def _broken(self, name: str) -> str:
        """A word on a cell that holds a right answer and cannot be run as it stands."""
        for cell in self.cells:
            if cell.syntax_error and "d" + name in cell.bound():
                return f"But nothing of its cell runs as it stands: {syntax_sentence(cell)}"
        return ""

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
