"""Fixtures that every test of the judge shares, and the count of mistakes at the end of the report."""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

from tests.judging import Bench, bench

TRIED = pytest.StashKey[Counter]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TRIED] = Counter()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many mistakes of each kind the judge was given."""
    if tried := config.stash[TRIED]:
        terminalreporter.section(f"{sum(tried.values())} mistakes tried, each in a submission of its own")
        lines = [f"{count:4d}  {kind}" for kind, count in tried.most_common()]
        for row in range(0, len(lines), 3):
            terminalreporter.write_line("".join(line.ljust(40) for line in lines[row : row + 3]).rstrip())


@pytest.fixture(scope="session")
def exercise_1() -> Bench:
    """Exercise 1 and its solution."""
    return bench("1_chunked_backprop")


@pytest.fixture(scope="session")
def workers() -> Iterator[ProcessPoolExecutor]:
    """Processes that judge side by side, one a core; each has a runner of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, context, _prepare, (list(sys.path),)) as pool:
        yield pool


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Counter:
    """Counts mistakes by kind, for the summary."""
    return request.config.stash[TRIED]


def _prepare(path: list[str]) -> None:
    sys.path[:] = path
    torch.set_num_threads(1)
