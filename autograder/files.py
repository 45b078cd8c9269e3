"""Files that are there as a whole or not at all, and a course folder that one grader works in at a time."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

WRITING = ".writing"
"""Name of a file that is being written, beside the place that it will take."""
LOCK = ".grading.lock"


class Busy(Exception):
    """Another process grades in this course folder."""


@contextlib.contextmanager
def only_grader(course: Path) -> Iterator[None]:
    """Keep others from grading in ``course`` meanwhile. The lock ends with the process, however it ends.

    Raises:
        Busy: another one is at work.
    """
    with (course / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"Another `make grade` is at work in {course}. Wait until it has ended; what it has done then is kept."
            ) from None
        yield


def write(path: Path, data: bytes | str, permissions: int = 0o644) -> None:
    """Put a file in its place in one go, on disk when this returns; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(WRITING)
    with part.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), permissions)
    os.replace(part, path)


def fill(folder: Path, files: Mapping[str, bytes | str], last: str, permissions: int) -> None:
    """Make ``folder`` hold just these files, ``last`` being written when all others are in place.

    Args:
        files: by path below the folder, ``/`` between parts.
    """
    wanted = {folder / name for name in files}
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_symlink() or path.is_file():
            if path not in wanted or path.is_symlink():
                path.unlink()
        elif path in wanted or not any(path in w.parents for w in wanted):
            shutil.rmtree(path)
    for name in sorted(files, key=lambda name: (name == last, name)):
        write(folder / name, files[name], permissions)


def remove_leftovers(*folders: Path) -> None:
    """Delete what a killed run was writing."""
    for folder in folders:
        for path in folder.rglob(WRITING):
            path.unlink()
