"""What was collected, as ``collected.json`` in the course's folder keeps it: whose, what was written, and how it goes back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.files import write
from autograder.lms.roster import Person, folded, spellings

NAME = "collected.json"


class BadLedger(Exception):
    """The file cannot be read; the message is a sentence."""


@dataclass
class Collected:
    """One student's submission of one assignment, as it was collected last."""

    lms: str
    reference: str = ""
    """What the LMS wants before the name of a file that goes back (``formats.HandedIn``)."""
    number: str = ""
    """The LMS's number for the person, which Moodle gives for each assignment anew."""
    when: str = ""
    """When it was handed in, if that is known: ISO 8601, in UTC."""
    made: str = ""
    """When the download was made, if it holds one submission of each person."""
    late: bool = False
    origin: str = ""
    """The download's name."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of what was written, by name."""


@dataclass
class Ledger:
    """All that was collected."""

    people: dict[str, dict[str, str]] = field(default_factory=dict)
    """``name``, ``email``, ``login`` and, by LMS, numbers of each student, as far as they are known, by id."""
    submissions: dict[str, dict[str, Collected]] = field(default_factory=dict)
    """By student and assignment."""

    @classmethod
    def read(cls, course: Path) -> "Ledger":
        """What ``collected.json`` holds; nothing, if it is not there.

        Raises:
            BadLedger: somebody has damaged it.
        """
        path = course / NAME
        if not path.exists():
            return cls()
        try:
            found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            submissions = {
                student: {assignment: Collected(**entry) for assignment, entry in mine.items()}
                for student, mine in found["submissions"].items()
            }
            return cls(dict(found["people"]), submissions)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadLedger(f"{NAME} is damaged. Move it away and collect again: nothing else depends on it.") from None

    def write(self, course: Path) -> None:
        described = {
            "people": self.people,
            "submissions": {s: {a: asdict(entry) for a, entry in mine.items()} for s, mine in self.submissions.items()},
        }
        write(course / NAME, json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n")

    def of(self, student: str, assignment: str) -> Collected | None:
        return self.submissions.get(student, {}).get(assignment)

    def person(self, student: str) -> Person | None:
        """Who was collected under an id, if that is known."""
        known = self.people.get(student, {})
        name, email, login = (known.get(key, "") for key in ("name", "email", "login"))
        return Person(student, name, email, login) if name or email or login else None

    def note_person(self, student: str, who: Person, lms: str) -> None:
        """Keep what is known of somebody; what was known before stays, unless it is said anew."""
        known = self.people.setdefault(student, {})
        numbers = {f"{lms} number": who.number} if who.number and lms != "moodle" else {}
        known |= {k: v for k, v in {"name": who.name, "email": who.email, "login": who.login, **numbers}.items() if v}

    def who_has(self, lms: str, number: str) -> str | None:
        """The student whom an LMS's number was given to before."""
        key = f"{lms} number"
        return next((s for s, known in self.people.items() if number and known.get(key) == number), None)

    def is_of(self, student: str, who: Person, lms: str) -> bool:
        """Whether somebody was collected under an id: by the LMS's number, else by login or e-mail address, else by name."""
        known = self.people[student]
        told = [(f"{lms} number", who.number), ("login", who.login), ("email", who.email)]
        for key, now in told:
            if now and (before := known.get(key)):
                return folded(before) == folded(now)
        return bool(spellings(known.get("name", "")) & spellings(who.name))


def moment(text: str) -> datetime | None:
    """A time out of the ledger."""
    return datetime.fromisoformat(text) if text else None
