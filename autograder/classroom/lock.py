"""A course folder that one grader works in at a time."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
