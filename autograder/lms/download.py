"""What an LMS lets one download: an archive, a folder, or a folder of archives; read file by file, with limits.

No file of it is written and no link is followed. An archive that leads out of itself, or that becomes too large, is refused
as a whole: whoever made it meant no good, or it broke on its way.
"""

import bz2
import functools
import gzip
import io
import lzma
import mmap
import re
import stat
import struct
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from autograder.handed_in.archives import ARCHIVE_BYTES, RATIO, SMALL, UNPACKED_BYTES, is_archive
from autograder.handed_in.naming import is_nothing, shown
from autograder.handed_in.readable import LARGEST
from autograder.handed_in.submitted import read_regular

CLASS_BYTES = 4 << 30
"""Most bytes that come out of one archive of a class."""
CLASS_MEMBERS = 50_000
"""Most files in one."""
LEVELS = 12
"""Folders in one another."""
_REPOSITORY = {".git", ".github", ".venv", "node_modules", "__pycache__", ".vscode", ".idea"}
_DRIVE = re.compile(r"^drive-download-|-\d{8}T\d{6}Z-\d+(-\d+)*$")
_ENTRY = b"PK\x01\x02"
_UNIX_TIME = 0x5455
_UNPACK = "Unpack it, and name the folder (with make: FROM=folder)."
_COMPRESSED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\0": lzma.LZMAFile,
}  # fmt: skip
"""By what a file begins with."""
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, struct.error, zlib.error, lzma.LZMAError, NotImplementedError,
    EOFError, ValueError, OSError,
)  # fmt: skip


class Refused(Exception):
    """A download is not opened; the message is a sentence."""


@dataclass(frozen=True)
class Entry:
    """One file of a download."""

    path: str
    """With the download's own name as its first part, ``/`` between parts, in Unicode's composed form."""
    size: int
    read: Callable[[], bytes] = field(repr=False)
    modified: datetime | None = None
    """When it was changed last, as the archive or the folder has it."""


@dataclass
class Download:
    """The files of one archive or folder."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    strange: list[tuple[str, str]] = field(default_factory=list)
    """Paths that are left out, and why."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Paths of what may be somebody's work and cannot be read, and why."""
    changed: datetime | None = None
    """When the archive itself was written; None for a folder."""

    @property
    def made(self) -> datetime | None:
        """When the LMS put it together, as near as can be told: Moodle and Canvas give all files the time of the download."""
        times = [entry.modified for entry in self.entries if entry.modified]
        return max(times, default=None) if self.changed else None


def open_downloads(place: Path, zone: tzinfo, is_of_a_class: Callable[[Sequence[str]], bool]) -> list[Download]:
    """The downloads at a place: one archive; or a folder, and each archive in it that holds a class's files.

    Args:
        zone: of times that stand in zip archives without one.
        is_of_a_class: whether these paths are an LMS's; such an archive in a folder is no student's.

    Raises:
        Refused: there is nothing, or an archive is not opened.
    """
    if place.is_dir():
        folder = Download(place.resolve().name)
        found = [folder]
        for path, status in _files(place, folder):
            name = f"{folder.name}/{path.relative_to(place).as_posix()}"
            try:
                inner = _of_a_class(path, zone, is_of_a_class) if path.parent == place else None
            except OSError as error:
                folder.unread.append((composed(name), _unreadable(error)))
                continue
            if inner:
                found.append(inner)
            else:
                folder.entries.append(_on_disk(path, name, status))
        return [download for download in found if download.entries or download.strange or download.unread]
    if not place.is_file():
        raise Refused(f"There is no file or folder {shown(str(place))}. Name what you downloaded (with make: FROM=).")
    try:
        with place.open("rb") as file:
            head = file.read(512)
        if not is_archive(head):
            raise Refused(f"{shown(place.name)} is no archive that can be opened. {_UNPACK}")
        return [_open(place, zone)]
    except OSError as error:
        raise Refused(f"{shown(str(place))} {_unreadable(error)}.") from None


def composed(path: str) -> str:
    """A name in Unicode's composed form: macOS writes ``u`` and a diaeresis, all others ``ü``."""
    return unicodedata.normalize("NFC", path)


def _files(place: Path, download: Download) -> Iterator[tuple[Path, object]]:
    def shown_as(path: Path) -> str:
        return "/".join([download.name, *path.relative_to(place).parts])

    def look(folder: Path, level: int) -> Iterator[tuple[Path, object]]:
        try:
            paths = [(path, path.lstat()) for path in sorted(folder.iterdir())]
        except OSError as error:
            download.unread.append((composed(shown_as(folder)), _unreadable(error)))
            return
        for path, status in paths:
            if is_nothing(path.name) or path.name in _REPOSITORY:
                continue
            if stat.S_ISDIR(status.st_mode) and level < LEVELS:
                yield from look(path, level + 1)
            elif stat.S_ISREG(status.st_mode):
                yield path, status
            else:
                download.strange.append((composed(shown_as(path)), "is a link, or no file"))

    return look(place, 0)


def _unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror}): change its permissions"


def _on_disk(path: Path, name: str, status) -> Entry:
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    return Entry(composed(name), status.st_size, lambda: read_regular(path, LARGEST + 1), changed)


def _of_a_class(path: Path, zone: tzinfo, is_of_a_class: Callable[[Sequence[str]], bool]) -> Download | None:
    with path.open("rb") as file:
        if not is_archive(file.read(512)):
            return None
    if _DRIVE.search(path.stem):
        return _open(path, zone)
    try:
        download = _open(path, zone, path.stat().st_size <= ARCHIVE_BYTES)
    except Refused:
        if path.stat().st_size <= ARCHIVE_BYTES:
            return None  # a student's, perhaps: grading says what is wrong with it
        raise
    return download if is_of_a_class([entry.path for entry in download.entries]) else None


def _open(path: Path, zone: tzinfo, may_be_a_students: bool = False) -> Download:
    name = re.sub(r"\.(zip|tar|t?gz|tbz2?|bz2|t?xz)$", "", path.name, flags=re.IGNORECASE)
    name = re.sub(r"\.tar$", "", name, flags=re.IGNORECASE)
    download = Download(name, changed=datetime.fromtimestamp(path.stat().st_mtime, UTC))
    try:
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        if is_zip:
            _zip(path, zone, download)
        else:
            most = UNPACKED_BYTES if may_be_a_students else CLASS_BYTES
            _tar(path, download, min(most, max(SMALL, RATIO * path.stat().st_size)))
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno:  # the disk's, not the archive's
            raise
        raise Refused(f"{shown(path.name)} is damaged ({type(error).__name__}). Download it again.") from None
    return download


def _tar(path: Path, download: Download, most: int) -> None:
    data, is_packed = _plain(path, most)
    if is_packed and data[257:262] != b"ustar":
        download.entries.append(Entry(f"{download.name}/notebook.ipynb", len(data), lambda: data[:]))
        return
    size = 0
    with tarfile.open(fileobj=data, mode="r:") as archive:
        for count, info in enumerate(archive, 1):
            size += info.size
            if count > CLASS_MEMBERS:
                raise Refused(_too_many(path))
            if size > most:
                raise Refused(_too_large(path))
            name = _inside(info.name, path)
            if info.isdir() or not name:
                continue
            if not info.isreg() or info.issparse():
                what = "is a link" if info.issym() or info.islnk() else "is no file"
                download.strange.append((f"{download.name}/{name}", what))
            else:
                read = functools.partial(_part, data, info.offset_data, info.offset_data + info.size)
                download.entries.append(Entry(composed(f"{download.name}/{name}"), info.size, read))
        if any(data[archive.offset : archive.offset + tarfile.BLOCKSIZE]):
            raise tarfile.ReadError("what follows is no header")  # where tarfile takes it for the end


def _part(data: mmap.mmap, start: int, end: int) -> bytes:
    return data[start:end]


def _plain(path: Path, most: int) -> tuple[mmap.mmap, bool]:
    """An archive's bytes without the compression around all of it, in a file without a name; and whether there was one."""
    with path.open("rb") as file:
        head = file.read(6)
        unpacked = next((opened for magic, opened in _COMPRESSED.items() if head.startswith(magic)), None)
        if unpacked is None:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), False
    with unpacked(path) as source, tempfile.TemporaryFile() as target:
        while block := source.read(1 << 20):
            most -= len(block)
            if most < 0:
                raise Refused(_too_large(path))
            target.write(block)
        target.flush()
        return mmap.mmap(target.fileno(), 0, access=mmap.ACCESS_READ), True


def _zip(path: Path, zone: tzinfo, download: Download) -> None:
    if _count(path) > CLASS_MEMBERS:
        raise Refused(_too_many(path))
    archive = zipfile.ZipFile(path)
    infos = archive.infolist()
    for info in infos:
        _inside(info.filename, path)
    size = path.stat().st_size
    if sum(info.file_size for info in infos) > min(CLASS_BYTES, max(SMALL, RATIO * size)):
        raise Refused(_too_large(path))
    for info in infos:
        name = _inside(_name(info), path)
        if info.is_dir() or not name:
            continue
        if (kind := info.external_attr >> 28) not in (0, 0o10):
            download.strange.append((f"{download.name}/{name}", "is a link" if kind == 0o12 else "is no file"))
        elif info.flag_bits & 1:
            raise Refused(f"{shown(path.name)} needs a password. {_UNPACK}")
        else:
            entry = Entry(
                composed(f"{download.name}/{name}"), info.file_size, _reader(archive, info), _time(info, zone)
            )
            download.entries.append(entry)


def _inside(name: str, path: Path) -> str:
    """A member's name with ``/`` between its parts; nothing, if it is of no concern.

    Raises:
        Refused: it leads out of the archive.
    """
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", name):
        raise Refused(
            f"{shown(path.name)} holds {shown(name)!r}, a name that leads out of it: nothing of it was taken."
        )
    parts = [part for part in parts if part not in ("", ".")]
    return "" if any(is_nothing(part) or part in _REPOSITORY for part in parts) else "/".join(parts)


def _too_large(path: Path) -> str:
    return f"{shown(path.name)} becomes too large when it is unpacked: nothing of it was taken. {_UNPACK}"


def _too_many(path: Path) -> str:
    return f"{shown(path.name)} holds more than {CLASS_MEMBERS:,} files, so it was not opened. {_UNPACK}"


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        """What the member holds, whatever its header says of its size.

        Raises:
            Refused: it becomes larger than it says, or is damaged.
        """
        try:
            with archive.open(info) as member:
                data = member.read(min(info.file_size, LARGEST) + 1)
        except Exception as error:  # zipfile and the decompressors raise a dozen kinds
            raise Refused(f"{shown(info.filename)} is damaged ({type(error).__name__}).") from None
        if len(data) > info.file_size:
            raise Refused(f"{shown(info.filename)} becomes larger than the archive says.")
        return data

    return read


def _count(path: Path) -> int:
    """Entries of a zip's directory, counted before zipfile makes an object of each; some bytes inside may look like one."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        count, place = 0, data.find(_ENTRY)
        while place >= 0 and count <= CLASS_MEMBERS:
            count, place = count + 1, data.find(_ENTRY, place + 4)
    return count


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name: an archive without the flag for UTF-8 holds it nevertheless, as a rule."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _time(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    """When a member was changed: from Info-ZIP's extra field, which is in UTC, else as local time.

    Source: Info-ZIP's appnote on extra fields, "Extended Timestamp Extra Field".
    """
    extra = io.BytesIO(info.extra)
    while len(head := extra.read(4)) == 4:
        kind, size = struct.unpack("<HH", head)
        body = extra.read(size)
        if kind == _UNIX_TIME and len(body) >= 5 and body[0] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", body[1:5])[0], UTC)
    try:
        found = datetime(*info.date_time, tzinfo=zone)
    except ValueError:
        return None
    return found if found.year > 1980 else None
