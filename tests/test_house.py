"""The house: which room may import which (pyproject.toml), and what else keeps it one that people find their way in."""

import ast
import functools
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import autograder
from autograder.course.build import assignments
from autograder.course.exercise import COURSE, configuration
from tests.bank import bench

ROOMS = sorted(path.parent.name for path in (COURSE / "autograder").glob("*/__init__.py"))
IN_FUNCTIONS = {
    "command_line": "help is there at once, and Windows has not what grading needs",
    "machine": "an old Python gets as far as the sentence that says so",
    "handed_in.readable": "jupytext takes a while to import, and few files need it",
    "bench.workers": "Dask need not be installed",
    "classroom.workers": "Dask need not be installed",
    "sandbox.bubblewrap": "libseccomp need not be there, which pyseccomp cannot be imported without",
    "sandbox.inside_sandbox.kernel": "these are for the warm process; from outside only its protocol is imported",
    "sandbox.inside_sandbox.run": "as kernel",
    "sandbox.inside_sandbox.server": "as kernel",
    "toolkit.running.in_this_process": "ctypes is for a time limit alone, and is not there wherever students' Python is",
}
"""Modules with imports inside functions, and why. That two modules need each other is no reason."""
STANDARD_LIBRARY_ALONE = ("__init__", "machine", "untouched")
"""What make starts before anything is installed."""
WITHOUT_A_SANDBOX = (
    "course.build", "course.drift_and_leaks", "course.adopt", "working_copy.work", "working_copy.lab", "lms.collect",
    "classroom.formgrader", "command_line",
)  # fmt: skip
"""What the commands build, check, adopt, work, lab, collect and formgrader import."""


def _modules(package: str = "autograder") -> Iterator[tuple[str, ast.Module]]:
    root = COURSE / package
    for path in sorted(root.rglob("*.py")):
        yield ".".join(path.relative_to(root).with_suffix("").parts), _tree(path)


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_an_arrow_only_points_down():
    assert lint_imports(config_filename=str(COURSE / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize(
    "place, line",
    [
        ("autograder/course/typed.py", "from autograder.handed_in import mend"),  # upwards
        ("autograder/sandbox/inside_sandbox/wire.py", "from . import run"),  # in a circle
        ("toolkit/first_names.py", "from autograder import files"),
        ("toolkit/running/cells.py", "from toolkit.judge import Judge"),
        ("autograder/attic.py", ""),  # no place in the order
    ],
)
def test_what_points_up_is_found(tmp_path, place, line):
    for name in ("autograder", "toolkit"):
        shutil.copytree(COURSE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(COURSE / "pyproject.toml", tmp_path)
    with (tmp_path / place).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "BROKEN" in done.stdout, done.stdout + done.stderr


def test_imports_stand_at_the_top_of_a_module():
    found = {
        name
        for name, tree in (*_modules(), *((f"toolkit.{name}", tree) for name, tree in _modules("toolkit")))
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _imports(function)
    }
    assert found == IN_FUNCTIONS.keys()


def test_what_has_an_underscore_stays_in_its_module():
    for name, tree in (*_modules(), *_modules("toolkit")):
        for node in _imports(tree):
            private = {alias.name for alias in node.names if alias.name.startswith("_")} - {"__version__"}
            if name == "running.one_device":
                private -= {"_device"}  # torch has no other name for it
            assert not private, f"{name} imports {private}"


def test_programs_in_strings_know_their_names(tmp_path):
    """What is started as a program of its own (``python -c``) no linter reads where it stands."""
    trees = dict(_modules())
    texts = {
        target.id: node.value.value
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    started = set()
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        words = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.List) else []
        if any(isinstance(word, ast.Constant) and word.value == "-c" for word in words):
            started |= {word.id for word in words if isinstance(word, ast.Name)} & texts.keys()
    assert started >= {"FLOOR", "GRADE", "PLAIN", "REPORT"}
    for name in started:
        (tmp_path / f"{name}.py").write_text(texts[name], encoding="utf-8")
        for line in _imports(ast.parse(texts[name])):
            for alias in line.names:
                _import(getattr(line, "module", None), alias.name)
    words = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821,F823", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _import(module: str | None, name: str) -> None:
    """Import a module, or a name from one, if it is the course's."""
    if (module or name).partition(".")[0] in ("autograder", "toolkit") and not (
        module and hasattr(importlib.import_module(module), name)
    ):
        importlib.import_module(f"{module}.{name}" if module else name)


def test_what_make_starts_first_needs_nothing_installed():
    trees = dict(_modules())
    for name in STANDARD_LIBRARY_ALONE:
        for node in trees[name].body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                assert {part.split(".")[0] for part in names} <= sys.stdlib_module_names, name


@pytest.mark.share(0.4)
def test_what_needs_no_sandbox_is_imported_on_windows():
    """Windows' Python has none of these modules, nor a C library without a name; what others' packages import there is theirs
    to know. nbgrader_config.py is read there, too, since the formgrader without it would grade as it is not meant to."""
    program = f"""
import ctypes, importlib, sys
import click, jinja2, jupyterlab.labapp, jupytext, nbconvert, nbgrader.apps, torch
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
class Libraries(ctypes.CDLL):
    def __init__(self, name, *options, **more):
        if name is None:
            raise TypeError("LoadLibrary() argument 1 must be str, not None")
        super().__init__(name, *options, **more)
ctypes.CDLL = Libraries
sys.platform = "win32"
for name in {WITHOUT_A_SANDBOX}:
    importlib.import_module("autograder." + name)
from autograder.course.exercise import configuration
assert configuration().CourseDirectory.course_id
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_its_configuration_nbgrader_does_nothing(monkeypatch):
    """It would only say that the file cannot be read, and then run student code as it is."""
    monkeypatch.setitem(sys.modules, "autograder.judging", None)
    with pytest.raises(SystemExit, match="nbgrader must do nothing without it"):
        configuration.__wrapped__()  # it is read once


def test_every_room_says_what_it_is_for():
    for room in ROOMS:
        assert ast.get_docstring(_tree(COURSE / "autograder" / room / "__init__.py")), room
        assert f"\n    {room}/ " in autograder.__doc__, f"{room} is not on the map in autograder/__init__.py"
        assert f"autograder/{room}/ " in (COURSE / "CONTRIBUTING.md").read_text("utf-8"), f"{room} is not on its map"
    for module in (COURSE / "autograder").glob("[!_]*.py"):
        assert re.search(rf"^    (\w+, )*{module.stem}\b", autograder.__doc__, re.MULTILINE), (
            f"{module.name} is not on the map"
        )


def test_tests_stand_in_the_rooms_of_what_they_test():
    tests = COURSE / "tests"
    assert {path.parent.name for path in tests.glob("*/test_*.py")} == {*ROOMS, "toolkit"}
    rooms = {path.parent.name for path in (COURSE / "toolkit").glob("*/__init__.py")}
    assert {path.parent.name for path in tests.glob("toolkit/*/test_*.py")} <= rooms


def test_every_module_of_the_toolkit_is_on_its_map():
    for package in (COURSE / "toolkit").rglob("__init__.py"):
        modules = {
            path.stem for path in package.parent.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        said = ast.get_docstring(_tree(package)) or ""
        assert modules - {"__init__"} - set(re.findall(r"\w+", said)) == set(), package


def test_files_that_are_spoken_of_are_there():
    texts = [
        *COURSE.glob("*.md"),
        *COURSE.glob("docs/*.md"),
        *COURSE.glob("*.txt"),
        COURSE / "Makefile",
        COURSE / "Dockerfile",
    ]
    texts += [COURSE / "nbgrader_config.py", *COURSE.glob("autograder/**/*.py")]
    for text in texts:
        for place in re.findall(r"\b(?:autograder|toolkit|tests)/[\w/]+\.py\b", text.read_text(encoding="utf-8")):
            assert (COURSE / place).is_file(), f"{text.name} speaks of {place}"
    there = {
        path.name
        for folder in ("autograder", "toolkit", "docs", "tests", "data")
        for path in (COURSE / folder).rglob("*.py")
    }
    for text in (*COURSE.glob("*.md"), *COURSE.glob("docs/*.md")):
        for name in re.findall(r"`(\w+\.py)`", text.read_text(encoding="utf-8")):
            assert name in there or (COURSE / name).is_file(), f"{text.name} speaks of {name}"


def test_who_reports_a_lost_point_can_say_in_which_exercise():
    form = (COURSE / ".github" / "ISSUE_TEMPLATE" / "right_answer_lost_points.yml").read_text(encoding="utf-8")
    (options,) = re.findall(r"^ +options: \[(.*)\]$", form, re.MULTILINE)
    assert [option[:2] for option in options.split(", ")] == [f"{name.partition('_')[0]} " for name in assignments()]


ENGLISH = {"torch", "loss", "counts", "scores", "eps"}
"""Words of sentences and of PyTorch's that a network's variable may be called by, too."""


def test_what_judges_names_no_variable_of_any_network():
    """Not in its code, nor in what it says; an example in a docstring may."""
    graphs = [bench(name).exercise.graph for name in assignments()]
    variables = {name for graph in graphs for name in (*graph.steps, *graph.inputs) if len(name) > 1} - ENGLISH
    assert {"logits", "Xb", "lnvar_inv"} <= variables
    folders = (COURSE / "toolkit", COURSE / "autograder" / "judging", COURSE / "autograder" / "sandbox")
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                assert not variables & set(re.findall(r"\w+", node.value)), f"{path}:{node.lineno}"
