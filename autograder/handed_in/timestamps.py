"""When something was handed in, as a file says: a few bytes, in a few forms, read once.

The forms are those that an LMS, nbgrader or a script is likely to write. All else is not guessed, since a wrong guess makes
somebody late: ``3/4/2026`` is two dates, and so is a time in a zone like ``PST``, ``IST`` or ``CST``, which mean several.
"""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

TIMESTAMP = "timestamp.txt"
"""nbgrader's file that says when something was handed in."""
SECRET = "submission_secret.txt"
"""nbgrader's file by which its exchange knows whose a page of feedback is."""
LONGEST = 100
"""Bytes that are read of it."""
_CLOCK = re.compile(r"(?P<time>[^:]*\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(?P<zone>[^\d\s:.,].*)")
_PARTED = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[-_T ](\d\d?)-(\d\d)-(\d\d)")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?")
_MAIL = re.compile(r"(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC)")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{13}")
_PLAIN_ZONES = ("UTC", "GMT", "Z", "UT", "CET", "EET", "WET")
"""Zones with a short name that means one thing everywhere."""


def is_nbgraders(name: str, data: bytes) -> bool:
    """Whether a file beside a notebook is one of the two that nbgrader needs further on, and holds nothing else."""
    return name == TIMESTAMP or (name == SECRET and re.fullmatch(rb"[0-9a-f]{16,256}\s*", data) is not None)


class NoTime(Exception):
    """A file does not say when; the message ends a sentence that begins with its name."""


def read_time(data: bytes) -> datetime:
    """A point in time (UTC, without ``tzinfo``, as nbgrader has it) as the first ``LONGEST`` bytes of a file say it.

    ISO 8601, nbgrader's own form (``2026-11-21 00:30:00.000000 UTC``), with an offset or a zone's name (``Europe/Berlin``), an
    e-mail's date, and seconds or milliseconds since 1970. Without a zone it is UTC, as in nbgrader.

    Raises:
        NoTime: it is none of these.
    """
    plain = data[:LONGEST].removeprefix(b"\xff\xfe").replace(b"\0", b"")  # PowerShell writes UTF-16
    text = plain.decode("utf-8", "replace").strip("\ufeff \t\r\n")
    if len(data) > LONGEST and data[LONGEST:].strip():
        raise NoTime("is too long for a date")
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text) / (1000 if text.isdigit() and len(text) == 13 else 1)
            found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        elif _MAIL.fullmatch(text):
            found = parsedate_to_datetime(text)
        elif parts := _PARTED.fullmatch(text):  # what Blackboard puts into the names of files
            year, month, day, hour, minute, second = map(int, parts.groups())
            found = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        else:
            found = _of_iso(text)
        return found.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise NoTime("holds no date that can be understood") from None


def _of_iso(text: str) -> datetime:
    """A date and a time, with or without a zone.

    Raises:
        NoTime: of the zone nobody knows which it is.
        ValueError: it is no date.
    """
    parts = _CLOCK.fullmatch(text)
    found = datetime.fromisoformat(parts["time"].replace(",", ".") if parts else text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(parts["zone"].strip()) if parts else UTC)
    return found


def _zone(name: str) -> tzinfo:
    if offset := _OFFSET.fullmatch(name):
        return datetime.strptime(f"{offset[1]}{offset[2]:0>2}{offset[3] or '00'}", "%z").tzinfo
    if name in ("Z", "UT"):
        return UTC
    if name in _PLAIN_ZONES or re.fullmatch(r"[A-Z][A-Za-z_]+(?:/[A-Za-z_+-]+)+", name):
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, OSError):
            pass
    shown = "".join(c if c.isprintable() else "?" for c in name[:20])
    raise NoTime(f"names a time zone ({shown}) that is not known; an offset such as +02:00 is")
