"""What ``make quick`` runs: the tests that the change at hand concerns, as many as fit into a while.

A pytest plug-in (``-p tests.quick``). The change is what differs from the last commit; if nothing does, the last commit
itself. A test is concerned if its module imports a changed one, directly or not, or if a changed file of another kind (an
answer of the bank, a source notebook, the README) is named in its id or in its module. Those that failed last come first,
then new ones, then the quickest; how long each takes is remembered from run to run (``make test`` remembers it, too). What
does not fit is counted at the end. Not seen: what a test starts as a program of its own, and the solutions, which are nbval's.
"""

import ast
import functools
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[1]
ROOTS = ("autograder", "toolkit", "tests")
SECONDS, LONGEST = 20.0, 45.0
"""What is planned for one process, and when it begins no other test; with what else goes on, that is less than a minute."""
UNKNOWN, LONG = 1.0, 20.0
"""Seconds of a test that was never run; and of one of a long family (tests/share.py), or a notebook's cell."""
DURATIONS, FAILED = "quick/durations", "cache/lastfailed"
STARTED = time.monotonic()
SAID = pytest.StashKey[str]()


@functools.cache
def changed() -> set[str]:
    """Paths that differ from the last commit, or in it; with ``/``, from the course's folder."""

    def git(*words: str) -> set[str]:
        return {
            *subprocess.run(["git", *words], cwd=COURSE, capture_output=True, text=True, check=True).stdout.split("\n")
        }

    now = git("diff", "--name-only", "HEAD") | git("ls-files", "--others", "--exclude-standard")
    return {path for path in now - {""} or git("show", "--name-only", "--format=", "HEAD") if path}


@functools.cache
def imports(module: Path) -> frozenset[Path]:
    """Modules of the course that a module needs, itself included."""
    found, front = {module}, [module]
    for path in front:
        front += _imports_itself(path) - found
        found |= _imports_itself(path)
    return frozenset(found)


@functools.cache
def _imports_itself(module: Path) -> frozenset[Path]:
    package = ".".join(module.relative_to(COURSE).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(_text(module))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, [above, node.module]))
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    stems = [COURSE.joinpath(*name.split(".")) for name in names if name.split(".")[0] in ROOTS]
    return frozenset(
        there for stem in stems for there in (stem.with_suffix(".py"), stem / "__init__.py") if there.is_file()
    )


def concerns(file: Path, nodeid: str, paths: set[str]) -> bool:
    """Whether a change of these files may make a difference to a test."""
    for path in map(Path, paths):
        if COURSE / path in imports(file) or path.name == "conftest.py":
            return True
        if not _is_module(path) and (path.stem in nodeid or path.name in _text(file)):
            return True
    return False


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" and path.parts[0] in ROOTS and path.parts[1] != "submissions"


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def together(nodeid: str) -> str:
    """What a test belongs to: its file, if tests there share a fixture of the module or it is a notebook; else only itself."""
    file = COURSE / nodeid.partition("::")[0]
    return str(file) if file.suffix == ".ipynb" or 'scope="module"' in _text(file) else nodeid


def chosen(items: list[pytest.Item], known: Mapping[str, float], failed: set[str], within: float) -> list[pytest.Item]:
    """As many as take so long together; those that share a fixture of their module all or none."""

    def urgency(some: list[pytest.Item]) -> tuple[bool, bool, float]:
        ids = {item.nodeid for item in some}
        return not ids & failed, ids <= known.keys(), seconds(some, known)

    found: list[pytest.Item] = []
    for some in sorted(units(items), key=urgency):
        within -= seconds(some, known)
        if within < 0:
            break
        found += some
    return found


def longest_first(items: Iterable[pytest.Item], known: Mapping[str, float]) -> list[pytest.Item]:
    """The tests, those that take longest at the front, and with them what stays together with them."""
    return [item for some in sorted(units(items), key=lambda some: -seconds(some, known)) for item in some]


def units(items: Iterable[pytest.Item]) -> list[list[pytest.Item]]:
    """The tests, those that stay together in one."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(together(item.nodeid), []).append(item)
    return [*found.values()]


def seconds(items: Iterable[pytest.Item], known: Mapping[str, float]) -> float:
    """How long tests take, one after another: as is known, else a guess."""
    return sum(known.get(item.nodeid) or (LONG if _is_long(item) else UNKNOWN) for item in items)


def _is_long(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb" or item.get_closest_marker("share") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Modules of which no test can be concerned are not even imported."""
    paths = changed()
    only_modules = all(_is_module(Path(path)) for path in paths)
    hopeless = only_modules and collection_path.match("test_*.py") and not concerns(collection_path, "", paths)
    return True if hopeless else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = remembered(config)
    failed = {*config.cache.get(FAILED, {})}
    paths = changed()
    mine = [item for item in items if concerns(item.path, item.nodeid, paths)]
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    run = {*chosen(mine, known, failed, SECONDS * processes)}
    rest = [item for item in mine if item not in run]
    said = f"{len(run)} of the {len(mine)} tests that the change concerns, the solutions (nbval) aside."
    if rest:
        said += f" make test runs the other {len(rest)}, too: some {seconds(rest, known) / 60:.1f} min in one process."
    config.stash[SAID] = said
    if hasattr(config, "workeroutput"):
        config.workeroutput["quick"] = said
    config.hook.pytest_deselected(items=[item for item in items if item not in run])
    items[:] = [item for item in items if item in run]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() - STARTED > LONGEST:
        pytest.skip(f"time\nmake quick begins no test after {LONGEST:g} s.")


def remembered(config: pytest.Config) -> dict[str, float]:
    """How long tests took, in seconds by their ids; nothing without pytest's cache (``-p no:cacheprovider``)."""
    return config.cache.get(DURATIONS, {}) if hasattr(config, "cache") else {}


class Durations:
    """Remembers how long each test takes."""

    def __init__(self, config: pytest.Config):
        self.config, self.found = config, Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.skipped:
            self.found[report.nodeid] += round(report.duration, 3)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        if said := getattr(node, "workeroutput", {}).get("quick"):
            self.config.stash[SAID] = said

    def pytest_sessionfinish(self) -> None:
        if not hasattr(self.config, "workerinput") and hasattr(self.config, "cache"):
            self.config.cache.set(DURATIONS, remembered(self.config) | self.found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(config.stash.get(SAID, ""))
