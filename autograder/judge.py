"""The verdict on each gradient of a submission: student code against autograd, on minibatches that nobody has seen.

Each gradient is judged by itself (error carried forward), given the student's own upstream gradients. Three runs of the
same cells tell what one alone cannot:

- ``by cell``: after each graded cell its gradients are replaced by random ones, so that an early mistake costs nothing
  further on, and a gradient that is zero in a true backward pass is really tested;
- ``by statement``: the same after each statement, for who writes everything in one cell, or two names for one tensor;
- ``plain``: nothing is replaced, for who takes a shortcut that only holds on a true backward pass. What is computed past
  a wrong upstream gradient, and is right all the same, is compared with autograd's own (``true chain``).
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from autograder.cells import Screened, StudentCell, mentions_float32, screen
from autograder.client import Allowance, Chunk, Failure, Job, Result, Runner, cast
from autograder.exercise import Exercise, GradedCell, fingerprint, fused
from autograder.minibatches import Minibatch, draw, one_size_changed
from toolkit.compare import equal, fit, is_degenerate
from toolkit.diagnosis import explain, shape_message
from toolkit.graph import shares_and_scale

STUBS = ("check", "cmp", "progress", "draw_network", "read_network", "load_names", "display")
POINTS = {"right": 1.0, "right value, wrong shape": 0.5, "right for these sizes only": 0.5}
"""Fraction of a gradient's points by verdict; every other verdict gives none."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one gradient."""

    name: str
    """The forward variable; the student's tensor is ``d<name>``."""
    kind: str
    """``right``, ``right value, wrong shape``, ``right for these sizes only``, ``wrong``, ``not attempted``, ``raised``,
    ``timed out`` or ``uses autograd``."""
    message: str = ""
    shown: str = ""
    """What it is called, if not ``d<name>``."""

    @property
    def label(self) -> str:
        """What the verdict is on, as a student would call it."""
        return self.shown or f"d{self.name}"

    @property
    def points(self) -> float:
        """Fraction of the gradient's points, 0 to 1."""
        return POINTS.get(self.kind, 0.0)


@dataclass(frozen=True)
class GradedPlace:
    """Where in a submission a graded cell stands, and which gradients are complete there."""

    grade_id: str
    names: tuple[str, ...]


Submission = Sequence[StudentCell | GradedPlace]
"""A student's cells in their order, with the graded cells between them."""


@dataclass(frozen=True)
class _Outcome:
    """One gradient on one minibatch in one kind of run."""

    kind: str
    """``right``, ``shape``, ``wrong``, ``missing`` or ``unusable``."""
    degenerate: bool = False
    """Whether the true gradient is zero but for rounding."""
    blind: bool = False
    """Whether one of its shares is, or all: then to leave that share out makes no difference here."""
    zeros: bool = False
    changed: bool = False
    """Whether it was right, until a later line changed the tensor itself."""
    yours: Tensor | None = None
    upstream: Mapping[str, Tensor] | None = None
    note: str = ""

    @property
    def good(self) -> bool:
        return self.kind in ("right", "shape")


def judge_submission(
    exercise: Exercise, submission: Submission, runner: Runner
) -> dict[str, tuple[list["Verdict"], float]]:
    """The verdicts on all that each graded cell expects, and its points, by grade_id.

    Runs share a process. Nothing can be learned there that would help, since the judge's own numbers are not in it; but what
    one run leaves behind, on a module or in a file, could make a difference to the next. So the last one is done again by
    itself, and if that says something else, all of them are.
    """
    for alone in (False, True):
        judge = Judge(exercise, submission, runner, alone)
        graded = {cell.grade_id: judge.grade(cell) for cell in exercise.graded}
        if alone or runner.confirms(judge.allowance):
            break
    return graded


class Judge:
    """All verdicts on one submission; made lazily, each run at most once.

    Args:
        alone: whether each run has a process of its own.
    """

    def __init__(self, exercise: Exercise, submission: Submission, runner: Runner, alone: bool = True):
        self.exercise, self.runner, self.allowance, self.alone = exercise, runner, Allowance(), alone
        self.expected = exercise.expected
        cells = [part for part in submission if isinstance(part, StudentCell)]
        self.seed = fingerprint([cell.source for cell in cells]) % 10**9
        screened = iter(screen(cells, exercise.graph.steps | dict.fromkeys(self.expected)))
        self.all_parts = [next(screened) if isinstance(part, StudentCell) else part for part in submission]
        self.parts = _up_to_other_tasks(self.all_parts, exercise)
        self.cells = [part for part in self.parts if isinstance(part, Screened)]
        bound = set().union(*(cell.bound() for cell in self.cells)) if self.cells else set()
        # steps whose gradient nobody asks for and the student does not compute are no steps here
        kept = frozenset(n for n in exercise.graph.steps if n in self.expected or "d" + n in bound)
        self.graph = fused(exercise.graph.text, kept)
        self._stuck: dict[str, Failure] = {}
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, name: str) -> Verdict:
        """The verdict on the gradient of ``name``."""
        if name not in self._verdicts:
            with one_thread():
                self._verdicts[name] = self._decide(name)
        return self._verdicts[name]

    def grade(self, cell: GradedCell) -> tuple[list[Verdict], float]:
        """Run the hidden tests of a graded cell against this submission.

        Returns:
            The verdicts on all that it expects, and its points: each verdict has an equal part.
        """
        found: dict[str, Verdict] = {}
        functions = self.expectations(cell.grade_id)
        collecting = {
            kind: lambda *names, _judge=function, **options: found.update(
                {v.name: v for v in _judge(*names, **options)}
            )
            for kind, function in functions.items()
        }
        with one_thread():
            cell.run(collecting)
        share = cell.points / max(1, len(found))
        return list(found.values()), sum(verdict.points * share for verdict in found.values())

    def expectations(self, grade_id: str) -> dict[str, Callable[..., list[Verdict]]]:
        """The ``expect_...`` functions that hidden tests call, bound to this submission; each returns its verdicts.

        Args:
            grade_id: the graded cell that holds the hidden tests.
        """
        from autograder.training import training_verdicts, value_verdicts  # it needs this module, too

        def expect_gradients(*names: str, scale: Mapping[str, float] | None = None) -> list[Verdict]:
            return [self.verdict(name) for name in names]  # scaled minibatches are among all the others

        def expect_training(steps: int) -> list[Verdict]:
            return training_verdicts(self, grade_id, steps)

        def expect_values(*names: str, **instead: str) -> list[Verdict]:
            return value_verdicts(self, grade_id, names, instead)

        return {f.__name__: f for f in (expect_gradients, expect_training, expect_values)}

    # --- the decision ---------------------------------------------------------------------------------------------------

    def _decide(self, name: str) -> Verdict:
        used = [cell.autograd[name] for cell in self.cells if name in cell.autograd]
        if used:
            return Verdict(
                name, "uses autograd", f"{used[-1]} is autograd, and autograd is not an answer: derive d{name}."
            )
        if not self._attempted(name):
            return self._not_attempted(name)
        batches, wrong_sizes = self.batches, []
        own = [b for b in batches if b.own_sizes]
        for dtype in (torch.float64, torch.float32) if self._casts else (torch.float64,):
            if not self._group_right(name, own, dtype):
                continue
            wrong_sizes = [(b, dtype) for b in batches if not b.own_sizes and not self._group_right(name, [b], dtype)]
            if wrong_sizes:
                continue
            shapes = [self._best(name, b, dtype) for b in batches]
            for batch, outcome in zip(batches, shapes, strict=True):
                if outcome.kind == "shape":
                    wanted = batch.values[name].shape
                    return Verdict(name, "right value, wrong shape", shape_message(name, outcome.yours.shape, wanted))
            return Verdict(name, "right")
        if wrong_sizes:
            batch, dtype = wrong_sizes[0]
            return self._for_these_sizes(name, dtype) or self._wrong(name, batch, dtype)
        failing = next(b for b in own if not self._group_right(name, [b], torch.float64))
        return self._wrong(name, failing, torch.float64)

    def _group_right(self, name: str, batches: Iterable[Minibatch], dtype: torch.dtype) -> bool:
        return all(self._best(name, batch, dtype).good for batch in batches)

    def _best(self, name: str, batch: Minibatch, dtype: torch.dtype) -> _Outcome:
        """The most telling outcome: one that is right where zeros would not be, else the first that says why not."""
        seen: list[_Outcome] = []
        for mode in ("by cell", "by statement", "plain", "true chain"):
            if mode == "by statement" and seen[0].good and not self._replaces(mode):
                continue  # it would see the same numbers once more
            outcome = self._outcome(name, batch, mode, dtype)
            if outcome.changed or (outcome.kind == "right" and not outcome.blind):
                return outcome
            seen.append(outcome)
        for telling in seen:  # a wrong shape that is the upstream's, is right in another run
            if telling.kind == "shape" and not telling.blind:
                return telling
        told = [o for o in seen[:-1] if o.kind not in ("missing", "unusable")]
        bad = next((o for o in told if not o.good), None)
        good = next((o for o in seen[-2:] if o.good), None)
        if good is not None and not self._always_zeros(name, dtype):
            if bad is None or self._takes_another_way(name, batch, dtype, good):
                return good  # blind wherever it was tried, as when all is done in one function
        elif told and bad is None:
            bad = _Outcome("wrong", yours=told[0].yours, upstream=told[0].upstream, note=f"d{name} is all zeros.")
        return bad or seen[0]

    def _always_zeros(self, name: str, dtype: torch.dtype) -> bool:
        """Whether a gradient is zero on every minibatch; on one, rounding alone can make it so."""
        return all(self._outcome(name, batch, "plain", dtype).zeros for batch in self.batches)

    def _takes_another_way(self, name: str, batch: Minibatch, dtype: torch.dtype, plain: _Outcome) -> bool:
        """Whether an answer is not computed from the gradients of its readers, so that only the plain chain can judge it:
        a fused shortcut, which stays the same whatever its readers' gradients are, or everything done in one statement.
        """
        at, mode = self._completed(name, "by statement"), f"readers of {name}"
        if all(self._completed(reader, "by statement") == at for reader in self.graph.readers(name)):
            return True
        if plain.degenerate:
            return False
        result = self._run(batch, mode, dtype)
        yours = result.after[min(at, len(result.after) - 1)].get(name) if result.after else None
        return _is_answer(yours) and equal(yours.to(dtype), plain.yours, plain.yours.abs())

    def _wrong(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Verdict:
        failure = self._failure(name, batch, dtype)
        if failure is not None:
            return Verdict(
                name,
                failure.kind if failure.kind in ("raised", "timed out") else "raised",
                failure_sentence(failure, self),
            )
        outcome = self._best(name, batch, dtype)
        if outcome.kind == "missing":
            return self._not_attempted(name)
        if outcome.note:
            return Verdict(name, "wrong", outcome.note)
        if outcome.upstream is None:
            readers = " and ".join(f"d{reader}" for reader in self.graph.readers(name))
            return Verdict(
                name, "wrong", f"d{name} cannot be judged: it starts from {readers}, not all tensors of finite numbers."
            )
        values = self._values(batch, dtype)
        final = {k: v for k, v in self._run(batch, "plain", dtype).final.items() if _is_answer(v) and k != name}
        return Verdict(name, "wrong", explain(self.graph, name, values, outcome.upstream, outcome.yours, final))

    def _for_these_sizes(self, name: str, dtype: torch.dtype) -> Verdict | None:
        """Which size an answer assumes that is right for the notebook's own sizes; None if no single one explains it."""
        assumed = [s for s, batch in self._changed_sizes.items() if not self._group_right(name, [batch], dtype)]
        if not assumed:
            return None
        own = self.batches[0].sizes
        which = " and ".join(f"{size} = {own[size]}" for size in assumed)
        return Verdict(
            name, "right for these sizes only",
            f"it assumes {which}. Take a number from the tensors (.shape) or by its name.",
        )  # fmt: skip

    def _not_attempted(self, name: str) -> Verdict:
        place = self._place(name)
        words = sorted(set().union(*(c.words for c in self.cells if c.cell.grade_id == place), set()))
        if words:
            return Verdict(name, "uses autograd", f"{', '.join(words)} is autograd, and autograd is not an answer.")
        broken = [c for c in self.cells if c.syntax_error and c.cell.grade_id == place]
        if broken:
            return Verdict(name, "raised", f"{broken[0].cell.label}, line {broken[0].line}: {broken[0].syntax_error}")
        return Verdict(name, "not attempted", f"there is no d{name}.")

    def _attempted(self, name: str) -> bool:
        """Whether any cell binds the gradient, or may do so in a way that the syntax tree does not show."""
        if any("d" + name in cell.bound() for cell in self.cells):
            return True
        batch = self.batches[0]
        value = self._run(batch, "plain", torch.float64).final.get(name)
        return value is not None and not (isinstance(value, Tensor) and torch.equal(value, batch.upstream[name]))

    def _place(self, name: str) -> str | None:
        """grade_id of the solution cell in which a gradient belongs."""
        return next((g.after for g in self.exercise.graded if name in g.names()), None)

    def _failure(self, name: str, batch: Minibatch, dtype: torch.dtype) -> Failure | None:
        """Why the code that computes a gradient did not run through, if it did not."""
        for mode in ("by cell", "by statement"):
            _, owners = self._plan(mode)
            failures = self._run(batch, mode, dtype).failures
            for number in sorted(failures):
                if "d" + name in owners[number]:
                    return failures[number]
        return None

    # --- what one run says of one gradient ------------------------------------------------------------------------------

    def _outcome(self, name: str, batch: Minibatch, mode: str, dtype: torch.dtype) -> _Outcome:
        key = (name, batch.label, mode, dtype)
        if key not in self._outcomes:
            self._outcomes[key] = self._compare(name, batch, mode, dtype)
        return self._outcomes[key]

    @cached_property
    def _outcomes(self) -> dict[tuple, _Outcome]:
        return {}

    def _compare(self, name: str, batch: Minibatch, mode: str, dtype: torch.dtype) -> _Outcome:
        of_autograd, mode = mode == "true chain", mode.replace("true chain", "plain")
        result, at = self._run(batch, mode, dtype), self._completed(name, mode)
        if not result.after:
            return _Outcome("missing")
        replaced: set[str] = set(self._given)
        for chunk in self._plan(mode)[0][:at]:
            replaced |= set(chunk.replace)
        state = result.after[min(at, len(result.after) - 1)]
        if name not in state:
            return _Outcome("missing")
        yours = state[name]
        if self._fails(name, result, batch, mode, dtype):
            return _Outcome("unusable", yours=yours)
        if not _is_answer(yours):
            what = yours if isinstance(yours, str) else f"tensor of {yours.dtype}"
            return _Outcome("wrong", note=f"d{name} is a {what}; a gradient is a torch.Tensor of real numbers.")
        values = self._values(batch, dtype)
        if of_autograd:
            upstream = self._true_gradients(batch, dtype)
        else:
            upstream = self._upstream(name, batch, state, replaced, values, dtype)
        if upstream is None or (mode == "by statement" and self._too_early(name, at)):
            return _Outcome("unusable", yours=yours)
        yours = yours.to(dtype)
        parts, scale = shares_and_scale(self.graph, name, values, upstream)
        truth = torch.stack([*parts.values()]).sum(0)
        if not torch.isfinite(scale).all():
            return _Outcome("unusable", yours=yours)
        fitted = fit(yours, truth.shape)
        degenerate, zeros = is_degenerate(truth, scale), not bool(yours.any())
        blind = degenerate or any(is_degenerate(share, scale) for share in parts.values())
        seen = {"degenerate": degenerate, "blind": blind, "zeros": zeros, "yours": yours, "upstream": upstream}
        if fitted is None or not torch.isfinite(fitted).all() or not equal(fitted, truth, scale):
            return _Outcome("wrong", **seen)
        if changed := self._changed_later(name, result, at, mode, dtype, batch):
            return _Outcome("wrong", changed=name in result.placed, note=changed, **seen)
        return _Outcome("right" if yours.shape == truth.shape else "shape", **seen)

    def _fails(self, name: str, result: Result, batch: Minibatch, mode: str, dtype: torch.dtype) -> bool:
        """Whether the very statement that computes a gradient raises, though it may have filled in all values before."""

        def failing(result: Result, mode: str) -> bool:
            return any("d" + name in self._plan(mode)[1][number] for number in result.failures)

        if mode != "by statement" and failing(result, mode):  # perhaps another statement of the same cell
            mode, result = "by statement", self._run(batch, "by statement", dtype)
        return mode == "by statement" and failing(result, mode)

    def _true_gradients(self, batch: Minibatch, dtype: torch.dtype) -> dict[str, Tensor]:
        if (key := (batch.label, dtype)) not in self._truths:
            given = batch.upstream[self.graph.output].to(dtype)
            self._truths[key] = self.graph.gradients(self._values(batch, dtype), given if given.dim() else None)
        return self._truths[key]

    @cached_property
    def _truths(self) -> dict[tuple, dict[str, Tensor]]:
        return {}

    def _values(self, batch: Minibatch, dtype: torch.dtype) -> dict[str, object]:
        if (key := (batch.label, dtype)) not in self._casted:
            self._casted[key] = cast(batch.values, dtype)
        return self._casted[key]

    @cached_property
    def _casted(self) -> dict[tuple, dict[str, object]]:
        return {}

    def _too_early(self, name: str, at: int) -> bool:
        """Whether an upstream gradient was not complete when the statement ran that completes ``name``."""
        return any(
            self._completed(reader, "by statement") > at
            for reader in self.graph.readers(name)
            if reader in self.expected and reader not in self._given
        )

    def _upstream(
        self,
        name: str,
        batch: Minibatch,
        state: Mapping[str, object],
        replaced: set[str],
        values: Mapping,
        dtype: torch.dtype,
    ) -> dict[str, Tensor] | None:
        """The upstream gradients that the student's code had; None if one of them is no gradient at all."""
        upstream = {}
        for reader in self.graph.readers(name):
            shape = values[reader].shape
            if reader == self.graph.output and not shape:
                upstream[reader] = torch.ones(shape, dtype=dtype)
            elif reader in replaced:
                upstream[reader] = batch.upstream[reader].to(dtype)
            else:
                yours = state.get(reader)
                fitted = fit(yours, shape) if _is_answer(yours) else None
                if fitted is None or not torch.isfinite(fitted).all():
                    return None
                upstream[reader] = fitted.to(dtype)
        return upstream

    def _changed_later(
        self, name: str, result: Result, at: int, mode: str, dtype: torch.dtype, batch: Minibatch
    ) -> str:
        """Says so if a gradient was right when it was complete and something changed it afterwards."""
        if name in result.placed:
            now, before = result.placed[name], batch.upstream[name].to(dtype)
        else:
            now, before = result.final.get(name), result.after[min(at, len(result.after) - 1)][name]
        if (
            not _is_answer(now)
            or now.shape != before.shape
            or not equal(now.to(dtype), before.to(dtype), before.abs().to(dtype))
        ):
            return (
                f"d{name} was right when it was computed, but a later line changed it in place: two names are bound to "
                f"one tensor, and a change through one shows in the other."
            )
        return ""

    # --- the runs -------------------------------------------------------------------------------------------------------

    def _run(self, batch: Minibatch, mode: str, dtype: torch.dtype) -> Result:
        if mode == "plain" and not self._replaces("by cell"):
            mode = "by cell"  # the very same run
        key = (batch.label, mode, dtype)
        if key not in self._results:
            chunks, _ = self._plan(mode)
            job = Job(
                chunks, self._values(batch, dtype), cast(batch.upstream, dtype), list(batch.upstream), given=sorted(self._given),
                lists=batch.lists, generators=batch.generators, imports=self.exercise.imports, stubs=STUBS, dtype=dtype,
                seed=self.seed, restored=(*self.exercise.graph.inputs, *self.exercise.graph.steps),
            )  # fmt: skip
            known = {i: self._stuck[c.source] for i, c in enumerate(chunks) if c.source in self._stuck and c.source}
            result = self.run(job, known)
            for number, failure in result.failures.items():
                if failure.kind != "raised":
                    self._stuck[chunks[number].source] = failure
            self._results[key] = result
        return self._results[key]

    def run(self, job: Job, skip: Mapping[int, Failure] | None = None) -> Result:
        """Run a job (``Runner.run``)."""
        return self.runner.run(job, skip, self.allowance, self.alone)

    @cached_property
    def _results(self) -> dict[tuple, Result]:
        return {}

    @cached_property
    def _plans(self) -> dict[str, tuple[list[Chunk], list[set[str]]]]:
        return {}

    def _plan(self, mode: str) -> tuple[list[Chunk], list[set[str]]]:
        """The chunks of one kind of run, and for each chunk the names that its cell or statement writes."""
        if mode not in self._plans:
            if mode in ("by cell", "plain"):
                self._plans[mode] = self._by_cell(mode == "by cell")
            else:
                name = mode.removeprefix("readers of ")
                self._plans[mode] = self._by_statement(self.graph.steps if name == mode else self.graph.readers(name))
        return self._plans[mode]

    def _replaces(self, mode: str) -> bool:
        """Whether any gradient is replaced in this kind of run."""
        return any(chunk.replace for chunk in self._plan(mode)[0])

    def _by_cell(self, replacing: bool) -> tuple[list[Chunk], list[set[str]]]:
        chunks, owners = [], []
        for part in self.parts:
            if isinstance(part, Screened):
                chunks.append(Chunk(part.source, part.cell.label))
                owners.append(part.bound())
            else:
                chunks.append(Chunk("", part.grade_id, replace=self._replaceable(part.names) if replacing else ()))
                owners.append(set())
        return chunks, owners

    def _by_statement(self, replaced: Sequence[str]) -> tuple[list[Chunk], list[set[str]]]:
        statements = [
            (source, part.cell.label, number == 0, writes)
            for part in self.parts
            if isinstance(part, Screened)
            for number, (source, writes) in enumerate(zip(part.statements, part.writes, strict=True))
        ]
        last = {name: i for i, (_, _, _, writes) in enumerate(statements) for name in writes}
        chunks = [
            Chunk(source, label, fresh, self._replaceable(n for n in replaced if last.get("d" + n) == i))
            for i, (source, label, fresh, _) in enumerate(statements)
        ]
        return chunks, [writes for *_, writes in statements]

    def _completed(self, name: str, mode: str) -> int:
        """Number of the chunk after which a gradient is complete."""
        chunks, owners = self._plan(mode)
        if mode == "plain":
            return len(chunks) - 1
        if mode == "by statement":
            return max((i for i, writes in enumerate(owners) if "d" + name in writes), default=len(chunks) - 1)
        graded = [i for i, part in enumerate(self.parts) if isinstance(part, GradedPlace) and name in part.names]
        return graded[0] if graded else len(chunks) - 1

    def _replaceable(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those whose gradient may be replaced: steps, but no parameters, which a fair answer may use again."""
        return tuple(name for name in names if name in self.graph.steps)

    @cached_property
    def _given(self) -> frozenset[str]:
        """Upstream gradients that no cell computes: the exercise gives them, or the student left them out."""
        bound = set().union(*(cell.bound() for cell in self.cells)) if self.cells else set()
        scalar = not self.batches[0].upstream[self.graph.output].shape
        steps = (n for n in self.graph.steps if n != self.graph.output) if scalar else self.graph.steps
        return frozenset(n for n in steps if "d" + n not in bound)

    @cached_property
    def _casts(self) -> bool:
        return any(mentions_float32(cell.cell.source) for cell in self.cells)

    @cached_property
    def batches(self) -> list[Minibatch]:
        """The unseen minibatches of this submission."""
        batches = draw(self.exercise, self.seed)
        for scale in self.exercise.scales:
            batches += draw(self.exercise, self.seed + 50, changes=1, edges=False, scale=scale)
        return batches

    @cached_property
    def _changed_sizes(self) -> dict[str, Minibatch]:
        return one_size_changed(self.exercise, self.seed)


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
    """What comes before the first solution cell that is not graded gradient by gradient: a training loop, say."""
    others = {cell.after for cell in exercise.graded if not cell.names()}
    cut = [i for i, part in enumerate(parts) if isinstance(part, Screened) and part.cell.grade_id in others]
    return parts[: cut[0]] if cut else parts


def _is_answer(value: object) -> bool:
    return isinstance(value, Tensor) and not value.is_complex() and value.dtype != torch.bool


def failure_sentence(failure: Failure, judge: Judge) -> str:
    """A failure with the student's own line."""
    where = failure.label
    if failure.line is not None:
        where += f", line {failure.line}"
        source = next((c.cell.source for c in judge.cells if c.cell.label == failure.label), "")
        lines = source.splitlines()
        if 0 < failure.line <= len(lines):
            where += f" `{lines[failure.line - 1].strip()[:100]}`"
    return f"{where}: {failure.text}"
