"""The verdicts on a gradient checker: it is asked about right and wrong gradients of functions that it has not seen.

The functions keep a record of the points at which they were called. So what is told apart is not only whether a checker says
yes and no at the right places, but also how it comes to that: by which differences, in which precision, by how many calls.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from toolkit.bug_hunt.asked import Answer, ask, read_plain
from toolkit.bug_hunt.drawn_graphs import (
    NOT_A_NUMBER,
    Claim,
    claims,
    float32,
    large,
    other_shapes,
    small_and_many,
    zeros,
)
from toolkit.judge import Judge
from toolkit.running.autograd_words import autograd_uses
from toolkit.running.no_derivatives import is_refusal
from toolkit.running.runs import plain
from toolkit.running.statements import read_statements
from toolkit.verdict import Verdict

LABELS = {
    "right": "right gradients pass",
    "wrong": "wrong gradients are caught",
    "central": "central differences",
    "float64": "in float64",
    "shapes": "any shape",
    "zeros": "gradients of zero",
    "large": "large tensors",
    "untouched": "nothing is changed",
}
"""What is judged of a checker, each by itself."""
ASKED = (("x", "c", "a", "e"), ("w", "d", "b", "q"))
"""For each graph that is drawn, the variables whose gradients are claimed."""
MOST_CALLS, LARGE = 200, 1_000
"""Most calls of the function for a tensor of more than so many elements."""
STOPPED = 300
"""Calls after which such a function refuses."""
FLOAT32 = 5
"""By so much a claim in float32 may be further off: a direction in which its terms cancel shows its last digits."""
STEPS = (1e-7, 7e-4)
"""Sizes of a step that are neither lost in rounding nor too long."""
NUMBER, YES_OR_NO, RAISED, NOTHING = range(4)
"""What a call of the checker gave."""
WATCHED, MOST_POINTS = 1, 2_000
"""Of the first claim the points are kept, so many at most."""

QUESTION = """
def _judge_ask(check, claims, most, stopped, points, kept):
    import torch, builtins
    tensors = globals()
    said, path, errors = [], [], []
    for number, (steps, variable, names, by_columns) in enumerate(claims):
        point, claimed = (tensors["_judge_%d_%s" % (number, what)] for what in ("point", "claimed"))
        if by_columns:  # a tensor that was carried into a sandbox lies in memory row by row
            point = point.T.contiguous().T
        known = {name: tensors["_judge_%d_value_%s" % (number, name)] for name in names}
        base, seen, given = point.detach().double().clone(), {"calls": 0, "bits": 99, "complex": 0}, {}
        lines = [(name, compile(text, "<the function>", "eval")) for name, text in steps]

        def function(x, known=known, base=base, seen=seen, given=given, lines=lines, variable=variable, number=number):
            seen["calls"] += 1
            if base.numel() > most and seen["calls"] > stopped:
                raise RuntimeError("the function was called %d times for %d elements" % (stopped, base.numel()))
            if not torch.is_tensor(x) or x.shape != base.shape:
                raise ValueError("the function wants a tensor of shape %s" % (tuple(base.shape),))
            seen["bits"] = min(seen["bits"], torch.finfo(x.dtype).bits if x.is_floating_point() else 128 if x.is_complex() else 0)
            seen["complex"] = max(seen["complex"], int(x.is_complex()))
            if number < points and len(path) < kept:
                path.append((x.real if x.is_complex() else x).detach().double().reshape(-1) - base.reshape(-1))
            if x.dtype not in given:
                given[x.dtype] = {k: v.to(x.dtype) if v.is_floating_point() else v for k, v in known.items()}
                given[x.dtype].update({"__builtins__": builtins, "torch": torch})
            values = {**given[x.dtype], variable: x}
            for name, code in lines:
                values[name] = eval(code, values)
            return values[lines[-1][0]]

        kind, value = 3, float("nan")
        before = point.clone(), claimed.clone()
        try:
            found = check(function, point, claimed)
            if found is None:
                kind = 3
            elif type(found).__name__ in ("bool", "bool_") or (
                torch.is_tensor(found) and found.dtype == torch.bool and found.numel() == 1
            ):
                kind, value = 1, float(bool(found))
            else:
                kind, value = 0, float(found)
        except Exception as error:
            kind = 2
            errors.append((number, "%s: %s" % (type(error).__name__, str(error)[:300])))
        same = [torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) for a, b in zip(before, (point, claimed))]
        changed = not all(same)
        said.append([kind, value, seen["calls"], seen["bits"], seen["complex"], float(changed)])
    path = torch.stack(path) if path else torch.zeros(1, 1, dtype=torch.float64)
    text = repr({"errors": repr(dict(errors[:40]))}).encode()
    return torch.tensor(said, dtype=torch.float64), path, torch.tensor(list(text), dtype=torch.uint8)
"""


@dataclass(frozen=True)
class Said:
    """What a checker said of one claim."""

    claim: Claim
    kind: int
    value: float
    calls: int
    bits: int
    complex: bool
    changed: bool
    passes: bool
    """Whether it is content with the gradient."""
    error: str = ""
    """What it raised."""


@functools.lru_cache(maxsize=8)
def parts_of(seed: int) -> dict[str, tuple[Claim, ...]]:
    """What a checker is asked about, by what it is to show."""
    return {
        "drawn": (*claims(seed, ASKED), *small_and_many(seed)),
        "float64": tuple(float32(seed)),
        "shapes": tuple(other_shapes(seed)),
        "zeros": tuple(zeros(seed)),
        "large": tuple(large(seed)),
    }


_COUNTED = [0, 2, 3, 4, 5]
"""Columns of what is said of the claims: all but the error itself, which may be nan."""


def checker_verdicts(judge: Judge, grade_id: str, function: str, tolerance: float) -> list[Verdict]:
    """Verdicts on a student's checker.

    Args:
        grade_id: the graded cell that asks; the checker is defined in a cell before it.
        function: its name; ``function(f, x, gradient)`` gives a relative error, or whether the gradient is right.
        tolerance: a relative error below this says that it is.
    """
    found = _checker_verdicts(judge, grade_id, function, tolerance)
    if judge.as_written is None or all(verdict.points == 1 for verdict in found):
        return found
    # with nothing left out: a name such as ``grad`` is no use of autograd, and where it is one, that is refused
    return _checker_verdicts(judge.as_written, grade_id, function, tolerance)


def _checker_verdicts(judge: Judge, grade_id: str, function: str, tolerance: float) -> list[Verdict]:
    parts = parts_of(judge.seed)
    every = [one for claims in parts.values() for one in claims]
    answer = ask(
        judge, grade_id, _question(function, every), ("_judge_said", "_judge_path", "_judge_errors"), _tensors(every)
    )
    table = answer.found.get("_judge_said")
    if table is None or table.shape != (len(every), 6) or not torch.isfinite(table[:, _COUNTED]).all():
        return _nothing(judge, function, answer)
    errors = _errors(answer.found.get("_judge_errors"))
    said = [
        _said(one, row, tolerance, errors.get(i, ""))
        for i, (one, row) in enumerate(zip(every, table.tolist(), strict=True))
    ]
    if any(is_refusal(one.error) for one in said) and (words := _words(judge, grade_id)):
        text = f"{words} is autograd. A checker has to come to its numbers in another way than what it checks: by differences."
        return _all("uses autograd", text)
    by_part, begin = {}, 0
    for part, some in parts.items():
        by_part[part] = said[begin : begin + len(some)]
        begin += len(some)
    path = answer.found.get("_judge_path")
    return _decide(by_part, said, path if path is not None else torch.zeros(1, 1), function, tolerance)


def _question(function: str, every: Sequence[Claim]) -> str:
    asked = [(list(one.steps), one.variable, sorted(one.values), not one.point.is_contiguous()) for one in every]
    call = f"_judge_ask({function}, {asked!r}, {LARGE}, {STOPPED}, {WATCHED}, {MOST_POINTS})"
    return f"{QUESTION}\n_judge_said, _judge_path, _judge_errors = {call}"


def _tensors(every: Sequence[Claim]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for i, one in enumerate(every):
        found |= {f"_judge_{i}_value_{name}": value for name, value in one.values.items()}
        found |= {f"_judge_{i}_point": one.point, f"_judge_{i}_claimed": one.claimed}
    return found


def _errors(said: Tensor | None) -> dict[int, str]:
    """What it raised, by number of the claim."""
    found = read_plain(said).get("errors", {})
    return {i: plain(text, 300) for i, text in found.items()} if isinstance(found, dict) else {}


def _said(one: Claim, row: Sequence[float], tolerance: float, error: str) -> Said:
    kind, value, calls, bits, of_complex, changed = row
    limit = tolerance if one.claimed.dtype == torch.float64 else FLOAT32 * tolerance
    passes = (kind == NUMBER and abs(value) < limit) or (kind == YES_OR_NO and value == 1)
    return Said(one, int(kind), value, int(calls), int(bits), bool(of_complex), bool(changed), passes, error)


def _nothing(judge: Judge, function: str, answer: Answer) -> list[Verdict]:
    """There is no such function, or it could not be asked to the end."""
    if f"name '{function}' is not defined" in answer.failure:
        return _all("not attempted", f"there is no function {function}.")
    if answer.failure:
        return _all(answer.kind, answer.failure)
    return _all("not attempted", f"there is no function {function}.")


def _all(kind: str, message: str) -> list[Verdict]:
    return [Verdict(f"checker:{part}", kind, message, label) for part, label in LABELS.items()]


def _words(judge: Judge, grade_id: str) -> str:
    """Words of autograd's in the student's cells."""
    found: set[str] = set()
    for cell in judge.all_cells:
        for node in read_statements(cell.cell.source)[1]:
            found |= {*autograd_uses(node)}
    return ", ".join(sorted(found))


# --- the decisions ----------------------------------------------------------------------------------------------------------


def _decide(
    parts: dict[str, list[Said]], said: Sequence[Said], path: Tensor, function: str, tolerance: float
) -> list[Verdict]:
    drawn, found = parts["drawn"], {}
    if all(one.kind == NOTHING for one in said):
        return _all("wrong", f"{function} returns nothing (None). It is to return the relative error, a number.")
    if all(one.kind == RAISED for one in said):
        return _all("raised", f"whatever it is asked, it raises {said[0].error}")
    constant = {one.passes for one in said}
    right, wrong = ([one for one in drawn if one.claim.right is truth] for truth in (True, False))
    with_nan, wrong = ([one for one in wrong if (one.claim.what == NOT_A_NUMBER) is nan] for nan in (True, False))
    if constant == {True}:
        found["right"] = "wrong", "it passes everything, right or wrong; that right gradients pass then shows nothing."
        found["wrong"] = "wrong", f"it passes everything: not one of {_count(wrong)} is caught."
    elif constant == {False}:
        bad = "nan" if all(math.isnan(one.value) for one in right) else ""
        why = " Each error is nan: what is divided by what?" if bad else _worst(right, tolerance)
        found["right"] = "wrong", f"it fails everything, right or wrong: not one of {_count(right)} passes.{why}"
        found["wrong"] = (
            "wrong",
            "it fails everything, right or wrong; that wrong gradients are caught then shows nothing.",
        )
    else:
        found["right"] = _right(right, tolerance)
        found["wrong"] = _wrong(wrong, tolerance)
        if found["wrong"][0] == "right" and any(one.passes for one in with_nan):  # who thinks of that? It costs nothing
            found["wrong"] = "right", "Yet a gradient with a nan in it passes: what is max(0.0, nan)?"
    found["central"] = _central(drawn[:WATCHED], path)
    found["float64"] = _float64(said, parts["float64"], tolerance)
    found["shapes"] = _shapes(parts["shapes"], tolerance)
    found["zeros"] = _zeros(parts["zeros"], tolerance)
    found["large"] = _large(parts["large"], tolerance)
    found["untouched"] = _untouched(said)
    bits = {one.bits for one in said if one.calls}
    if bits and all(0 < one < 64 for one in bits):
        for part in ("right", "shapes", "zeros", "large"):
            if found[part][0] == "wrong":
                found[part] = "wrong", f"{found[part][1]} (It computes in float32; that alone may be why.)"
    return [Verdict(f"checker:{part}", *found[part], shown=label) for part, label in LABELS.items()]


def _count(some: Sequence[Said]) -> str:
    return f"{len(some)} {'right' if some and some[0].claim.right else 'wrong'} gradients"


def _worst(right: Sequence[Said], tolerance: float) -> str:
    """How far the numbers are, where it fails right gradients."""
    if error := next((one.error for one in right if one.kind == RAISED), ""):
        return f" It raises {error}"
    if any(one.kind == NOTHING for one in right):
        return " For some it returns nothing (None)."
    numbers = [abs(one.value) for one in right if one.kind == NUMBER and not one.passes]
    if not numbers:
        return ""
    if any(map(math.isnan, numbers)):
        return " An error is nan: what is divided by what?"
    return f" The errors go up to {max(numbers):.1e}; {tolerance:.0e} is the limit."


def _right(right: Sequence[Said], tolerance: float) -> tuple[str, str]:
    failed = [one for one in right if not one.passes]
    if not failed:
        return "right", ""
    return "wrong", f"it fails {len(failed)} of {_count(right)}.{_worst(failed, tolerance)}"


def _wrong(wrong: Sequence[Said], tolerance: float) -> tuple[str, str]:
    missed = [one for one in wrong if one.passes or one.kind in (RAISED, NOTHING)]
    if not missed:
        return "right", ""
    if error := next((one.error for one in missed if one.kind == RAISED), ""):
        return "wrong", f"on {len(missed)} of {_count(wrong)} it says nothing: it raises {error}"
    kinds = list(dict.fromkeys(one.claim.what for one in missed))
    what = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])}; or {kinds[-1]}"
    return "wrong", f"it passes {len(missed)} of {_count(wrong)}. What it does not see: {what}."


def _central(first: Sequence[Said], path: Tensor) -> tuple[str, str]:
    """From the points at which the function was called, for the first claim."""
    if not any(one.calls for one in first):
        return "wrong", "the function is never called, so there are no differences."
    if any(one.complex for one in first):
        return (
            "wrong",
            "it steps into the complex plane: exact, but no central difference, and not every f lets it.",
        )
    moved = path[path.abs().amax(1) > 0]
    if not len(moved):
        if len(path) > 1:
            return "wrong", "the function is called at the point itself only: the step is zero, or is lost in rounding."
        return "wrong", "the function is called only once."
    sizes = moved.norm(dim=1)
    # in float32 a step to one side is rounded otherwise than one to the other
    pairs = torch.cdist(moved, -moved).amin(1) <= (1e-2 if min(one.bits for one in first) >= 64 else 0.5) * sizes
    if not bool(pairs.float().mean() > 0.9):
        if bool((~pairs).float().mean() > 0.9):
            text = "it takes one-sided (forward or backward) differences: f(x + h) is compared with f(x)"
            return "wrong", f"{text}. Their error shrinks like h. What cancels if one also steps to the other side?"
        return "wrong", "some steps have no counterpart on the other side of x."
    low, high = STEPS
    step = float(sizes.median())
    if not low <= step <= high:
        why = "rounding in f, divided by it, drowns the derivative" if step < low else "what Taylor leaves out, shows"
        return (
            "wrong",
            f"central they are, but the step is about {step:.0e}: {why}. Which step makes both errors small?",
        )
    return "right", ""


def _float64(said: Sequence[Said], parts: Sequence[Said], tolerance: float) -> tuple[str, str]:
    called = [one for one in said if one.calls]
    if not called:
        return "wrong", "the function is never called, so nothing is computed in any precision."
    low = [one for one in called if one.bits < 64]
    if low:
        where = "" if len(low) == len(called) else " where the point comes in float32, as it does in a notebook"
        bits = min(one.bits for one in low)
        text = f"it compares in float{bits}{where}: the function is called with float{bits} numbers"
        if bits == 0:
            return "wrong", "the function is called with whole numbers."
        return "wrong", f"{text}, of which a difference leaves three or four digits. Convert first, then step."
    return _both(parts, tolerance, "where point and gradient come in float32")


def _both(parts: Sequence[Said], tolerance: float, where: str) -> tuple[str, str]:
    """Whether right ones pass and wrong ones do not."""
    bad = [one for one in parts if one.passes is not one.claim.right or one.kind in (RAISED, NOTHING)]
    if not bad:
        return "right", ""
    first = bad[0]
    if first.kind == RAISED:
        return "wrong", f"{where} it raises {first.error}"
    if all(one.passes for one in parts):
        return "wrong", f"{where} it passes everything, right or wrong."
    if not any(one.passes for one in parts):
        return (
            "wrong",
            f"{where} it fails everything, right or wrong.{_worst([o for o in parts if o.claim.right], tolerance)}",
        )
    if first.claim.right:
        return "wrong", f"{where} it fails a right gradient.{_worst([first], tolerance)}"
    return "wrong", f"{where} it passes a wrong gradient: {first.claim.what}."


def _shapes(parts: Sequence[Said], tolerance: float) -> tuple[str, str]:
    bad: dict[str, list[Said]] = {}
    every = set()
    for one in parts:
        shape = f"{tuple(one.claim.point.shape)}"
        if not one.claim.point.is_contiguous():
            shape += ", a transpose"
        every.add(shape)
        if one.passes is not one.claim.right or one.kind in (RAISED, NOTHING):
            bad.setdefault(shape, []).append(one)
    if not bad:
        return "right", ""
    shape, some = next(iter(bad.items()))
    whole = [one for one in parts if one.claim.point.shape == some[0].claim.point.shape]
    said = _both(whole, tolerance, f"for a point of shape {shape}")[1]
    only = "it knows only some shapes: " if every - bad.keys() else ""
    more = f" (So it is with {len(bad)} of the shapes that were tried.)" if len(bad) > 1 else ""
    return "wrong", f"{only}{said}{more}"


def _zeros(parts: Sequence[Said], tolerance: float) -> tuple[str, str]:
    bad = [one for one in parts if one.passes is not one.claim.right or one.kind in (RAISED, NOTHING)]
    if not bad:
        return "right", ""
    failed = [one for one in bad if one.claim.right and one.kind != RAISED]
    if failed and (any(one.passes for one in parts) or any(math.isnan(one.value) for one in failed)):
        text = f"it fails a right gradient that is zero.{_worst(failed, tolerance)}"
        return (
            "wrong",
            f"{text} Zero by rounding says nothing: what keeps the denominator from vanishing (a floor)?",
        )
    return _both(parts, tolerance, "where a gradient is zero,")


def _large(parts: Sequence[Said], tolerance: float) -> tuple[str, str]:
    count = parts[0].claim.point.numel()
    most = max(one.calls for one in parts)
    if most == 0:
        return "wrong", "the function is never called."
    if most > MOST_CALLS:
        often = f"more than {STOPPED:,}" if most > STOPPED else f"{most:,}"
        text = f"for a tensor of {count:,} elements the function is called {often} times; {MOST_CALLS} are allowed"
        return "wrong", f"{text}. Not every element needs a step of its own: take random directions."
    return _both(parts, tolerance, f"for a tensor of {count:,} elements")


def _untouched(said: Sequence[Said]) -> tuple[str, str]:
    if any(one.changed for one in said):
        return (
            "wrong",
            "after the call x, or the gradient, holds other numbers than before: step on a copy, or step back.",
        )
    if not any(one.calls for one in said):
        return "wrong", "the function is never called, so there is nothing to leave as it was."
    return "right", ""
