"""When are two gradients equal? The same rule serves the student's ``check`` and the judge.

Rounding is in proportion to the terms that are added, not to their sum: a gradient that cancels to almost nothing is
compared on the scale of its summands (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, ch. 4).
"""

import math

import torch
from torch import Tensor

RELATIVE_TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-4}
"""Far above rounding, far below any mistake: in float64 a slip in batchnorm's epsilon is some 1e-2, rounding 1e-12."""

DEGENERATE = 1e-6
"""A gradient this small beside its own summands is zero but for rounding, and tells nothing about a derivation."""


def tolerance(scale: Tensor) -> Tensor:
    """Largest allowed absolute error of each element.

    Args:
        scale: size of the terms of each element (``graph.summand_scale``); its dtype, float32 or float64, decides.
    """
    rounding = 16 * torch.finfo(scale.dtype).eps * scale.max() if scale.numel() else 0.0
    return RELATIVE_TOLERANCE[scale.dtype] * scale + rounding


def equal(yours: Tensor, truth: Tensor, scale: Tensor) -> bool:
    """Whether every element agrees within ``tolerance(scale)``. Shapes must be the same; nothing is broadcast, and on a scale
    that is not finite nothing agrees."""
    if yours.shape != truth.shape or not torch.isfinite(scale).all():
        return False
    return bool(((yours.to(scale.dtype) - truth).abs() <= tolerance(scale)).all())


def is_degenerate(truth: Tensor, scale: Tensor) -> bool:
    """Whether the true gradient is zero up to rounding, so that zeros would look right."""
    return bool(truth.abs().max() <= DEGENERATE * scale.max()) if truth.numel() else True


def fit(yours: Tensor, shape: torch.Size) -> Tensor | None:
    """``yours`` in another shape if it holds the same elements in row-major order and its dimensions are those of ``shape``,
    some of them merged, split, or of size 1; or if it is repeated along dimensions. None if it is anything else.

    (1, 27) fits (27,), (64,) fits (1, 64), (96, 10) and (32, 30) fit (32, 3, 10), and (1, 64) fits (32, 64) as 32 equal rows. A
    transpose does not fit.
    """
    if yours.shape == shape:
        return yours
    one, other = _borders(yours.shape), _borders(shape)
    if yours.numel() == shape.numel() and (one <= other or other <= one):
        return yours.reshape(shape)
    try:
        return yours.expand(shape)
    except RuntimeError:
        return None


def _borders(shape: torch.Size) -> set[int]:
    """How many elements lie before the end of each dimension, counted from the last: a view has some of the same."""
    return {math.prod(shape[i:]) for i in range(len(shape) + 1)}


def name_of_shape(shape: torch.Size) -> str:
    """``(1, 27)``, ``(27,)`` or ``()``: as Python writes a tuple."""
    return str(tuple(shape))
