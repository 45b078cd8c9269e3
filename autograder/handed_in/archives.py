"""What is in an archive, read in memory with limits: nothing is written, no link is followed, and no name leads anywhere."""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from autograder.handed_in.naming import is_nothing
from autograder.handed_in.readable import NEEDED

ARCHIVE_BYTES = 32 << 20
"""Largest archive that is opened."""
UNPACKED_BYTES = 64 << 20
"""Most bytes that come out of one, the archives in it included."""
MEMBERS = 2_000
"""Most files in one."""
DEPTH = 3
"""How deep archives may lie in one another."""
RATIO, SMALL = 200, 1 << 20
"""How many times larger than itself an archive may become; under ``SMALL`` bytes it does not matter."""
_MEMORY = 128 << 20
_OFFICE = ("[Content_Types].xml", "mimetype")
_STREAMS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(memlimit=_MEMORY),
}


class BadArchive(Exception):
    """An archive is not opened; the message ends a sentence that begins with its name."""


def is_archive(head: bytes) -> bool:
    """Whether a file that begins like this is an archive that can be opened (an Office document passes for one)."""
    return head.startswith((b"PK\x03\x04", *_STREAMS)) or head[257:262] == b"ustar"


def unpack(data: bytes) -> dict[str, bytes]:
    """The files in a zip, tar or gzip archive by their names, those in archives inside it included.

    Raises:
        BadArchive: it is too large, damaged, locked with a password, or an Office document.
    """
    return dict(_unpack(data, "", _Budget(max(SMALL, RATIO * len(data))), DEPTH))


class _Budget:
    """What may still come out of an archive."""

    def __init__(self, most: int):
        self.bytes, self.members = min(UNPACKED_BYTES, most), MEMBERS

    def take(self, data: bytes) -> bytes:
        self.bytes -= len(data)
        if self.bytes < 0:
            raise BadArchive(f"becomes too large when it is unpacked. {NEEDED}")
        return data

    def count(self) -> None:
        self.members -= 1
        if self.members < 0:
            raise BadArchive(f"holds more than {MEMBERS:,} files. {NEEDED}")


def _unpack(data: bytes, above: str, budget: _Budget, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth == 0:
        raise BadArchive(f"holds archives inside archives inside archives. {NEEDED}")
    for name, content in _members(data, budget):
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if ".." in parts or not parts or any(map(is_nothing, parts)):
            continue
        path = above + "/".join(parts)
        if is_archive(content[:512]) and not _is_office(content):
            yield from _unpack(content, f"{path}/", budget, depth - 1)
        else:
            yield path, content


def _members(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    """Name and content of each regular file, one level deep."""
    try:
        for magic, decompressor in _STREAMS.items():
            if data.startswith(magic):
                stream = decompressor()
                data = budget.take(stream.decompress(data, budget.bytes + 1))
                if not stream.eof:
                    raise BadArchive(f"is damaged: it breaks off in the middle. {NEEDED}")
                if data[257:262] != b"ustar":
                    budget.count()
                    yield "notebook.ipynb", data
                    return
        yield from _of_zip(data, budget) if data.startswith(b"PK") else _of_tar(data, budget)
    except BadArchive:
        raise
    except Exception as error:  # zipfile, tarfile and the decompressors raise a dozen kinds
        locked = isinstance(error, RuntimeError) and "password" in str(error)
        why = "needs a password" if locked else f"cannot be unpacked ({type(error).__name__})"
        raise BadArchive(f"{why}. {NEEDED}") from None


def _of_zip(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    if data.count(b"PK\x01\x02") > budget.members:  # before zipfile makes an object of each
        raise BadArchive(f"holds more than {MEMBERS:,} files. {NEEDED}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(info.filename in _OFFICE for info in archive.infolist()):
            raise BadArchive(f"is an Office document, which cannot be graded. {NEEDED}")
        for info in archive.infolist():
            budget.count()
            kind = info.external_attr >> 28  # of Unix: 0o12 is a link
            if not info.is_dir() and kind in (0, 0o10):
                with archive.open(info) as member:
                    yield info.filename, budget.take(member.read(budget.bytes + 1))


def _of_tar(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            budget.count()
            if info.isreg() and not info.issparse():
                yield info.name, budget.take(archive.extractfile(info).read(budget.bytes + 1))


def _is_office(data: bytes) -> bool:
    if not data.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name in _OFFICE for name in archive.namelist()[:MEMBERS])
    except Exception:
        return False
