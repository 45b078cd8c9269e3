"""Files that are there as a whole or not at all, and a course folder that one grader works in at a time."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

WRITING = ".writing"
"""Name of a file that is being written, beside the place that it will take."""
LOCK = ".grading.lock"
_SCRATCH = "grading-"


class Busy(Exception):
    """Another process grades in this course folder."""


@contextlib.contextmanager
def only_grader(course: Path) -> Iterator[str]:
    """Keep others from grading in ``course`` meanwhile; yields a folder for temporary files.

    The lock ends with the process, however it ends. The folder's name is in the lock's file, so that the next one can
    remove what a killed one has left.

    Raises:
        Busy: another one is at work.
    """
    with (course / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"Another `make grade` is at work in {course}. Wait until it has ended; what it has done then is kept."
            ) from None
        lock.seek(0)
        left = Path(lock.read().strip())
        if left.name.startswith(_SCRATCH) and left.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
            lock.truncate(0)
            lock.write(scratch)
            lock.flush()
            yield scratch


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
