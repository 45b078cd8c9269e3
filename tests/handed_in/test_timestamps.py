"""When something was handed in: known forms are read to the second, and nothing else makes anybody late."""

import time
from types import SimpleNamespace

import pytest
from nbgrader.coursedir import CourseDirectory

from autograder.course.exercise import configuration
from autograder.handed_in.submitted import read_task
from autograder.handed_in.timestamps import LONGEST, TIMESTAMP, NoTime, read_time
from tests.handed_in.test_submitted import IGNORE, NAME, folder, source  # noqa: F401

KNOWN = {
    "2026-11-21 00:30:00 +0200": "2026-11-20 22:30:00",
    "2026-11-21 00:30:00 -05:30": "2026-11-21 06:00:00",
    "2026-11-21T00:30:00.5+02:00": "2026-11-20 22:30:00.500000",
    "2026-11-21T00:30Z": "2026-11-21 00:30:00",
    "20261121T003000Z": "2026-11-21 00:30:00",
    "2026-11-21 00:30:00.948203 UTC": "2026-11-21 00:30:00.948203",
    "2026-11-21 00:30:00,25 GMT": "2026-11-21 00:30:00.250000",
    "2026-11-21 00:30 GMT+2": "2026-11-20 22:30:00",
    "2026-07-21 00:30:00 Europe/Berlin": "2026-07-20 22:30:00",
    "2026-11-21 00:30:00": "2026-11-21 00:30:00",
    "2026-11-21": "2026-11-21 00:00:00",
    "2026-11-21-00-30-05": "2026-11-21 00:30:05",
    "Sat, 21 Nov 2026 00:30:00 +0200": "2026-11-20 22:30:00",
    "1700000000": "2023-11-14 22:13:20",
    "1700000000.25": "2023-11-14 22:13:20.250000",
    "1700000000123": "2023-11-14 22:13:20.123000",
    "\ufeff 2026-11-21 00:30:00 +0200\r\n": "2026-11-20 22:30:00",
}
UNKNOWN = {
    "2026-11-21 00:30:00 PST": "names a time zone (PST) that is not known",
    "2026-11-21 00:30:00 Europe/Nowhere": "(Europe/Nowhere)",
    "2026-11-21 00:30:00 A/../etc/passwd": "is not known",
    "2026-11-21 00:30:00 \x1b[31m\rforged": "(?[31m?forged)",
    "3/4/2026": "holds no date",
    "November 21, 2026 at 12:30 AM": "holds no date",
    "the day before yesterday": "holds no date",
    "2026-02-30 00:00 UTC": "holds no date",
    "9999-12-31 23:59:59 -1400": "holds no date",
    "99999999999": "holds no date",
    "1." * 160_000: "is too long for a date",
    "2026-11-21 00:30:00" + "x" * LONGEST: "is too long",
}


@pytest.mark.parametrize("text", KNOWN)
def test_a_known_form(text):
    assert str(read_time(text.encode())) == KNOWN[text]


def test_what_powershell_writes():
    assert str(read_time("2026-11-21 00:30:00 +02:00\r\n".encode("utf-16"))) == "2026-11-20 22:30:00"


@pytest.mark.parametrize("text", UNKNOWN, ids=lambda text: text[:40])
def test_what_is_not_known_is_a_sentence(text):
    start = time.process_time()
    with pytest.raises(NoTime) as error:
        read_time(text.encode())
    assert UNKNOWN[text] in str(error.value)
    assert time.process_time() - start < 5


def test_a_few_bytes_are_read_and_what_is_kept_is_plain(folder, source):  # noqa: F811
    (folder / f"{NAME}.ipynb").write_text("mine")
    for text, kept, said in (
        ("2026-11-21 00:30:00 +0200", b"2026-11-20 22:30:00 UTC", ""),
        ("1." * 20_000_000, b"", "is too long for a date"),  # more than all that may lie beside a notebook
        ("2026-11-21 00:30:00 PST", b"", "nothing is taken off for being late"),
    ):
        (folder / TIMESTAMP).write_text(text)
        task = read_task(folder, source, IGNORE)
        assert task.files == {f"{NAME}.ipynb": b"mine", TIMESTAMP: kept}
        assert [said in sentence for sentence in task.sentences] == [True] * bool(said)
        assert str(task.timestamp or "") == kept.decode().removesuffix(" UTC")
        assert (folder / TIMESTAMP).read_text() == text
    (folder / TIMESTAMP).write_text(" \n")
    assert TIMESTAMP not in read_task(folder, source, IGNORE).files


@pytest.mark.parametrize("text", [*KNOWN, *UNKNOWN], ids=lambda text: text[:40])
def test_nbgraders_own_commands_read_the_same(tmp_path, text):
    configuration()
    (tmp_path / TIMESTAMP).write_bytes(text.encode())
    found = CourseDirectory().get_existing_timestamp(str(tmp_path))
    assert str(found) == KNOWN.get(text, "None")


def test_nbgraders_own_commands_follow_no_link_and_wait_for_nobody(tmp_path):
    configuration()
    (tmp_path / "other").write_text("2026-11-21")
    (tmp_path / TIMESTAMP).symlink_to(tmp_path / "other")
    assert CourseDirectory.get_existing_timestamp(SimpleNamespace(), str(tmp_path)) is None
    assert CourseDirectory.get_existing_timestamp(SimpleNamespace(), str(tmp_path / "nowhere")) is None
