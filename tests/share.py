"""What ``make test`` runs of the long families of tests: a share, another one after each commit; ``make test WHOLE=1`` runs all.

A pytest plug-in (``-p tests.share``); without it, as in CI, nothing is left out. A test says ``@pytest.mark.share(0.1)`` if a
tenth of its family will do while somebody is at work, and 0 if it is for the whole run alone; of the solutions a fifth is run.
A module whose ``pytestmark`` says so is run as a whole, or not at all: its tests share what takes longest to make.
What is left out is counted. ``SHARE=8`` makes all shares eight times as large.
"""

import functools
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

LEFT = pytest.StashKey[int]()
SOLUTIONS = 0.2
TIMES = float(os.environ.get("SHARE") or 1)
"""By so much are all shares larger: in CI, which nobody waits for."""


@functools.cache
def commit() -> str:
    """The last commit: by it the share is drawn, so that who runs the tests again runs the same."""
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True)
    return said.stdout.strip()


def is_in(nodeid: str, share: float, drawn_by: str) -> bool:
    """Whether a test of a family is among those that are run."""
    number = int.from_bytes(hashlib.sha256(f"{drawn_by} {nodeid}".encode()).digest()[:8], "big")
    return number < share * 2**64


def _is_run(item: pytest.Item) -> bool:
    if item.path.suffix == ".ipynb":  # one cell needs the others
        return is_in(item.path.name, TIMES * SOLUTIONS, commit())
    node, marker = next(item.iter_markers_with_node("share"), (item, None))  # a module's: all of it is run, or nothing
    return not marker or is_in(node.nodeid, TIMES * marker.args[0], commit())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if not _is_run(item)]
    config.hook.pytest_deselected(items=left)
    gone = {*left}
    items[:] = [item for item in items if item not in gone]
    config.stash[LEFT] = len(left)
    if hasattr(config, "workeroutput"):
        config.workeroutput["share"] = len(left)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    node.config.stash[LEFT] = getattr(node, "workeroutput", {}).get("share", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left := config.stash.get(LEFT, 0):
        text = f"{left} tests of long families were left to make test WHOLE=1; the next commit's share is another."
        terminalreporter.write_line(text)
