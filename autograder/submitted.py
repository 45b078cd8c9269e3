"""What a student handed in, read once: a folder becomes a ``Task``, which any process on any machine can grade.

A student's folder is not to be trusted. Only regular files are read, links are never followed, and there are limits on
sizes and numbers. What could not be read is said in a sentence that goes to the student's feedback and to the table.
"""

import fnmatch
import functools
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.exercise import COURSE

NOTEBOOK_BYTES = 16 << 20
"""Largest notebook that is read. A student's weighs about 0.4 MB, most of it pictures."""
FILES_BYTES, FILES = 32 << 20, 200
"""Most bytes, and most files, that are taken along beside the notebook."""
TIMESTAMP = "timestamp.txt"
"""nbgrader's file that says when something was handed in."""
LONGEST_NAME = 128
"""Letters of a student's name: the width of nbgrader's column."""


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
    grader: str = ""
    """Which version of the grader the task is for (``grader_version``)."""

    @property
    def notebook(self) -> str:
        """Path of the notebook in ``files``; it is not there if it was too large."""
        return f"{self.assignment}.ipynb"

    @property
    def timestamp(self) -> datetime | None:
        """When it was handed in (UTC), if nbgrader's file is there and says so."""
        try:
            return parse_utc(self.files[TIMESTAMP].decode().strip())
        except Exception:  # no such file, or dateutil does not know what to make of it
            return None

    @functools.cached_property
    def key(self) -> str:
        """A digest of all that decides the verdict: files, source and grader. The same key, the same verdict."""
        digest = hashlib.sha256()
        for part in (
            self.grader,
            self.source,
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


def read_task(folder: Path, source: Path, ignore: Sequence[str]) -> Task:
    """Read ``submitted/<student>/<assignment>``.

    Args:
        source: the assignment's source folder, with its notebook in it.
        ignore: names and patterns of files that nbgrader leaves out (``CourseDirectory.ignore``).

    Raises:
        NoNotebook: there is none.
        Unreadable: the folder is a link or not accessible, or its name cannot stand in the gradebook.
        FileNotFoundError: the source notebook was not built.
    """
    student, assignment = folder.parent.name, folder.name
    _check_name(student)
    for link in (folder.parent, folder):
        if link.is_symlink():
            raise Unreadable(f"{link.name} is a link to another place. Put the folder itself there.")
    try:
        found = list(regular_files(folder, ignore))
    except OSError as error:
        raise Unreadable(f"{error.filename} cannot be opened ({error.strerror}). Change its permissions.") from None
    notebooks = {path: size for path, size in found if path.endswith(".ipynb")}
    if not notebooks:
        raise NoNotebook(f"no notebook in {folder}")
    try:
        files, sentences = _read(folder, assignment, found, notebooks)
    except OSError as error:
        raise Unreadable(f"{error.filename} cannot be read ({error.strerror}). Change its permissions.") from None
    beside = {path: read_regular(source / path, FILES_BYTES) for path, _ in regular_files(source, [*ignore, "*.ipynb"])}
    notebook = (source / f"{assignment}.ipynb").read_bytes()
    task = Task(
        student, assignment, {**files, **beside}, notebook, frozenset(beside), tuple(sentences), grader_version()
    )
    if files.get(TIMESTAMP, b"").strip() and task.timestamp is None:
        lost = f"{TIMESTAMP} holds no date, so it is not known when this was handed in."
        task = replace(task, sentences=(*task.sentences, lost))
    return task


def choose_notebook(sizes: Mapping[str, int], assignment: str) -> str:
    """Which of several notebooks is the one to grade: the one of the right name, else the likeliest, else the largest.

    Args:
        sizes: bytes of each notebook, by path.
    """
    own = f"{assignment}.ipynb"

    def likely(path: str) -> tuple:
        name = path.rsplit("/", 1)[-1]
        return (path != own, name != own, assignment not in name, path.count("/"), -sizes[path], path)

    return min(sizes, key=likely)


@functools.cache
def grader_version() -> str:
    """A digest of this grader: its code, its configuration, its data, and the versions of what it computes with."""
    digest = hashlib.sha256()
    parts = [COURSE / "nbgrader_config.py", *(COURSE / "data").glob("*.txt")]
    parts += [path for folder in ("autograder", "toolkit") for path in (COURSE / folder).rglob("*.py")]
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


def _read(
    folder: Path, assignment: str, found: Sequence[tuple[str, int]], notebooks: Mapping[str, int]
) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    sentences: list[str] = []
    own = f"{assignment}.ipynb"
    chosen = choose_notebook(notebooks, assignment)
    if notebooks[chosen] > NOTEBOOK_BYTES:
        sentences.append(too_large(own, notebooks[chosen]))
    else:
        files[own] = read_regular(folder / chosen, NOTEBOOK_BYTES)
    copies = {path for path in notebooks if path != chosen and notebooks[path] == notebooks[chosen] <= NOTEBOOK_BYTES}
    copies = {path for path in copies if read_regular(folder / path, NOTEBOOK_BYTES) == files[own]}
    if called := [chosen] if chosen != own else sorted(copies):
        sentences.append(f"The notebook was called {_shown(called[0])}; it was graded as {own}.")
    if others := sorted(notebooks.keys() - copies - {chosen}):
        sentences.append(
            f"There were other notebooks, too, which were not graded: {', '.join(map(_shown, others[:5]))}."
        )
    beside = [(path, size) for path, size in found if path not in notebooks]
    if sum(size for _, size in beside) > FILES_BYTES or len(beside) > FILES:
        sentences.append(
            f"The files beside the notebook are too many or too large ({len(beside)}); they were left out."
        )
    else:
        files |= {path: read_regular(folder / path, FILES_BYTES) for path, _ in beside}
    return files, sentences


def too_large(name: str, size: int) -> str:
    """The sentence on a notebook that is not read."""
    return f"{name} has {size / 1e6:.0f} MB, which is too large for a notebook of this course, so nothing in it counts."


def _shown(path: str) -> str:
    """A file's name in a sentence: whatever a name may hold, one printable line."""
    return "".join(c if c.isprintable() else "?" for c in path)[:100]


def regular_files(folder: Path, ignore: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Path below ``folder`` and size of each regular file, in order."""

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not _ignored(name, ignore))
        for name in sorted(names):
            path = Path(parent, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and not _ignored(name, ignore):
                yield path.relative_to(folder).as_posix(), status.st_size


def _ignored(name: str, ignore: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in ignore)


def read_regular(path: Path, limit: int) -> bytes:
    """At most ``limit`` bytes of a regular file; a link that has taken its place meanwhile is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        return file.read(limit)
