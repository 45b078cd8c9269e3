"""What one run of a submission says of one gradient: the student's tensor beside autograd's, given the student's upstream."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

import torch
from torch import Tensor

from toolkit.network.compare import equal, fit, is_degenerate
from toolkit.network.exercise import Exercise
from toolkit.network.graph import Graph, shares_and_scale
from toolkit.network.minibatches import Minibatch
from toolkit.running.cells import Screened
from toolkit.running.plans import GradedPlace, Plans
from toolkit.running.runs import MOST_DIMENSIONS, MOST_ELEMENTS, Chunk, Failure, Job, Result, cast

RunJob = Callable[[Job, Mapping[int, Failure]], Result]
"""Runs a job, chunks that are known to fail left out: in a sandbox (``autograder``), or right here (``in_this_process``)."""
LARGE_ROUNDING = 1e-3
"""Where inputs are a thousand times as large: an element's scale is at least this much of the largest one's."""
MOST_BOUND = 50
"""How many of the last statements that bind one gradient are looked at for the one that spoils it."""
IS_NONE = "is None: the line that binds it gives nothing back."
STUBS = (
    "check", "cmp", "progress", "read_network", "load_names", "draw_network", "display",
    "check_training", "check_calibration", "compare_speed", "training_progress", "your_loop", "your_plain_loop",
    "check_checker", "check_findings", "check_mended", "debugging_progress", "cell_text", "loss_from", "somebody_elses",
    "suspect", "words_for_mistakes",
)  # fmt: skip
"""What a notebook can call besides the student's own code, and does nothing in a run."""


@dataclass(frozen=True)
class Outcome:
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
    mode: str = ""
    """The kind of run."""

    @property
    def good(self) -> bool:
        return self.kind in ("right", "shape")


class Outcomes:
    """All outcomes of one submission; made lazily, each run at most once.

    Args:
        parts: the student's cells without their uses of autograd, and the places of the graded cells.
        run: runs a job.
        seed: of torch's random numbers in the runs.
        output_has_shape: whether the forward pass ends in a tensor whose gradient is given, and not in a scalar loss.
    """

    def __init__(
        self,
        exercise: Exercise,
        graph: Graph,
        parts: list[Screened | GradedPlace],
        run: RunJob,
        seed: int,
        output_has_shape: bool,
    ):
        self.exercise, self.graph, self.run_job, self.seed = exercise, graph, run, seed
        self.output_has_shape = output_has_shape
        self.plans = Plans(parts, graph)
        self.stuck: dict[str, Failure] = {}
        """Chunks that never end or kill their process, by source."""
        self._outcomes: dict[tuple, Outcome] = {}
        self._results: dict[tuple, Result] = {}
        self._casted: dict[tuple, dict[str, Any]] = {}
        self._truths: dict[tuple, dict[str, Tensor]] = {}
        self._broken: Exception | None = None
        """Why a job could not be run."""

    def outcome(self, name: str, batch: Minibatch, mode: str, dtype: torch.dtype) -> Outcome:
        """What one kind of run says; ``true chain`` is the plain run compared with autograd's own gradients."""
        key = (name, batch.label, mode, dtype)
        if key not in self._outcomes:
            found = self.guarded(lambda: self._compare(name, batch, mode, dtype))
            self._outcomes[key] = (
                Outcome("wrong", note=f"d{name}: {found}", mode=mode) if isinstance(found, str) else found
            )
        return self._outcomes[key]

    def state(self, name: str, batch: Minibatch, mode: str, dtype: torch.dtype) -> Mapping[str, Any]:
        """All gradients as they were when that of ``name`` was complete."""
        mode = mode.replace("true chain", "plain")
        after = self.result(batch, mode, dtype).after
        return after[min(self.plans.completed(name, mode), len(after) - 1)] if after else {}

    def _compare(self, name: str, batch: Minibatch, mode: str, dtype: torch.dtype) -> Outcome:
        of_autograd, mode = mode == "true chain", mode.replace("true chain", "plain")
        result, at = self.result(batch, mode, dtype), self.plans.completed(name, mode)
        state = self.state(name, batch, mode, dtype)
        if name not in state:
            return Outcome("missing", mode=mode)
        yours = state[name]
        if self.fails(name, result, batch, mode, dtype):
            return Outcome("unusable", yours=yours, mode=mode)
        if not is_answer(yours):
            return Outcome("wrong", note=no_gradient(name, yours), mode=mode)
        values = self.values(batch, dtype)
        upstream: dict[str, Tensor] | None
        if of_autograd:
            upstream = self.true_gradients(batch, dtype)
        else:
            upstream = self._upstream(name, batch, state, mode, at, values, dtype)
        if upstream is None or (mode == "by statement" and self._too_early(name, at)):
            return Outcome("unusable", yours=yours, mode=mode)
        yours = yours.to(dtype)
        parts, scale = shares_and_scale(self.graph, name, values, upstream)
        truth = torch.stack([*parts.values()]).sum(0)
        if not torch.isfinite(scale).all():
            return Outcome("unusable", yours=yours, mode=mode)
        if batch.scaled:  # rounding, too, is a thousand times the usual: log p is -800 and some digits
            scale = scale.clamp(min=float(scale.max()) * LARGE_ROUNDING)
        fitted = fit(yours, truth.shape)
        degenerate, zeros = is_degenerate(truth, scale), not bool(yours.any())
        blind = degenerate or any(is_degenerate(share, scale) for share in parts.values())
        seen: dict[str, Any] = {
            "degenerate": degenerate,
            "blind": blind,
            "zeros": zeros,
            "yours": yours,
            "upstream": upstream,
            "mode": mode,
        }
        if fitted is None or not torch.isfinite(fitted).all() or not equal(fitted, truth, scale):
            return Outcome("wrong", **seen)
        if changed := self._changed_later(name, result, at, dtype, batch):
            return Outcome("wrong", changed=name in result.placed, note=changed, **seen)
        return Outcome("right" if yours.shape == truth.shape else "shape", **seen)

    def spoiled(self, name: str, batch: Minibatch, dtype: torch.dtype) -> str:
        """Says so if a gradient was right until a later statement bound its name anew, or changed it."""
        plan, result = self.plans.by_statement, self.result(batch, "by statement", dtype)
        numbers = [i for i, names in enumerate(plan.writes) if "d" + name in names and i not in result.failures]
        numbers = [i for i in numbers if i < len(result.after)]
        for before, last in itertools.pairwise(numbers[-MOST_BOUND:]):
            state = result.after[before]
            if not is_answer(yours := state.get(name)):
                continue
            values = self.values(batch, dtype)
            upstream = self._upstream(name, batch, state, "by statement", before, values, dtype)
            if upstream is None:
                continue
            parts, scale = shares_and_scale(self.graph, name, values, upstream)
            truth = torch.stack([*parts.values()]).sum(0)
            if is_degenerate(truth, scale) or not equal(yours.to(dtype), truth, scale):
                continue
            now, chunk = result.after[last].get(name), plan.chunks[last]
            if is_answer(now) and now.shape == truth.shape and equal(now.to(dtype), truth, scale):
                continue
            does = "changes it" if is_answer(now) else "binds the name to something else"
            return (
                f"d{name} was right when it was computed, but a later line "
                f"{'sets it to None' if now == 'NoneType' else does}: {first_line(chunk)}. Nothing "
                f"was missing before that line. What is it for?"
            )
        return ""

    def fails(self, name: str, result: Result, batch: Minibatch, mode: str, dtype: torch.dtype) -> bool:
        """Whether the very statement that completes a gradient raises, though it may have filled in all values before."""
        if result.failures and mode != "by statement":  # perhaps another statement of the same cell
            mode, result = "by statement", self.result(batch, "by statement", dtype)
        return mode == "by statement" and self.plans.by_statement.written_at(name) in result.failures

    def _too_early(self, name: str, at: int) -> bool:
        """Whether an upstream gradient was not complete when the statement ran that completes ``name``."""
        return any(
            self.plans.completed(reader, "by statement") > at
            for reader in self.graph.readers(name)
            if reader in self.exercise.expected and reader not in self.given
        )

    def _upstream(
        self,
        name: str,
        batch: Minibatch,
        state: Mapping[str, Any],
        mode: str,
        at: int,
        values: Mapping[str, Any],
        dtype: torch.dtype,
    ) -> dict[str, Tensor] | None:
        """The upstream gradients that the student's code had; None if one of them is no gradient at all, or came later."""
        upstream, plan = {}, self.plans[mode]
        written = plan.written_at(name)
        for reader in self.graph.readers(name):
            shape, replaced = values[reader].shape, plan.replaced_at(reader)
            if reader == self.graph.output and not shape:
                upstream[reader] = torch.ones(shape, dtype=dtype)
            elif reader in self.given:
                upstream[reader] = batch.upstream[reader].to(dtype)
            elif replaced is not None and replaced < at:
                if written is not None and written <= replaced:  # it was computed before that
                    return None
                upstream[reader] = batch.upstream[reader].to(dtype)
            elif reader not in state and "d" + reader not in self.plans.bound:
                upstream[reader] = batch.upstream[reader].to(dtype)  # left out: no share that comes from it is there
            else:
                yours = state.get(reader)
                fitted = fit(yours, shape) if is_answer(yours) else None
                if fitted is None or not torch.isfinite(fitted).all():
                    return None
                upstream[reader] = fitted.to(dtype)
        return upstream

    def _changed_later(self, name: str, result: Result, at: int, dtype: torch.dtype, batch: Minibatch) -> str:
        """Says so if a gradient was right when it was complete and something changed it afterwards."""
        if name in result.placed:
            now, before = result.placed[name], batch.upstream[name].to(dtype)
        else:
            now, before = result.final.get(name), result.after[min(at, len(result.after) - 1)][name]
        if now == "NoneType":
            return f"d{name} was right when it was computed, but a later line sets it to None."
        if not is_answer(now):
            return f"d{name} was right when it was computed, but a later line binds the name to something else."
        if now.shape != before.shape or not equal(now.to(dtype), before.to(dtype), before.abs().to(dtype)):
            return (
                f"d{name} was right when it was computed, but a later line changed it in place: two names are bound to "
                f"one tensor, and a change through one shows in the other."
            )
        return ""

    # --- references and runs ----------------------------------------------------------------------------------------------

    def true_gradients(self, batch: Minibatch, dtype: torch.dtype) -> dict[str, Tensor]:
        """Autograd's gradient of every variable."""
        if (key := (batch.label, dtype)) not in self._truths:
            given = batch.upstream[self.graph.output].to(dtype)
            self._truths[key] = self.graph.gradients(self.values(batch, dtype), given if given.dim() else None)
        return self._truths[key]

    def values(self, batch: Minibatch, dtype: torch.dtype) -> dict[str, Any]:
        """Inputs and forward variables of a minibatch in a precision."""
        if (key := (batch.label, dtype)) not in self._casted:
            self._casted[key] = cast(batch.values, dtype)
        return self._casted[key]

    def result(self, batch: Minibatch, mode: str, dtype: torch.dtype) -> Result:
        """One kind of run on one minibatch."""
        if mode == "plain" and not self.plans.by_cell.replaces():
            mode = "by cell"  # the very same run
        key = (batch.label, mode, dtype)
        if key not in self._results:
            self._results[key] = self.run(self.job(batch, mode, dtype))
        return self._results[key]

    def job(self, batch: Minibatch, mode: str, dtype: torch.dtype) -> Job:
        """What such a run needs."""
        return Job(
            self.plans[mode].chunks, self.values(batch, dtype), cast(batch.upstream, dtype), list(batch.upstream),
            given=sorted(self.given), lists=batch.lists, generators=batch.generators, imports=self.exercise.imports, stubs=STUBS,
            dtype=dtype, seed=self.seed, restored=(*self.exercise.graph.inputs, *self.exercise.graph.steps),
        )  # fmt: skip

    def run(self, job: Job) -> Result:
        """Run a job; what is stuck in it is not tried in another. Here values enter: each is a tensor of real numbers that can
        be computed with, or a word on what it is.

        Raises:
            Exception: it could not be run at all.
        """
        known = {i: self.stuck[c.source] for i, c in enumerate(job.chunks) if c.source and c.source in self.stuck}
        try:
            result = _all_admitted(self.run_job(job, known))
        except Exception as error:
            self._broken = error
            raise
        for number, failure in result.failures.items():
            if failure.kind != "raised":
                self.stuck[job.chunks[number].source] = failure
        return result

    def guarded(self, decide: Callable[[], Any]) -> Any:
        """What ``decide`` returns; a sentence if it raises, so that one odd tensor costs no other verdict.

        Raises:
            Exception: a run was not possible at all, which is nobody's answer.
        """
        try:
            return decide()
        except Exception as error:
            if error is self._broken:
                raise
            return (
                f"this cannot be compared with autograd's ({type(error).__name__}); a gradient is a plain torch.Tensor."
            )

    @cached_property
    def given(self) -> frozenset[str]:
        """Upstream gradients that the exercise gives: nobody is asked for them, and no cell of the student's makes them."""
        output = self.graph.output
        steps = (n for n in self.graph.steps if n != output or self.output_has_shape)
        return frozenset(n for n in steps if n not in self.exercise.expected and "d" + n not in self.plans.bound)


def first_line(chunk: Chunk) -> str:
    """Where a chunk begins: the cell, the line and its text."""
    number, text = next((i, text) for i, text in enumerate(chunk.source.split("\n"), 1) if text.strip())
    return f"{chunk.label}, line {number} `{text.strip()[:100]}`"


def _all_admitted(result: Result) -> Result:
    """A run's result in which each value is a dense tensor of real numbers with at least one element, at most ``MOST_ELEMENTS``
    and ``MOST_DIMENSIONS``; or a word on what it is instead. Nothing further on has to ask."""
    for state in (*result.after, *result.snapshots.values(), result.placed):
        state.update({name: admitted(value) for name, value in state.items()})
    for step in (step for steps in result.steps.values() for step in steps):
        step.after = step.after and {name: admitted(value) for name, value in step.after.items()}
        for bound in step.seen:
            bound.changed = {name: admitted(value) for name, value in bound.changed.items()}
    return result


def admitted(value: object) -> object:
    """A value as the judge takes it: a tensor, or a word."""
    if not isinstance(value, Tensor):
        return value
    if value.layout is not torch.strided or value.dtype not in _REAL:
        return f"tensor of {value.dtype}" if value.layout is torch.strided else "tensor that is not dense"
    if not 0 < value.numel() <= MOST_ELEMENTS or value.dim() > MOST_DIMENSIONS:
        return (
            "tensor that is too large" if value.numel() else f"tensor without elements, of shape {tuple(value.shape)}"
        )
    return value


_REAL = frozenset([
    torch.float16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8,
])  # fmt: skip


def is_answer(value: object) -> TypeGuard[Tensor]:
    """Whether a value can be a gradient: a tensor (``admitted`` has let in none but those of real numbers)."""
    return isinstance(value, Tensor)


def no_gradient(name: str, value: object) -> str:
    """The sentence on a value that cannot be a gradient."""
    if value == "NoneType":
        return f"d{name} {IS_NONE}"
    return f"d{name} is a {value}; a gradient is a torch.Tensor of real numbers."
