"""Whose each file of a download is, for which assignment, and which of several versions counts; nothing is written.

Who somebody is is never guessed: a file whose owner or assignment cannot be told is named, with what is missing.
"""

import functools
import hashlib
import os
import shlex
from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from autograder.handed_in.archives import ARCHIVE_BYTES, BadArchive, is_archive, unpack
from autograder.handed_in.found import WRAPPERS
from autograder.handed_in.naming import is_nothing, meant, printable, shown
from autograder.handed_in.readable import LARGEST
from autograder.handed_in.submitted import (
    ARCHIVES,
    HANDED_IN,
    MAY_BE,
    TIMESTAMP,
    notebook_bytes,
    of_contents,
    of_path,
    told_apart,
)
from autograder.lms import formats
from autograder.lms.download import Download, Entry, Refused
from autograder.lms.formats import ONE_ATTEMPT, HandedIn
from autograder.lms.ledger import Ledger
from autograder.lms.roster import Person, Roster, made_id, may_be_one

_NOBODY = {*WRAPPERS, "download", "downloads", "submission", "abgaben", "abgabe", "homework", "files", "students"}
_WIDE = ("folder", "github")
"""Forms in which there may be files that nobody hands in: a repository's, say."""


@dataclass(frozen=True)
class Item:
    """A file that is to be taken."""

    entry: Entry
    handed_in: HandedIn
    download: Download
    lms: str
    student: str = ""
    assignment: str = ""
    note: str = ""
    """The end of a sentence on why it cannot be taken, although somebody has handed it in; it may be all that they have."""

    @property
    def path(self) -> str:
        return self.entry.path

    @property
    def attempt(self) -> datetime | None:
        """By what one submission of a person is told from an earlier one, where the LMS tells them apart."""
        return self.download.made if self.lms in ONE_ATTEMPT else self.handed_in.when

    @property
    def age(self) -> tuple[float, int, float]:
        """By what the newest of a file's versions is told. Moodle's and Canvas's archives give all files the download's time."""
        modified = None if self.lms in ONE_ATTEMPT else self.entry.modified
        return _seconds(self.attempt), formats.version(self.handed_in.name)[1], _seconds(modified)


@dataclass
class Plan:
    """What is to be done with each file of all downloads."""

    taken: list[Item] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Path, and the end of a sentence on why; nobody has to do anything."""
    unmatched: list[tuple[str, str]] = field(default_factory=list)
    """Path, and the end of a sentence on what is missing: for a human."""
    people: dict[str, Person] = field(default_factory=dict)
    """Whom each id of ``taken`` stands for."""
    made: dict[str, str] = field(default_factory=dict)
    """Ids that no list had, and whom they were made for."""
    said: list[str] = field(default_factory=list)
    """A sentence on each download."""


@dataclass(frozen=True)
class Course:
    """What a plan is made by."""

    assignments: Sequence[str]
    source: Path
    """The folder with their sources."""
    zone: tzinfo
    """Of times in names that have none."""
    roster: Roster | None = None
    ledger: Ledger = field(default_factory=Ledger)
    assignment: str = ""
    """What files are for that do not tell it themselves."""
    lms: str = ""
    """Whose form it is, one of ``formats.SHOWN``; told from the names by default."""


def plan(downloads: Sequence[Download], course: Course) -> Plan:
    """Say of each file of these downloads what is to be done with it."""
    made = Plan()
    times = [person.handed_in for person in course.roster.people if person.handed_in] if course.roster else []
    if course.roster and (zones := {f"{when.replace(tzinfo=course.zone):%Z}" for when in times if not when.tzinfo}):
        made.said.append(_of_zone(course.roster.name, zones))
    if course.roster and course.roster.unread:
        made.said.append(
            f"{course.roster.name}: {course.roster.unread} times of handing in cannot be read, and are left out; "
            "2026-03-01 23:59 can, or with the month as an English word."
        )
    items = [item for download in downloads for item in _read(download, course, made)]
    items = _for_assignments(_without_noted(_of_students(items, course, made), made), course, made)
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault((item.student, item.assignment), []).append(item)
    for group in groups.values():
        made.taken += _newest(group, made)
    made.taken.sort(key=lambda item: (item.student, item.assignment, item.path))
    return made


# --- what the names say -----------------------------------------------------------------------------------------------------


def _read(download: Download, course: Course, made: Plan) -> list[Item]:
    paths = [entry.path for entry in download.entries]
    lms = course.lms or formats.recognised(paths) or "folder"
    made.skipped += download.strange
    made.unmatched += download.unread
    count = f"{len(paths):,} file{'s' * (len(paths) != 1)}"
    made.said.append(f"{shown(download.name)}: {count}, in the form of {formats.SHOWN[lms]}.")
    if (like := formats.recognised(paths)) and like != lms:
        made.said.append(
            f"{shown(download.name)}: names look like {formats.SHOWN[like]}'s, and {lms} was asked for; without --lms (LMS=) "
            "it is told from the names."
        )
    zones: set[str] = set()
    shared = len(os.path.commonpath([os.path.dirname(path) for path in paths]).split("/")) if paths else 1
    copies = formats.names_in_files(paths)
    is_student = functools.partial(_may_be_student, course=course)
    items = []
    for entry in download.entries:
        if lms == "folder":
            in_files = not course.roster and os.path.dirname(entry.path) in copies
            handed_in = formats.generic(
                entry.path, course.assignments, is_student, shared, 0 if course.roster else 1, in_files
            )
        elif (read := formats.FORMATS[lms](entry.path)) is None:
            made.unmatched.append((entry.path, f"is not named as {formats.SHOWN[lms]} names what is handed in"))
            continue
        else:
            handed_in = _completed(read, course)
            zones |= {f"{handed_in.when:%Z}"} if read.when and handed_in.when and not read.when.tzinfo else set()
        item = Item(
            entry, handed_in, download, lms, note=handed_in.note if handed_in.typed else _too_large(entry, handed_in)
        )
        if why := _is_nothing(item):
            made.skipped.append((entry.path, why))
        else:
            items.append(item)
    if zones:
        made.said.append(_of_zone(download.name, zones))
    return items


def _of_zone(name: str, zones: Iterable[str]) -> str:
    return (
        f"{shown(name)}: the times of handing in have no zone, and are taken for {' and '.join(sorted(zones))}; "
        "--zone=Europe/Berlin (ZONE=), say, makes them another's."
    )


def _may_be_student(name: str, course: Course) -> bool:
    if course.roster:
        return course.roster.find(Person(name=name))[0] is not None
    return name.casefold() not in _NOBODY


def _completed(handed_in: HandedIn, course: Course) -> HandedIn:
    if (roster := course.roster) and handed_in.title:
        handed_in = formats.with_login(handed_in, lambda login: roster.find(Person(login=login))[0] is not None)
    if handed_in.when and handed_in.when.tzinfo is None:
        handed_in = replace(handed_in, when=handed_in.when.replace(tzinfo=course.zone))
    return handed_in


def _is_nothing(item: Item) -> str:
    """Why a file is none that a student handed in; nothing, if it is one."""
    handed_in = item.handed_in
    if handed_in.note and not handed_in.typed:
        return handed_in.note
    if handed_in.name.rsplit("/", 1)[-1].casefold() == TIMESTAMP:
        return "would say when it was handed in, which only the LMS can"
    if any(map(is_nothing, handed_in.name.split("/"))):
        return "is what a system leaves behind"
    return item.note if item.note and _is_by_the_way(item) else ""


def _too_large(entry: Entry, handed_in: HandedIn) -> str:
    """That a file is larger than what grading reads of its kind; of a notebook it can leave out the outputs."""
    most = LARGEST if ".ipynb" in handed_in.name.casefold() else ARCHIVE_BYTES
    return f"has {entry.size / 1e6:.0f} MB, too much for anything that is handed in here" if entry.size > most else ""


# --- whose ------------------------------------------------------------------------------------------------------------------


def _of_students(items: Sequence[Item], course: Course, made: Plan) -> list[Item]:
    called: dict[Hashable, set[Person]] = {}  # all people of one name in one download
    for item in items:
        called.setdefault((item.download.name, made_id(item.handed_in.who)), set()).add(item.handed_in.who)
    found, unlisted = [], _unlisted(course)
    for item in items:
        who = item.handed_in.who
        if not any((who.name, who.login, who.email, who.number)):
            made.unmatched.append((item.path, "does not say whose it is: put it into a folder with the student's name"))
            continue
        if course.roster:
            person, why = course.roster.find(who)
            if person is None:
                made.unmatched.append((item.path, why))
                continue
            is_of = course.ledger.is_of
            if other := next((s for s in unlisted if is_of(s, who, item.lms) or is_of(s, person, item.lms)), ""):
                made.unmatched.append((item.path, _two_people(person, other, course.roster.name)))
                continue
            when = person.handed_in if person.number in ("", who.number) else None  # else it is of another assignment
            made.people[person.id] = replace(person, number=who.number or person.number, handed_in=when)
            student = person.id
        else:
            student, why = _made_for(who, item.lms, course.ledger, called[item.download.name, made_id(who)])
            if why:
                made.unmatched.append((item.path, why))
                continue
            if student not in course.ledger.people:
                made.made[student] = str(who)
            made.people[student] = replace(who, id=student)
        found.append(replace(item, student=student))
    return found


def _without_noted(items: Sequence[Item], made: Plan) -> list[Item]:
    """Those that can be taken. What else somebody handed in is for a human, if it is work or all that there is."""
    plain = [item for item in items if not item.note]
    others = {(item.student, item.download.name) for item in plain}
    for item in items:
        if not item.note:
            continue
        if _is_work(item):
            made.unmatched.append((item.path, f"{item.note}: ask for it without what makes it large"))
        elif (item.student, item.download.name) in others:
            made.skipped.append((item.path, item.note))
        else:
            who = shown(str(made.people[item.student]))
            made.unmatched.append(
                (item.path, f"{item.note}, and all that {who} has handed in there: look at it yourself")
            )
    return plain


def _unlisted(course: Course) -> list[str]:
    """Ids under which something stands that were made before there was a list."""
    if not course.roster:
        return []
    listed, submitted = {person.id for person in course.roster.people}, course.source.parent / "submitted"
    return sorted(s for s in course.ledger.people if s not in listed and (submitted / s).is_dir())


def _two_people(person: Person, other: str, roster: str) -> str:
    """The end of a sentence on somebody whose hand-ins stand under an id that was made."""
    return (
        f"is of {shown(str(person))}, who was collected as {shown(other)} before {shown(roster)} said {shown(person.id)}, and "
        f"would be two people. Move submitted/{shown(other)} away (into kept/, say); if it was graded, type "
        f"`.venv/bin/nbgrader db student remove --force -- {shlex.quote(printable(other))}`; and collect again"
    )


def _made_for(who: Person, lms: str, ledger: Ledger, called: Set[Person]) -> tuple[str, str]:
    """An id for somebody, the same each time; or the end of a sentence on why none can be made.

    Args:
        called: all in the download whose id would be made of the same words.
    """
    if known := ledger.who_has(lms, who.number):
        return known, ""
    chosen, numbers = made_id(who), {person.number for person in called}
    if chosen not in ledger.people and len(numbers) == 1:
        before = [student for student in ledger.people if ledger.is_of(student, who, lms)]
        if len(before) == 1:
            return before[0], ""  # collected with a list
    if lms == "moodle" and formats.NOBODYS_NAME.fullmatch(who.name):
        return f"{chosen}-{who.number}", ""
    if lms == "moodle" and len(numbers) > 1:
        return "", (
            f"is of one of {len(numbers)} people called {shown(str(who))!r}. Moodle's number {who.number} is for this assignment "
            "only: take its grading worksheet for the roster (--roster=worksheet.csv, ROSTER=)"
        )
    taken = ledger.people.get(chosen, {}).get(f"{lms} number", who.number)
    if who.number and (len(numbers) > 1 or taken != who.number):
        return f"{chosen}-{who.number}", ""
    others = [*sorted(called, key=str), *filter(None, [ledger.person(chosen)])]
    if other := next((other for other in others if not may_be_one(who, other)), None):
        return "", (
            f"is of {shown(str(who))!r}, whose id would be {shown(chosen)}, as that of {shown(str(other))!r} is: take a class "
            "list that gives each an own one (roster.csv: id,name,email,login,lms id)"
        )
    return chosen, ""


# --- for which assignment ---------------------------------------------------------------------------------------------------


def _for_assignments(items: Sequence[Item], course: Course, made: Plan) -> list[Item]:
    found: list[Item] = []
    open_: list[Item] = []
    for item in items:
        told = _told_by_itself(item, course)
        if not told and (wider := _told_by_its_place(item, course)) and not _is_by_the_way(item):
            told = [wider]
        found += [replace(item, assignment=assignment) for assignment in told]
        open_ += [] if told else [item]
    beside: dict[Hashable, set[str]] = {}
    for item in found:
        beside.setdefault((item.student, item.download.name), set()).add(item.assignment)
    for item in open_:
        near = beside.get((item.student, item.download.name), set())
        if _is_by_the_way(item):
            made.skipped.append((item.path, "is nothing that is handed in"))
        elif len(near) == 1:
            found.append(replace(item, assignment=next(iter(near))))
        else:
            made.unmatched.append(
                (item.path, "is for no assignment that is known: --assignment (ASSIGNMENT=) says which")
            )
    return found


def _told_by_itself(item: Item, course: Course) -> list[str]:
    """The assignments that a file is for by its name, or else by what is in it; an archive may be for several."""
    if by_name := of_path(item.handed_in.name, course.assignments):
        return [by_name]
    ending = os.path.splitext(item.handed_in.name.casefold())[1]
    if ending not in (*MAY_BE, ".ipynb") or ending in HANDED_IN:
        return []
    try:
        data = item.entry.read()
        if is_archive(data[:512]):
            told = told_apart(unpack(data), course.source, course.assignments)
            return sorted({assignment for assignment in told.values() if assignment})
    except (OSError, Refused, BadArchive):
        return []  # said when it is taken
    told_by_cells = of_contents(notebook_bytes(data), course.source, course.assignments)
    return [told_by_cells] if told_by_cells else []


def _told_by_its_place(item: Item, course: Course) -> str | None:
    """The assignment that a download is for: the one that was named, or what the LMS, a folder or the archive is called."""
    above = item.path.removesuffix(item.handed_in.name)
    return course.assignment or meant(item.handed_in.title, course.assignments) or of_path(above, course.assignments)


def _is_by_the_way(item: Item) -> bool:
    return item.lms in _WIDE and not _is_work(item)


def _is_work(item: Item) -> bool:
    """Whether a file of this name is likely to be somebody's answers."""
    name = item.handed_in.name.casefold()
    return ".ipynb" in name or os.path.splitext(name)[1] in (*ARCHIVES, *HANDED_IN)


# --- which version ----------------------------------------------------------------------------------------------------------


def _newest(items: Sequence[Item], made: Plan) -> list[Item]:
    """What counts of one student's files for one assignment. Of versions that cannot be ordered, all do: the grader then takes
    the one with most answers, and says so."""
    latest = max(items, key=lambda item: _seconds(item.attempt)).attempt
    current = []
    for item in items:
        if latest and item.attempt and item.attempt < latest:
            what = "download" if item.lms in ONE_ATTEMPT else "attempt"
            times = f"{item.attempt:%Y-%m-%d %H:%M %Z}; the newest is of {latest:%Y-%m-%d %H:%M %Z}"
            made.skipped.append((item.path, f"is of an earlier {what} ({times})"))
        else:
            current.append(item)
    versions: dict[Hashable, list[Item]] = {}
    for item in _apart(current, made):
        name = item.handed_in.name
        versions.setdefault((os.path.dirname(name), formats.version(name)[0]), []).append(item)
    taken = []
    for group in versions.values():
        newest = max(item.age for item in group)
        first = next(item for item in group if item.age == newest)
        for item in group:
            if item.age == newest:
                taken.append(item)
            else:
                made.skipped.append((item.path, f"is an earlier version of {shown(first.handed_in.name)}"))
    return taken


def _apart(items: Sequence[Item], made: Plan) -> Iterable[Item]:
    """These files, each of the same contents once."""
    seen: dict[Hashable, Item] = {}
    for item in sorted(items, key=lambda item: item.age, reverse=True) if len(items) > 1 else ():
        try:
            digest = hashlib.sha256(item.entry.read()).digest()
        except (OSError, Refused):
            digest = item.path.encode("utf-8", "replace")  # said when it is taken
        if (same := seen.setdefault(digest, item)) is not item:
            made.skipped.append((item.path, f"is the same as {shown(same.path)}"))
    return seen.values() if len(items) > 1 else items


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0


def is_of_a_class(paths: Sequence[str]) -> bool:
    """Whether these are an LMS's names, and not what one student packed."""
    return formats.recognised(paths) is not None
