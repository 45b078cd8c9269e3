"""A run in this very process, of which no trace is left: what ``check`` does in a student's own notebook."""

import contextlib
import io
import os
import random
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from toolkit.running.no_derivatives import derivatives_refused
from toolkit.running.runs import Failure, Job, Result, TimeUp, forget_modules, run
from toolkit.running.unpatched import patches_undone


def run_here(job: Job, skip: Mapping[int, Failure] | None = None, seconds: float = 5.0) -> Result:
    """Run a job in this process, and leave no trace of it: nothing shown, random numbers and defaults as they were.

    Args:
        skip: chunks that are known to fail so; they are not run.
        seconds: longest time for all of it; the chunk that is running then has ``timed out``, and those after it too.

    Raises:
        KeyboardInterrupt: somebody interrupted the kernel.
    """
    found = _Collected(job)
    own = any("KeyboardInterrupt" in chunk.source for chunk in job.chunks)  # then it is the cells', as any other
    with _untouched(job), _time_limit(seconds), contextlib.suppress(TimeUp):  # between two chunks
        run(job, found, skip or {}, let_through=() if own else (KeyboardInterrupt,))
    result = found.result
    for number in range(len(result.after), len(job.chunks)):
        result.failures[number] = Failure("timed out", "did not end in time", job.chunks[number].label)
        result.after.append(dict(result.final))
    result.failures.update(skip or {})
    return result


class _Collected:
    """A ``Report`` that makes a ``Result``; tensors are copied when they are seen."""

    def __init__(self, job: Job):
        self.job, self.result = job, Result()
        self._kept: dict[str, tuple[object, int, object]] = {}

    def ready(self) -> None: ...

    def snapshot(self, found: Mapping[str, Any]) -> None:
        self.result.snapshots[len(self.result.after)] = {name: _copy(value) for name, value in found.items()}

    def begin_step(self) -> None:
        try:
            self.result.begin_step()
        except ValueError:
            raise TimeUp from None

    def see(self, name: str, changed: Mapping[str, Any]) -> None:
        self.result.see(name, {key: _copy(value) for key, value in changed.items()})

    def end_step(self, found: Mapping[str, Any]) -> None:
        self.result.end_step({name: _copy(value) for name, value in found.items()})

    def chunk(self, number: int, failure: Failure | None, found: Mapping[str, Any]) -> None:
        state = {}
        for name, value in found.items():
            old = self._kept.get(name)
            # inference tensors keep no count of their changes
            version = value._version if isinstance(value, Tensor) and not value.is_inference() else None
            same = version is not None and old is not None and old[0] is value and old[1] == version
            state[name] = old[2] if same else _copy(value)
            if version is not None:
                self._kept[name] = value, version, state[name]
        self.result.after.append({**self.result.final, **state})
        if failure is not None:
            self.result.failures[number] = failure

    def replaced(self, name: str) -> None: ...

    def tried(self, found: Sequence[Tensor | None]) -> None:
        self.result.trials = [*found]

    def done(self, placed: Mapping[str, Tensor]) -> None:
        self.result.placed = {name: _copy(value) for name, value in placed.items()}


def _copy(value: object) -> object:
    """A tensor as it is now, or a word on what stands there instead."""
    if type(value) is not Tensor:
        return type(value).__name__[:100]
    try:
        if value.layout is not torch.strided:
            return "tensor that is not dense"
        with torch.inference_mode(False):  # else it would be of no use to autograd afterwards
            return value.detach().cpu().resolve_neg().contiguous().clone()
    except Exception as error:
        return f"tensor that cannot be read ({type(error).__name__})"


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises ``TimeUp`` in this thread when the time is over, if Python code is running then; on every system."""
    import ctypes

    thread, lock, over = threading.get_ident(), threading.Lock(), False

    def stop() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()


@contextlib.contextmanager
def _untouched(job: Job) -> Iterator[None]:
    """Whatever runs inside shows nothing, and what it sets for the whole process is as before afterwards."""
    numpy_random = sys.modules.get("numpy.random")
    drawn, drawn_by_numpy = random.getstate(), numpy_random.get_state() if numpy_random else None
    torch_drawn, dtype, grad = torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled()
    folder, threads, modules = _folder(), torch.get_num_threads(), dict(sys.modules)
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = set(pyplot.get_fignums()) if pyplot else set()
    try:
        with (
            tempfile.TemporaryDirectory() as empty,
            _nothing_shown(),
            warnings.catch_warnings(),
            patches_undone(),
            derivatives_refused(chunk.source for chunk in job.chunks),
        ):
            warnings.simplefilter("ignore")
            os.chdir(empty)  # what a cell leaves in a file, the next run is not to find
            empty = os.getcwd()
            sys.path.insert(0, empty)
            try:
                yield
            finally:
                forget_modules(empty, modules)
                sys.path[:] = [path for path in sys.path if path != empty]
                sys.modules.update({n: m for n, m in modules.items() if n not in sys.modules})  # of the notebook's own
                os.chdir(folder)
    finally:
        for number in set(pyplot.get_fignums()) - figures if pyplot else ():
            pyplot.close(number)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        torch.set_rng_state(torch_drawn)
        torch.set_num_threads(threads)
        random.setstate(drawn)
        if numpy_random:
            numpy_random.set_state(drawn_by_numpy)


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was deleted meanwhile
        return tempfile.gettempdir()


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.utils.capture import capture_output

        with capture_output():
            yield
    else:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
