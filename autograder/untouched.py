"""A folder that a program made: whether anybody has changed anything in it since. Needs the standard library alone.

python3 -m autograder.untouched demo      removes such a folder; one that was changed is moved aside
"""

import hashlib
import itertools
import json
import shutil
import sys
from pathlib import Path

MARK = ".made-by-make-demo"
"""File in which the maker of a folder leaves digests of all that it wrote."""
PASSING = {".ipynb_checkpoints", "__pycache__", ".nbgrader.log", ".grading.lock", ".DS_Store", MARK}
"""Names of what programs leave behind while somebody only looks."""


class NotOurs(Exception):
    """The folder was made by somebody else."""


def begin(folder: Path) -> None:
    """Make a folder and say whose it is; until ``finish`` it counts as changed."""
    folder.mkdir()
    (folder / MARK).touch()


def finish(folder: Path) -> None:
    """Note what the folder holds now."""
    (folder / MARK).write_text(json.dumps(_contents(folder), indent=1), encoding="utf-8")


def make_room(folder: Path) -> str:
    """Remove a folder that is as it was made; move one aside that was changed, which may hold what a person typed.

    Returns:
        A sentence if it was moved.

    Raises:
        NotOurs: it was not made by the program; nothing was done.
    """
    if not folder.exists():
        return ""
    mark = folder / MARK
    if not mark.exists():
        raise NotOurs(f"{folder.name}/ exists and was not made by `make {folder.name}`. Move it away and run again.")
    if mark.read_text(encoding="utf-8") == json.dumps(_contents(folder), indent=1):
        shutil.rmtree(folder)
        return ""
    places = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(1))
    place = next(place for place in places if not place.exists())
    folder.rename(place)
    return f"{folder.name}/ was changed since it was made, so it is kept as {place.name}/."


def _contents(folder: Path) -> dict[str, str]:
    """Digests of all files, by path."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if not PASSING & set(path.relative_to(folder).parts)
    }


def main() -> int:
    try:
        if said := make_room(Path(sys.argv[1]).resolve()):
            print(said)
    except NotOurs as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
