"""Where no mistake is found that explains a wrong gradient: what its difference from the right one looks like, in words.

Which rows or columns differ, by which number or factor, and whether that number is one that the forward pass knows.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from toolkit.network.compare import equal, tolerance
from toolkit.network.graph import Graph


def patterns(
    graph: Graph, name: str, values: Mapping[str, Any], yours: Tensor, truth: Tensor, scale: Tensor
) -> Iterator[str]:
    """Sentences on the difference between a gradient and the right one of the same shape, the most telling first.

    Args:
        values: every forward variable by name.
        scale: size of the terms of each element (``graph.summand_scale``).
    """
    wrong = (yours - truth).abs() > tolerance(scale)
    if not wrong.any() or not torch.isfinite(yours).all():
        return
    yield from _places(graph, name, values, wrong, yours)
    lines = [*_lines(wrong)]
    yield from (said for said in lines if said.endswith("all else is right."))
    difference = yours - truth
    if wrong.all() and _same_everywhere(difference):
        by = float(difference.flatten()[0])
        how = "large" if by > 0 else "small"
        exactly = f"exactly {abs(round(by))}" if abs(by - round(by)) < 1e-9 else "the same number"
        yield f"Every element is too {how} by {exactly}: something is added that is the same for all of them."
    yield from _ratios(graph, values, wrong, yours, truth)
    for other, variable in _tensors(values, truth):
        if variable.any() and equal(difference, variable, variable.abs() + scale):
            yield f"The difference is just {other}: it is in it once too often, or too little."
    yield from (said for said in lines if not said.endswith("all else is right."))


def _places(graph: Graph, name: str, values: Mapping[str, Any], wrong: Tensor, yours: Tensor) -> Iterator[str]:
    """One entry in each row; rows that are read several times."""
    for what, place in _marked(graph, values, wrong.shape):
        if bool((wrong & ~place).any()):
            if not (wrong & place).any() and wrong.sum() > place.sum():
                zeros = " Everything else is zero." if not yours[~place].any() else ""
                yield f"Only {what} is right, and all other columns differ.{zeros}"
        else:
            yield f"Only {what} differs; all else is right."
    for reader in graph.readers(name):
        tree = graph.steps[reader].tree
        match tree:
            case ast.Subscript(value=ast.Name(id=table), slice=ast.Name(id=index)) if table == name and index in values:
                count = torch.bincount(values[index].flatten(), minlength=wrong.shape[0])
                rows = wrong.flatten(1).any(1)
                if not rows[count <= 1].any():
                    yield (
                        f"Rows that {index} names once are right; those differ that it names more than once. What comes back "
                        "to them has to add up."
                    )
                elif not rows[count == 0].any():
                    yield f"All rows that {index} names differ; those that it does not name are zero, as they should be."


def _marked(graph: Graph, values: Mapping[str, Any], shape: torch.Size) -> Iterator[tuple[str, Tensor]]:
    """Places, one in each row, that the forward pass knows: the label's, the maximum's."""
    if len(shape) != 2:
        return
    for name in graph.inputs:
        index = values.get(name)
        if isinstance(index, Tensor) and not index.is_floating_point() and index.shape == shape[:1]:
            yield f"the column that {name} names in each row", _one_hot(index, shape)
    for name in graph.whole.steps if graph.whole else graph.steps:
        value = values.get(name)
        if isinstance(value, Tensor) and value.shape == shape:
            yield f"the column of each row's maximum (of {name})", _one_hot(value.argmax(1), shape)


def _one_hot(index: Tensor, shape: torch.Size) -> Tensor:
    place = torch.zeros(shape, dtype=torch.bool)
    if int(index.max()) < shape[1]:
        place[torch.arange(len(index)), index] = True
    return place


def _ratios(graph: Graph, values: Mapping[str, Any], wrong: Tensor, yours: Tensor, truth: Tensor) -> Iterator[str]:
    """Where yours is the right gradient times something that has a name, or is the same in a row or a column."""
    known = truth.abs() > 1e-6 * truth.abs().max()
    if not known.all() or not wrong.any():
        return
    ratio = yours / truth
    if _same_everywhere(ratio):
        yield f"Every element is {float(ratio.flatten()[0]):.4g} times what it should be: a constant factor."
        return
    for name, variable in _tensors(values, truth):
        for power, said in ((1, ""), (-1, "1 / "), (2, "the square of "), (-2, "1 / the square of ")):
            if variable.all() and equal(ratio, variable**power, ratio.abs()):
                yield (
                    f"Your element divided by the right one is {said}{name} of that element: the factor {said}{name} is in it "
                    "once too often, or its inverse is left out."
                )
                return
    if ratio.dim() == 2 and min(ratio.shape) > 1:
        for dim, what in ((0, "column"), (1, "row")):
            if bool(((ratio - ratio.mean(dim, keepdim=True)).abs() <= 1e-8 * ratio.abs()).all()):
                yield f"Each {what} is right but for a factor of its own: a factor is wrong that has one number for each {what}."
                return


def _lines(wrong: Tensor) -> Iterator[str]:
    """Whole rows, or whole columns."""
    if wrong.dim() != 2 or wrong.all() or min(wrong.shape) == 1:
        return
    for dim, what in ((1, "row"), (0, "column")):
        lines = wrong.any(dim)
        count, last = int(lines.sum()), len(lines) - 1
        if count == 1 and bool(lines[0] | lines[last]):
            yield f"Only the {'first' if lines[0] else 'last'} {what} differs; all else is right."
        elif count == last and not bool(lines[0] & lines[last]):
            yield f"Only the {'last' if lines[0] else 'first'} {what} is right; all others differ."
        elif count < len(lines):
            yield f"Some {what}s are right and others differ: what is it that these have in common?"
            return


def _same_everywhere(tensor: Tensor) -> bool:
    return bool(((tensor - tensor.mean()).abs() <= 1e-8 * tensor.abs().max()).all()) and tensor.numel() > 1


def _tensors(values: Mapping[str, Any], truth: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Forward variables that have one number for each element, or one for all of a row or column."""
    for name, value in values.items():
        known = (
            isinstance(value, Tensor) and value.is_floating_point() and value.dim() == truth.dim() and value.numel() > 1
        )
        known = known and bool(torch.isfinite(value).all())
        if known and all(a in (1, b) for a, b in zip(value.shape, truth.shape, strict=True)):
            yield name, value.expand(truth.shape)
