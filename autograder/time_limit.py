"""A time limit for what is done with texts that anybody may have written: parsers have ways to be slow that nobody lists."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

_AGAIN = 0.1
"""Seconds after which a limit strikes again, should somebody inside have taken it for another one's."""


@dataclass
class _Limit:
    struck: bool = False


_running: list[_Limit] = []
"""The limits that are in force, each inside of the one before."""


class TookTooLong(BaseException):
    """Something used more time than it was given; no library's ``except Exception`` is meant to catch it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what is done inside after so many seconds of this process's own computing, however busy the machine is.

    Only the main thread of a Unix process can be stopped so; elsewhere (a thread of a Dask worker) there is no limit. What
    is limited inside of something limited counts for both; the outer one strikes at its end at the latest, whoever has caught
    the exception before.

    Raises:
        TookTooLong: it was stopped.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    if any(around.struck for around in _running):
        raise TookTooLong("the time of a limit around this one is up")
    mine = _Limit()

    def stop(*_: object) -> None:
        mine.struck = True
        raise TookTooLong(f"more than {seconds:g} s")

    left = signal.getitimer(signal.ITIMER_VIRTUAL)[0] if _running else 0.0
    given = min(seconds, left) if left else seconds
    before = signal.signal(signal.SIGVTALRM, stop)
    _running.append(mine)
    signal.setitimer(signal.ITIMER_VIRTUAL, given, _AGAIN)
    try:
        yield
    finally:
        unused = signal.setitimer(signal.ITIMER_VIRTUAL, 0)[0]
        signal.signal(signal.SIGVTALRM, before)
        _running.remove(mine)
        if left:
            rest = left - (given if mine.struck else given - unused)
            _running[-1].struck |= rest <= 0
            signal.setitimer(signal.ITIMER_VIRTUAL, rest if rest > 0 else _AGAIN, _AGAIN)
    if mine.struck:  # and what is inside went on
        raise TookTooLong(f"more than {seconds:g} s")
