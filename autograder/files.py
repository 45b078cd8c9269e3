"""Files that are there as a whole or not at all."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

WRITING = ".writing"
"""Name of a file that is being written, beside the place that it will take."""
WRITTEN = ".written"
"""Name of the file in which a folder's writer says what it wrote."""


def write(path: Path, data: bytes | str, permissions: int = 0o644) -> None:
    """Put a file in its place in one go, on disk when this returns; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(WRITING)
    try:
        with part.open("wb") as file:
            file.write(_bytes(data))
            file.flush()
            os.fsync(file.fileno())
        part.chmod(permissions)
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):  # a full disk, say: what is half there is in nobody's way
            part.unlink()
        raise


def fill(folder: Path, files: Mapping[str, bytes | str], last: str, permissions: int, course: Path) -> list[Path]:
    """Make ``folder`` hold just these files, ``last`` being written when all others are in place.

    What somebody has changed or put there since the last time is no file of ours: it is moved into the course's ``kept/``.

    Args:
        files: by path below the folder, ``/`` between parts.

    Returns:
        Where the files are now that were moved.
    """
    wanted = {folder / name for name in files}
    ours, kept = _written(folder), []
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path == folder / WRITTEN:
            continue
        if path.is_symlink():
            path.unlink()
        elif path.is_file():
            if ours is not None and _digest(path.read_bytes()) not in ours.get(path.relative_to(folder).as_posix(), ()):
                kept.append(set_aside(course, path))
            elif path not in wanted:
                path.unlink()
        elif path in wanted or not any(path in w.parents for w in wanted):
            shutil.rmtree(path)
    # before the files: should this be killed between two of them, both versions are known
    known = {name: [*(ours or {}).get(name, [])[-1:], _digest(_bytes(data))] for name, data in files.items()}
    write(folder / WRITTEN, json.dumps(known, indent=1), permissions)
    for name in sorted(files, key=lambda name: (name == last, name)):
        write(folder / name, files[name], permissions)
    return kept


def replace_own(path: Path, data: bytes | str, course: Path) -> Path | None:
    """Write a file anew; if somebody has changed it since it was written last, that version is moved into ``kept/``.

    Returns:
        Where the changed version is now.
    """
    note = path.with_name(f".{path.name}{WRITTEN}")
    ours = note.read_text().split() if note.exists() else None
    changed = path.is_file() and ours is not None and _digest(path.read_bytes()) not in ours
    kept = set_aside(course, path) if changed else None
    write(note, f"{(ours or [''])[-1]} {_digest(_bytes(data))}")
    write(path, data)
    return kept


def set_aside(course: Path, path: Path) -> Path:
    """Move a file into the course's folder ``kept/`` under a number of its own."""
    folder = course / "kept"
    folder.mkdir(exist_ok=True)
    places = (folder / f"{path.stem}-{number}{path.suffix}" for number in itertools.count(1))
    place = next(place for place in places if not place.exists())
    try:
        shutil.move(path, place)
    except OSError:
        if path.exists():  # the folder lets nobody take it away: it was copied, and stays
            place.unlink(missing_ok=True)
        raise
    return place


def _written(folder: Path) -> dict[str, list[str]] | None:
    """Digests of what was written into a folder, by path; None if it does not say (nbgrader, or an earlier version)."""
    try:
        found = json.loads((folder / WRITTEN).read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def remove_leftovers(*folders: Path) -> None:
    """Delete what a killed run was writing."""
    for folder in folders:
        for path in folder.rglob(WRITING):
            path.unlink()
