"""Is it a mistake at all? A change that changes no number, a mutant that is equivalent, is none.

It is asked without the judge, on inputs of which none is the same everywhere: a gain that is left out is a mistake even where the
exercise's own gains are all 1 and hide it, and it is the judge's to find.
"""

import builtins
import contextlib
import functools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.workbench import Bench
from toolkit.network.compare import fit
from toolkit.network.minibatches import Minibatch, make, own_sizes

NOISE = 0.3
"""How far the entries of an input are drawn apart that are all the same."""
CLOSE, SMALL = 1e-6, 1e-9
"""Numbers are the same up to this, of themselves, and of the largest of their tensor."""


@functools.cache
def unseen_batch(bench: Bench) -> Minibatch:
    """A minibatch of sizes that are not the notebook's."""
    own = own_sizes(bench.exercise)
    sizes = {
        name: value // 2 + 2 + number if isinstance(value, int) else 7 * value
        for number, (name, value) in enumerate(own.items())
    }
    return _varied(bench, make(bench.exercise, sizes, own, "unseen", 7))


def flat_inputs(bench: Bench, batch: Minibatch) -> dict[str, Tensor]:
    """Inputs of the forward pass that hold one and the same number everywhere: what they do to a gradient does not show."""
    found = {name: batch.values.get(name) for name in bench.exercise.graph.inputs}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, Tensor) and value.is_floating_point() and bool((value == value.flatten()[0]).all())
    }


def _varied(bench: Bench, batch: Minibatch) -> Minibatch:
    """The same with noise on inputs that are the same everywhere."""
    generator, graph = torch.Generator().manual_seed(11), bench.exercise.graph
    noisy = {
        name: value + NOISE * torch.randn(value.shape, dtype=value.dtype, generator=generator)
        for name, value in flat_inputs(bench, batch).items()
    }
    if not noisy:
        return batch
    with torch.no_grad():
        values = graph.forward({k: v for k, v in batch.values.items() if k not in graph.steps} | noisy)
    return replace(batch, values={**batch.values, **values})


def makes_a_difference(bench: Bench, edits: Mapping[str, str], names: tuple[str, ...], replacing: bool = True) -> bool:
    """Whether the gradients of some variables come out other than the solution's.

    Args:
        edits: cells that differ from the solution's, by grade_id.
        replacing: whether a gradient gives way to a random one when its cell is done.
    """
    right = _right(bench, replacing)
    yours = _run(bench, {**bench.gradient_cells, **edits}, replacing)
    return any(_differ(yours.get(name), right[name]) for name in names)


def only_the_shape(bench: Bench, edits: Mapping[str, str], names: tuple[str, ...]) -> bool:
    """Whether all numbers are the solution's, in other shapes: what is left out had only made copies."""
    right, yours = _right(bench, True), _run(bench, {**bench.gradient_cells, **edits}, True)
    return all(
        name in yours
        and all(
            (y := fit(one, r.shape)) is not None and not _differ([y], [r]) for one, r in zip(yours[name], right[name])
        )
        for name in names
    )


def _differ(yours: list[Tensor] | None, right: list[Tensor]) -> bool:
    if yours is None:
        return True
    return any(
        y.shape != r.shape or not torch.allclose(y.double(), r, rtol=CLOSE, atol=SMALL * float(r.abs().max()))
        for y, r in zip(yours, right, strict=True)
    )


@functools.cache
def _right(bench: Bench, replacing: bool) -> dict[str, list[Tensor]]:
    return _run(bench, bench.gradient_cells, replacing)


@functools.cache
def scope(bench: Bench) -> dict[str, Any]:
    """Every name that is there when the solution has run, with its value on the unseen minibatch."""
    namespace = _namespace(bench)
    with _as_the_judge_does():
        for source in bench.gradient_cells.values():
            exec(source, namespace)
    return namespace


def _namespace(bench: Bench) -> dict[str, Any]:
    batch = unseen_batch(bench)
    given = {f"d{name}": batch.upstream[name].clone() for name in bench.given}
    return {**_imports(bench.exercise.imports), **batch.values, **given}


@functools.cache
def _imports(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__builtins__": builtins}
    exec(text, namespace)
    return namespace


@contextlib.contextmanager
def _as_the_judge_does() -> Iterator[None]:
    """In float64 and without a record; what a wrong line is warned of is nobody's business."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(default)


def _run(bench: Bench, cells: Mapping[str, str], replacing: bool) -> dict[str, list[Tensor]]:
    """Run solution cells in this process: each gradient when its cell is done, and again at the end."""
    namespace, batch = _namespace(bench), unseen_batch(bench)
    found: dict[str, list[Tensor]] = {}
    kept: dict[str, Tensor] = {}
    with _as_the_judge_does():
        for grade_id, source in cells.items():
            with contextlib.suppress(Exception):
                exec(source, namespace)
            for name in (v for v, cell in bench.cell_of.items() if cell == grade_id):
                if isinstance(namespace.get(f"d{name}"), Tensor):
                    found[name] = [namespace[f"d{name}"].clone()]
                    if replacing and name in bench.graph.steps:
                        namespace[f"d{name}"] = batch.upstream[name].clone()
                    kept[name] = namespace[f"d{name}"]
    for name, tensor in kept.items():
        found[name].append(tensor)
    return found
