"""A graded notebook taken apart for a page: the exercise's sections, and in them what the student wrote and got for it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from autograder.handed_in.mend import NOT_HANDED_IN, NOTES
from autograder.reports.lines import labelled, labels
from autograder.reports.principles import DERIVATION
from autograder.reports.sanitize import AS_GIVEN, HANDED_IN, MOST_CODE

_HEADING = re.compile(r"(#{1,4})\s+(.+)")
_STUDENTS = f"<div>\n{HANDED_IN}"
"""How a student's text begins that ``sanitize.markdown`` has been at; the exercise's own begins otherwise."""
_UNTOUCHED = ("", "# your code here", NOT_HANDED_IN)
SUMMARY = "feedback"
"""The id of the cell that the judge puts in front for the formgrader's page."""


@dataclass
class Section:
    """A section of the exercise's text."""

    title: str
    level: int
    anchor: str
    texts: list[str] = field(default_factory=list)
    """Its markdown, without the heading."""


@dataclass
class Place:
    """Where a student may write: a cell for an answer, or a cell of their own; and what they got for it."""

    section: Section
    grade_id: str = ""
    """Of the cell for an answer; empty for a cell of the student's own."""
    kind: str = "code"
    """``code`` or ``text``."""
    label: str = ""
    """What verdicts call it: ``cell probs``, ``extra cell 1``."""
    source: str = ""
    outputs: list[NotebookNode] = field(default_factory=list)
    comment: str = ""
    verdicts: list[Mapping[str, Any]] = field(default_factory=list)
    score: float | None = None
    """Points that count; None where nothing is graded."""
    highest: float = 0.0
    open: bool = False
    """Whether only a human can say its points."""
    begun: bool = True
    """Whether it is not as it was handed out."""
    plain: bool = False
    """Whether its code is shown without colours, since there is too much of it on the page."""

    @property
    def by_hand(self) -> bool:
        """Whether somebody has given other points than the autograder."""
        judged = sum(verdict["points"] for verdict in self.verdicts)
        return bool(self.verdicts) and self.score is not None and abs(judged - self.score) > 1e-6


@dataclass
class Outline:
    """A graded notebook."""

    title: str
    sections: list[Section]
    places: list[Place]
    forward: str
    """The cell that holds the forward pass."""
    notes: Mapping[str, Any]
    cells: Mapping[str, str]
    """The student's code, by label."""

    @classmethod
    def of(cls, notebook: NotebookNode) -> "Outline":
        """Read a graded notebook, in which the gradebook's points and comments stand in the cells' metadata."""
        notes = notebook.metadata.get(NOTES, {})
        verdicts = notes.get("verdicts", [])
        start = Section("", 1, "text-0")
        outline = cls("", [start], [], "", notes, labels(notebook.cells))
        called = {id(cell): label for label, cell in labelled(notebook.cells)}
        for number, cell in enumerate(notebook.cells):
            meta = cell.metadata.get("nbgrader", {})
            if number == 0 and cell.get("id") == SUMMARY and "verdicts" in notes and not meta:
                continue
            if cell.cell_type == "markdown" and not utils.is_solution(cell) and not cell.source.startswith(_STUDENTS):
                outline._read_text(cell.source)
            elif AS_GIVEN in cell.metadata.get("tags", []):
                pass
            elif utils.is_solution(cell) or not (meta and cell.metadata.nbgrader.locked):
                outline._add(cell, meta, called.get(id(cell), ""))
            if "forward" in cell.metadata.get("tags", []):
                outline.forward = cell.source
            if utils.is_grade(cell):
                outline._grade(cell, [v for v in verdicts if v.get("cell") == meta["grade_id"]])
        return outline

    def section(self, words: str) -> Section | None:
        """The first section whose heading holds these words."""
        return next((s for s in self.sections if s.level > 1 and words.casefold() in s.title.casefold()), None)

    def explains(self, headings: Sequence[str], step: Section) -> Section | None:
        """The section that somebody should read who has got a step wrong; none, if there is no better one than the step's own.

        Args:
            headings: words of headings, the best first. A section before the step, or the step's own, comes before a later one.
        """
        before = self.sections[: self.sections.index(step) + 1]
        found = [section for words in headings if (section := self._under(words, before))]
        later = [section for words in headings if words != DERIVATION and (section := self.section(words))]
        return next(iter(found + later), None)

    def _under(self, words: str, before: Sequence[Section]) -> Section | None:
        if words == DERIVATION:  # of those before the last section, the ones that follow the step before that
            steps = {place.section.anchor for place in self.places if place.grade_id}
            at = max((i for i, section in enumerate(before[:-1]) if section.anchor in steps), default=0)
            before = before[at:]
        return next((s for s in before if s.level > 1 and words.casefold() in s.title.casefold()), None)

    def _read_text(self, source: str) -> None:
        first, _, rest = source.partition("\n")
        if heading := _HEADING.fullmatch(first.strip()):
            level, title = len(heading[1]), heading[2].strip()
            if level == 1 and not self.title:
                self.title = title
            self.sections.append(Section(title, level, f"text-{len(self.sections)}", [rest]))
        else:
            self.sections[-1].texts.append(source)

    def _add(self, cell: NotebookNode, meta: Mapping[str, Any], label: str) -> None:
        kind = "code" if cell.cell_type == "code" else "text"
        untouched = "checksum" in meta and meta["checksum"] == utils.compute_checksum(cell)
        place = Place(
            self.sections[-1], meta.get("grade_id", ""), kind, label, cell.source, cell.get("outputs", []),
            meta.get("comment") or "", begun=cell.source.strip() not in _UNTOUCHED and not untouched,
        )  # fmt: skip
        if place.grade_id or place.begun:
            self.places.append(place)
            place.plain = sum(len(place.source) for place in self.places) > MOST_CODE

    def _grade(self, cell: NotebookNode, verdicts: list[Mapping[str, Any]]) -> None:
        """Points of a graded cell; they are for the last cell for an answer before it."""
        places = [place for place in self.places if place.grade_id]
        if not places:
            self.places.append(Place(self.sections[-1], cell.metadata.nbgrader.grade_id, begun=False))
            places = self.places
        place, meta = places[-1], cell.metadata.nbgrader
        score = meta.get("score", 0.0)
        place.open = place.open or not isinstance(score, int | float)
        place.score = (place.score or 0.0) + (0.0 if place.open else score)
        place.highest += meta.get("points", 0.0)
        place.verdicts += verdicts

    def graded(self) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        """Every verdict and the place that it is on, in the notebook's order, which is that of the backward pass."""
        yield from ((place, verdict) for place in self.places for verdict in place.verdicts)
