"""What ``make test`` runs of the long families of tests: a share, another one after each commit; ``make test WHOLE=1`` runs all.

A pytest plug-in (``-p tests.share``); without it, as with WHOLE=1, nothing is left out. A test says
``@pytest.mark.share(0.1)`` if a tenth of its family will do while somebody is at work, and 0 if it is for the whole run alone;
of the solutions a tenth is run. A module whose ``pytestmark`` says so is run as a whole, or not at all: its tests share what
takes longest to make. What is left out is counted. ``SHARE=12`` makes all shares twelve times as large.
"""

import functools
import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

LEFT = pytest.StashKey[int]()
SOLUTIONS = 0.1
TIMES = float(os.environ.get("SHARE") or 1)
"""By so much are all shares larger: in CI, which nobody waits for."""


@functools.cache
def commit() -> str:
    """The last commit: by it the share is drawn, so that who runs the tests again runs the same."""
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True)
    return said.stdout.strip()


def drawn(shares: Mapping[str, float], by: str) -> set[str]:
    """Those of the tests that are run: by systematic sampling, so that each run has as many of them and takes as long.

    They stand in a row, families side by side, each family in an order of its own draw; from a random place on, one is taken
    whenever the shares passed add up to one more. So each is run as often as its share says, and of whatever stands side by
    side so many are as their shares add up to, but for one (W. G. Madow, On the theory of systematic sampling II, 1949).
    """

    def number(text: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{by} {text}".encode()).digest()[:8], "big")

    passed, found = number("") / 2**64, set()
    for name in sorted(shares, key=lambda name: (name.partition("[")[0], number(name))):
        passed += min(1.0, shares[name])
        if passed >= 1:
            passed -= 1
            found.add(name)
    return found


def _units(item: pytest.Item) -> dict[str, float]:
    """What is run as a whole or not at all, and its share: a notebook; a test that says so, and a module that does. Where both
    say so, a test is run if both are drawn."""
    if item.path.suffix == ".ipynb":  # one cell needs the others
        return {item.path.name: TIMES * SOLUTIONS}
    return {node.nodeid: TIMES * marker.args[0] for node, marker in item.iter_markers_with_node("share")}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    units = {item: _units(item) for item in items}
    run = drawn({name: share for some in units.values() for name, share in some.items()}, commit())
    left = [item for item in items if not units[item].keys() <= run]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if units[item].keys() <= run]
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
