"""Minibatches that nobody has seen: the source's own cells, run again at other sizes and with other numbers.

Inputs are made so that every term of a derivative matters: some columns of each matrix are up to a thousand times
smaller than others (then variances come near batchnorm's epsilon), characters repeat, and in some minibatches the last
class does not occur.
"""

import ast
import builtins
import contextlib
import functools
import io
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, MappingProxyType
from typing import Any

import torch
from torch import Tensor

from toolkit.network.exercise import Exercise

EXAMPLES = 400
"""Rows of the made-up data set that minibatches are drawn from."""
LARGEST_SIZE = 10_000
DRAWS = 200
"""How often a minibatch is drawn anew, at most."""
COUNT = 10
"""What the largest number above ``LARGEST_SIZE`` becomes."""


@dataclass(frozen=True)
class Minibatch:
    """Inputs, forward variables and random upstream gradients at one set of sizes, in float64."""

    label: str
    sizes: dict[str, float]
    own_sizes: bool
    """Whether sizes and constants are those of the student's own notebook."""
    values: dict[str, Any]
    """Inputs and forward variables by name, detached."""
    upstream: dict[str, Tensor]
    """A random tensor for each variable, with its shape."""
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists of inputs, such as ``parameters``, by the names of their items."""
    generators: dict[str, int] = field(default_factory=dict)
    """Seeds of the random generators of the input cells, by name."""
    scaled: Mapping[str, float] = field(default_factory=dict)
    """Factors on inputs by name, where the numbers are far from the usual."""


def own_sizes(exercise: Exercise) -> dict[str, float]:
    """The notebook's own sizes and constants by name: each number that an input cell binds, unless it renames another.

    Numbers too large for a size count something (training steps); all of them are made small together.
    """
    numbers = _numbers(exercise)
    largest = max((v for v in numbers.values() if isinstance(v, int)), default=0)
    shrink = largest / COUNT if largest > LARGEST_SIZE else 1
    return {k: max(1, round(v / shrink)) if isinstance(v, int) and v > LARGEST_SIZE else v for k, v in numbers.items()}


def large_numbers(exercise: Exercise) -> dict[str, int]:
    """Numbers of the input cells that count something, such as training steps, as the notebook has them."""
    return {k: v for k, v in _numbers(exercise).items() if isinstance(v, int) and v > LARGEST_SIZE}


def _numbers(exercise: Exercise) -> Mapping[str, float]:
    return _numbers_of(exercise.imports, exercise.inputs, exercise.words)


@functools.lru_cache(maxsize=16)
def _numbers_of(imports: str, cells: tuple[str, ...], words: tuple[str, ...]) -> Mapping[str, float]:
    namespace = _run_inputs(imports, cells, {}, 0, words)
    aliases = {name for source in cells for name in _renamed(source)}
    names = (name for source in cells for name in _assigned(source))
    numbers = {n: namespace[n] for n in names if type(namespace[n]) in (int, float) and n not in aliases}
    return MappingProxyType(numbers)


def draw(
    exercise: Exercise, seed: int, changes: int = 3, edges: bool = True, scale: Mapping[str, float] | None = None
) -> list[Minibatch]:
    """Minibatches at the notebook's own sizes and at other sizes.

    Args:
        changes: how many of other sizes.
        edges: whether two more are wanted: one without the last class (if the forward pass reads classes at all), and a
            batch of 2.
        scale: factors on inputs by name, for numbers far from the usual.
    """
    own, chooser, fixed = own_sizes(exercise), random.Random(seed), large_numbers(exercise)
    batches = [make(exercise, own, own, "own sizes", seed, scale=scale)]
    if edges and _reads_data(exercise, batches[0]):
        label = "own sizes, last class absent"
        batches.append(make(exercise, own, own, label, seed + 1, last_class=False, scale=scale))
    for number in range(changes):
        sizes = other_sizes(own, chooser, fixed)
        batches.append(make(exercise, sizes, own, f"other sizes {number + 1}", seed + 2 + number, scale=scale))
    if edges and "batch_size" in own:
        sizes = {**other_sizes(own, chooser, fixed), "batch_size": 2}
        batches.append(make(exercise, sizes, own, "a batch of two", seed + 2 + changes, scale=scale))
    return batches


def _reads_data(exercise: Exercise, batch: Minibatch) -> bool:
    """Whether an input of the forward pass holds whole numbers: characters or classes."""
    values = (batch.values.get(name) for name in exercise.graph.inputs)
    return any(isinstance(value, Tensor) and not value.is_floating_point() for value in values)


def one_size_changed(exercise: Exercise, seed: int, scale: Mapping[str, float] | None = None) -> dict[str, Minibatch]:
    """For each size or constant, a minibatch in which it alone differs from the notebook's."""
    own, chooser, fixed = own_sizes(exercise), random.Random(seed), large_numbers(exercise)
    others = other_sizes(own, chooser, fixed)
    return {
        name: make(exercise, {**own, name: others[name]}, own, f"another {name}", seed + 100 + i, scale=scale)
        for i, name in enumerate(own)
        if name not in fixed
    }


def other_sizes(own: Mapping[str, float], chooser: random.Random, fixed: Collection[str] = ()) -> dict[str, float]:
    """Sizes that all differ from the notebook's and from one another, so that no shape fits by accident; larger constants.

    Args:
        fixed: names that keep their value.
    """
    sizes: dict[str, float] = {}
    for name, value in own.items():
        if name in fixed:
            sizes[name] = value
            continue
        if isinstance(value, float):
            sizes[name] = value * chooser.choice([3, 10, 30, 100])
            continue
        low, high = max(2, value // 4), max(7, 2 * value // 3)
        free = [s for s in range(low, min(high, low + 40) + 1) if s not in sizes.values() and s not in own.values()]
        sizes[name] = chooser.choice(free or [value + 1 + len(sizes)])
    return sizes


def make(
    exercise: Exercise,
    sizes: Mapping[str, float],
    own: Mapping[str, float],
    label: str,
    seed: int,
    last_class: bool = True,
    scale: Mapping[str, float] | None = None,
    small: bool = True,
) -> Minibatch:
    """One minibatch at the given sizes. Redrawn until no column is the same in all of its examples
    (two equal examples have no variance, and all that batchnorm passes back is rounding); and, if so asked, until the last
    class is neither in the data nor the likeliest anywhere.

    Args:
        small: whether some columns of a matrix are far smaller than others. (A finite difference may step over what they are.)
    """
    for attempt in range(DRAWS):
        generator = torch.Generator().manual_seed(seed * 1000 + attempt)
        inputs = _run_inputs(
            exercise.imports, exercise.inputs, sizes, seed * 1000 + attempt, exercise.words, last_class
        )
        lists = {name: found for name, value in inputs.items() if (found := _items(value, inputs))}
        for name, value in inputs.items():
            if isinstance(value, Tensor) and value.is_floating_point() and name in exercise.graph.inputs:
                inputs[name] = _redraw(value, generator, small) * (scale or {}).get(name, 1.0)
        with torch.no_grad():
            values = {k: v.detach() if isinstance(v, Tensor) else v for k, v in exercise.graph.forward(inputs).items()}
        if (last_class or not _wins(values, exercise, sizes)) and not _same_in_all(values, exercise, sizes):
            break
    upstream = {
        name: torch.randn(values[name].shape, dtype=torch.float64, generator=generator)
        for name in exercise.graph.variables(values)
    }
    kept = {name: value for name, value in values.items() if not name.startswith("__")}
    generators = {name: seed for name, value in kept.items() if isinstance(value, torch.Generator)}
    if scale:
        label += ", " + ", ".join(f"{name} times {factor:g}" for name, factor in scale.items())
    return Minibatch(label, dict(sizes), dict(sizes) == dict(own), kept, upstream, lists, generators, scale or {})


def _run_inputs(
    imports: str,
    cells: tuple[str, ...],
    sizes: Mapping[str, float],
    seed: int,
    words: Sequence[str],
    last_class: bool = True,
) -> dict[str, Any]:
    """Run the source's input cells in float64, with assignments to the given sizes left out."""
    namespace: dict[str, Any] = {"__builtins__": builtins, **sizes, "words": [*words]}
    exec(imports, namespace)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for source in cells:
                _add_data(namespace, seed, last_class)
                exec(_without_assignments(source, frozenset(sizes)), namespace)
    finally:
        torch.set_default_dtype(default)
    namespace["words"] = namespace["words"][:50]
    return namespace


def _add_data(namespace: dict[str, Any], seed: int, last_class: bool) -> None:
    """A made-up data set of contexts and next characters, as soon as vocabulary and context length are known."""
    if "Xtr" in namespace or not {"vocab_size", "block_size"} <= namespace.keys():
        return
    generator = torch.Generator().manual_seed(seed)
    classes = namespace["vocab_size"] - (0 if last_class else 1)
    data = torch.randint(0, classes, (EXAMPLES, namespace["block_size"] + 1), generator=generator)
    for split in ("tr", "dev", "te"):
        namespace["X" + split], namespace["Y" + split] = data[:, :-1].contiguous(), data[:, -1].contiguous()


def _redraw(value: Tensor, generator: torch.Generator, small: bool) -> Tensor:
    """New numbers with the mean and spread of the old; if so asked, columns of a matrix scaled by 1 down to 1/1000."""
    fresh = torch.randn(value.shape, dtype=torch.float64, generator=generator) * value.std() + value.mean()
    if not small or value.dim() < 2 or value.shape[0] == 1:
        return fresh.detach()
    exponent = torch.rand(value.shape[-1], dtype=torch.float64, generator=generator)
    chosen = torch.rand(value.shape[-1], dtype=torch.float64, generator=generator) < 0.3
    return (fresh * torch.where(chosen, 10 ** (-3 * exponent), 1.0)).detach()


def _items(value: object, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the tensors that a list holds, if it holds nothing else."""
    tensors = [(name, tensor) for name, tensor in inputs.items() if isinstance(tensor, Tensor)]
    names = {id(tensor): name for name, tensor in reversed(tensors)}  # its first name: a loop may have left another
    items = [names.get(id(item), "") for item in value] if isinstance(value, list) else []
    return tuple(items) if all(items) else ()


def _wins(values: Mapping[str, Any], exercise: Exercise, sizes: Mapping[str, float]) -> bool:
    """Whether the last of the classes is the largest in any row of a step with one column a class."""
    classes = sizes.get("vocab_size", 0)
    rows = [
        values[name] for name in exercise.graph.steps if values[name].dim() == 2 and values[name].shape[1] == classes
    ]
    return any(bool((row.argmax(1) == classes - 1).any()) for row in rows)


def _same_in_all(values: Mapping[str, object], exercise: Exercise, sizes: Mapping[str, float]) -> bool:
    """Whether all examples have the same character in some place, or the same class."""
    inputs = (values.get(name) for name in exercise.graph.inputs)
    data = [v for v in inputs if isinstance(v, Tensor) and v.dtype != torch.bool]  # a mask is none
    examples = [v for v in data if v.dim() and v.shape[0] == sizes.get("batch_size")]
    return any(bool((value == value[0]).all(0).any()) for value in examples)


@functools.lru_cache(maxsize=256)
def _without_assignments(source: str, names: frozenset[str]) -> CodeType:
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.Assign) and _target(node) in names)]
    return compile(tree, "<an input cell>", "exec")


def _assigned(source: str) -> list[str]:
    """Names that a cell binds at its top level by ``name = ...``."""
    targets = (t for node in ast.parse(source).body if isinstance(node, ast.Assign) for t in node.targets)
    return [t.id for t in targets if isinstance(t, ast.Name)]


def _renamed(source: str) -> list[str]:
    """Names bound to nothing but another name."""
    return [_target(n) for n in ast.parse(source).body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)]


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
