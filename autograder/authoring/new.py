"""``make new EXERCISE=7_my_layer``: begin an exercise, a small one that works and that its author makes into another."""

import re
from pathlib import Path

from autograder.course.build import assignments
from autograder.course.exercise import COURSE

TEMPLATE = Path(__file__).parent / "templates" / "exercise.txt"
NAME = r"([1-9]\d*)_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)"


class NotBegun(Exception):
    """No exercise was begun; the message says why, and what to do."""


def begin(name: str, course: Path = COURSE) -> Path:
    """Write ``source/<name>/<name>.py``; nothing that is there is written over.

    Raises:
        NotBegun: the name is none for an exercise, or something is there.
    """
    if not (parts := re.fullmatch(NAME, name)):
        said = (
            "A name is a number and small letters, with _ between words: 7_my_layer (with make: EXERCISE=7_my_layer)."
        )
        raise NotBegun(f"{name!r} is no name for an exercise. {said}" if name else said)
    path = course / "source" / name / f"{name}.py"
    if path.exists():
        raise NotBegun(f"source/{name}/{name}.py is there, and stays as it is. Take another name, or move it away.")
    number, words = parts.groups()
    if taken := [other for other in assignments(course) if other.partition("_")[0] == number]:
        raise NotBegun(f"{taken[0]} has the number {number} already. Take the next one that is free.")
    text = TEMPLATE.read_text(encoding="utf-8")
    for place, word in (("@NAME@", name), ("@NUMBER@", number), ("@TITLE@", words.replace("_", " "))):
        text = text.replace(place, word)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def main(name: str) -> int:
    """``python -m autograder new``; returns the exit status."""
    try:
        path = begin(name)
    except NotBegun as error:
        print(error)
        return 2
    print(f"{path.relative_to(COURSE)} is a small exercise that works. Put your layer into it (docs/authors.md), then:")
    print(f"  make lint-source SOURCE={name}    what its checks catch, cell by cell")
    print("  make build                        the notebooks that students get, and the solution")
    return 0
