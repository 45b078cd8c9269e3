"""What a student handed in, read once: a folder becomes a ``Task``, which any process on any machine can grade.

A student's folder is not to be trusted. Only regular files are read, links are never followed, and there are limits on
sizes and numbers. Of all files that may be the hand-in (under any name, in an archive, exported as a script) the one with most
answers is taken. What had to be done is said in sentences that go to the student's feedback and to the table; what cannot
be read is a ``problem``, which a human has to solve: it is not worth 0 points, but has none yet.
"""

import contextlib
import fnmatch
import functools
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.exercise import COURSE, Exercise
from autograder.handed_in.archives import ARCHIVE_BYTES, BadArchive, is_archive, unpack
from autograder.handed_in.naming import is_nothing, meant, shown
from autograder.handed_in.readable import (
    LARGEST,
    NEEDED,
    NOTEBOOK_BYTES,
    NotANotebook,
    TooSlow,
    is_json_notebook,
    is_script,
    read_notebook,
    without_outputs,
)
from autograder.handed_in.recover import grade_id_of, owners
from autograder.handed_in.timestamps import LONGEST, TIMESTAMP, NoTime, read_time
from autograder.time_limit import TookTooLong, at_most

FILES_BYTES, FILES = 32 << 20, 200
"""Most bytes, and most files, that are taken along beside the notebook."""
CHECKPOINTS = ".ipynb_checkpoints"
"""Folder of Jupyter's copies of the notebooks beside it."""
LOOKED_INTO = 1_000
"""Files of a submission that are looked into, to see whether they are a notebook under another name."""
LOOKING_SECONDS = 60.0
"""Longest time for looking through what one student has handed in; an archive of many files takes some seconds."""
LONGEST_NAME = 128
"""Letters of a student's name: the width of nbgrader's column."""
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz")
TEXTS = (".py", ".json", ".txt", ".md")
"""Endings of texts that may be a notebook."""
HANDED_IN = (".pdf", ".html", ".htm", ".doc", ".docx", ".odt", ".pages", ".rtf", ".tex", ".7z", ".rar", ".nb")
"""Endings of what people hand in in place of a notebook, and nothing can be graded of."""
MAY_BE = (*ARCHIVES, *TEXTS, *HANDED_IN, "")
"""Endings of files that are looked into."""


@dataclass(frozen=True)
class Task:
    """One submission of one assignment: everything that its verdict depends on."""

    student: str
    assignment: str
    files: Mapping[str, bytes] = field(repr=False)
    """By path in the submission's folder (``/`` between parts), the notebook under the assignment's own name. The files
    that the source has beside its notebook replace the student's, as in nbgrader."""
    source: bytes = field(repr=False)
    """The source notebook."""
    course_files: frozenset[str] = frozenset()
    """Which of the files are the course's own."""
    sentences: tuple[str, ...] = ()
    """What had to be done to read the files, for the student and the instructor."""
    problem: str = ""
    """Why nothing of it can be read; a human has to look."""
    called: str = ""
    """The notebook's name as it was handed in."""
    grader: str = ""
    """Which version of the grader the task is for (``grader_version``)."""

    @property
    def notebook(self) -> str:
        """Path of the notebook in ``files``; it is not there if it was too large."""
        return f"{self.assignment}.ipynb"

    @functools.cached_property
    def timestamp(self) -> datetime | None:
        """When it was handed in (UTC), if nbgrader's file is there and says so. One that is there and says nothing that can be
        understood is empty in ``files``."""
        return read_time(self.files[TIMESTAMP]) if self.files.get(TIMESTAMP) else None

    @functools.cached_property
    def key(self) -> str:
        """A digest of all that decides the verdict: files, source and grader. The same key, the same verdict."""
        digest = hashlib.sha256()
        for part in (
            self.grader,
            self.source,
            self.problem,
            *self.sentences,
            *(p for pair in sorted(self.files.items()) for p in pair),
        ):
            data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
            digest.update(b"%d:" % len(data) + data)
        return digest.hexdigest()


class NoNotebook(Exception):
    """There is no notebook in a submission's folder."""


class Unreadable(Exception):
    """A submission's folder cannot be read or graded under its name; the message says why and what to do."""


TOO_LONG = f"takes longer than {LOOKING_SECONDS:g} s to be looked through. Leave only the notebook that counts there."
"""The end of a sentence on a folder."""


@dataclass(frozen=True)
class Place:
    """Where files of a submission lie."""

    folder: Path
    only: frozenset[str] | None = None
    """Names of the files in it that belong to the submission; None: all that is below it."""
    without: frozenset[str] = frozenset()
    """Paths below it, files or folders, that belong to another one."""
    asked_for: bool = False
    """Whether somebody has named the file, so that nobody need be told where it was found."""


def read_task(folder: Path, source: Path, ignore: Sequence[str], places: Sequence[Place] = ()) -> Task:
    """Read one submission, ``submitted/<student>/<assignment>``.

    Args:
        source: the assignment's source folder, with its notebook in it.
        ignore: names and patterns of files that nbgrader leaves out (``CourseDirectory.ignore``).
        places: where its files are; in ``folder`` by default.

    Raises:
        NoNotebook: nothing was handed in.
        Unreadable: the folder is a link or not accessible, or its name cannot stand in the gradebook.
        FileNotFoundError: the source notebook was not built.
    """
    student, assignment = folder.parent.name, folder.name
    _check_name(student)
    places = places or (Place(folder),)
    beside = {path: read_regular(source / path, FILES_BYTES) for path, _ in regular_files(source, [*ignore, "*.ipynb"])}
    try:
        for link in (folder.parent, folder, *(place.folder for place in places)):
            if link.is_symlink():
                raise Unreadable(f"{shown(link.name)} is a link to another place. Put the folder itself there.")
        with at_most(LOOKING_SECONDS):
            handed_in = _HandedIn(folder, source, ignore, places, frozenset(beside))
            files, sentences, problem, called = handed_in.read()
    except TookTooLong:
        raise Unreadable(f"{shown(f'{student}/{assignment}')} {TOO_LONG}") from None
    except OSError as error:
        path = shown(os.fsdecode(error.filename or folder))
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Change its permissions.") from None
    files, said = _with_plain_time(files)
    return Task(
        student, assignment, {**files, **beside}, (source / f"{assignment}.ipynb").read_bytes(), frozenset(beside),
        (*sentences, *said), problem, called, grader_version(),
    )  # fmt: skip


def _with_plain_time(files: dict[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    """Files with what says when they were handed in as nbgrader writes it; empty, and a sentence, where it says nothing."""
    found = {name: data for name, data in files.items() if name != TIMESTAMP}
    if not files.get(TIMESTAMP, b"").strip():
        return found, []
    try:
        return found | {TIMESTAMP: f"{read_time(files[TIMESTAMP])} UTC".encode()}, []
    except NoTime as error:
        lost = (
            f"{TIMESTAMP} {error}, so it is not known when this was handed in, and nothing is taken off for being late."
        )
        return found | {TIMESTAMP: b""}, [lost]


def choose_notebook(sizes: Mapping[str, int], assignment: str, answers: Mapping[str, int] | None = None) -> str:
    """Which of several notebooks is the one to grade: the one with most answers, else the one of the right name, else the
    likeliest, else the largest.

    Args:
        sizes: bytes of each notebook, by path.
        answers: how many of its cells hold an answer, by path.
    """
    own = f"{assignment}.ipynb"

    def likely(path: str) -> tuple:
        name = path.rsplit("/", 1)[-1]
        plain = (path != own, name != own, assignment not in name, path.count("/"), -sizes[path], path)
        return (-answers[path] if answers else 0, *plain)

    return min(sizes, key=likely)


@functools.cache
def grader_version() -> str:
    """A digest of this grader: its code, its configuration, its data, and the versions of what it computes with."""
    digest = hashlib.sha256()
    parts = [COURSE / "nbgrader_config.py", *(COURSE / "data").glob("*.txt")]
    parts += [path for kind in ("py", "j2", "css") for path in (COURSE / "autograder").rglob(f"*.{kind}")]
    parts += (COURSE / "toolkit").rglob("*.py")
    for path in sorted(parts):
        digest.update(f"{path.relative_to(COURSE)}\0".encode() + path.read_bytes())
    digest.update(repr([version(name) for name in ("torch", "nbgrader", "nbconvert")]).encode())
    return digest.hexdigest()


def _check_name(student: str) -> None:
    try:
        student.encode()
    except UnicodeEncodeError:
        raise Unreadable(
            "The folder's name is not UTF-8, so the gradebook cannot hold it. Rename the folder."
        ) from None
    if len(student) > LONGEST_NAME:
        raise Unreadable(f"The folder's name is longer than {LONGEST_NAME} letters, more than the gradebook can hold.")


@dataclass(frozen=True)
class _File:
    """A file of a submission that is there, or one inside an archive."""

    path: str
    """From the submission's folder; ``..`` above it."""
    name: str
    """From its place."""
    place: Place
    size: int
    content: bytes | None = field(default=None, repr=False)
    """Of one inside an archive."""
    archive: str = ""

    def read(self, limit: int) -> bytes:
        return self.content if self.content is not None else read_regular(self.place.folder / self.name, limit)

    @functools.cached_property
    def notebook(self) -> bytes:
        """What may be a notebook in it: all, or what is left without outputs; nothing, if that is too large to be read."""
        return notebook_bytes(self.read(LARGEST)) if self.size <= LARGEST else b""


class _HandedIn:
    """All files of a submission, and which of them is the notebook."""

    def __init__(
        self, folder: Path, source: Path, ignore: Sequence[str], places: Sequence[Place], ours: frozenset[str]
    ):
        self.folder, self.assignment, self.own = folder, folder.name, f"{folder.name}.ipynb"
        self.source, self.places = source, places
        self.ignore = [
            pattern for pattern in ignore if pattern != "*.py"
        ]  # meant for source/; here it is an export or a module
        self.exercise = read_exercise(folder.name, source.parent)
        self.notebooks: list[_File] = []
        self.beside: list[_File] = []
        self.problems: dict[str, str] = {}
        """What cannot be read, by path."""
        self.doubtful: dict[str, str] = {}
        """What cannot be read, and need not have been meant to be."""
        self.strange: list[str] = []
        """What is neither a file nor a folder."""
        for number, file in enumerate(file for place in places for file in self._files(place)):
            passed_over = file.name == TIMESTAMP or (number >= LOOKED_INTO and ".ipynb" not in file.name.casefold())
            if file.name not in ours and (passed_over or not self._take(file)):
                self.beside.append(file)

    def read(self) -> tuple[dict[str, bytes], list[str], str, str]:
        """Files by path, sentences, what a human has to solve, and how the notebook was called."""
        readable = [file for file in self.notebooks if file.path not in self.problems]
        if not readable:
            return self._unreadable()
        chosen, answers = self._choose(readable)
        data = chosen.notebook
        sentences = self._said(chosen, readable, answers, data)
        problem = self._doubt(chosen, data)
        files = {} if problem else {self.own: data}
        files |= self._files_beside(chosen, sentences)
        return files, sentences, problem, chosen.path

    def _files(self, place: Place) -> Iterator[_File]:
        if not place.folder.exists():
            return
        found = regular_files(place.folder, self.ignore, place.only, self.strange)
        for name, size in found:
            if not any(name == path or name.startswith(f"{path}/") for path in place.without):
                above = os.path.relpath(place.folder, self.folder)
                yield _File(os.path.normpath(os.path.join(above, name)), name, place, size)

    def _take(self, file: _File) -> bool:
        """Note a file as one that may be the notebook, or as one that cannot be read; whether it is either."""
        name = file.path.rsplit("/", 1)[-1].casefold()
        ending = os.path.splitext(name)[1]
        named = ".ipynb" in name and ending not in ARCHIVES
        head = file.read(512)
        if is_archive(head) and (named or ending in ARCHIVES or not ending):
            return self._take_archive(file)
        if named and file.size > NOTEBOOK_BYTES and not file.notebook:
            self.problems[file.path] = too_large(file.size)
        elif not named and (ending in MAY_BE or head.lstrip().startswith(b"{")):
            return self._take_text(file, ending)
        if named:
            self.notebooks.append(file)
        return named

    def _take_text(self, file: _File, ending: str) -> bool:
        """As ``_take``, of a file whose name does not say that it is a notebook."""
        data = file.notebook
        is_notebook = is_json_notebook(data) or (is_script(data) and ending not in HANDED_IN)
        try:
            if is_notebook or ending == ".py":
                read_notebook(data, self.exercise)
                is_notebook = True
        except NotANotebook as error:
            (self.problems if is_notebook else self.doubtful)[file.path] = str(error)
        if is_notebook:
            self.notebooks.append(file)
        elif ending in (*HANDED_IN, *ARCHIVES):
            self.doubtful[file.path] = _why_not(file)
        return is_notebook

    def _take_archive(self, archive: _File) -> bool:
        if archive.size > ARCHIVE_BYTES:
            self.problems[archive.path] = too_large(archive.size)
            return True
        try:
            members = unpack(archive.read(ARCHIVE_BYTES))
        except BadArchive as error:
            self.problems[archive.path] = str(error)
            return True
        told = told_apart(members, self.source.parent, self._assignments())
        mine = {name for name, assignment in told.items() if assignment == self.assignment}
        wanted = mine or {name for name, assignment in told.items() if assignment is None}
        found = False
        for name, data in members.items():
            file = _File(f"{archive.path}/{name}", name, archive.place, len(data), data, archive.path)
            if name in wanted and self._take(file):
                found = True
            else:
                self.beside.append(file)
        if not found:
            self.doubtful[archive.path] = f"has no notebook in it. {NEEDED}"
        return found

    def _assignments(self) -> list[str]:
        return sorted({path.name for path in self.source.parent.iterdir() if path.is_dir()} | {self.assignment})

    def _choose(self, readable: Sequence[_File]) -> tuple[_File, dict[str, int]]:
        by_path = {file.path: file for file in readable}
        answers: dict[str, int] = {}
        if len(by_path) > 1 or self.problems or self.doubtful:
            for path, file in list(by_path.items()):
                answers[path] = 0
                try:
                    answers[path] = count_answers(file.notebook, self.exercise)
                except NotANotebook as error:
                    self.problems[path] = str(error)
                    answers[path] = -1
        sizes = {path: file.size for path, file in by_path.items()}
        return by_path[choose_notebook(sizes, self.assignment, answers)], answers

    def _said(self, chosen: _File, readable: Sequence[_File], answers: Mapping[str, int], data: bytes) -> list[str]:
        """What was taken for the notebook, and what was not."""
        copies = {f.path for f in readable if f is not chosen and f.size == chosen.size and f.notebook == data}
        sentences: list[str] = []
        if chosen.place.asked_for:
            pass
        elif chosen.path.startswith(".."):
            place = os.path.normpath(f"{self.folder.parent.name}/{self.assignment}/{chosen.path}")
            sentences.append(
                f"The notebook was found at {shown(place)}; it was graded as {self.assignment}/{self.own}."
            )
        elif chosen.path != self.own:
            sentences.append(f"The notebook was called {shown(chosen.path)}; it was graded as {self.own}.")
        every = {f.path for f in self.notebooks} | self.problems.keys()
        if others := sorted(every - copies - {chosen.path}):
            listed = [shown(path) + _answered(answers.get(path)) for path in others[:5]]
            most = _answered(answers.get(chosen.path)).replace("(", "(this one has ", 1)
            sentences.append(f"There were other notebooks, too, which were not graded: {', '.join(listed)}{most}.")
        if self.strange:
            links = ", ".join(map(shown, self.strange[:5]))
            sentences.append(f"What is a link to another place, or no file, was left out: {links}.")
        return sentences

    def _doubt(self, chosen: _File, data: bytes) -> str:
        """Why a human has to look, though there is a notebook; nothing, if there is no reason."""
        found = {match.decode("utf-8", "replace") for match in _GRADE_ID.findall(data)}
        counts = count_grade_ids(found, self.source.parent, self._assignments()) if found else {}
        if not counts:  # its metadata are gone; what is no notebook is told when it is read
            with contextlib.suppress(NotANotebook):
                counts = count_cells(
                    read_notebook(data, self.exercise)[0].cells, self.source.parent, self._assignments()
                )
        if counts and not counts.get(self.assignment) and (other := max(counts, key=counts.__getitem__)):
            return f"{shown(chosen.path)} is the notebook of {other}. The one of {self.assignment} is needed."
        if not self.problems and (copies := self._checkpoints()) and not count_answers_of(data, self.exercise):
            self.doubtful |= copies
        unread = bool(self.problems or self.doubtful) and self.exercise is not None
        if unread and chosen.path not in self.problems and not count_answers(data, self.exercise):
            return f"{shown(chosen.path)} has no answers in it, and {self._list_problems()}"
        return ""

    def _unreadable(self) -> tuple[dict[str, bytes], list[str], str, str]:
        """What is said when there is nothing to grade.

        Raises:
            NoNotebook: because there is nothing at all.
            Unreadable: because it is no file.
        """
        links = [name for name in self.strange if ".ipynb" in name.casefold()]
        if not self.problems and not self.doubtful and not links:
            own = [file for file in self.beside if file.name != TIMESTAMP and not _ignored(file.name, self.ignore)]
            self.problems = {file.path: _why_not(file) for file in own[:20]}
        if not self.problems:
            self.doubtful |= self._checkpoints()
        nothing = not self.problems and not self.doubtful
        if nothing and self.strange:
            raise Unreadable(
                f"{shown(self.strange[0])} is a link to another place, or no file. Put the file itself there."
            )
        if nothing:
            raise NoNotebook(f"no notebook in {self.folder}")
        files = {f.name: f.read(LONGEST + 1) for f in self.beside if f.name == TIMESTAMP}
        return files, [], self._list_problems(), ""

    def _checkpoints(self) -> dict[str, str]:
        """Of Jupyter's copies of a notebook those with answers, by path: nobody means to hand them in, but they may be all that
        is left of the work."""
        found = {}
        for place in self.places:
            for folder in checkpoint_folders(place.folder, deep=place.only is None):
                for name, size in islice(regular_files(folder, self.ignore), FILES):
                    data = read_regular(folder / name, NOTEBOOK_BYTES) if size <= NOTEBOOK_BYTES else b""
                    if name.endswith(".ipynb") and count_answers_of(data, self.exercise):
                        path = os.path.normpath(os.path.relpath(folder / name, self.folder))
                        found[path] = (
                            "is a copy with answers that Jupyter keeps. If it counts, put it in the notebook's place."
                        )
        return found

    def _list_problems(self) -> str:
        listed = [*sorted(self.problems.items()), *sorted(self.doubtful.items())]
        more = f" There are {len(listed) - 3} more files like these." if len(listed) > 3 else ""
        return " ".join(f"{shown(path)} {why}" for path, why in listed[:3]) + more

    def _files_beside(self, chosen: _File, sentences: list[str]) -> dict[str, bytes]:
        """What is there when the notebook is run: the files of its place, or of its archive, modules of the student's too."""
        scripts = [file for file in self.notebooks if file.name.endswith(".py") and file is not chosen]
        above = chosen.name.rpartition("/")[0] + "/"  # where the notebook lies is where it is run
        beside: dict[str, _File] = {}
        for file in [*self.beside, *scripts]:
            if file.name == TIMESTAMP:
                if not file.archive and TIMESTAMP not in beside:
                    beside[TIMESTAMP] = file
            elif file.place is chosen.place and file.archive == chosen.archive:
                name = file.name.removeprefix(above)
                ignored = any(_ignored(part, self.ignore) for part in file.name.split("/"))
                if not ignored and _usable(name, beside):
                    beside[name] = file
        when = {name: beside.pop(name).read(LONGEST + 1) for name in [*beside] if name == TIMESTAMP}
        if sum(file.size for file in beside.values()) > FILES_BYTES or len(beside) > FILES:
            sentences.append(
                f"The files beside the notebook are too many or too large ({len(beside)}); they were left out."
            )
            beside = {}
        return when | {name: file.read(FILES_BYTES) for name, file in beside.items()}


_GRADE_ID = re.compile(rb'"grade_id"\s*:\s*"([^"\\]{1,100})"')


def read_exercise(assignment: str, source: Path) -> Exercise | None:
    """An assignment of a course; None if its source is no exercise."""
    try:
        return Exercise.from_assignment(assignment, source)
    except Exception:  # whatever is wrong with it, it is said when something is graded by it
        return None


def count_answers(data: bytes, exercise: Exercise | None) -> int:
    """How many solution cells of a notebook are not as they were handed out.

    Raises:
        NotANotebook: it cannot be read.
    """
    notebook, _ = read_notebook(data, exercise)
    if exercise is None:
        return 0
    found, _ = owners(notebook.cells, exercise)
    blank = {g: exercise.released[g].strip() for g, cell in exercise.trusted_cells.items() if utils.is_solution(cell)}
    pairs = zip(found, notebook.cells, strict=True)
    return sum(g in blank and cell.source.strip() not in ("", blank[g]) for g, cell in pairs)


def count_answers_of(data: bytes, exercise: Exercise | None) -> int:
    """As ``count_answers``; none of what cannot be read."""
    try:
        return count_answers(data, exercise)
    except NotANotebook:
        return 0


def checkpoint_folders(folder: Path, deep: bool = True) -> list[Path]:
    """The folders in which Jupyter keeps copies of notebooks, in this folder or, if ``deep``, anywhere below it."""
    parents = ((parent, folders) for parent, folders, _ in os.walk(folder))
    return [
        Path(parent, CHECKPOINTS)
        for parent, folders in (parents if deep else islice(parents, 1))
        if CHECKPOINTS in folders and not Path(parent, CHECKPOINTS).is_symlink()
    ]


def count_grade_ids(found: Collection[str], source: Path, assignments: Sequence[str]) -> dict[str, int]:
    """How many of these grade_ids are each assignment's alone; assignments that have none are left out."""
    return _count_alone(found, {a: set(e.trusted_cells) for a in assignments if (e := read_exercise(a, source))})


def count_cells(cells: Sequence[NotebookNode], source: Path, assignments: Sequence[str]) -> dict[str, int]:
    """How many cells are each assignment's alone, told by grade_ids; if there are none, by cell ids; then by texts."""
    texts = {
        a: {text.strip() for text in exercise.released.values()} - {""}
        for a in assignments
        if (exercise := read_exercise(a, source))
    }
    return (
        count_grade_ids({grade_id_of(cell) for cell in cells}, source, assignments)
        or count_grade_ids({cell.get("id", "") for cell in cells}, source, assignments)
        or _count_alone({cell.source.strip() for cell in cells}, texts)
    )


def _count_alone(found: Collection[str], keys: Mapping[str, set[str]]) -> dict[str, int]:
    alone = {a: keys[a].difference(*(keys[b] for b in keys if b != a)) for a in keys}
    return {a: count for a in keys if (count := len(alone[a].intersection(found)))}


def of_contents(data: bytes, source: Path, assignments: Sequence[str]) -> str | None:
    """The assignment whose cells a file holds (``count_cells``); None if that cannot be told."""
    best: tuple[int, str | None] = (0, None)
    for assignment in assignments:  # a script's cells are found with an exercise's help
        try:
            cells = read_notebook(data, read_exercise(assignment, source))[0].cells
        except TooSlow:
            return None
        except NotANotebook:
            continue
        counts = count_cells(cells, source, assignments)
        best = max([best, *((count, name) for name, count in counts.items())], key=lambda pair: pair[0])
    return best[1]


def told_apart(members: Mapping[str, bytes], source: Path, assignments: Sequence[str]) -> dict[str, str | None]:
    """Which assignment each file of an archive is for, told by its name or by its cells; None where that cannot be told."""
    told = {}
    for path, data in members.items():
        told[path] = of_path(path, assignments)
        if told[path] is None and os.path.splitext(path.casefold())[1] in (".ipynb", *TEXTS, ""):
            told[path] = of_contents(data, source, assignments)
    return told


def of_path(path: str, assignments: Sequence[str]) -> str | None:
    """The assignment that a file's name means, or else the nearest folder above it."""
    return next((found for part in reversed(path.split("/")) if (found := meant(part, assignments))), None)


def notebook_bytes(data: bytes) -> bytes:
    """A file's bytes as they are read as a notebook: one that is too large without its outputs, nothing if it still is."""
    data = data if len(data) <= NOTEBOOK_BYTES else without_outputs(data)
    return data if len(data) <= NOTEBOOK_BYTES else b""


def too_large(size: int) -> str:
    """The end of a sentence on a file that is not read."""
    return (
        f"has {size / 1e6:.0f} MB, too large for a notebook of this course even without its outputs. It is needed without "
        "them, and without pictures."
    )


def _why_not(file: _File) -> str:
    """The end of a sentence on a file that is no notebook."""
    try:
        read_notebook(file.read(1 << 20))
    except NotANotebook as error:
        return str(error)
    return f"is not what is handed in. {NEEDED}"


def _answered(count: int | None) -> str:
    if count is None or count < 0:
        return ""
    return f" ({count or 'no'} answer{'s' * (count != 1)})"


def _usable(path: str, others: Mapping[str, Any]) -> bool:
    """Whether a file of this path can be made beside others, wherever the path comes from."""
    parts = path.split("/")
    above = {"/".join(parts[:n]) for n in range(1, len(parts))}
    fits = all(part.isprintable() and len(part.encode()) <= 200 for part in parts) and len(parts) <= 20
    return fits and not above & others.keys() and not any(other.startswith(f"{path}/") for other in others)


def regular_files(
    folder: Path, ignore: Sequence[str], only: Collection[str] | None = None, strange: list[str] | None = None
) -> Iterator[tuple[str, int]]:
    """Path below ``folder`` and size of each regular file, in order; what systems leave behind is left out.

    Args:
        only: names of files in the folder; no others, and nothing in folders below.
        strange: what is neither a file nor a folder is added here.
    """

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not _ignored(name, ignore)) if only is None else []
        if strange is not None:
            strange += [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted(names):
            path = Path(parent, name)
            if _ignored(name, ignore) or (only is not None and name not in only):
                continue
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path.relative_to(folder).as_posix(), status.st_size
            elif strange is not None:
                strange.append(name)


def _ignored(name: str, ignore: Sequence[str]) -> bool:
    return is_nothing(name) or any(fnmatch.fnmatchcase(name, pattern) for pattern in ignore)


def read_regular(path: Path, limit: int) -> bytes:
    """At most ``limit`` bytes of a regular file; a link that has taken its place meanwhile is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        return file.read(limit)
