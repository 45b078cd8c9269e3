"""What the names in an LMS's download mean: whose a file is, when it was handed in, and what must stand before a file's name
that goes back to that person.

Each format is one function of a path. Where it is from stands with it; docs/instructors.md says which of these were tried
(none against a live server).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from autograder.handed_in.naming import meant
from autograder.lms.roster import Person


@dataclass(frozen=True)
class HandedIn:
    """What a file's place and name in a download say."""

    who: Person
    """As the LMS calls the person; without an id."""
    name: str
    """The file's name as the person gave it, with folders of the person's own before it; empty for what the LMS itself wrote."""
    reference: str = ""
    """What stands before the name of a file that is to go back to the person; it ends with ``/`` if that is a folder."""
    when: datetime | None = None
    """When it was handed in, in the LMS's own time zone."""
    late: bool = False
    title: str = ""
    """What the LMS calls the assignment."""
    note: str = ""
    """What the file is, if it is not one that a student handed in."""
    typed: bool = False
    """Whether the note is on what somebody typed into the LMS, which may be all that was handed in."""


_MOODLE = re.compile(r"^(?P<name>[^_]*)_(?P<number>\d+)_(?P<kind>assign[a-z]+_[a-z]+)(?:_(?P<rest>.*))?$")


def moodle(path: str) -> HandedIn | None:
    """``Full name_1234_assignsubmission_file/…``, a folder a person; or, as an option and before 3.1, one name with the file's.

    1234 is the person's number in this assignment alone, the same that feedback must carry. Source: Moodle,
    mod/assign/classes/downloader.php, and mod/assign/feedback/file/importziplib.php for the way back. Names of folders ended
    in ``_`` before 4.1.
    """
    parts = path.split("/")
    for place, part in enumerate(parts):
        if found := _MOODLE.match(part):
            inside = parts[place + 1 :]
            rest = "/".join(filter(None, [found["rest"] or "", *inside])) if inside else found["rest"] or ""
            who = Person(name=found["name"].strip(), number=found["number"])
            if found["kind"] != "assignsubmission_file":
                note = f"is no file that was handed in, but Moodle's {found['kind']}"
                return HandedIn(who, "", note=note, typed=found["kind"].startswith("assignsubmission_"))
            before = f"{part}/" if inside else part.removesuffix(found["rest"] or "")
            return HandedIn(who, rest, before)
    return None


NOBODYS_NAME = re.compile(r"participant|participante|partecipante|teilnehmer(?:/?in)?", re.IGNORECASE)
"""What Moodle calls everybody where submissions are anonymous."""

_LETTER = r"[\w\x80-\U0010ffff]"
"""One of those of which names are made, vowel signs included, which ``\\w`` is not."""
_CANVAS = re.compile(
    rf"^(?:(?P<name>{_LETTER}+?)_)??(?P<late>LATE_)?(?:(?P<number>\d+)|anon_(?P<anonymous>\w{{5}}))_(?P<rest>.+)$"
)


def canvas(path: str) -> HandedIn | None:
    """``lastfirst_LATE_101_5001_file``: the name that is sorted by, in lower case without marks; person; attachment.

    Canvas gives a file that is handed in once more the name ``file-1``, and puts the last submission alone into the archive.
    Source: Canvas, lib/content_zipper.rb; for the way back app/models/abstract_assignment.rb
    (``infer_comment_context_from_filename``), which wants both numbers and takes the file for a comment.
    """
    found = _CANVAS.match(base := path.rsplit("/", 1)[-1])
    if found is None:
        return None
    number = found["number"] or f"anon_{found['anonymous']}"
    who, late = Person(name=found["name"] or "", number=number), bool(found["late"])
    if found["rest"] in ("text.html", "link.html"):
        return HandedIn(who, "", late=late, note="is text or a link typed into Canvas, no file", typed=True)
    attached = re.match(r"(?P<attachment>\d+)_(?P<file>.+)$", found["rest"])
    if attached is None or not (found["name"] or found["anonymous"]):
        return None
    return HandedIn(who, attached["file"], base.removesuffix(attached["file"]), late=late)


_BLACKBOARD = re.compile(r"^(?P<title>.+)_(?P<login>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?P<rest>_.+|\.txt)$")


def blackboard(path: str) -> HandedIn | None:
    """``Assignment_login_attempt_2026-01-30-15-00-00_file``, and a ``.txt`` of Blackboard's own for each attempt.

    The time is the server's, without a zone. Source: nbgrader's manual on zip_collect, which was made for it, and
    vangef/BBGradebookOrganiser (utils/organiser.py).
    """
    found = _BLACKBOARD.match(base := path.rsplit("/", 1)[-1])
    if found is None:
        return None
    try:
        when = datetime.strptime(found["when"], "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return None
    who, title = Person(login=found["login"]), found["title"]
    if found["rest"] == ".txt":
        return HandedIn(who, "", when=when, title=title, note="is Blackboard's own note on an attempt", typed=True)
    return HandedIn(who, found["rest"][1:], base.removesuffix(found["rest"]) + "_", when, title=title)


_ILIAS = re.compile(r"^(?P<last>[^\W\d_][^_]*)_(?P<first>[^\W\d_][^_]*)_(?P<login>.+)_(?P<number>\d+)$")
_ILIAS_LATE = re.compile(r"^(?:late submission|verspätete abgabe|verspaetete abgabe) - ", re.IGNORECASE)


def ilias(path: str) -> HandedIn | None:
    """``Lastname_Firstname_login_123/file``, in ASCII; a team's folder may stand above. What is late begins with words on it,
    and a second file of one name ends in ``(2)``.

    The archive's times are those of uploads in older releases and of the download in newer ones, so they say nothing. Source:
    ILIAS, Modules/Exercise/classes/class.ilExSubmission.php (``downloadAllAssignmentFiles``; in newer releases
    components/ILIAS/Exercise/Submission), and class.ilExAssignment.php for the way back (``getMultiFeedbackFiles``: the last
    number of a folder's name counts).
    """
    parts = path.split("/")
    for place, part in enumerate(parts[:-1]):
        if found := _ILIAS.match(part):
            who = Person(name=f"{found['first']} {found['last']}", login=found["login"], number=found["number"])
            late = _ILIAS_LATE.match(parts[-1])
            name = "/".join([*parts[place + 1 : -1], _ILIAS_LATE.sub("", parts[-1])])
            return HandedIn(who, name, f"{part}/", late=bool(late))
    return None


def github(path: str) -> HandedIn | None:
    """``slug-submissions/slug-login/…``: GitHub Classroom's clones. Source: github/gh-classroom,
    cmd/gh-classroom/clone/student-repos."""
    parts = path.split("/")
    for place, part in enumerate(parts[:-2]):
        slug = part.removesuffix("-submissions")
        if slug != part and parts[place + 1].startswith(f"{slug}-"):
            login = parts[place + 1].removeprefix(f"{slug}-")
            return HandedIn(Person(login=login), "/".join(parts[place + 2 :]), f"{parts[place + 1]}/", title=slug)
    return None


FORMATS: dict[str, Callable[[str], HandedIn | None]] = {
    "moodle": moodle, "blackboard": blackboard, "github": github, "ilias": ilias, "canvas": canvas,
}  # fmt: skip
"""By name, those first whose names cannot be another's."""
SHOWN = {
    "moodle": "Moodle", "blackboard": "Blackboard", "github": "GitHub Classroom", "ilias": "ILIAS", "canvas": "Canvas",
    "folder": "files or folders with students' names (Google Drive, or by hand)",
}  # fmt: skip
ONE_ATTEMPT = ("moodle", "canvas")
"""Those whose download holds one submission of each person, and no time."""


def unknown(lms: str, names: Iterable[str]) -> str:
    """A sentence on an LMS that is none of ``names``."""
    return f"{lms} is no LMS that is known (--lms, LMS=). There are: {', '.join(names)}."


def recognised(paths: Sequence[str]) -> str | None:
    """Whose format most of these paths are in; None if nobody's."""
    for name, read in FORMATS.items():
        if paths and 2 * sum(read(path) is not None for path in paths) >= len(paths):
            return name
    return None


COPY_MARK = re.compile(rf"(?:\s*\((?P<brackets>\d{{1,3}})\)|(?<={_LETTER})-(?P<dash>\d{{1,2}}))$")
_COPY_OF = re.compile(r"^(?:copy[\s_]of|kopie[\s_]von|copi[ea][\s_]de)[\s_]+", re.IGNORECASE)
_COPY_ANYWHERE = re.compile(r"(?<![^\W_])(?:copy[\s_]of|kopie[\s_]von|copi[ea][\s_]de)(?![^\W_])", re.IGNORECASE)
_ENDINGS = re.compile(r"\.(?:ipynb|json|txt|py|zip|tar|gz|tgz|html?|pdf|docx?|md|download)$", re.IGNORECASE)


def version(name: str) -> tuple[str, int]:
    """A file's name without what copying adds, and the number that it adds: of ``x.ipynb``, ``x (1).ipynb`` and ``x-2.ipynb``,
    which are one file's versions, the highest is the newest."""
    base = name.rsplit("/", 1)[-1]
    endings = ""
    while found := _ENDINGS.search(base):
        base, endings = base[: found.start()], found[0].casefold() + endings
    number = 0
    while found := COPY_MARK.search(base):
        number = number or int(found["brackets"] or found["dash"])
        base = base[: found.start()]
    while found := _COPY_OF.match(base):
        base = base[found.end() :]
    return f"{base.casefold()}{endings}", number


def _without_assignment(name: str, assignments: list[str]) -> list[str]:
    """What is left of a name without the assignment's words, as it is and without what copying added at its end."""
    while found := _ENDINGS.search(name):
        name = name[: found.start()]
    both = (_left(name, assignments), _left(COPY_MARK.sub("", name), assignments))
    unmarked = [COPY_MARK.sub("", left) for left in both]
    words = dict.fromkeys((*both, *unmarked))
    return [word for word in words if re.search(r"[^\W\d_]", word) or (word.isdigit() and len(word) > 2)]


def _left(name: str, assignments: list[str]) -> str:
    name = _COPY_ANYWHERE.sub(" ", name)
    assignment = meant(name, assignments)
    for words in _wordings(assignment) if assignment else ():
        pattern = r"[\W_]*".join(map(re.escape, words))
        if re.search(pattern, name, re.IGNORECASE):
            name = re.sub(rf"(?<![^\W_]){pattern}(?![^\W\d_])", " ", name, count=1, flags=re.IGNORECASE)
            break
    return re.sub(r"\bLATE\b|(?<=_)LATE(?=_)", " ", name).strip(" _-,.")


def _wordings(assignment: str) -> list[list[str]]:
    """The words of an assignment's name, as it is written in full and in part."""
    words = re.findall(r"\d+|[^\W\d_]+", assignment)
    rest = [word for word in words if not word.isdigit()]
    return [ways for ways in (words, rest, words[:2]) if len(ways) > 1 or ways == words]


def names_in_files(paths: Sequence[str]) -> set[str]:
    """The folders whose files begin with their owners' names, as in ``Ada Lovelace - x.ipynb`` (Google Classroom's copies)."""
    owners: dict[str, set[str]] = {}
    for path in paths:
        folder, _, base = path.rpartition("/")
        if ".ipynb" in base.casefold():
            owners.setdefault(folder, set()).add(base.partition(" - ")[0] if " - " in base else "")
    return {folder for folder, names in owners.items() if len(names) > 1 and "" not in names}


def generic(
    path: str,
    assignments: Sequence[str],
    is_student: Callable[[str], bool],
    shared: int,
    top: int,
    in_files: bool = False,
) -> HandedIn:
    """A file in a folder of the student's, or with the student's name in its own: Google Drive, Classroom's folders, by hand.

    A name is what is left of a folder's or a file's without the assignment's words, endings and what copying adds.

    Args:
        is_student: whether a name is in the roster; without a roster, whether a name can be one's at all.
        shared: how many folders at the top hold everything, and so are nobody's, unless all is one person's.
        top: how many of these can be nobody's in any case.
        in_files: whether the folder is one of ``names_in_files``; folders are nobody's then.
    """
    parts = path.split("/")
    shared, top = (len(parts) - 1, len(parts) - 1) if in_files else (shared, top)
    for place in range(shared, len(parts) - 1):
        for name in _without_assignment(parts[place], list(assignments)):
            if is_student(name):
                return HandedIn(Person(name=name), "/".join(parts[place + 1 :]), f"{parts[place]}/")
    for name in _without_assignment(parts[-1], list(assignments)):
        if is_student(name):
            return HandedIn(Person(name=name), parts[-1])
    for place in reversed(range(top, min(shared, len(parts) - 1))):
        for name in _without_assignment(parts[place], list(assignments)):
            if is_student(name):
                return HandedIn(Person(name=name), "/".join(parts[place + 1 :]), f"{parts[place]}/")
    return HandedIn(Person(), parts[-1])


def with_login(handed_in: HandedIn, is_login: Callable[[str], bool]) -> HandedIn:
    """A login with ``_`` in it, which Blackboard's names cannot tell from the assignment's title; the roster can."""
    words = handed_in.title.split("_")
    for start in range(1, len(words)):
        login = "_".join([*words[start:], handed_in.who.login])
        if is_login(login):
            return replace(handed_in, who=replace(handed_in.who, login=login), title="_".join(words[:start]))
    return handed_in
