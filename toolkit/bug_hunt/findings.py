"""The verdicts on a search for planted mistakes: which lines, which kinds of mistakes, and whether they are mended.

The mistakes are another for each person (``planted``). A verdict goes by what shows a mistake, which is the same for all.
"""

import difflib
from collections.abc import Sequence
from typing import Any

from toolkit.bug_hunt.asked import Answer, plain_values
from toolkit.bug_hunt.planted import SLOTS, Script, kinds_of, read_lines, script_for
from toolkit.judge import Judge
from toolkit.network.exercise import Expectation
from toolkit.verdict import Verdict

SHOWS = {
    "at once 1": "seen at once, the first",
    "at once 2": "seen at once, the second",
    "random upstream": "unseen at the true gradient",
    "other sizes": "seen at other sizes only",
    "float32": "seen in float32 only",
}
"""What each of the planted mistakes is called."""
FOUND = {slot: f"found: {SHOWS[slot]}" for slot in SLOTS}
MENDED = {slot: f"mended: {SHOWS[slot]}" for slot in SLOTS}
ANOTHER_KIND = "right line, another kind"
"""Verdict on a line that was found, of which something else is said than what is wrong with it."""
UNMENDED = ("right for these sizes only", "overflows on large numbers")
"""What a planted mistake may be worth elsewhere; here it is what was to be mended."""


def drawn_for(judge: Judge, grade_id: str, asked: Expectation) -> tuple[Script | None, dict[str, Any], Answer]:
    """The script that a person has got, what else was asked of the cells, and how that went; None if they typed no name.

    Args:
        asked: with the options ``drawn_by``, the name of what the person typed, and ``script``.
    """
    who_name = asked.options["drawn_by"]
    values, answer = plain_values(judge, grade_id, (who_name, *asked.names))
    who = values.get(who_name)
    typed = isinstance(who, str | int) and str(who).strip()
    return (script_for(asked.options, str(who)) if typed else None), values, answer


def nobody(asked: Expectation) -> str:
    """What to say where no name was typed."""
    name = asked.options["drawn_by"]
    return f"which mistakes you have depends on `{name}`: type your name or number there first (in quotes)."


def script_of(judge: Judge) -> Expectation:
    """What the exercise says of its script."""
    return next(one for cell in judge.exercise.graded for one in cell.expected if one.kind == "findings")


# --- where and what ---------------------------------------------------------------------------------------------------------


def findings_verdicts(judge: Judge, grade_id: str, asked: Expectation) -> list[Verdict]:
    """Verdicts on what was found: for each planted mistake whether its line is named, and its kind.

    Args:
        asked: one name, of a dictionary from line numbers to kinds; as many entries count as there are mistakes.
    """
    script, values, answer = drawn_for(judge, grade_id, asked)
    (name,) = asked.names
    if script is None:
        return _all(FOUND, "found", answer.kind or "not attempted", answer.failure or nobody(asked))
    if name not in values:
        if answer.failure:
            return _all(FOUND, "found", answer.kind, answer.failure)
        text = f'there is no {name} that can be read: it is a dictionary of line numbers and words, {{3: "sign"}} say.'
        return _all(FOUND, "found", "not attempted", text)
    said, problem = _entries(values[name], kinds_of(read_lines(asked.options["script"])), len(script.planted))
    if problem:
        return _all(FOUND, "found", "wrong", f"{name} {problem}")
    if not said:
        return _all(FOUND, "found", "not attempted", f"there is nothing in {name} yet.")
    return [_found(script, said, slot, len(values[name]) > len(script.planted)) for slot in SLOTS]


def _entries(value: Any, kinds: Sequence[str], most: int) -> tuple[dict[int, str], str]:
    """The first entries, as many as count; or what is wrong with them."""
    if not isinstance(value, dict):
        return {}, f'is a {type(value).__name__}. It is a dictionary of line numbers and words, {{3: "sign"}} say.'
    said: dict[int, str] = {}
    for line, kind in [*value.items()][:most]:
        number = int(line) if isinstance(line, str) and line.strip().isdecimal() and len(line) < 20 else line
        if type(number) is not int:
            return {}, f"has the key {line!r:.40}. A key is the number of a line, as it stands behind the line."
        word = " ".join(str(kind).casefold().split())
        if word not in kinds:
            near = difflib.get_close_matches(word, kinds, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            return {}, f"says {str(kind)[:40]!r} of line {number}, which is none of the words of the list.{hint}"
        said[number] = word
    return said, ""


def _found(script: Script, said: dict[int, str], slot: str, over: bool) -> Verdict:
    """The verdict on one mistake.

    Args:
        over: whether there are more entries than count.
    """
    planted = next(one for one in script.planted if one.slot == slot)
    name, label = f"found:{slot.replace(' ', '_')}", FOUND[slot]
    if planted.number in said:
        kind = said[planted.number]
        if kind in planted.kinds:
            return Verdict(name, "right", "", label)
        text = f"line {planted.number} it is, but {kind!r} is not what is wrong with it. What would make it right?"
        return Verdict(name, ANOTHER_KIND, text, label)
    lines = {one.number for one in script.planted}
    innocent = sorted(number for number in said if number not in lines)
    named = " and ".join([", ".join(map(str, innocent[:-1])), str(innocent[-1])]) if innocent[1:] else str(*innocent)
    text = "it is not among your lines."
    if innocent:
        text += f" Of those, {named} {'are' if innocent[1:] else 'is'} right as {'they stand' if innocent[1:] else 'it stands'}."
    if over:
        text += f" Only the first {len(script.planted)} entries count."
    return Verdict(name, "wrong", text, label)


# --- mended -----------------------------------------------------------------------------------------------------------------


def mended_verdicts(judge: Judge, grade_id: str) -> list[Verdict]:
    """Verdicts on the mended lines: the judge's own, on the gradient of each planted line."""
    where = script_of(judge)
    script, _, answer = drawn_for(judge, grade_id, Expectation(where.kind, (), where.options))
    if script is None:
        # a cell of theirs that fails is no reason: the name stands in another
        return _all(
            MENDED, "mended", "not attempted", nobody(where) if not answer.kind else f"{nobody(where)} {answer.failure}"
        )
    return [_mended(judge, script, slot) for slot in SLOTS]


def _mended(judge: Judge, script: Script, slot: str) -> Verdict:
    planted = next(one for one in script.planted if one.slot == slot)
    found = judge.verdict(planted.gradient)
    kind = "wrong" if found.kind in UNMENDED else found.kind
    message = found.message if not found.message or found.points == 1 else f"d{planted.gradient}: {found.message}"
    name = f"mended:{slot.replace(' ', '_')}"
    return Verdict(name, kind, message, MENDED[slot], found.named, found.places)


def broken(judge: Judge, names: Sequence[str], script: Script) -> list[str]:
    """Gradients that the script had right and that are not right any more."""
    planted = {one.gradient for one in script.planted}
    return [name for name in names if name not in planted and judge.verdict(name).points < 1]


def _all(labels: dict[str, str], part: str, kind: str, message: str) -> list[Verdict]:
    return [Verdict(f"{part}:{slot.replace(' ', '_')}", kind, message, label) for slot, label in labels.items()]
