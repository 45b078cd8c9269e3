"""A time limit for what is done with texts that anybody may have written: parsers have ways to be slow that nobody lists."""

import contextlib
import signal
import threading
from collections.abc import Iterator


class TookTooLong(BaseException):
    """Something used more time than it was given; no library's ``except Exception`` is meant to catch it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what is done inside after so many seconds of this process's own computing, however busy the machine is.

    Only the main thread of a Unix process can be stopped so; elsewhere (a thread of a Dask worker) there is no limit. Not
    to be nested.

    Raises:
        TookTooLong: it was stopped.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TookTooLong(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
