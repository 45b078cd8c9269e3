"""Update, learning rate and trajectory of a training loop, each judged given the student's own gradients."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from toolkit.network.compare import fit, is_degenerate
from toolkit.training_loop.step import DROP, RATES, STEPS, Said, TrainingStep


def judge_update(parameters: Sequence[str], steps: Sequence[TrainingStep], gradients: Mapping[str, Said]) -> Said:
    """Verdict on ``p -= rate * gradient``, given the student's own gradients, while the learning rate is the first.

    Args:
        gradients: the verdicts on them: where none has a name in the loop, the update is right if one shows it that is right.
    """
    early = [step for step in steps if step.rate == RATES[0]]
    early = early[: _dropped_at(parameters, early)]
    named = _named(parameters, early)
    said = _update(named, early, "update")
    unnamed = [name for name in parameters if name not in named]
    if said[0] == "not attempted" and early and unnamed:
        if not any(step.moved(name) is not None and step.moved(name).any() for step in early for name in parameters):
            return "wrong", "the parameters do not change in a step."
        if any(gradients[name][0] == "right" and _shows(name, step) for name in unnamed for step in early):
            return "right", ""
    return said


def _named(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> list[str]:
    """Those whose gradients have a name in the loop."""
    return [name for name in parameters if any(isinstance(step.gradient(name), Tensor) for step in steps)]


def _shows(name: str, step: TrainingStep) -> bool:
    """Whether a step shows how a parameter is updated: one whose gradient is zero but for rounding stays, whatever is done."""
    return step.values is not None and not is_degenerate(step.truths[name], step.true_scale(name))


def judge_rate(parameters: Sequence[str], steps: Sequence[TrainingStep], gradients: Mapping[str, Said]) -> Said:
    """Verdict on the drop of the learning rate: late steps are to be a tenth of early ones, whatever the update's sign.

    Args:
        gradients: the verdicts on them: by one that has no name in the loop and is wrong, nothing can be measured.
    """

    def factors(names: Sequence[str]) -> list[float | None]:
        return [_factor(names, [s for s in steps if s.rate == rate]) for rate in RATES]

    if (dropped := _dropped_at(parameters, [step for step in steps if step.rate == RATES[0]])) is not None:
        drop = sum(step.rate == RATES[0] for step in steps)
        return "wrong", f"the learning rate drops at step {dropped} of a run in which {DROP} is {drop}."
    early, late = factors(parameters)
    if not early or late is None:
        named = _named(parameters, steps)
        early, late = factors([name for name in parameters if name in named or gradients[name][0] == "right"])
    if not early or late is None:
        return _update(parameters, [step for step in steps if step.rate == RATES[1]], "learning rate")
    if abs(late / early - RATES[1] / RATES[0]) < 1e-6:
        return "right", ""
    if abs(late / early - 1) < 1e-6:
        if abs(abs(early) - RATES[1]) < 1e-9:
            text = f"the learning rate is {RATES[1]} all the time; it must be {RATES[0]} before step {DROP}."
        else:
            text = f"the learning rate stays at {abs(early):g} after step {DROP}; it must fall to {RATES[1]}."
        return "wrong", text
    return "wrong", f"the learning rate goes from {abs(early):g} to {abs(late):g} at step {DROP}, not to {RATES[1]}."


def _dropped_at(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> int | None:
    """The step at which a rate that should stay drops to the second one; None if it does not."""
    factors = [_factor(parameters, [step]) for step in steps]
    for number, factor in enumerate(factors):
        if factor and factors[0] and abs(factor / factors[0] - RATES[1] / RATES[0]) < 1e-6:
            return number
    return None


def _factor(parameters: Sequence[str], steps: Sequence[TrainingStep]) -> float | None:
    """By what multiple of the student's gradients all parameters change, if it is one and the same everywhere."""
    ratios = []
    for step in steps:
        for name in parameters:
            moved, gradient = step.moved(name), step.gradient(name)
            if gradient is None and moved is not None and step.values is not None:
                gradient = step.truths[name]
            if isinstance(gradient, Tensor) and moved is not None and gradient.numel() == moved.numel():
                gradient = gradient.to(moved.dtype).reshape(moved.shape)
                large = gradient.abs() > 0.1 * gradient.abs().max()
                if gradient.abs().max() > 1e-9:
                    ratios.append((moved[large] / gradient[large]).flatten())
    if not ratios:
        return None
    all_ratios = torch.cat(ratios)
    same = (all_ratios - all_ratios.mean()).abs().max() <= 1e-6 * all_ratios.mean().abs()
    return float(all_ratios.mean()) if same else None


def judge_trajectory(
    parameters: Sequence[str], steps: Sequence[TrainingStep], reference: Sequence[Mapping[str, Tensor]], ran: int
) -> Said:
    """Whether the parameters after the last step are those of autograd's loop; else which one leaves it first.

    Args:
        ran: how many steps the loop ran.
    """
    if len(steps) < len(reference):
        return "wrong", f"the loop ran {len(steps)} steps where {STEPS} asked for {len(reference)}."
    if ran > len(reference):
        return "wrong", f"the loop ran more than the {len(reference)} steps that {STEPS} asked for."
    if not (off := _off(parameters, steps[-1], reference[-1])):
        return "right", ""
    for number, (step, wanted) in enumerate(zip(steps, reference, strict=True)):
        if first := _off(parameters, step, wanted):
            return "wrong", f"{_verb(first)} the first to leave the path of autograd's loop, in step {number}."
    return "wrong", f"after {len(steps)} steps {_verb(off)} not where autograd's loop has them."


def _verb(names: Sequence[str]) -> str:
    """``W1 is``, ``W1 and b1 are``, ``C, W1 and b1 are``."""
    return f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"


def _off(parameters: Sequence[str], step: TrainingStep, wanted: Mapping[str, Tensor]) -> list[str]:
    """Parameters that are not where they should be after a step."""

    def there(name: str) -> bool:
        yours = step.after(name)
        right = isinstance(yours, Tensor) and yours.shape == wanted[name].shape
        return right and torch.allclose(yours.to(wanted[name].dtype), wanted[name], rtol=1e-6, atol=1e-8)

    return [name for name in parameters if not there(name)]


def _update(parameters: Sequence[str], steps: Sequence[TrainingStep], what: str) -> Said:
    seen = False
    for step in steps:
        for name in parameters:
            gradient, moved, before = step.gradient(name), step.moved(name), step.before[name]
            if not isinstance(gradient, Tensor) or moved is None:
                continue
            fitted = fit(gradient.to(before.dtype), before.shape)
            if fitted is None or not torch.isfinite(fitted).all():
                continue
            seen = seen or bool(fitted.any())
            wanted = -step.rate * fitted
            slack = 1e-8 * wanted.abs() + 1e-14 * (before.abs() + 1)
            if ((moved - wanted).abs() > slack).any():
                return "wrong", _why(name, moved, fitted, step, what)
    if not seen and any(isinstance(step.gradient(name), Tensor) for step in steps for name in parameters):
        return "wrong", f"all gradients are zero in all steps, so that nothing shows the {what}."
    return ("right", "") if seen else ("not attempted", f"no step of the loop shows the {what}.")


def _why(name: str, change: Tensor, gradient: Tensor, step: TrainingStep, what: str) -> str:
    if not change.any():
        later = step.after("d" + name)
        if isinstance(later, Tensor) and not later.any() and gradient.any():
            return f"d{name} is set to zero after it was computed and before the {what} reads it, so {name} does not change."
        return (
            f"{name} does not change in a step. (`p = p - ...` gives a new tensor to the name p, or to a place in a list; "
            f"{name} keeps the old one.)"
        )
    nonzero = gradient.abs() > 0.1 * gradient.abs().max()
    factors = change[nonzero] / gradient[nonzero]
    if factors.numel() and (factors - factors.mean()).abs().max() <= 1e-6 * factors.mean().abs():
        factor = float(factors.mean())
        if factor > 0:
            return (
                f"{name} goes up the gradient: a step of {factor:+.4g} times d{name} makes the loss larger. Downhill is the "
                "other way."
            )
        return f"{name} changes by {factor:.4g} times d{name}; with this step's learning rate it should be {-step.rate:g} times."
    return f"{name} does not change by a multiple of your d{name}: which tensor does the {what} read?"
