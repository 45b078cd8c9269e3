"""``make collect``: what was downloaded from an LMS -> ``submitted/<student>/<assignment>/``, and every file of it accounted for.

Only what is new is written. A version that is replaced is moved to ``kept/``, and that is said; what somebody put there by hand
stays. ``collected.json`` (``ledger``) keeps whose each file was and how an answer finds its way back.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.tz import tzlocal

from autograder.course.build import assignments, no_assignment
from autograder.course.exercise import COURSE
from autograder.files import set_aside, write
from autograder.handed_in.naming import printable, shown
from autograder.handed_in.submitted import TIMESTAMP, regular_files
from autograder.lms import formats
from autograder.lms.download import Refused, open_downloads
from autograder.lms.formats import ONE_ATTEMPT
from autograder.lms.ledger import BadLedger, Collected, Ledger, moment
from autograder.lms.planning import Course, Item, Plan, is_of_a_class, plan
from autograder.lms.roster import BadRoster, Person, read_roster

ROSTER = "roster.csv"
"""The class list that is taken if none is named, should it be there."""


class BadCall(Exception):
    """What was asked for cannot be done; the message is a sentence."""


@dataclass
class Outcome:
    """What was done, or would be."""

    lines: list[str] = field(default_factory=list)
    """One for each file that was taken."""
    said: list[str] = field(default_factory=list)
    """What was replaced, or stayed beside it."""
    counts: dict[str, int] = field(default_factory=lambda: {"new": 0, "changed": 0, "the same as before": 0})


def collect(
    course: Path,
    place: Path,
    assignment: str = "",
    roster: Path | None = None,
    lms: str = "",
    zone: str = "",
    dry: bool = False,
) -> bool:
    """Take what was downloaded into ``submitted/``, and say what became of each file.

    Args:
        place: an archive or a folder.
        assignment: what files are for that do not tell it themselves.
        roster: a class list; ``roster.csv`` in the course's folder, if that is there.
        lms: whose form the download has, one of ``formats.SHOWN``; told from the names by default.
        zone: time zone of times that have none, by IANA's name; this machine's by default.
        dry: whether to say it only.

    Returns:
        Whether nothing is left for a human.

    Raises:
        BadCall, BadRoster, BadLedger, Refused: nothing was written.
    """
    names = assignments(course)
    if assignment and assignment not in names:
        raise BadCall(no_assignment(shown(assignment), course))
    if lms and lms not in formats.SHOWN:
        raise BadCall(formats.unknown(shown(lms), formats.SHOWN))
    roster = roster or (course / ROSTER if (course / ROSTER).exists() else None)
    ledger = Ledger.read(course)
    known = read_roster(roster) if roster else None
    where = _zone(zone)
    if place.is_dir() and course.resolve().is_relative_to(place.resolve()):
        raise BadCall(
            f"{shown(str(place))} has the course itself in it. Name (with make: FROM=) an archive, or a folder with nothing else."
        )
    found = open_downloads(place, where, is_of_a_class)
    made = plan(found, Course(names, course / "source", where, known, ledger, assignment, lms))
    outcome = Outcome()
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in made.taken:
        groups.setdefault((item.student, item.assignment), []).append(item)
    for submission, items in groups.items():
        _Submission(course, submission, items, made, ledger, where, dry).put(outcome)
    if not dry:
        ledger.write(course)
    absent = [person for person in known.people if person.id not in made.people] if known else []
    _report(made, outcome, known.name if known else "", absent, dry)
    return not made.unmatched and bool(made.taken)


class _Stays(Exception):
    """What is in ``submitted/`` stays as it is; the message is the path of the file for which it does."""


class _Submission:
    """One student's files for one assignment, on their way into ``submitted/``."""

    def __init__(
        self,
        course: Path,
        submission: tuple[str, str],
        items: Sequence[Item],
        made: Plan,
        ledger: Ledger,
        zone: tzinfo,
        dry: bool,
    ):
        student, assignment = submission
        self.course, self.student, self.assignment, self.items = course, student, assignment, items
        self.plan, self.ledger, self.dry = made, ledger, dry
        self.folder = course / "submitted" / student / assignment
        self.before = ledger.of(student, assignment)
        self.done: list[tuple[Path, Path | None]] = []
        """What was written that was not there before or was another, and where that is now."""
        first = items[0]
        when = first.handed_in.when or made.people[student].handed_in
        when = when.replace(tzinfo=zone) if when and when.tzinfo is None else when
        made_at = first.download.made if first.lms in ONE_ATTEMPT else None
        self.new = Collected(
            first.lms, first.handed_in.reference, first.handed_in.who.number, _iso(when), _iso(made_at),
            any(item.handed_in.late for item in items), first.download.name,
        )  # fmt: skip

    def put(self, outcome: Outcome) -> None:
        if self._is_older():
            reason = f"is older than what is in submitted/{self.student}/{self.assignment}"
            self.plan.skipped += [(item.path, reason) for item in self.items]
            return
        mine = Outcome()
        try:
            if link := next((p for p in (self.folder, *self.folder.parents[:2]) if p.is_symlink()), None):
                self._leave(
                    f"is not taken: {shown(link.relative_to(self.course).as_posix())} is a link to another place"
                )
                return
            there = {name for name, _ in regular_files(self.folder, ())} if self.folder.is_dir() else set()
            self._replace(there, mine)
        except _Stays as error:
            self._undo()
            where = shown(f"submitted/{self.student}/{self.assignment}")
            self._leave(f"is not taken, since {shown(str(error))} cannot be: {where} stays as it is", but=str(error))
            return
        except OSError as error:
            self._leave(
                f"is not taken: {self._place_of(error)} cannot be read ({error.strerror}). Change its permissions"
            )
            return
        outcome.lines += mine.lines
        outcome.said += mine.said
        for state, count in mine.counts.items():
            outcome.counts[state] += count

    def _replace(self, there: Set[str], outcome: Outcome) -> None:
        """Write what was handed in, and move away what was collected before and is no part of it.

        Raises:
            _Stays: something is there already, and one of these files is damaged or cannot be written. What was handed in is
                then replaced as a whole or not at all, or a broken download would cost somebody what can be graded.
        """
        files = self._files(bool(there))
        if (
            self.before
            and not self.new.when
            and {n: _digest(d) for n, (_, d) in files.items()}
            == {name: digest for name, digest in self.before.files.items() if name != TIMESTAMP}
        ):
            self.new.when = self.before.when  # the same files, of which more was known before
        if files and self.new.when:
            files[TIMESTAMP] = (None, f"{moment(self.new.when):%Y-%m-%d %H:%M:%S} UTC\n".encode())
        for name, (item, data) in list(files.items()):
            try:
                self._put(name, item, data, name in there, outcome)
            except OSError as error:
                del files[name]
                where = item.path if item else f"submitted/{self.student}/{self.assignment}/{name}"
                self.plan.unmatched.append((where, f"could not be written to {self._shown(name)}: {error.strerror}"))
                if there:
                    raise _Stays(where) from None
        self.new.files = {name: _digest(data) for name, (_, data) in files.items()}
        self._clear(there - files.keys(), outcome)
        if files:
            self.ledger.submissions.setdefault(self.student, {})[self.assignment] = self.new
            self.ledger.note_person(self.student, self.plan.people[self.student], self.new.lms)

    def _clear(self, names: Iterable[str], outcome: Outcome) -> None:
        """Move away which of these files were collected before."""
        ours = set(self.before.files.values()) if self.before else set()
        for name in sorted(names):
            path = self.folder / name
            try:
                if _digest(path.read_bytes()) not in ours:
                    outcome.said.append(f"{self._shown(name)} is there, too; it was not collected, and stays.")
                    continue
                self._aside(path, "an earlier version", outcome)
            except OSError as error:
                why = f"is of an earlier version, and could not be moved to kept/ ({error.strerror}): move it"
                self.plan.unmatched.append((self._shown(name), why))
                self.new.files |= {n: d for n, d in self.before.files.items() if n == name} if self.before else {}

    def _undo(self) -> None:
        for path, kept in reversed(self.done):
            try:
                if kept:
                    shutil.move(kept, path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                name = self._shown(path.relative_to(self.folder).as_posix())
                what = (
                    f"is kept/{shown(kept.name)} now, and could not be put back" if kept else "could not be taken back"
                )
                self.plan.unmatched.append((name, f"{what}: {error.strerror}"))

    def _leave(self, why: str, but: str = "") -> None:
        """Name these files, all but one, with the end of a sentence."""
        self.plan.unmatched += [(item.path, why) for item in self.items if item.path != but]

    def _place_of(self, error: OSError) -> str:
        place = Path(os.fsdecode(error.filename or self.folder))
        return shown(str(place.relative_to(self.course) if place.is_relative_to(self.course) else place))

    def _is_older(self) -> bool:
        if self.before is None or self.before.lms != self.new.lms:
            return False
        pairs = ((self.new.when, self.before.when), (self.new.made, self.before.made))
        return any(new and old and moment(new) < moment(old) for new, old in pairs)

    def _files(self, whole: bool) -> dict[str, tuple[Item | None, bytes]]:
        """What is to be written, by name. The one notebook that there is gets the exercise's own name, so that nbgrader's own
        commands see it, too.

        Raises:
            _Stays: one cannot be read, and they are wanted as a whole.
        """
        notebooks = [item for item in self.items if item.handed_in.name.casefold().endswith(".ipynb")]
        files: dict[str, tuple[Item | None, bytes]] = {}
        for item in self.items:
            name = _clean(item.handed_in.name)
            if notebooks == [item] and "/" not in name:
                name = f"{self.assignment}.ipynb"
            try:
                data = item.entry.read()
            except (OSError, Refused) as error:
                self.plan.unmatched.append((item.path, f"cannot be read: {error}"))
                if whole:
                    raise _Stays(item.path) from None
                continue
            files[_free(name, files)] = (item, data)
        return files

    def _put(self, name: str, item: Item | None, data: bytes, there: bool, outcome: Outcome) -> None:
        path, state, kept = self.folder / name, "new", None
        if path.parent.resolve() != self.folder.resolve() / Path(name).parent:
            raise OSError(errno.ELOOP, "a folder on the way is a link to another place")
        if path.is_dir():
            raise OSError(errno.EISDIR, "there is a folder of this name")
        if there:
            old = path.read_bytes()
            state = "the same as before" if old == data else "changed"
            by_hand = self.before is None or self.before.files.get(name) != _digest(old)
            if state == "changed" and (item or by_hand):
                kept = self._aside(
                    path, "a version that was not collected" if by_hand else "the earlier version", outcome
                )
        if not self.dry and state != "the same as before":
            if kept or not there:
                self.done.append((path, kept))
            write(path, data)
        if item:
            outcome.counts[state] += 1
            late = ", late" if item.handed_in.late else ""
            outcome.lines.append(f"{self._shown(name)}  <-  {shown(item.path)}  ({state}{late})")

    def _aside(self, path: Path, what: str, outcome: Outcome) -> Path | None:
        name = self._shown(path.relative_to(self.folder).as_posix())
        if self.dry:
            outcome.said.append(f"{name}: {what} would be moved to kept/.")
            return None
        kept = set_aside(self.course, path)
        outcome.said.append(f"{name}: {what} is kept/{shown(kept.name)} now.")
        return kept

    def _shown(self, name: str) -> str:
        return shown(f"submitted/{self.student}/{self.assignment}/{name}")


def _report(made: Plan, outcome: Outcome, roster: str, absent: Sequence[Person], dry: bool) -> None:
    for sentence in made.said:
        print(printable(sentence))
    _list("would be taken" if dry else "taken", outcome.lines)
    _list("moved or left", outcome.said)
    _list(
        "ids that were made, since no roster was given (roster.csv: id,name,email,login,lms id)",
        [f"{shown(student)}  for  {shown(who)}" for student, who in sorted(made.made.items())],
    )
    _list("skipped", [f"{shown(path)} {printable(why)}." for path, why in sorted(made.skipped)])
    _list("not matched, and not taken", [f"{shown(path)} {printable(why)}." for path, why in sorted(made.unmatched)])
    if absent and roster:
        print(f"in {shown(roster)}, and not in the download: {', '.join(shown(f'{who.id} ({who})') for who in absent)}")
    counts = outcome.counts
    changed = "".join(f", {count} {state}" for state, count in counts.items() if state != "new" and count)
    print(
        f"{sum(counts.values())} files {'would be taken' if dry else 'taken'} ({counts['new']} new{changed}) · "
        f"{len(made.skipped)} skipped · {len(made.unmatched)} not matched{f' · roster: {shown(roster)}' if roster else ''}"
        + (
            " · nothing was written (DRY=1)"
            if dry
            else " · next: make grade"
            if counts["new"] or counts["changed"]
            else ""
        )
    )


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"{title}:")
        for line in lines:
            print(f"  {line}")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else tzlocal()  # which knows of summer and winter
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadCall(f"There is no time zone {shown(name)}. --zone (ZONE=) takes a name like Europe/Berlin.") from None


def _clean(name: str) -> str:
    """A path that can be written anywhere: no part of it leads out, is hidden, or holds what a system does not allow."""
    name = name.encode("utf-8", "replace").decode()
    parts = [re.sub(r'[\x00-\x1f\x7f\\:*?"<>|]', "_", part).strip().lstrip(".") for part in name.split("/")]
    return "/".join(_short(part) for part in parts if part) or "file"


def _short(part: str) -> str:
    stem, ending = os.path.splitext(part)
    return stem.encode()[:180].decode("utf-8", "ignore") + ending[:20]


def _free(name: str, files: dict[str, tuple[Item | None, bytes]]) -> str:
    stem, ending = os.path.splitext(name)
    names = [name, *(f"{stem} ({number}){ending}" for number in range(2, 100))]
    taken = {other.casefold() for other in files}
    return next(n for n in names if n.casefold() not in taken)


def _iso(time: datetime | None) -> str:
    return time.astimezone(UTC).isoformat() if time else ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main(place: str, assignment: str = "", roster: str = "", lms: str = "", zone: str = "", dry: bool = False) -> int:
    """``python -m autograder collect``: ``collect`` in this course, its errors as sentences; returns the exit status."""
    if not place:
        print("What should be collected? make collect FROM=downloads.zip (or a folder).")
        return 2
    try:
        done = collect(
            COURSE,
            Path(place).expanduser(),
            assignment,
            Path(roster).expanduser() if roster else None,
            lms.lower(),
            zone,
            dry,
        )
    except (BadCall, BadRoster, BadLedger, Refused) as error:
        print(printable(str(error)))
        return 2
    return 0 if done else 1
