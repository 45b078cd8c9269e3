"""The cells that were run in this notebook: what ``check`` reads the student's answers from.

A kernel is told the text of each cell that it runs, and by newer frontends the cell's id, but not where the cell stands. So
the order of the cells is a guess, and there is more than one (``submissions``).
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from toolkit.network.exercise import Exercise, digest
from toolkit.running.cells import StudentCell
from toolkit.running.plans import GradedPlace, Submission, typed_into
from toolkit.running.statements import calls, makes

SETUP = "# @title Setup"
"""First words of the setup cell, which is no answer."""


@dataclass
class Ran:
    """A cell that was run; of several runs of the same cell the last."""

    source: str
    cell_id: str | None
    label: str
    first: int
    """When it first ran to its end, or was first run if it never did."""
    last: int
    anchor: str = ""
    """The exercise's own cell that was run last before it."""
    worked: bool = False


class History:
    """What was run, in this kernel.

    Attributes:
        forward: text of the forward cell that was run last; by its first words it is found.
    """

    def __init__(self) -> None:
        self.ran: list[Ran] = []
        self.count = 0
        self.course: Mapping[str, str] = {}
        """Digest of the text of each of the exercise's own code cells, by cell id, in order; '' where students write."""
        self.exercise: Exercise | None = None
        self.running: Ran | None = None
        self.nested = 0
        self.hooks: list[tuple[str, Callable[[object], None]]] = []
        """What it has registered with IPython."""

    def before(self, info: object) -> None:
        """A cell is going to be run (IPython's ``pre_run_cell``)."""
        source = getattr(info, "raw_cell", None) or ""
        if getattr(info, "silent", False) or not source.strip() or source.lstrip().startswith(SETUP):
            return
        if self.running is not None and source.strip() in self.running.source:
            self.nested += 1  # what %%capture and its like run is the cell's own body
            return
        cell_id = getattr(info, "cell_id", None)
        self.count, self.nested = self.count + 1, 0
        number = getattr(_shell(), "execution_count", self.count)
        label = f"cell {cell_id}" if self.course.get(cell_id) == "" else f"cell In[{number}]"
        known = next((r for r in self.ran if (r.cell_id == cell_id if cell_id else r.source == source)), None)
        if known is None or not known.worked:
            anchor = next((r.anchor for r in reversed(self.ran)), "")
            if known:
                self.ran.remove(known)
            known = Ran(source, cell_id, label, self.count, self.count, self.own_id(source, cell_id) or anchor)
            self.ran.append(known)
        known.source, known.label, known.last = source, label, self.count
        self.running = known

    def after(self, result: object = None) -> None:
        """It was run (``post_run_cell``)."""
        if self.nested:
            self.nested -= 1
            return
        if self.running is not None and getattr(result, "success", True):
            self.running.worked = True
        self.running = None

    def last_text(self, mark: str) -> str:
        """The cell with these first words that was run last, lines such as ``%%time`` left out; '' if none was."""
        for ran in sorted(self.ran, key=lambda r: r.last, reverse=True):
            text = "\n".join(line for line in ran.source.split("\n") if not line.startswith(("%", "!"))).strip()
            if text.startswith(mark):
                return text
        return ""

    def own_id(self, source: str, cell_id: str | None = None) -> str | None:
        """Which of the exercise's own cells it is: by its id, else by its text."""
        if cell_id in self.course:
            return cell_id
        found = digest(source)
        return next((known for known, theirs in self.course.items() if theirs == found), None)

    def submissions(self) -> Iterator[Submission]:
        """The student's cells with the graded cells among them, in each order in which they may stand in the notebook:
        as the exercise's cells around them stand, as they were run last, as they were run first.

        Where the frontend tells no ids, a cell that was edited looks like another one. First comes the guess that it took the
        place of what it was before; then the one that both are there, unless the later leaves nothing of the earlier.
        """
        order = {cell_id: number for number, cell_id in enumerate(self.course)}

        def place(ran: Ran) -> tuple[int, int]:
            return order.get(self.own_id(ran.source, ran.cell_id) or ran.anchor, -1), ran.first

        given: list[list[Ran]] = []
        for ran in (self._last_versions(_is_edited, True), self._last_versions(_is_lost, False)):
            for key in (place, lambda ran: ran.last, lambda ran: ran.first):
                if (ordered := sorted(ran, key=key)) not in given:
                    given.append(ordered)
                    yield self._parts(ordered)

    def _last_versions(self, is_earlier: Callable[[str, str, Set[str]], bool], moved: bool) -> list[Ran]:
        """What was run without the earlier versions of cells whose ids are not told.

        Args:
            is_earlier: whether the first text is an earlier version of the second; the third are the names of gradients.
            moved: whether the last version stands where the one before it stood.
        """
        kept: list[Ran] = []
        gradients = {f"d{name}" for name in (*self.exercise.graph.inputs, *self.exercise.graph.steps)}
        for ran in sorted(self.ran, key=lambda ran: ran.last):
            if self._is_typed(ran):
                earlier = [
                    one
                    for one in kept
                    if self._is_typed(one)
                    and any(test(one.source, ran.source, gradients) for test in (_is_other_loop, is_earlier))
                ]
                kept = [one for one in kept if one not in earlier]
                if moved and earlier:
                    ran = replace(ran, first=earlier[-1].first, anchor=earlier[-1].anchor)
            kept.append(ran)
        return kept

    def _is_typed(self, ran: Ran) -> bool:
        return ran.cell_id is None and self.own_id(ran.source) is None

    def _parts(self, ordered: list[Ran]) -> Submission:
        graded = {cell.grade_id: cell for cell in self.exercise.graded}
        parts: list[StudentCell | GradedPlace] = []
        for ran in ordered:
            own = self.own_id(ran.source, ran.cell_id) or self._edited_check(ran)
            if own is None or self.course[own] == "":
                parts.append(StudentCell(ran.label, ran.source, own))
                continue
            if self.course[own] != digest(ran.source):
                parts.append(StudentCell(ran.label, typed_into(ran.source, self.exercise)))
            if own in graded:
                parts.append(GradedPlace(own, graded[own].names()))
        return self._with_all_places(self._with_grade_ids(parts, graded), graded)

    @staticmethod
    def _with_all_places(parts: Sequence[StudentCell | GradedPlace], graded: Mapping[str, Any]) -> Submission:
        """With the graded cells, too, that were not run: each stands behind its solution cell, or what makes its gradients."""
        found = [*parts]
        there = {part.grade_id for part in parts if isinstance(part, GradedPlace)}
        for grade_id in reversed([grade_id for grade_id in graded if grade_id not in there]):
            cell, names = graded[grade_id], {f"d{name}" for name in graded[grade_id].names()}
            cells = [(at, part) for at, part in enumerate(found) if isinstance(part, StudentCell)]
            own = [at for at, part in cells if part.grade_id == cell.after]
            if at := own or [at for at, part in cells if part.grade_id is None and makes(part.source)[0] & names]:
                found.insert(at[-1] + 1, GradedPlace(grade_id, cell.names()))
        return tuple(found)

    def _edited_check(self, ran: Ran) -> str | None:
        """A graded cell in which something was added, where the frontend tells no ids, or other ones: it calls ``check`` as that
        one does, and that one was never run as it is."""
        if ran.cell_id in self.course:
            return None
        run = {self.own_id(other.source, other.cell_id) for other in self.ran}
        asked = calls(ran.source, "check")
        return next((c.grade_id for c in self.exercise.graded if c.names() in asked and c.grade_id not in run), None)

    @staticmethod
    def _with_grade_ids(parts: list, graded: Mapping[str, Any]) -> Submission:
        """Where the frontend tells no ids, a solution cell is the last one before its graded cell."""
        known = {part.grade_id for part in parts if isinstance(part, StudentCell)}
        for number, part in enumerate(parts):
            wanted = graded[part.grade_id].after if isinstance(part, GradedPlace) else None
            if wanted is None or wanted in known:
                continue
            for at in range(number - 1, -1, -1):
                if isinstance(parts[at], GradedPlace):
                    break
                if isinstance(parts[at], StudentCell) and parts[at].grade_id is None:
                    parts[at] = StudentCell(parts[at].label, parts[at].source, wanted)
                    break
        return tuple(parts)


def _is_edited(earlier: str, later: str, gradients: Set[str]) -> bool:
    """Whether a cell is an earlier one, edited, and not one that comes after it: it makes each gradient that the earlier one
    made, and goes on from none of them, unless that one did."""
    (made, went_on, _, _), (makes_now, goes_on, _, _) = makes(earlier), makes(later)
    made = made & gradients
    return _may_be_one(earlier, later, gradients) and made <= makes_now and not (goes_on & made) - went_on


def _is_lost(earlier: str, later: str, gradients: Set[str]) -> bool:
    """Whether no gradient that an earlier cell made is there any more after a later one, and no other name either."""
    (made, went_on, _, _), (makes_now, goes_on, _, _) = makes(earlier), makes(later)
    made = made - (went_on - gradients)  # what it found there and only changed is not its own
    return _may_be_one(earlier, later, gradients) and made <= makes_now and not goes_on & made & gradients


def _is_other_loop(earlier: str, later: str, gradients: Set[str]) -> bool:
    """Whether both are loops, such as a training, for some of the same gradients, which the later makes anew: whatever it calls
    what comes on the way, it is the loop that counts."""
    (made, _, _, looped), (makes_now, goes_on, _, loops) = makes(earlier), makes(later)
    return looped and loops and bool(made & makes_now & gradients) and not goes_on & made & gradients


def _may_be_one(earlier: str, later: str, gradients: Set[str]) -> bool:
    """Whether two texts may be one cell: the later needs nothing that the earlier defines, such as a function, and either both
    are a loop, as a training is, or none."""
    (made, _, _, looped), (_, _, needs, loops) = makes(earlier), makes(later)
    return bool(made & gradients) and not (made - gradients) & needs and looped == loops


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def listen() -> History:
    """The history of this kernel, from now on kept up to date; the setup cell may be run again without losing it."""
    shell = _shell()
    old = getattr(shell, "backprop_ninja", None)
    history = History()
    if old is not None:
        for event, hook in old.hooks:
            with contextlib.suppress(ValueError):
                shell.events.unregister(event, hook)
        history.ran = [Ran(**vars(ran)) for ran in old.ran]
        history.count = old.count
    if shell is not None:
        history.hooks = [("pre_run_cell", history.before), ("post_run_cell", history.after)]
        for event, hook in history.hooks:
            shell.events.register(event, hook)
        shell.backprop_ninja = history
    return history
