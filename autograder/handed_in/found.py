"""Everything in ``submitted/``: whose it is and what it is for, or a sentence on what a human has to do with it.

Nothing is moved. What lies a level too high or too low, under a name that is nearly right, or in an archive, is read from
where it is. Who somebody is is never guessed.
"""

import contextlib
import fnmatch
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.handed_in.archives import ARCHIVE_BYTES, BadArchive, is_archive, unpack
from autograder.handed_in.naming import is_nothing, meant, nearest, person, shown
from autograder.handed_in.readable import LARGEST, NEEDED
from autograder.handed_in.submitted import (
    ARCHIVES,
    HANDED_IN,
    LOOKING_SECONDS,
    MAY_BE,
    TOO_LONG,
    Place,
    checkpoint_folders,
    notebook_bytes,
    of_contents,
    read_regular,
    regular_files,
    told_apart,
)
from autograder.handed_in.timestamps import TIMESTAMP
from autograder.time_limit import TookTooLong, at_most

LEVELS = 8
"""Folders in one another below a student's."""
WRAPPERS = ("submitted", "submissions")
"""Folders in ``submitted/`` that are not a student's: what was packed as a whole."""

TOOLS = {".cache", ".conda", ".config", ".git", ".ipython", ".jupyter", ".local", ".venv", ".virtual_documents"}
"""Hidden folders in which tools keep what may be called like a notebook."""


@dataclass(frozen=True)
class Left:
    """Something that a human has to put right."""

    student: str
    """Whose it is; nothing, where that cannot be told."""
    sentence: str


@dataclass
class Found:
    """What is in ``submitted/``."""

    places: dict[Path, tuple[Place, ...]] = field(default_factory=dict)
    """Where the files of each submission are, by ``submitted/<student>/<assignment>``."""
    students: set[str] = field(default_factory=set)
    """Whoever has a folder."""
    left: list[Left] = field(default_factory=list)


def look(
    submitted: Path, source: Path, assignments: Sequence[str], ignore: Sequence[str] = (), known: Collection[str] = ()
) -> Found:
    """Look through ``submitted/``.

    Args:
        source: the folder with all assignments' sources.
        ignore: names and patterns of files that nbgrader leaves out.
        known: names of students in the gradebook.
    """
    search = _Search(submitted, source, assignments, ignore, frozenset(known))
    if submitted.is_dir():
        search.top(submitted)
        search.compare_names()
    found = search.found
    found.places = dict(sorted(found.places.items()))
    return found


class _Search:
    def __init__(
        self, submitted: Path, source: Path, assignments: Sequence[str], ignore: Sequence[str], known: frozenset[str]
    ):
        self.submitted, self.source, self.assignments, self.known = submitted, source, assignments, known
        self.ignore = [pattern for pattern in ignore if pattern != "*.py"]  # an export may be one
        self.found = Found()

    def top(self, folder: Path) -> None:
        """A folder of students' folders."""
        for entry in self._entries(folder, "", ignore=()):
            path, name = Path(entry.path), entry.name
            where = self._shown(path)
            if entry.is_symlink():
                self._leave(name, f"{where} is a link to another place. Put the folder itself there.")
            elif not entry.is_dir():
                self._leave(
                    "",
                    f"{where} is in nobody's folder. Put it into submitted/<student>/<assignment>/ (an archive from "
                    "an LMS: `make collect FROM=archive`).",
                )
            elif name.startswith("."):
                if self._files(path):
                    self._leave_hidden("", path)
            elif name not in self.known and (assignment := meant(name, self.assignments, alone=True)):
                self._students_of(assignment, path)
            elif name not in self.known and meant(name, self.assignments):
                self._leave("", f"{where} is called like an assignment. Put it into submitted/<student>/.")
            elif name.casefold() in WRAPPERS and name not in self.known and folder == self.submitted:
                self.top(path)
            elif self.known and name not in self.known and self.known.intersection(self._folders(path)):
                self.top(path)  # a section of the class
            else:
                self.found.students.add(name)
                with self._in_time(name, path):
                    self._student(name, path)

    @contextlib.contextmanager
    def _in_time(self, student: str, folder: Path) -> Iterator[None]:
        """Look through a folder; one that takes too long is left, whatever it was that is slow to read."""
        before = len(self.found.left)
        try:
            with at_most(LOOKING_SECONDS):
                yield
        except TookTooLong:
            del self.found.left[before:]
            self._leave(student, f"{self._shown(folder)} {TOO_LONG}")

    def compare_names(self) -> None:
        """Folders that may be one person's: said, never merged."""
        alike: dict[str, list[str]] = {}
        for name in sorted(self.found.students | self.known):
            alike.setdefault(person(name), []).append(name)
        for names in alike.values():
            if len(names) > 1 and self.found.students.intersection(names):
                listed = " and ".join(repr(name) for name in names)
                self._leave(
                    "", f"{listed} may be one person. If so, put all files into one folder, and remove the other."
                )

    def _students_of(self, assignment: str, folder: Path) -> None:
        """``submitted/<assignment>/<student>``: the two levels in the wrong order."""
        for entry in self._entries(folder, ""):
            path = Path(entry.path)
            if entry.is_symlink() or not entry.is_dir() or meant(entry.name, self.assignments):
                self._leave(
                    "", f"{self._shown(path)} is in nobody's folder. Put it into submitted/<student>/{assignment}/."
                )
            elif not entry.name.startswith("."):
                self.found.students.add(entry.name)
                with self._in_time(entry.name, path):
                    self._assignment(entry.name, assignment, path)
            elif self._files(path):
                self._leave_hidden("", path)

    def _student(self, student: str, folder: Path) -> None:
        claims: dict[str, dict[str, list[Place]]] = {}
        for name in self._below(student, folder, folder, claims, 0):
            near = nearest(name, self.assignments)
            self._leave(
                student,
                f"{self._shown(folder / name)} is of no assignment that is known; the nearest is {near}. "
                f"If it is handed in for it, put it into submitted/{shown(student)}/{near}/.",
            )
        for copies in checkpoint_folders(folder) if not claims else ():
            if any(name.endswith(".ipynb") for name in self._files(copies)):
                self._leave(
                    student,
                    f"{self._shown(copies)} holds copies that Jupyter keeps of notebooks, and the notebooks are not there. If "
                    f"one of them counts, put it into submitted/{shown(student)}/<assignment>/.",
                )
        for assignment, above in claims.items():
            if len(above) > 1 and "" not in above and student not in self.known:
                listed = ", ".join(map(shown, list(above)[:5]))
                self._leave(
                    student,
                    f"{shown(student)} holds several folders ({listed}), each with a {assignment}. If they are students, "
                    "move them into submitted/; if they are versions, leave the one that counts.",
                )
                continue
            for place in (place for places in above.values() for place in places):
                self._add(student, assignment, place)

    def _below(self, student: str, top: Path, folder: Path, claims: dict, level: int) -> list[str]:
        """Note what a student's folder, or one in it, holds for which assignment, by the folder under the student's.

        Returns:
            Paths below ``top`` of what is for none.
        """
        above = folder.relative_to(top).parts[0] if folder != top else ""

        def claim(assignment: str, place: Place) -> None:
            claims.setdefault(assignment, {}).setdefault(above, []).append(place)

        def count() -> int:
            return sum(len(places) for found in claims.values() for places in found.values())

        files: list[Path] = []
        left: list[str] = []
        for entry in self._entries(folder, student):
            path, assignment = Path(entry.path), meant(entry.name, self.assignments)
            if entry.is_symlink():
                # entry.is_file() fails where a link leads nowhere that can be seen
                if assignment and not os.path.isfile(path):
                    claim(assignment, Place(path))  # reading it says what to do
                else:
                    self._leave(student, f"{self._shown(path)} is a link to another place. Put the file itself there.")
            elif entry.is_dir() and assignment:
                claim(assignment, self._assignment_place(student, assignment, path))
            elif entry.is_dir() and level >= LEVELS:
                left.append(path.relative_to(top).as_posix())
            elif entry.is_dir() and not entry.name.startswith("."):
                before = count()
                inside = self._below(student, top, path, claims, level + 1)
                if count() == before and self._files(path):
                    inside = [path.relative_to(top).as_posix()]
                left += inside
            elif entry.is_dir():
                tools = entry.name in TOOLS or entry.name.startswith(".Trash")
                if not tools and any(".ipynb" in name.casefold() for name in self._files(path)):
                    self._leave_hidden(student, path)
            elif entry.is_file():
                files.append(path)
            else:
                self._leave(student, f"{self._shown(path)} is no file that can be read. {NEEDED}")
        return left + self._claim_files(top, folder, files, claim)

    def _claim_files(self, top: Path, folder: Path, files: Sequence[Path], claim: Callable) -> list[str]:
        """Loose files of one folder; those that may have been handed in for something, and for what is not known."""
        mine: dict[str, set[str]] = {}
        rest: set[str] = set()
        for path in files:
            found = self._assignments_of(path)
            for assignment in found:
                mine.setdefault(assignment, set()).add(path.name)
            if not found:
                rest.add(path.name)
        modules = {name for name in rest if mine and name.endswith(".py")}  # beside a notebook, and no export
        lost = {name for name in rest - modules if _is_work(name) or not (mine or name == TIMESTAMP)}
        for assignment, names in mine.items():
            claim(assignment, Place(folder, frozenset(names | (rest - lost))))
        return [(folder / name).relative_to(top).as_posix() for name in sorted(lost)]

    def _assignment(self, student: str, assignment: str, folder: Path) -> None:
        self._add(student, assignment, self._assignment_place(student, assignment, folder))

    def _assignment_place(self, student: str, assignment: str, folder: Path) -> Place:
        """An assignment's folder; what is in it and plainly of another one goes there."""
        without: set[str] = set()
        for path in self._files(folder):
            name = path.rsplit("/", 1)[-1]
            other = meant(name, self.assignments)
            if other and other != assignment and ".ipynb" in name.casefold():
                data = notebook_bytes(self._read(folder / path, LARGEST) or b"")
                if data and of_contents(data, self.source, self.assignments) in (other, None):
                    without.add(path)
                    self._add(student, other, Place((folder / path).parent, frozenset({name})))
        return Place(folder, None, frozenset(without))

    def _assignments_of(self, path: Path) -> list[str]:
        """What a loose file is handed in for: told by its name, by the names in an archive, or by its cells."""
        if path.name == TIMESTAMP:
            return []
        by_name, ending = meant(path.name, self.assignments), path.suffix.casefold()
        head = self._read(path, 512) or b""
        if ending not in MAY_BE and ".ipynb" not in path.name.casefold() and not head.lstrip().startswith(b"{"):
            return [by_name] if by_name else []
        if is_archive(head):
            try:
                members = unpack(self._read(path, ARCHIVE_BYTES) or b"")
            except BadArchive:
                members = {}
            told = told_apart(members, self.source, self.assignments)
            found = {assignment for assignment in told.values() if assignment}
            return sorted(found) or ([by_name] if by_name else [])
        if by_name:
            return [by_name]
        data = b"" if ending in HANDED_IN else notebook_bytes(self._read(path, LARGEST) or b"")
        by_contents = of_contents(data, self.source, self.assignments) if data else None
        return [by_contents] if by_contents else []

    def _add(self, student: str, assignment: str, place: Place) -> None:
        folder = self.submitted / student / assignment
        places = [*self.found.places.get(folder, ()), place]
        self.found.places[folder] = tuple(sorted(places, key=lambda place: place.folder != folder))

    def _leave(self, student: str, sentence: str) -> None:
        self.found.left.append(Left(student, sentence))

    def _leave_hidden(self, student: str, folder: Path) -> None:
        name = shown(folder.name.lstrip(". ")) or "what it is"
        self._leave(student, f"{self._shown(folder)} begins with a dot, so it is passed over. Rename it to {name}.")

    def _entries(self, folder: Path, student: str, ignore: Sequence[str] | None = None) -> list[os.DirEntry]:
        """What is in a folder, in order; what is of no concern is left out."""
        ignore = self.ignore if ignore is None else ignore
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._leave(student, f"{self._shown(folder)} cannot be opened ({error.strerror}). Change its permissions.")
            return []
        return [e for e in found if not is_nothing(e.name) and not any(fnmatch.fnmatchcase(e.name, p) for p in ignore)]

    def _folders(self, folder: Path) -> set[str]:
        try:
            return {entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)}
        except OSError:
            return set()  # said when it is looked through

    def _files(self, folder: Path) -> list[str]:
        try:
            return [path for path, _ in regular_files(folder, self.ignore)]
        except OSError:
            return []  # said when the folder is read

    def _read(self, path: Path, limit: int) -> bytes | None:
        try:
            return read_regular(path, limit)
        except OSError:
            return None

    def _shown(self, path: Path) -> str:
        return shown(f"submitted/{path.relative_to(self.submitted).as_posix()}")


def _is_work(name: str) -> bool:
    """Whether a file of this name is likely to be somebody's answers."""
    ending = os.path.splitext(name.casefold())[1]
    return ".ipynb" in name.casefold() or ending in (*ARCHIVES, *HANDED_IN, ".py")
