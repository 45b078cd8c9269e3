"""Which assignment a file's or a folder's name means, and which names are nothing: what systems leave behind."""

import difflib
import os
import re
import unicodedata
from collections.abc import Sequence

NOTHING = {".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".gitkeep", ".gitignore"}
"""Files and folders that systems and tools leave behind; what begins with ``._`` belongs to these, too."""
LIKE = 0.85
"""How like an assignment's name another one must be to be a slip of typing."""
CLEARER = 0.1
"""By how much the nearest assignment must be nearer than the next."""
_ENDING = re.compile(
    r"\.(ipynb|json|txt|zip|tar|t?gz|tbz2?|bz2|t?xz|7z|rar|py|html?|pdf|docx?|md|download|part|crdownload|bak)\s*$"
)
_LONG = 8
"""Letters that a name without its number must have to be known inside a longer one."""


def is_nothing(name: str) -> bool:
    """Whether a file or folder of this name is of no concern to anybody."""
    return name in NOTHING or name.startswith("._")


def meant(name: str, assignments: Sequence[str], alone: bool = False) -> str | None:
    """The assignment that a file or folder of this name is for, if that can be told; case, spaces, endings and what
    is added (``Copy of``, ``(1)``, a student's name) do not matter, nor does a slip of typing. Numbers have to agree.

    Args:
        alone: nothing may be added, and nothing left out.
    """
    if name in assignments:
        return name
    plain = _plain(name)
    for way in (_the_same,) if alone else (_the_same, _inside, _without_number, _beginning):
        if found := [assignment for assignment in assignments if way(plain, _plain(assignment))]:
            return found[0] if len(found) == 1 else None
    ranked = sorted(((_likeness(plain, _plain(a)), a) for a in assignments), reverse=True)
    if not ranked or ranked[0][0] < LIKE or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < CLEARER):
        return None
    number = re.match(r"\d+", plain)
    return ranked[0][1] if not number or number[0] == _number(ranked[0][1]) else None


def nearest(name: str, assignments: Sequence[str]) -> str:
    """The assignment whose name is most like this one; one of the same number before all others."""
    numbers, plain = re.findall(r"\d+", name), _plain(name)
    return max(assignments, key=lambda a: (_number(a) in numbers, _likeness(plain, _plain(a))))


def person(name: str) -> str:
    """A student's name without what is easily typed in two ways: case, spaces, marks between words, accents' encodings."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s._-]+", "", folded) or folded


def shown(path: str) -> str:
    """A file's name in a sentence: whatever a name may hold, one printable line of bearable length."""
    text = printable(path)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-39:]}"


def printable(text: str) -> str:
    """Text as one line of a terminal, a table or a page, whatever it holds: no control characters, no other direction."""
    return "".join(c if c.isprintable() else "?" for c in text)


def unusable(error: OSError) -> str:
    """What a file system refuses, and of which file, without the end of the sentence."""
    said = f"{shown(os.fsdecode(error.filename))}: {error.strerror}" if error.filename else str(error)
    return said.rstrip(".")


def _plain(name: str) -> str:
    """Letters and digits of a name, in lower case and without endings, ``_`` between words."""
    name = unicodedata.normalize("NFKC", name)[:500].casefold()
    while match := _ENDING.search(name):
        name = name[: match.start()]
    return re.sub(r"[\W_]+", "_", name).strip("_")


def _number(assignment: str) -> str:
    return (re.match(r"\d*", assignment) or [""])[0]


def _words(plain: str) -> str:
    """A pattern for a name, however its words are parted."""
    return "_?".join(map(re.escape, re.findall(r"\d+|[^\W\d_]+", plain)))


def _the_same(plain: str, assignment: str) -> bool:
    return re.fullmatch(_words(assignment), plain) is not None


def _inside(plain: str, assignment: str) -> bool:
    return re.search(rf"(?<!\d){_words(assignment)}", plain) is not None


def _without_number(plain: str, assignment: str) -> bool:
    words = assignment.lstrip("0123456789_")
    if not words or words == assignment:
        return False
    if len(words) < _LONG:
        return re.fullmatch(_words(words), plain) is not None
    return re.search(rf"(?<!\d)(?<!\d_){_words(words)}", plain) is not None


def _beginning(plain: str, assignment: str) -> bool:
    """A number and the first words: ``1 chunked``, as the table has it."""
    words = plain.split("_")
    return len(words) > 1 and words[0].isdigit() and assignment.split("_")[: len(words)] == words


def _likeness(plain: str, assignment: str) -> float:
    return difflib.SequenceMatcher(None, plain, assignment).ratio()
