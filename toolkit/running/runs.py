"""One run of a student's cells: inputs in, in a namespace of its own, values out after each piece.

The judge does this in a sandbox (autograder/sandbox/), ``check`` in the student's own notebook: this text is what both
mean by a run. Nothing of the judge is in sight of what runs here, and nothing here knows what would be right.
"""

import ast
import builtins
import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any, Protocol

import torch
from torch import Tensor

from toolkit.running.one_device import every_device_is_the_cpu
from toolkit.running.trials import Trials, try_all
from toolkit.running.watched_loop import compile_watched

MAX_STEPS = 1000
"""Most steps of a loop that are looked at."""
MOST_ELEMENTS, MOST_DIMENSIONS = 1 << 21, 16
"""Of a tensor that is looked at: no gradient of a small network comes near."""


@dataclass(frozen=True)
class Chunk:
    """A piece of a submission that is run at once: a cell, or one statement of it."""

    source: str
    label: str
    """What errors call it: the name of the cell."""
    fresh: bool = True
    """Whether a cell starts here."""
    replace: tuple[str, ...] = ()
    """Variables whose gradients the judge replaces by its own when the chunk is done."""
    snapshot: tuple[str, ...] = ()
    """Names whose values are wanted when the chunk is done; and after each step, if it is watched."""
    watched: tuple[str, ...] = ()
    """Gradients by name (``dW1``) that are reported whenever a statement binds or changes one; then the training loop in
    this chunk is watched step by step (``watched_loop``)."""
    also: tuple[str, ...] = ()
    """Other names that are reported so."""
    put: tuple[tuple[int, str], ...] = ()
    """In each step of the loop: after which report, counted from 0, the judge's own gradient of which variable takes the place of
    what was reported."""
    steps_name: str = ""
    """Name of the number of steps of that loop."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Large numbers by name, which are to count as the name where they are written out."""


@dataclass(frozen=True)
class Job:
    """All that one run needs."""

    chunks: Sequence[Chunk]
    values: Mapping[str, Any]
    """Inputs and forward variables by name: tensors, and plain Python values; the rest is left out."""
    replacements: Mapping[str, Tensor]
    watch: Sequence[str]
    """Variables whose gradients are reported."""
    given: Sequence[str] = ()
    """Variables whose gradients are there from the start (from ``replacements``)."""
    imports: str = ""
    stubs: Sequence[str] = ()
    dtype: torch.dtype = torch.float64
    seed: int = 0
    restored: Sequence[str] = ()
    """Tensors that are as in ``values`` again whenever a cell starts; others are the student's to bind again."""
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Lists of tensors, such as ``parameters``, by the names of their items."""
    generators: Mapping[str, int] = field(default_factory=dict)
    """Seeds of random generators by name; each is seeded anew when a cell starts."""
    trials: Trials | None = None
    """What is tried when all chunks are done, in the namespace that they leave."""

    def tensors(self) -> dict[str, Tensor]:
        return {k: v for k, v in self.values.items() if isinstance(v, Tensor)}

    def numbers(self) -> dict[str, Any]:
        """Plain numbers: whenever a cell starts they are as in ``values`` again."""
        return {k: v for k, v in self.values.items() if type(v) in (int, float, bool)}

    def literals(self) -> dict[str, Any]:
        """Other plain Python values, the student's to bind again."""
        return {k: v for k, v in self.values.items() if type(v) in (str, list, dict, tuple) and _is_literal(v)}


@dataclass(frozen=True)
class Failure:
    """Why a chunk did not run to its end."""

    kind: str
    """``raised``, ``timed out`` or ``died``."""
    text: str
    label: str
    line: int | None = None


@dataclass
class Bound:
    """A watched name was bound or changed, once or several times in a row."""

    name: str
    changed: dict[str, Any]
    """All watched values that are others than at the last report in this step."""
    number: int
    """Of the last of these reports."""

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing now, or zeros: deleted, say, or cleared."""
        return _emptied(self.name, self.changed)


def _emptied(name: str, changed: Mapping[str, Any]) -> bool:
    value = changed.get(name)
    return not value.any() if isinstance(value, Tensor) else value == type(None).__name__  # a word on it stands there


@dataclass
class Step:
    """One step of a watched training loop."""

    seen: list[Bound] = field(default_factory=list)
    """What was bound or changed, in order."""
    reports: int = 0
    """How many there were."""
    after: dict[str, Any] | None = None
    """The values that were asked for after the step; None if it did not come to its end."""


@dataclass
class Result:
    """What a run found."""

    after: list[dict[str, Any]] = field(default_factory=list)
    """For each chunk, the gradients by variable as they were when it ended: a tensor, or a word on what it is instead."""
    failures: dict[int, Failure] = field(default_factory=dict)
    placed: dict[str, Any] = field(default_factory=dict)
    """What became of the tensors that the judge put in: changed, if the student's code changed them in place."""

    steps: dict[int, list[Step]] = field(default_factory=dict)
    """By chunk, the steps of its loop."""
    snapshots: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By chunk, the values of the names it was asked for at its end."""
    trials: list[Tensor | None] = field(default_factory=list)
    """What each trial gave."""

    def begin_step(self) -> None:
        """A step of a watched loop begins in the chunk that is running.

        Raises:
            ValueError: the loop does not stop at max_steps.
        """
        steps = self.steps.setdefault(len(self.after), [])
        if len(steps) >= MAX_STEPS:
            raise ValueError("the loop does not stop at max_steps")
        steps.append(Step())

    def see(self, name: str, changed: Mapping[str, Any]) -> None:
        """A gradient was bound or changed; all watched ones that are others than at the last report.

        Raises:
            ValueError: no step has begun.
        """
        if not (steps := self.steps.get(len(self.after))):
            raise ValueError("a gradient before the first step")
        step = steps[-1]
        step.reports += 1
        if step.seen and step.seen[-1].name == name and not (_emptied(name, changed) and not step.seen[-1].is_empty):
            # an element after the other, say; of what is cleared when it was used both are kept
            step.seen[-1] = Bound(name, {**step.seen[-1].changed, **changed}, step.reports - 1)
        else:
            step.seen.append(Bound(name, dict(changed), step.reports - 1))

    def end_step(self, found: dict[str, Any]) -> None:
        """A step came to its end."""
        self.steps[len(self.after)][-1].after = found

    @property
    def final(self) -> dict[str, Any]:
        return self.after[-1] if self.after else {}


def cast(values: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """``values`` with floating-point tensors in ``dtype``."""
    return {k: v.to(dtype) if isinstance(v, Tensor) and v.is_floating_point() else v for k, v in values.items()}


class TimeUp(BaseException):
    """A run takes too long."""


class Report(Protocol):
    """Who is told what a run finds, as it finds it."""

    def ready(self) -> None:
        """From here on it is the student's code that fails, if anything does."""

    def snapshot(self, found: Mapping[str, Any]) -> None:
        """Values that were asked for when the chunk is done."""

    def begin_step(self) -> None:
        """A step of a watched loop begins."""

    def see(self, name: str, changed: Mapping[str, Any]) -> None:
        """A watched gradient was bound or changed in it; all that are others than at the last report in this step."""

    def end_step(self, found: Mapping[str, Any]) -> None:
        """The step is over; values that were asked for."""

    def chunk(self, number: int, failure: Failure | None, found: Mapping[str, Any]) -> None:
        """A chunk is done; every watched gradient that is bound, by variable."""

    def replaced(self, name: str) -> None:
        """The judge's own tensor has taken the place of a gradient."""

    def tried(self, found: Sequence[Tensor | None]) -> None:
        """What each trial gave."""

    def done(self, placed: Mapping[str, Tensor]) -> None:
        """The run is over; the tensors that the judge put in."""


def run(
    job: Job, report: Report, skip: Collection[int] = (), let_through: tuple[type[BaseException], ...] = ()
) -> None:
    """Run the chunks of a job one after the other in a fresh namespace.

    Args:
        skip: numbers of chunks that are not run.
        let_through: exceptions that end the run instead of the chunk, such as a person's own interrupt.
    """
    torch.set_default_dtype(job.dtype)
    torch.set_grad_enabled(False)
    pristine = job.tensors()
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins, "input": _no_input}
    exec(job.imports, namespace)
    namespace.update(ast.literal_eval(repr({**job.literals(), **job.numbers()})))  # copies: a student may change them
    namespace.update({name: value.clone() for name, value in pristine.items()})
    namespace.update(dict.fromkeys(job.stubs, _do_nothing))
    namespace["progress_bar"] = _as_it_is
    for name in job.given:
        namespace["d" + name] = job.replacements[name].clone()
    placed: dict[str, Tensor] = {}
    restore = _restorer(job, pristine)
    loop = _Loop(report, namespace, job.replacements)
    namespace.update({"_each_step": loop.each_step, "_goes_on": loop.goes_on, "_seen": loop.seen})
    torch.manual_seed(job.seed)
    exact = Tensor  # students may bind another to torch.Tensor
    report.ready()
    with every_device_is_the_cpu(chunk.source for chunk in job.chunks):
        for number, chunk in enumerate(job.chunks):
            if chunk.fresh:  # a cell starts: forward variables are as the forward pass left them
                restore(namespace)
            failure = None
            loop.chunk = chunk
            if chunk.source and number not in skip:
                failure = _execute(chunk, namespace, let_through)
            loop.close(failed=failure is not None)
            if chunk.snapshot:
                report.snapshot({name: namespace[name] for name in chunk.snapshot if name in namespace})
            report.chunk(number, failure, {n: namespace["d" + n] for n in job.watch if "d" + n in namespace})
            for name in chunk.replace:
                placed[name] = job.replacements[name].clone()
                kept = {"d" + p for p in placed} | pristine.keys()
                for key in _names_of(namespace.get("d" + name), namespace, exact, kept):
                    namespace[key] = placed[name]
                namespace["d" + name] = placed[name]
                report.replaced(name)
        if job.trials is not None:
            restore(namespace)
            report.tried(try_all(job.trials, namespace, job.dtype, (*let_through, TimeUp)))
    report.done(placed)


def forget_modules(folder: str, but: Mapping[str, ModuleType]) -> None:
    """Forget the modules that lie in a folder, so that whoever imports them next has them as they are written.

    Args:
        but: modules that were there before; to ask each of the thousands of torch's where it lies takes longer than a run.
    """
    inside = os.path.join(folder, "")
    for name, module in [(n, m) for n, m in sys.modules.items() if but.get(n) is not m]:
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and (path.startswith(inside) or not os.path.isabs(path)):
            sys.modules.pop(name, None)


def _names_of(value: object, namespace: dict, exact: type, but: set) -> list[str]:
    """Further names bound to one and the same tensor: they stay so when another takes its place."""
    if type(value) is not exact:
        return []
    return [key for key, other in namespace.items() if other is value and key not in but]


def _restorer(job: Job, pristine: Mapping[str, Tensor]) -> Callable[[dict], None]:
    """A function that puts the judge's values into a namespace: fresh copies, lists of them, generators newly seeded."""
    tensors = [name for name in job.restored if name in pristine]
    numbers, generator = job.numbers(), torch.Generator

    def restore(namespace: dict) -> None:
        namespace.update({name: pristine[name].clone() for name in tensors})
        namespace.update(numbers)
        for name, items in job.lists.items():
            namespace[name] = [namespace[item] for item in items]
        for name, seed in job.generators.items():
            # unless the student has given the name to a helper
            if isinstance(namespace.get(name, generator()), generator):
                namespace[name] = generator().manual_seed(seed)

    return restore


class _Loop:
    """Reports the steps of a watched training loop: what ``watched_loop`` has put into its code calls this."""

    def __init__(self, report: Report, namespace: dict, replacements: Mapping[str, Tensor]):
        self.report, self.namespace, self.replacements = report, namespace, replacements
        self.tensor, self.same, self.put = Tensor, torch.equal, Tensor.copy_
        self.chunk = Chunk("", "")
        self.open, self.count = False, 0
        self.values: Mapping[str, Any] = {}
        self.known: dict[str, Any] = {}

    def each_step(self, iterable: Iterable[Any]) -> Iterator[Any]:
        """Stands around the iterable of the loop: what comes between two items is one step."""
        for item in iterable:
            self.begin()
            yield item
            self.end(sys._getframe(1))

    def goes_on(self, test: object) -> object:
        """Stands around the test of a ``while``."""
        if self.open:
            self.end(sys._getframe(1))
        if test:
            self.begin()
        return test

    def begin(self) -> None:
        self.open, self.known, self.count = True, {}, 0
        self.report.begin_step()

    def seen(self, name: str) -> None:
        """A statement has bound or changed what is watched."""
        if not self.open:
            return
        frame = sys._getframe(1)
        self.values = {**frame.f_globals, **frame.f_locals}
        for number, variable in self.chunk.put:
            if number == self.count:
                with contextlib.suppress(RuntimeError, TypeError):  # some tensors cannot be changed
                    self.put(self.values[name], self.replacements[variable])
        self.count += 1
        changed: dict[str, Any] = {}
        for key in (*self.chunk.watched, *self.chunk.also):
            value = self.values.get(key)
            if type(value) is not self.tensor:
                changed |= {key: value} if key == name else {}
            elif not self._as_before(key, value):
                self.known[key] = value, value.detach().clone()
                changed[key] = value
        self.report.see(name, changed)

    def _as_before(self, key: str, value: Tensor) -> bool:
        known = self.known.get(key)
        same_kind = known is not None and (known[1].shape, known[1].dtype) == (value.shape, value.dtype)
        return same_kind and self.same(known[1], value)

    def end(self, frame: FrameType) -> None:
        self.open = False
        values = {**frame.f_globals, **frame.f_locals}
        self.report.end_step({name: values[name] for name in self.chunk.snapshot if name in values})

    def close(self, failed: bool) -> None:
        """The chunk is over: a loop may have been left by ``break``."""
        if self.open and not failed:
            values = {**self.values, **self.namespace}
            self.report.end_step({name: values[name] for name in self.chunk.snapshot if name in values})
        self.open = False


def _execute(chunk: Chunk, namespace: dict, let_through: tuple[type[BaseException], ...]) -> Failure | None:
    """Run one chunk; what it raised, or None."""
    label = chunk.label
    try:
        if chunk.watched:
            code = compile_watched(
                chunk.source, label, chunk.steps_name, chunk.watched, tuple(chunk.numbers.items()), chunk.also
            )
        else:
            code = compile(chunk.source, label, "exec")
        exec(code, namespace)
    except let_through:
        raise
    except TimeUp:
        return Failure("timed out", "did not end in time", label)
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the student's, too
        line, frame = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None, error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename == label:
                line = frame.tb_lineno
            frame = frame.tb_next
        try:
            text = str(error)
        except BaseException:
            text = "(its message cannot be shown)"
        return failure_of(type(error).__name__, text, line, label)
    return None


def failure_of(kind: object, text: object, line: object, label: object) -> Failure:
    """What a chunk raised, in words of bounded length."""
    said = f"{plain(kind)}: {plain(text, 500)}" if text else plain(kind)
    return Failure("raised", said, plain(label), line if type(line) is int else None)


def plain(said: object, length: int = 100) -> str:
    """Words of the student's code in a sentence of the judge's: short, and one line, whose end nobody can take for a verdict."""
    return "".join(c if c.isprintable() else " " for c in str(said)[:length])


def _is_literal(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_literal(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_literal, value))
    return value is None or type(value) in (str, int, float, bool)


def _do_nothing(*args: Any, **kwargs: Any) -> None:
    """Stands for ``check`` and the other tools of the notebook."""


def _as_it_is(iterable: Any, *args: Any, **kwargs: Any) -> Any:
    """Stands for a progress bar."""
    return iterable


def _no_input(*args: Any) -> str:
    """Stands for ``input``: nobody is there to answer.

    Raises:
        EOFError: always.
    """
    raise EOFError("nobody answers questions when cells are run again")
