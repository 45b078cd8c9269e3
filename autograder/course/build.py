"""``make build``: from the text sources to the source, exercise and solution notebooks.

    source/<a>/<a>.py  ->  source/<a>/<a>.ipynb      jupytext, with the toolkit inlined and stable cell ids
                       ->  exercises/<a>/<a>.ipynb   nbgrader generate_assignment
                       ->  solutions/<a>/<a>.ipynb   nbgrader generate_solution, run again only if its cells changed

The result depends on the sources alone (``drift_and_leaks`` checks that of what is committed). Nothing is written over a file
that holds what a person typed: it is left as it is, and a sentence says so at the end. ``--sources`` makes only what grading
needs, source notebooks and the gradebook's record of the assignments.
"""

import ast
import copy
import functools
import graphlib
import hashlib
import json
import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbformat.warnings import MissingIDFieldWarning
from nbgrader import utils
from nbgrader.api import Assignment, Grade, Gradebook, Student, SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import GenerateSolution
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log, temp_attrs
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from autograder.course import only_shown
from autograder.course.edited import BEGIN, GOES_ON, is_edited, is_signed, sign_source
from autograder.course.exercise import COURSE, Exercise
from autograder.course.gradebook_cells import database_error, other_cells
from autograder.course.published import NoAddress, published, write_down
from autograder.course.release import (
    METADATA,
    built_from,
    fingerprint,
    known_cells,
    signed_files,
    typed_sentence,
)
from autograder.course.typed import NoNotebook, digest_of_file, typed_in
from autograder.files import set_aside, write
from toolkit.network.exercise import digest

PUBLIC = {
    "toolkit.check": ("check", "cmp", "progress", "read_network"),
    "toolkit.debugging": (
        "cell_text",
        "check_checker",
        "check_findings",
        "check_mended",
        "debugging_progress",
        "loss_from",
        "somebody_elses",
        "suspect",
        "words_for_mistakes",
    ),
    "toolkit.first_names": ("load_names",),
    "toolkit.picture": ("draw_network",),
    "toolkit.training": (
        "check_calibration",
        "check_training",
        "compare_speed",
        "progress_bar",
        "training_progress",
        "your_loop",
        "your_plain_loop",
    ),
}
SOLUTION_SECONDS = 900
"""Longest time for a cell of a solution: the training loop takes a minute or two."""
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "_kg_hide-input": True}
"""Metadata that hides a cell's code in Colab (its `# @title` is shown), in JupyterLab and Notebook, and in Kaggle."""


class BuildError(Exception):
    """The build cannot go on; the message says where and what to do."""


def assignments(course: Path = COURSE) -> list[str]:
    """Names of the assignments that have a text source, in order."""
    return sorted(path.parent.name for path in (course / "source").glob("*/*.py") if path.stem == path.parent.name)


def no_assignment(names: str, course: Path = COURSE) -> str:
    """A sentence on names, with commas between them, that no assignment has."""
    return f"There is no assignment {names}. There are: {', '.join(assignments(course))}."


def source_notebook(course: Path, name: str) -> NotebookNode:
    """The source notebook of an assignment, made from its text.

    Raises:
        BuildError: its text is none that a notebook can be made from.
    """
    try:
        notebook = jupytext.read(course / "source" / name / f"{name}.py", fmt="py:percent")
    except UnicodeDecodeError as error:
        raise BuildError(f"source/{name}/{name}.py is not UTF-8 ({error.reason}). Save it in that encoding.") from None
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        raise BuildError(f"source/{name}/{name}.py has no cell of code. docs/authors.md says which an exercise needs.")
    notebook.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    try:
        place = published(course)
    except NoAddress as error:
        raise BuildError(str(error)) from None
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "setup" in tags:
            tools = setup_cell(course, code)
            where = place.line() if place and '_module("toolkit.first_names"' in tools else ""
            cell.source = f"{tools}\n{where}{_which_exercise(notebook, name)}"
        if "setup" in tags or "fold" in tags:
            if not cell.source.startswith("# @title "):
                raise BuildError(
                    f"source/{name}: a folded cell begins with `# @title` and what it does: {cell.source[:40]!r}"
                )
            cell.metadata.update(nbformat.from_dict(FOLDED))
        if utils.is_solution(cell) or utils.is_grade(cell):  # so that Run All goes on to the bottom of the notebook
            cell.metadata["tags"] = list(dict.fromkeys([*tags, GOES_ON]))
        if cell.cell_type == "code" and not cell.source.strip():
            raise BuildError(f"source/{name}: an empty code cell. Write something in it or take it out.")
    if missed := [f"source/{name}: {said}" for said in only_shown.missed(notebook)]:
        raise BuildError("\n".join(missed))
    first_code = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first_code, new_code_cell(INSTRUCTOR.format(name=name), metadata={"tags": ["instructor"]}))
    if place:
        notebook.cells = [place.badge(name), *notebook.cells, place.handing_in()]
    _set_ids(notebook, name)
    return notebook


INSTRUCTOR = """\
# For instructors only, not in what students get: lets the hidden tests run when you run this source notebook by hand
import sys
from pathlib import Path

course = next(p for p in Path.cwd().resolve().parents if (p / "nbgrader_config.py").exists())
sys.path.insert(0, str(course))
from autograder.live import judge_this_notebook

globals().update(judge_this_notebook("{name}", course))"""


def setup_cell(course: Path, code: str) -> str:
    """What a notebook needs of the toolkit, as one cell: each module as text, made into a real module, so that its names stay
    out of the student's.

    Args:
        code: the notebook's code cells; a module that none of them has a word of is left out.
    """
    words = set(re.findall(r"\w+", code))
    called = {module: names for module, names in sorted(PUBLIC.items()) if not words.isdisjoint(names)}
    modules = _in_order(course, called)
    rooms = sorted({module.rpartition(".")[0] for module in modules} | {"toolkit"})
    parts = [SETUP_HEAD.format(rooms=", ".join(f'"{room}"' for room in rooms))]
    for module in modules:
        source = _toolkit_file(course, module).read_text(encoding="utf-8")
        if "'''" in source:
            raise BuildError(
                f"{module.replace('.', '/')}.py holds three single quotes in a row, which the setup cell cannot carry."
            )
        parts.append(f"_module(\"{module}\", r'''\n{source}''')")
    imports = [f"from {module} import {', '.join(names)}" for module, names in called.items()]
    return "\n".join([*parts, *imports])


def _in_order(course: Path, modules: Iterable[str]) -> list[str]:
    """These modules of the toolkit and all that they import, each after those that it imports."""
    imports: dict[str, list[str]] = {}
    left = [*modules]
    while left:
        if (module := left.pop()) not in imports:
            imports[module] = _imported(_toolkit_file(course, module).read_text(encoding="utf-8"))
            left += imports[module]
    return [*graphlib.TopologicalSorter(dict(sorted(imports.items()))).static_order()]


@functools.lru_cache(maxsize=128)
def _imported(text: str) -> list[str]:
    """The modules of the toolkit that a module of it imports."""
    found = {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) and n.module}
    return sorted(name for name in found if name.startswith("toolkit."))


def _toolkit_file(course: Path, module: str) -> Path:
    return course.joinpath(*module.split(".")).with_suffix(".py")


def _which_exercise(notebook: NotebookNode, name: str) -> str:
    """The line of the setup cell that tells the toolkit which exercise this is, and which cells are the course's own."""
    exercise = Exercise.from_notebook(notebook, name)
    cells = {
        grade_id: "" if utils.is_solution(cell) else digest(exercise.released[grade_id])
        for grade_id, cell in exercise.trusted_cells.items()
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", [])
    }
    said = json.dumps({"exercise": exercise.description(), "cells": cells}, ensure_ascii=False)
    return f"{BEGIN}r'''\n{said}\n''')"


SETUP_HEAD = """\
# @title Setup: run this cell, you need not read it
# The course's tools, one small module after another; their tested originals are in the folder toolkit/ of the course.
import linecache
import sys
import types


def _module(name, text):
    module = types.ModuleType(name)
    sys.modules[name] = module
    linecache.cache[f"<{{name}}>"] = (len(text), None, text.splitlines(keepends=True), f"<{{name}}>")
    exec(compile(text, f"<{{name}}>", "exec"), module.__dict__)


sys.modules.update({{room: types.ModuleType(room) for room in [{rooms}]}})"""


Gate = Callable[[Path, str], str]
"""Says of an assignment in a course folder why it is not to be built; nothing if it may be."""


def build(
    course: Path = COURSE, names: list[str] | None = None, execute: bool = True, gate: Gate = lambda *_: ""
) -> None:
    """Build the notebooks of some or all assignments in a course folder, and record them in its gradebook.

    Args:
        execute: whether solutions are run.
        gate: asked before an assignment is built.

    Raises:
        BuildError: a source cannot be built, or a file holds what a person typed and was left; all others are done.
    """
    problems: list[str] = []
    for name in names or assignments(course):
        try:
            said = gate(course, name)
            left = [said] if said else _build(course, name, execute)
        except BuildError as error:
            left = [str(error)]
        problems += left
        if not left:
            print(f"built {name}")
    if problems:
        raise BuildError("\n".join(problems))


def _build(course: Path, name: str, execute: bool) -> list[str]:
    """Build one assignment; a sentence for each file that was left as it is."""
    if said := other_cells(name, source_notebook(course, name), nbgrader_api(course).coursedir):
        return [said]
    if not write_source(course, name):
        return [
            f"{_source_path(course, name).relative_to(course)} was edited in Jupyter, so it was left as it is, and with it "
            f"exercises/{name} and solutions/{name}. `make adopt` takes the edits into {name}.py; "
            "to drop them, delete the notebook. Then build again."
        ]
    with tempfile.TemporaryDirectory(prefix="build-") as scratch:
        left = _place(course, "exercises", name, release(course, name, Path(scratch)))
    if execute:
        left += _build_solution(course, name)
    return left


def write_source(course: Path, name: str) -> bool:
    """Write ``source/<name>/<name>.ipynb`` from its text; False if that would lose what was edited in Jupyter.

    A notebook of an earlier version of this build, which cannot tell whether it was edited, is set aside in ``kept/``.
    """
    path = _source_path(course, name)
    notebook = source_notebook(course, name)
    sign_source(notebook, path.with_suffix(".py").read_text(encoding="utf-8"))
    text = nbformat.writes(notebook) + "\n"
    if path.exists() and path.read_bytes().strip():
        try:
            edited = is_edited(path, notebook)
        except NoNotebook:
            edited = True
        if edited and is_signed(path):
            return False
        if edited:
            kept = set_aside(course, path)
            print(f"source/{name}/{name}.ipynb was not written by this build; it is now {kept.relative_to(course)}.")
        elif path.read_text(encoding="utf-8") == text:
            return True
    write(path, text)
    return True


def release(course: Path, name: str, scratch: Path) -> Path:
    """Record an assignment in the gradebook; returns the folder below ``scratch`` with what students get."""
    api = nbgrader_api(course, scratch)
    _done(api.generate_assignment(name, force=True), name)
    return scratch / "exercises" / name


def record(course: Path = COURSE) -> list[str]:
    """Make what grading needs: source notebooks, and the gradebook's record of the assignments. No other file is written.

    Returns:
        One sentence for each source notebook that was edited in Jupyter, and is graded by what stands there; and for each whose
        text has other cells now than those that have points, and is graded as before.

    Raises:
        BuildError: a source cannot be built.
    """
    sentences = []
    for name in assignments(course):
        if said := other_cells(name, source_notebook(course, name), nbgrader_api(course).coursedir):
            if not _source_path(course, name).exists():
                raise BuildError(said)
            sentences.append(f"{said} Until then grading goes by the source notebook as it was built before.")
            continue
        if not write_source(course, name):
            sentences.append(
                f"source/{name}/{name}.ipynb was edited in Jupyter, and grading goes by what stands there. "
                f"`make adopt` takes the edits into {name}.py."
            )
        with tempfile.TemporaryDirectory(prefix="build-") as scratch:
            release(course, name, Path(scratch))
    return sentences


def _place(course: Path, part: str, name: str, fresh: Path) -> list[str]:
    """Put what was built into ``exercises/`` or ``solutions/``; a sentence for each file that was left as it is."""
    folder = course / part / name
    known = known_cells(source_notebook(course, name), part == "solutions")
    signed = {digest for path in folder.glob("*.ipynb") for digest in signed_files(path)}
    left = []
    for path in sorted(path for path in fresh.rglob("*") if path.is_file()):
        target = folder / path.relative_to(fresh)
        data = path.read_bytes()
        if path.suffix == ".ipynb":
            if what := typed_in(target, known):
                left.append(typed_sentence(target, what))
                continue
        elif target.exists() and digest_of_file(there := target.read_bytes()) not in signed and there != data:
            left.append(f"{target.relative_to(course)} is not as it was built, so it was left as it is. Move it away.")
            continue
        if not target.exists() or target.read_bytes() != data:
            write(target, data)
    return left


def _source_path(course: Path, name: str) -> Path:
    return course / "source" / name / f"{name}.ipynb"


def copy_sources(course: Path, target: Path) -> None:
    """Copy what a build starts from into another folder."""
    for part in ("source", "toolkit", "data"):
        shutil.copytree(course / part, target / part, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))


def nbgrader_api(course: Path, released: Path | None = None) -> NbGraderAPI:
    """nbgrader with this course's configuration, working in ``course``; quiet but for warnings.

    Args:
        released: where exercises and solutions go, if not into the course's own folders.
    """
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # nbgrader's own, about its sessions
    warnings.filterwarnings("ignore", category=MissingIDFieldWarning)  # older files have no cell ids; Mend sets them
    config: Config = PyFileConfigLoader(str(COURSE / "nbgrader_config.py")).load_config()
    config.CourseDirectory.root = str(course)
    if released:
        config.CourseDirectory.release_directory = str(released / "exercises")
        config.CourseDirectory.solution_directory = str(released / "solutions")
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.WARNING)
    return api


def _build_solution(course: Path, name: str) -> list[str]:
    """Run the solution, unless the one that is there has the same cells already or holds what a person typed."""
    target = course / "solutions" / name / f"{name}.ipynb"
    source = source_notebook(course, name)
    if what := typed_in(target, known_cells(source, solutions=True)):
        return [typed_sentence(target, what)]
    if target.exists() and target.read_bytes().strip() and built_from(target.read_text("utf-8")) == fingerprint(source):
        return []
    with tempfile.TemporaryDirectory(prefix="build-") as scratch:
        api = nbgrader_api(course, Path(scratch))
        with temp_attrs(api.coursedir, assignment_id=name):
            api.config.Execute.timeout = SOLUTION_SECONDS
            converter = GenerateSolution(coursedir=api.coursedir, parent=api)
            converter.force = True
            _done(capture_log(converter), name)
        fresh = Path(scratch) / "solutions" / name
        for cell in nbformat.read(fresh / f"{name}.ipynb", as_version=4).cells:
            errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
            if errors:
                raise BuildError(
                    f"The solution of {name} fails in the cell\n{cell.source}\n{errors[0].ename}: {errors[0].evalue}"
                )
        return _place(course, "solutions", name, fresh)


def _set_ids(notebook: NotebookNode, name: str) -> None:
    """Cell ids that stay the same from build to build: the grade_id, else a digest of the text."""
    seen: set[str] = set()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        text = hashlib.sha256(f"{name}\0{cell.source}".encode()).hexdigest()[:12]
        cell.id = grade_id or cell.metadata.get("id") or f"cell-{text}"
        if cell.id in seen:
            raise BuildError(f"source/{name}: two cells are called {cell.id} (or have the same text). Rename one.")
        seen.add(cell.id)


def _done(result: dict, name: str) -> None:
    if not result["success"]:
        raise BuildError(f"nbgrader could not build {name}:\n{result.get('log', '')}\n{result.get('error', '')}")


def _open_gradebook(coursedir: CourseDirectory) -> None:
    """Say what is wrong with the gradebook's address, since nbgrader would speak of an upgrade."""
    try:
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            for table in (Student, Assignment, SubmittedAssignment, Grade):
                gradebook.db.query(table).first()  # one of an older nbgrader lacks columns
    except (SQLAlchemyError, ImportError) as error:
        raise BuildError(f"The gradebook (DB=, GRADEBOOK_DB) cannot be opened: {database_error(error)}") from None


def publish(url: str, hand_in: str, course: Path = COURSE) -> int:
    """``python -m autograder exercises``: build the exercises of a published course; returns the exit status."""
    try:
        if url or hand_in:
            place = write_down(course, url, hand_in)
            print(f"The notebooks say that the course is at {place.url} (source/published.toml).")
        build(course, execute=False)
    except (NoAddress, BuildError) as error:
        print(error)
        return 1
    return 0


def main(sources: bool = False, gate: Gate = lambda *_: "") -> int:
    """``python -m autograder build``: build all, or only what grading needs; returns the exit status."""
    try:
        _open_gradebook(nbgrader_api(COURSE).coursedir)
        if sources:
            for sentence in record():
                print(sentence)
        else:
            build(gate=gate)
    except BuildError as error:
        print(error)
        return 1
    return 0
