"""Files that are there as a whole or not at all."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

WRITING = ".writing"
"""Begins the name of a file that is being written, beside the place that it will take."""
WRITTEN = ".written"
"""Name of the file in which a folder's writer says what it wrote."""


def write(path: Path, data: bytes | str, permissions: int = 0o644) -> None:
    """Put a file in its place in one go, on disk when this returns; folders above it are made."""
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=WRITING, dir=path.parent)  # two processes may write in one folder
        with open(descriptor, "wb") as file:
            file.write(_bytes(data))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, permissions)
        os.replace(part, path)
    except BaseException as error:  # a full disk, say, or Ctrl-C: what is half there is in nobody's way
        if part is not None:
            with contextlib.suppress(OSError):
                os.unlink(part)
        if isinstance(error, OSError):
            error.filename = os.fspath(path)
        raise


def write_new(places: Iterable[Path], data: bytes | str) -> Path:
    """Write a file into the first of these places where nothing is, whatever other processes do meanwhile.

    Returns:
        The place.
    """
    place = _take(places)
    try:
        write(place, data)
    except BaseException:
        place.unlink()
        raise
    return place


def _take(places: Iterable[Path]) -> Path:
    """The first of these places where nothing was; an empty file is there now, so that no other process takes it."""
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            place.open("xb").close()
            return place
    raise FileExistsError("Something is in each of the places.")


def fill(
    folder: Path,
    files: Mapping[str, bytes | str],
    last: str,
    permissions: int,
    course: Path,
    is_made: Callable[[Path], bool] = lambda path: False,
) -> list[Path]:
    """Make ``folder`` hold just these files, ``last`` being written when all others are in place.

    What somebody has changed or put there is no file of ours: it is moved into the course's ``kept/``. Ours is what was noted
    when it was written, by this or by ``note``.

    Args:
        files: by path below the folder, ``/`` between parts.
        is_made: whether a file is ours in a folder of which nothing was ever noted, as earlier releases left them.

    Returns:
        Where the files are now that were moved.
    """
    wanted = {folder / name for name in files}
    fresh = {name: _digest(_bytes(data)) for name, data in files.items()}
    noted, kept = _written(folder), []
    ours = noted or {}
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path == folder / WRITTEN:
            continue
        if path.is_symlink():
            path.unlink()
        elif path.is_file():
            name, digest = path.relative_to(folder).as_posix(), _digest(path.read_bytes())
            if noted is None and is_made(path):
                ours[name] = [digest]
            if digest not in (*ours.get(name, ()), fresh.get(name)):
                kept.append(set_aside(course, path))
            elif path not in wanted:
                path.unlink()
        elif path in wanted or not any(path in w.parents for w in wanted):
            shutil.rmtree(path)
    # before the files: should this be killed between two of them, both versions are known
    known = {name: [*ours.get(name, [])[-1:], digest] for name, digest in fresh.items()}
    write(folder / WRITTEN, json.dumps(known, indent=1), permissions)
    for name in sorted(files, key=lambda name: (name == last, name)):
        write(folder / name, files[name], permissions)
    return kept


def note(folder: Path, names: Iterable[str]) -> None:
    """Note of files in a folder that they are ours: another program wrote them for us (nbgrader's commands do)."""
    known = (_written(folder) or {}) | {name: [_digest((folder / name).read_bytes())] for name in names}
    write(folder / WRITTEN, json.dumps(known, indent=1))


def replace_own(path: Path, data: bytes | str, course: Path) -> Path | None:
    """Write a file anew; what is there and was not written by this, or was changed since, is moved into ``kept/``.

    Returns:
        Where that version is now.
    """
    note = path.with_name(f".{path.name}{WRITTEN}")
    ours = note.read_text(errors="replace").split() if note.exists() else []
    fresh = _digest(_bytes(data))
    not_ours = path.is_file() and _digest(path.read_bytes()) not in (*ours, fresh)
    kept = set_aside(course, path) if not_ours else None
    write(note, f"{(ours or [''])[-1]} {fresh}")
    write(path, data)
    return kept


def moved(place: str) -> str:
    """A sentence on a file that ``fill`` or ``replace_own`` has moved."""
    return f"What stood where a file was written anew had been changed, or was put there: that version is {place} now."


def set_aside(course: Path, path: Path) -> Path:
    """Move a file into the course's folder ``kept/`` under a number of its own."""
    place = _take(_kept(course, path))
    try:
        shutil.move(path, place)
    except BaseException:
        if path.exists():  # the folder lets nobody take it away: it was copied, and stays
            place.unlink(missing_ok=True)
        raise
    return place


def keep_copy(course: Path, path: Path) -> Path:
    """As ``set_aside``, of a file that stays where it is."""
    return write_new(_kept(course, path), path.read_bytes())


def _kept(course: Path, path: Path) -> Iterable[Path]:
    return (course / "kept" / f"{path.stem}-{number}{path.suffix}" for number in itertools.count(1))


def refused(error: OSError) -> str:
    """A sentence on what the file system does not let one do."""
    if not error.filename:
        return str(error)
    where = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    way = "Change its permissions, or make room, and try again."
    if isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError):
        way = "Something else stands in its way: move that to another place, and try again."
    return f"{where} cannot be read or written ({error.strerror}). {way}"


def _written(folder: Path) -> dict[str, list[str]] | None:
    """Digests of what was written into a folder, by path; None if nothing was noted, and nothing is known if that is damaged."""
    try:
        found = json.loads((folder / WRITTEN).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return {name: ds for name, ds in found.items() if isinstance(ds, list)} if isinstance(found, dict) else {}


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def remove_leftovers(*folders: Path) -> None:
    """Delete what a killed run was writing."""
    for folder in folders:
        for path in folder.rglob(f"{WRITING}*"):
            path.unlink(missing_ok=True)
