"""The class list: who is meant by a name, a login, an e-mail address or an LMS's number. Nobody is ever guessed."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from dateutil import parser

from autograder.handed_in.naming import shown
from autograder.handed_in.submitted import LONGEST_NAME

_HEADERS = {
    "id": ("id", "student id", "studentid", "id number", "idnumber", "sis user id", "matriculation number", "matrikelnummer"),
    "name": ("name", "full name", "fullname", "student name", "vollständiger name", "student"),
    "first": ("first name", "firstname", "given name", "vorname"),
    "last": ("last name", "lastname", "surname", "family name", "nachname"),
    "email": ("email", "e mail", "email address", "e mail address", "mail", "e mail adresse"),
    "login": ("login", "username", "user name", "sis login id", "github username", "benutzername"),
    "number": ("lms id", "lms user id", "user id", "canvas id", "moodle id", "ilias id", "github id", "identifier"),
    "handed_in": ("handed in", "last modified submission"),
}  # fmt: skip
"""What columns are called, without marks between words: in a list of one's own, and in what LMSs and nbgrader export."""
_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"}
)
_WITH_ACCENTS = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC")
"""Scripts, as Unicode's names of letters begin, whose marks are accents, or vowels that are seldom written."""


class BadRoster(Exception):
    """A roster cannot be used; the message is a sentence."""


@dataclass(frozen=True)
class Person:
    """One student, as far as is known."""

    id: str = ""
    """The name of the folder in ``submitted/``, and in the gradebook."""
    name: str = ""
    email: str = ""
    login: str = ""
    number: str = ""
    """The LMS's number for the person (Moodle: for the person in one assignment)."""
    handed_in: datetime | None = None
    """When, if the list says so (Moodle's grading worksheet does)."""

    def __str__(self) -> str:
        return self.name or self.login or self.email or self.number or self.id


@dataclass
class Roster:
    """Everybody in the class."""

    people: list[Person]
    name: str = "roster"
    unread: int = 0
    """How many times of handing in could not be read."""
    _by: dict[str, dict[str, list[Person]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._by = {"number": {}, "exact": {}, "name": {}}
        for person in self.people:
            self._note("number", [person.number] if person.number else [], person)
            self._note("exact", {folded(word) for word in (person.id, person.login, person.email) if word}, person)
            self._note("name", spellings(person.name), person)

    def find(self, who: Person) -> tuple[Person | None, str]:
        """The one who is meant, or None and the end of a sentence on why that cannot be told.

        Numbers come first, then logins, e-mail addresses and ids, then names, however they are spelled and ordered.
        """
        ways = [
            ("number", [who.number] if who.number else []),
            ("exact", [folded(word) for word in (who.login, who.email, who.id) if word]),
            ("exact", [folded(who.name)] if who.name else []),
            ("name", spellings(who.name)),
        ]
        for kind, keys in ways:
            found = list({person.id: person for key in keys for person in self._by[kind].get(key, ())}.values())
            if len(found) == 1 and kind == "number" and not _may_be(found[0], who):
                return (
                    None,
                    f"is of {shown(str(who))!r} with the number {shown(who.number)}, which is {shown(str(found[0]))}'s in "
                    f"{shown(self.name)}",
                )
            if len(found) == 1:
                return found[0], ""
            if len(found) > 1:
                ids = ", ".join(shown(person.id) for person in found)
                add = (
                    f"; put the LMS's number {shown(who.number)} into the column 'lms id' of one of them"
                    if who.number
                    else ""
                )
                return None, f"may be each of {ids} in {shown(self.name)}{add}"
        number = f" (number {shown(who.number)})" if who.number and who.number != str(who) else ""
        return None, f"is of {shown(str(who))!r}{number}, who is not in {shown(self.name)}"

    def _note(self, kind: str, keys: Iterable[str], person: Person) -> None:
        for key in keys:
            self._by[kind].setdefault(key, []).append(person)


def read_roster(path: Path) -> Roster:
    """A class list in CSV, with commas, semicolons or tabs between its columns; its first row says what they are.

    Raises:
        BadRoster: it is not there, or is no such list.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRoster(
            f"{shown(str(path))} cannot be read ({error.strerror}). --roster (ROSTER=) takes a CSV file."
        ) from None
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or (
        b"\0" in data[:1000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff")
    ):
        raise BadRoster(
            f"{shown(path.name)} is no text: a spreadsheet, perhaps. Save it as CSV, and give that to --roster (ROSTER=)."
        )
    text = _text(data)
    first = text.split("\n", 1)[0]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)))
    except csv.Error as error:
        raise BadRoster(f"{shown(path.name)} cannot be read as CSV ({error}). Save it as CSV anew.") from None
    if not rows:
        raise BadRoster(f"{shown(path.name)} is empty.")
    columns = _columns(rows[0])
    if not {"id", "name", "last", "email", "login"} & columns.keys():
        raise BadRoster(
            f"{shown(path.name)} has no column that says who somebody is. Its first row should be: id,name,email,login,lms id"
        )
    people = [person for row in rows[1:] if (person := _person(row, columns))]
    seen: dict[str, Person] = {}
    for person in people:
        if (other := seen.setdefault(person.id, person)) is not person:
            raise BadRoster(
                f"{shown(path.name)} has the id {shown(person.id)!r} twice: {shown(str(other))} and {shown(str(person))}. "
                "Give each an own one."
            )
    place = columns.get("handed_in", -1)
    written = sum(any(c.isdigit() for c in row[place]) for row in rows[1:] if 0 <= place < len(row))
    return Roster(people, path.name, written - sum(person.handed_in is not None for person in people))


def made_id(who: Person) -> str:
    """An id for somebody who is in no list: the login, if there is one, else the name in lower case."""
    chosen = who.login or who.email or who.name or who.number
    chosen = unicodedata.normalize("NFKC", chosen).strip().lower() if chosen == who.name else chosen.strip()
    plain = "".join(c if c in "_.@+-" or is_of_a_word(c) else " " for c in chosen)
    return re.sub(" +", "_", plain).strip("._-")[: LONGEST_NAME - 20] or "unknown"


def is_of_a_word(c: str) -> bool:
    """Whether words are made of such a character: vowel signs (of Devanagari, say) are none of Python's word characters."""
    return c.isalnum() or unicodedata.category(c)[0] == "M"


def parted(name: str) -> tuple[str, str]:
    """First and last name: ``Lovelace, Ada`` and ``Ada Lovelace`` are the same. A single word is the last name, and so are the
    words in lower case before the last: ``Émilie du Châtelet``.
    """
    last, comma, first = name.partition(", ")
    if comma:
        return first, last
    words = name.split()
    begin = max(len(words) - 1, 0)
    while begin > 1 and words[begin - 1][:1].islower():
        begin -= 1
    return " ".join(words[:begin]), " ".join(words[begin:])


def spellings(name: str) -> set[str]:
    """Keys of a name: its words in every cyclic order and in one, accents dropped or (as in German) written out."""
    name = unicodedata.normalize("NFC", name).casefold()
    found = set()
    for text in (name, name.translate(_WRITTEN_OUT)):
        plain = _without_accents(text)
        words = "".join(c if is_of_a_word(c) else " " for c in plain).split()
        found |= {"".join(words[n:] + words[:n]) for n in range(len(words))}
    return found - {""}


def _without_accents(text: str) -> str:
    """Text without the marks that people leave out in typing. Elsewhere marks are letters: नीला and नीलू are two names."""
    kept, bare = [], True
    for c in unicodedata.normalize("NFKD", text):
        if unicodedata.category(c)[0] != "M":
            bare = unicodedata.name(c, "").split(" ")[0] in _WITH_ACCENTS
        elif bare:
            continue
        kept.append(c)
    return "".join(kept)


def may_be_one(one: Person, other: Person) -> bool:
    """Whether what is known of two people does not speak against their being one."""
    return bool(_keys(one) & _keys(other))


def _keys(who: Person) -> set[str]:
    words = [word for word in (who.id, who.name, who.login, who.email) if word]
    return {folded(word) for word in words}.union(*map(spellings, words))


def _may_be(person: Person, who: Person) -> bool:
    """Whether names and logins do not speak against what a number says; it may be another LMS's."""
    same_login = bool(who.login) and folded(who.login) in {folded(person.login), folded(person.id)}
    return same_login or not (person.name and who.name) or bool(spellings(person.name) & spellings(who.name))


def folded(word: str) -> str:
    """A login or an address as it is compared: however it is written."""
    return unicodedata.normalize("NFKC", word).strip().casefold()


def _columns(header: list[str]) -> dict[str, int]:
    names = [re.sub(r"[\W_]+", " ", cell.casefold()).strip() for cell in header]
    found: dict[str, int] = {}
    for kind, known in _HEADERS.items():
        for name in known:
            if name in names and kind not in found:
                found[kind] = names.index(name)
    if {"student", "id", "section"} <= set(names):  # Canvas's export: ID is Canvas's number
        found["number"] = names.index("id")
        found["name"] = names.index("student")
        found["id"] = next(names.index(name) for name in ("sis user id", "sis login id", "id") if name in names)
    elif "github username" in names and "identifier" in names:  # GitHub Classroom's roster
        found["id"] = names.index("identifier")
        found["number"] = found.get("number", -1) if "github id" in names else -1
        found = {kind: place for kind, place in found.items() if place >= 0}
    return found


def _person(row: list[str], columns: dict[str, int]) -> Person | None:
    def cell(kind: str) -> str:
        place = columns.get(kind, len(row))
        return unicodedata.normalize("NFC", row[place]).strip() if place < len(row) else ""

    name = cell("name") or " ".join(filter(None, (cell("first"), cell("last"))))
    number = re.sub(r"^\D+ (\d+)$", r"\1", cell("number"))  # Moodle's "Participant 1234"
    if not any((cell("id"), name, cell("email"), cell("login"))) or re.fullmatch(
        r"Points Possible|Student, Test", name
    ):
        return None
    who = Person(cell("id"), name, cell("email"), cell("login"), number, _date(cell("handed_in")))
    return replace(who, id=_as_a_folder(who.id) or made_id(who))


def _as_a_folder(name: str) -> str:
    """An id that can be the name of a folder and stand in the gradebook."""
    return re.sub(r"[/\\\0]|[^\S ]", "_", name).lstrip(".")[:LONGEST_NAME]


def _date(text: str) -> datetime | None:
    """A time whose month is a word, or that begins with the year; 02/03/2026 may be two days."""
    if not re.match(r"\d{4}-\d\d-\d\d\b", text) and not re.search(r"[^\W\d_]{3}", text):
        return None
    try:
        return parser.parse(text)
    except (ValueError, OverflowError):
        return None


def _text(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")
