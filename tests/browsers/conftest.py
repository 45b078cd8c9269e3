"""A copy of the course for each module, as somebody has it who has cloned it; one server and one browser for all of its tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from autograder.browsers.browser import browser
from autograder.course.exercise import COURSE


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """What the commands of both need: code, sources and released exercises."""
    copy = tmp_path_factory.mktemp("browsers") / "course"
    for part in ("autograder", "toolkit", "source", "exercises", "data"):
        shutil.copytree(COURSE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(COURSE / "nbgrader_config.py", copy)
    return copy


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as found:
        yield found
