"""The class report: what was not understood, by whom, and what to teach again. A page an exercise, one for the course, a table.

All of it is drawn from rows (``report.Row``) that ``make grade`` has left; nothing is graded here, and nothing is decided.
"""

import csv
import io
import random
import re
import statistics
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from autograder.course.exercise import Exercise
from autograder.handed_in.found import Left
from autograder.reports import figures
from autograder.reports.alike import alike
from autograder.reports.lines import own_lines
from autograder.reports.outline import Outline
from autograder.reports.page import CSS, environment, explained, mark_of
from autograder.reports.principles import NOT_BEGUN, OTHERS, Principle, mistake_of, principle_of
from autograder.reports.report import Row, harmless, points_of_gradients

AGAIN = 3
"""Principles that are to be taught again."""
TRIED = 4
"""Cases of a mistake of which the best example is taken."""
MOST_PAIRS = 20
"""Pairs of answers that are alike, on a page."""


@dataclass
class Mistake:
    """Equal diagnoses."""

    title: str
    principle: Principle
    found: list[tuple[Row, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def students(self) -> list[str]:
        return sorted({row.student for row, _ in self.found})

    @property
    def gradients(self) -> list[tuple[str, int]]:
        return Counter(verdict["name"] for _, verdict in self.found).most_common()

    @property
    def lost(self) -> float:
        return sum(lost(verdict) for _, verdict in self.found)

    @cached_property
    def example(self) -> tuple[Row, Mapping[str, Any], Markup]:
        """One of them, with the student's line; a short one is easier to look at."""
        lines = [(row, verdict, own_lines(verdict, row.answers)) for row, verdict in self.found[:TRIED]]
        return min(lines, key=lambda line: (not line[2], len(line[2])))


@dataclass
class Again:
    """A principle that is to be taught again."""

    principle: Principle
    lost: float
    students: list[str]
    section: str
    """In which it is explained; empty, if there is none."""
    of: str
    """The exercise that the section is in."""
    example: tuple[Row, Mapping[str, Any], Markup]


@dataclass
class Assignment:
    """One exercise: all that its page shows."""

    name: str
    exercise: Exercise
    rows: list[Row]

    def __post_init__(self) -> None:
        self.outline = Outline.of(self.exercise.notebook)
        self.title = self.outline.title or self.name
        self.highest = sum(cell.points for cell in self.exercise.graded)
        self.gradients = points_of_gradients(self.exercise)
        self.judged = [row for row in self.rows if row.verdicts]
        self.variables = frozenset({*self.exercise.graph.steps, *self.exercise.graph.inputs})

    @property
    def absent(self) -> list[Row]:
        """Whoever has handed in nothing that there is a notebook of."""
        return [row for row in self.rows if not row.verdicts and not row.answers and row.graded]

    @property
    def open(self) -> list[Row]:
        """What a human should look at."""
        return [row for row in self.rows if row.problems and row not in self.absent]

    @property
    def points(self) -> list[float]:
        return [row.points for row in self.judged if row.points is not None]

    @property
    def median(self) -> float | None:
        return statistics.median(self.points) if self.points else None

    @property
    def late(self) -> list[Row]:
        return [row for row in self.rows if row.late_penalty or (row.seconds_late or 0) > 0]

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """Equal diagnoses, those that most students have made first."""
        found: dict[str, Mistake] = {}
        for row in self.judged:
            for verdict in row.verdicts:
                if verdict["kind"] not in ("right", NOT_BEGUN):
                    title = mistake_of(verdict, self.variables)
                    found.setdefault(title, Mistake(title, principle_of(verdict))).found.append((row, verdict))
        return sorted(found.values(), key=lambda mistake: (-len(mistake.students), -mistake.lost, mistake.title))

    def counts(self) -> dict[str, Counter[str]]:
        """By gradient: how many are right, half right, wrong and not there."""
        found = {name: Counter[str]() for name in self.gradients}
        for row in self.judged:
            for verdict in row.verdicts:
                found.setdefault(verdict["name"], Counter())[CSS[mark_of(verdict)]] += 1
        return found

    def best_first(self) -> list[Row]:
        return sorted(self.judged, key=lambda row: (-(row.points or 0.0), row.student.casefold()))


def lost(verdict: Mapping[str, Any]) -> float:
    """Points that a verdict cost."""
    return verdict.get("of", 1.0) - verdict["points"]


def class_pages(
    rows: Sequence[Row],
    exercises: Mapping[str, Exercise],
    left: Sequence[Left] = (),
    anonymous: bool = False,
    pages: Callable[[str, str], bool] = lambda student, assignment: False,
) -> dict[str, str]:
    """Every file of the report by its name: a page for each exercise that anybody has handed in, and one for the course.

    Beside them is ``verdicts.csv``, a table.

    Args:
        anonymous: whether to leave out who it was.
        pages: whether a student has a page of an assignment in ``feedback/``, to which the report can lead.
    """
    if anonymous:
        rows, left, pages = _without_names(rows), (), lambda student, assignment: False
    by_assignment: dict[str, list[Row]] = {name: [] for name in exercises}
    for row in rows:
        by_assignment[row.assignment].append(row)
    every = [
        Assignment(name, exercises[name], mine) for name, mine in by_assignment.items() if any(r.verdicts for r in mine)
    ]

    def link(student: str, assignment: str) -> str:
        parts = ("..", "feedback", student, assignment, f"{assignment}.html")
        return "/".join(quote(part) for part in parts) if pages(student, assignment) else ""

    titles = {a.name: a.title for a in every}
    common = {
        "titles": titles,
        "anonymous": anonymous,
        "link": link,
        "mark_of": mark_of,
        "css": CSS,
        "file": page_name,
        "grade": grade,
    }
    files = {page_name(a.name): _assignment_page(a, common) for a in every}
    files["verdicts.csv"] = table(every)
    files["index.html"] = _course_page(every, rows, left, common)
    return files


def grade(points: float | None, highest: float) -> str:
    """The colour of some points."""
    if points is None or not highest:
        return "none"
    return "right" if points >= 0.9 * highest else "half" if points >= 0.5 * highest else "wrong"


def page_name(assignment: str) -> str:
    """The file of an assignment's page."""
    return f"{assignment}.html"


def _assignment_page(a: Assignment, common: Mapping[str, Any]) -> str:
    mistakes, best, counts = a.mistakes, a.best_first(), a.counts()
    names = [*counts]
    verdicts = [{v["name"]: v for v in row.verdicts} for row in best]
    kinds = [[CSS[mark_of(found[name])] if name in found else "absent" for name in names] for found in verdicts]
    timed = [row.seconds_late / 3600 for row in a.judged if row.seconds_late is not None]
    pairs = alike({row.student: row.answers.values() for row in a.judged}, a.exercise)
    return environment().get_template("assignment.html.j2").render(
        common, a=a, mistakes=mistakes, again=teach_again([a]), best=best, names=names, verdicts=verdicts,
        distribution=figures.distribution(a.points, a.highest, a.title), shares=figures.shares(counts, a.title),
        heat=figures.heat_map(kinds, names, [] if common["anonymous"] else [row.student for row in best], a.title),
        hours=figures.hours(timed, a.title) if timed else "", pairs=pairs[:MOST_PAIRS], more_pairs=len(pairs) - MOST_PAIRS,
        autograd=autograd_users(a.judged),
    )  # fmt: skip


def _course_page(
    every: Sequence[Assignment], rows: Sequence[Row], left: Sequence[Left], common: Mapping[str, Any]
) -> str:
    by_student: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        by_student[row.student][row.assignment] = row
    totals = {student: sum(row.points or 0.0 for row in mine.values()) for student, mine in by_student.items()}
    best = sorted(by_student, key=lambda student: (-totals[student], student.casefold()))
    students = [s for s in best if any(row.verdicts for row in by_student[s].values())]
    highest = sum(a.highest for a in every)
    mistakes = sorted(((a, mistake) for a in every for mistake in a.mistakes), key=lambda pair: -len(pair[1].students))[
        :10
    ]
    return environment().get_template("course.html.j2").render(
        common, every=every, students=best, by_student=by_student, totals=totals, highest=highest, again=teach_again(every),
        distribution=figures.distribution([totals[s] for s in students], highest, "The course"), mistakes=mistakes, left=left,
        handed_in=len(students), rows=rows,
    )  # fmt: skip


def teach_again(every: Sequence[Assignment]) -> list[Again]:
    """The principles behind most lost points: what a class should hear once more."""
    found: defaultdict[str, list[tuple[Assignment, Row, Mapping[str, Any]]]] = defaultdict(list)
    by_title: dict[str, Principle] = {}
    for a in every:
        for row in a.judged:
            for verdict in row.verdicts:
                if verdict["kind"] not in ("right", NOT_BEGUN) and (principle := principle_of(verdict)) is not OTHERS:
                    by_title[principle.title] = principle
                    found[principle.title].append((a, row, verdict))
    worst = sorted(found.items(), key=lambda item: (-sum(lost(v) for *_, v in item[1]), item[0]))[:AGAIN]
    again = []
    for title, cases in worst:
        principle = by_title[title]
        mistake = Mistake(title, principle, [(row, verdict) for _, row, verdict in cases])
        sections = Counter(one for a, _, verdict in cases if (one := _section(a, verdict)))
        [(section, of)] = [key for key, _ in sections.most_common(1)] or [("", "")]
        again.append(Again(principle, mistake.lost, mistake.students, section, of, mistake.example))
    return again


def _section(a: Assignment, verdict: Mapping[str, Any]) -> tuple[str, str] | None:
    """The section that explains a mistake, and the exercise that it is in."""
    place = next((p for p in a.outline.places if p.grade_id and p.grade_id == verdict.get("answer")), None)
    section = explained(a.outline, place, verdict) if place else None
    return (section.title, a.title) if section else None


def autograd_users(rows: Iterable[Row]) -> list[tuple[str, list[str]]]:
    """Who used autograd, and for which gradients."""
    found = [(r.student, [v["name"] for v in r.verdicts if v["kind"] == "uses autograd"]) for r in rows]
    return [(student, names) for student, names in found if names]


def table(every: Sequence[Assignment]) -> str:
    """A row for each student and gradient, for a spreadsheet's pivot table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["assignment", "student", "gradient", "verdict", "points", "of", "mistake", "principle", "message"])
    for a in every:
        for row in a.judged:
            for verdict in row.verdicts:
                wrong = verdict["kind"] not in ("right", NOT_BEGUN)
                told = [mistake_of(verdict, a.variables), principle_of(verdict).title] if wrong else ["", ""]
                words = [a.name, row.student, verdict["name"], verdict["kind"]]
                numbers = [f"{verdict['points']:g}", f"{verdict.get('of', 1.0):g}"]
                writer.writerow([*map(harmless, words), *numbers, *map(harmless, [*told, verdict["message"]])])
    return text.getvalue()


# --- without names --------------------------------------------------------------------------------------------------------


def _without_names(rows: Sequence[Row]) -> list[Row]:
    """Rows in which students are numbers, in an order that says nothing; sentences in which names may be are left out."""
    names = sorted({row.student for row in rows})
    shuffled = random.SystemRandom().sample(names, len(names))
    numbers = {name: f"student {number}" for number, name in enumerate(shuffled, 1)}
    long = sorted((name for name in names if len(name) > 2), key=len, reverse=True)
    anybody = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, long)) + r")(?!\w)", re.IGNORECASE) if long else None

    def masked(text: str) -> str:
        return anybody.sub("…", text) if anybody else text

    return [
        replace(
            row, student=numbers[row.student],
            verdicts=[{**v, "message": masked(v["message"])} for v in row.verdicts],
            answers={label: masked(_without_comments(text)) for label, text in row.answers.items()},
            mended=["something was mended"] * bool(row.mended), problems=["needs an eye"] * bool(row.problems and not row.absent),
        )
        for row in rows
    ]  # fmt: skip


def _without_comments(source: str) -> str:
    """A cell without its comments, on the same lines: who somebody is may stand in one. Of what is no Python, nothing is left
    behind any #."""
    lines = source.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return re.sub("#.*", "", source)
    return "\n".join(lines)
