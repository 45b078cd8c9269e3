"""The exercise that docs/authors.md makes, for the tests: as it is there, or with something wrong in it."""

import jupytext

from autograder.authoring.workbench import Bench
from autograder.course.exercise import COURSE, Exercise

NAME = "7_rmsnorm"
FOLDER = COURSE / "docs" / "authors_example" / NAME


def text(*changes: tuple[str, str]) -> str:
    """Its source with some pieces replaced, each of which is there once."""
    source = (FOLDER / f"{NAME}.py").read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def example(*changes: tuple[str, str]) -> Bench:
    """The exercise and its solution, with some pieces of the source replaced."""
    return Bench(Exercise.from_notebook(jupytext.reads(text(*changes), fmt="py:percent"), NAME))
