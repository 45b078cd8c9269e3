"""Fixtures that every test of the judge shares; what a machine cannot run; the count of mistakes at the end of the report.

A test that needs more than Python and its packages says so: ``@pytest.mark.needs("bubblewrap")``. Where that is missing the
test is left out, and the last line says how many were and why. With CI=true none may be: what is skipped there has failed.

On several cores (``pytest -n auto``) tests that share a fixture of their module stay together, since it would be made once
more elsewhere, and so do the cells of a notebook. ``@pytest.mark.quiet`` is for what is measured: nothing
else runs meanwhile.
"""

import fcntl
import functools
import importlib.util
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import nbgrader.api
import pytest
import torch

from autograder import machine
from autograder.classroom.workers import cores
from autograder.course.build import assignments, write_source
from autograder.course.exercise import COURSE
from autograder.sandbox import bubblewrap
from tests.bank import Bench, bench
from tests.quick import Durations, longest_first, remembered, together

TRIED = pytest.StashKey[Counter]()
NAMED = pytest.StashKey[Counter]()
LEFT_OUT = pytest.StashKey[dict[str, str]]()
CI = os.environ.get("CI", "").lower() not in ("", "0", "no", "false")
WANTED = bubblewrap.wanted()


def _installed(there: bool, way: str) -> str:
    return "" if there else f"It is not installed: {way}."


NEEDS: dict[str, Callable[[], str]] = {
    "bubblewrap": lambda: bubblewrap.obstacle() if WANTED else "SANDBOX=off.",
    "PostgreSQL": lambda: _installed(machine.there("postgresql"), "apt-get install postgresql"),
    "chromium": lambda: _installed(machine.there("chromium"), "apt-get install chromium"),
    "gcc": lambda: _installed(machine.there("gcc") and machine.there("libc6-dev"), "apt-get install gcc libc6-dev"),
    "openssl": lambda: _installed(machine.there("openssl"), "apt-get install openssl"),
    "Dask": lambda: _installed(importlib.util.find_spec("distributed") is not None, "make cluster"),
}
"""What a test may need: a sentence on why it cannot be had here, empty if it can."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): what a machine must have to run the test (conftest.NEEDS)")
    config.addinivalue_line("markers", "share(part): how much of its family make test runs (tests/share.py)")
    config.addinivalue_line("markers", "quiet: measures time, so that no other test may run meanwhile")
    config.stash[TRIED], config.stash[NAMED], config.stash[LEFT_OUT] = Counter(), Counter(), {}
    config.pluginmanager.register(_Count(config))
    config.pluginmanager.register(Durations(config))
    torch.set_num_threads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels, too: threads that wait for cores that others use are slow
    # nbgrader starts a program to learn this for each new gradebook, for seconds
    nbgrader.api.get_alembic_version = functools.cache(nbgrader.api.get_alembic_version)
    if _runs_tests(config) and NEEDS["bubblewrap"]() and not CI:
        os.environ["SANDBOX"] = "off"  # the answers in the tests are the course's own; attacks need bubblewrap


def pytest_sessionstart(session: pytest.Session) -> None:
    """Source notebooks are there from the first test on: the build makes them, and git has them not."""
    if not hasattr(session.config, "workerinput"):
        for name in assignments():
            if not (COURSE / "source" / name / f"{name}.ipynb").exists():
                write_source(COURSE, name)


def _runs_tests(config: pytest.Config) -> bool:
    """Whether this process does; on several cores the first one only collects what the others say."""
    return hasattr(config, "workerinput") or not config.getoption("numprocesses", None)


# --- on several cores ---------------------------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``: half as many again as there are cores, since tests wait for kernels, browsers and sandboxes."""
    return cores() * 3 // 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False  # by the number of tests
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several cores the longest come first, so that none waits for another at the end (R. L. Graham, Bounds on
    multiprocessing timing anomalies, 1969): by what is remembered of earlier runs, else by what is said to be long."""
    if getattr(config, "workerinput", {}).get("workercount", 1) > 1:
        items[:] = longest_first(items, remembered(config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Tests hold a lock together, and one that is to be alone holds it by itself; whoever waits for that holds the door, too."""
    if not (run := getattr(item.config, "workerinput", {}).get("testrunuid")):
        return (yield)
    here = Path(tempfile.gettempdir()) / f"tests-{run}"
    with open(here.with_suffix(".door"), "a+") as door, open(here.with_suffix(".room"), "a+") as room:
        # not flock: such a lock is held by what a test has forked, too, for as long as that lives, and nobody is ever alone
        fcntl.lockf(door, fcntl.LOCK_EX)
        fcntl.lockf(room, fcntl.LOCK_EX if item.get_closest_marker("quiet") else fcntl.LOCK_SH)
        fcntl.lockf(door, fcntl.LOCK_UN)
        return (yield)


# --- what is left out ---------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if why := NEEDS[name]():
                pytest.skip(f"{name}\n{why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    return _none_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    return _none_in_ci((yield))


def _none_in_ci(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    """The report; in CI a failure if something is left out."""
    if CI and (left_out := _left_out(report)):
        name, why = left_out
        report.outcome, report.longrepr = "failed", f"CI leaves no test out, and this one needs {name}. {why}"
    return report


def _left_out(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str] | None:
    """What was missing, and a sentence on it."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple | list) else report.longrepr)
    name, _, why = reason.removeprefix("Skipped: ").partition("\n")
    return name, why


class _Count:
    """Counts what reports say, here or in other processes."""

    def __init__(self, config: pytest.Config):
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.config.stash[TRIED].update(dict(value for key, value in report.user_properties if key == "mistakes"))
            self.config.stash[NAMED].update(tuple(value) for key, value in report.user_properties if key == "named")
        self.pytest_collectreport(report)

    def pytest_collectreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if left_out := _left_out(report):
            self.config.stash[LEFT_OUT][report.nodeid] = left_out[0]  # once, though each process collects all


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line: what was left out on this machine."""
    left_out = Counter(config.stash.get(LEFT_OUT, {}).values())
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and left_out and not CI:
        kinds = ", ".join(f"{count} for want of {name}" for name, count in left_out.most_common())
        without = "; the others ran without the sandbox" if NEEDS["bubblewrap"]() else ""
        reporter.write_line(f"Left out on this machine: {left_out.total()} tests ({kinds}){without}.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many mistakes of each kind the judge was given, and how many it named."""
    if tried := config.stash[TRIED]:
        terminalreporter.section(f"{sum(tried.values())} mistakes tried, each in a submission of its own")
        lines = [f"{count:4d}  {kind}" for kind, count in tried.most_common()]
        for row in range(0, len(lines), 3):
            terminalreporter.write_line("".join(line.ljust(40) for line in lines[row : row + 3]).rstrip())
    if named := config.stash[NAMED]:
        kinds = sorted({kind for kind, _ in named}, key=lambda kind: -(named[kind, True] + named[kind, False]))
        yes, no = (sum(named[kind, said] for kind in kinds) for said in (True, False))
        terminalreporter.section(f"mistakes named, and not named, by kind: {yes} of {yes + no}, {yes / (yes + no):.1%}")
        lines = [f"{named[kind, True]:4d} {named[kind, False]:4d}  {kind}" for kind in kinds]
        for row in range(0, len(lines), 3):
            terminalreporter.write_line("".join(line.ljust(40) for line in lines[row : row + 3]).rstrip())


@pytest.fixture(scope="session")
def exercise_1() -> Bench:
    """Exercise 1 and its solution."""
    return bench("1_chunked_backprop")


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Counts mistakes by kind, for the summary."""
    return lambda kind, count: record_property("mistakes", (kind, count))


@pytest.fixture
def named(record_property: Callable[[str, object], None]) -> Callable[[str, bool], None]:
    """Counts by kind whether a message named the mistake, for the summary."""
    return lambda kind, said: record_property("named", (kind, said))
