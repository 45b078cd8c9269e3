"""Files that are there as a whole or not at all."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

WRITING = ".writing"
"""Name of a file that is being written, beside the place that it will take."""


def write(path: Path, data: bytes | str, permissions: int = 0o644) -> None:
    """Put a file in its place in one go, on disk when this returns; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(WRITING)
    with part.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(permissions)
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
