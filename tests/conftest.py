"""Fixtures that every test of the judge shares; what a machine cannot run; the count of mistakes at the end of the report.

A test that needs more than Python and its packages says so: ``@pytest.mark.needs("bubblewrap")``. Where that is missing the
test is left out, and the last line says how many were and why. With CI=true none may be: what is skipped there has failed.
"""

import importlib.util
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

from autograder import machine
from autograder.sandbox import bubblewrap
from tests.bank import Bench, bench

TRIED = pytest.StashKey[Counter]()
LEFT_OUT = pytest.StashKey[Counter]()
CI = os.environ.get("CI", "").lower() not in ("", "0", "no", "false")
WANTED = bubblewrap.wanted()


def _installed(there: bool, way: str) -> str:
    return "" if there else f"It is not installed: {way}."


NEEDS: dict[str, Callable[[], str]] = {
    "bubblewrap": lambda: bubblewrap.obstacle() if WANTED else "SANDBOX=off.",
    "PostgreSQL": lambda: _installed(machine.there("postgresql"), "apt-get install postgresql"),
    "gcc": lambda: _installed(machine.there("gcc") and machine.there("libc6-dev"), "apt-get install gcc libc6-dev"),
    "Dask": lambda: _installed(importlib.util.find_spec("distributed") is not None, "make cluster"),
}
"""What a test may need: a sentence on why it cannot be had here, empty if it can."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): what a machine must have to run the test (conftest.NEEDS)")
    config.stash[TRIED], config.stash[LEFT_OUT] = Counter(), Counter()
    if NEEDS["bubblewrap"]() and not CI:
        os.environ["SANDBOX"] = "off"  # the answers in the tests are the course's own; attacks need bubblewrap


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if why := NEEDS[name]():
                pytest.skip(f"{name}\n{why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    return _counted(report, item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    return _counted(report, collector.config)


def _counted(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> pytest.TestReport:
    """A report, counted if something is left out; in CI that is a failure."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        name, _, why = reason.removeprefix("Skipped: ").partition("\n")
        config.stash[LEFT_OUT][name] += 1
        if CI:
            report.outcome, report.longrepr = "failed", f"CI leaves no test out, and this one needs {name}. {why}"
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line: what was left out on this machine."""
    left_out = config.stash.get(LEFT_OUT, Counter())
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and left_out and not CI:
        kinds = ", ".join(f"{count} for want of {name}" for name, count in left_out.most_common())
        without = "" if bubblewrap.wanted() else "; the others ran without the sandbox"
        reporter.write_line(f"Left out on this machine: {left_out.total()} tests ({kinds}){without}.")


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
