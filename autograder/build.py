"""``make build``: from the text sources to the source, exercise and solution notebooks.

    source/<a>/<a>.py  ->  source/<a>/<a>.ipynb      jupytext, with the toolkit inlined and stable cell ids
                       ->  exercises/<a>/<a>.ipynb   nbgrader generate_assignment
                       ->  solutions/<a>/<a>.ipynb   nbgrader generate_solution, run again only if its cells changed

The result depends on the sources alone. ``--check`` builds into another folder and reports every difference and leak.
"""

import argparse
import contextlib
import hashlib
import io
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbformat.warnings import MissingIDFieldWarning
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import GenerateSolution
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log, temp_attrs
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from autograder.exercise import COURSE, Exercise, hidden_tests
from toolkit.history import digest

TOOLKIT = (
    "graph", "compare", "diagnosis", "exercise", "cells", "watched_loop", "no_derivatives", "one_device", "unpatched", "runs",
    "minibatches", "plans", "verdict", "outcome", "judge", "loop", "history", "check", "training", "picture", "names",
)  # fmt: skip
"""Modules of the setup cell, each after those that it imports."""
PUBLIC = {
    "toolkit.check": ("check", "cmp", "progress", "read_network"),
    "toolkit.names": ("load_names",),
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
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\n?### END SOLUTION", re.DOTALL)


class BuildError(Exception):
    """The build cannot go on; the message says where and what to do."""


def assignments(course: Path = COURSE) -> list[str]:
    """Names of the assignments that have a text source, in order."""
    return sorted(path.parent.name for path in (course / "source").glob("*/*.py") if path.stem == path.parent.name)


def source_notebook(course: Path, name: str) -> NotebookNode:
    """The source notebook of an assignment, made from its text."""
    notebook = jupytext.read(course / "source" / name / f"{name}.py", fmt="py:percent")
    notebook.metadata = nbformat.from_dict({
        "kernelspec": KERNELSPEC, "language_info": {"name": "python"}, "colab": {"provenance": [], "toc_visible": True},
    })  # fmt: skip
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "setup" in tags:
            cell.source = setup_cell(course) + "\n" + _which_exercise(notebook, name)
        if "setup" in tags or "fold" in tags:
            if not cell.source.startswith("# @title "):
                raise BuildError(
                    f"source/{name}: a folded cell begins with `# @title` and what it does: {cell.source[:40]!r}"
                )
            cell.metadata.update(nbformat.from_dict(FOLDED))
        if utils.is_solution(cell) or utils.is_grade(cell):  # so that Run All goes on to the bottom of the notebook
            cell.metadata["tags"] = list(dict.fromkeys([*tags, "raises-exception"]))
        if cell.cell_type == "code" and not cell.source.strip():
            raise BuildError(f"source/{name}: an empty code cell. Write something in it or take it out.")
    first_code = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first_code, new_code_cell(INSTRUCTOR.format(name=name), metadata={"tags": ["instructor"]}))
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


def setup_cell(course: Path = COURSE) -> str:
    """The toolkit as one cell: each module as text, made into a real module, so that its names stay out of the student's."""
    parts = [SETUP_HEAD]
    for module in TOOLKIT:
        text = (course / "toolkit" / f"{module}.py").read_text(encoding="utf-8")
        if "'''" in text:
            raise BuildError(
                f"toolkit/{module}.py holds three single quotes in a row, which the setup cell cannot carry."
            )
        parts.append(f"_module(\"toolkit.{module}\", r'''\n{text}''')")
    imports = [f"from {module} import {', '.join(names)}" for module, names in sorted(PUBLIC.items())]
    return "\n".join([*parts, *imports])


def _which_exercise(notebook: NotebookNode, name: str) -> str:
    """The line of the setup cell that tells the toolkit which exercise this is, and which cells are the course's own."""
    exercise = Exercise.from_notebook(notebook, name)
    cells = {
        grade_id: "" if utils.is_solution(cell) else digest(exercise.released[grade_id])
        for grade_id, cell in exercise.trusted_cells.items()
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", [])
    }
    said = json.dumps({"exercise": exercise.description(), "cells": cells}, ensure_ascii=False)
    return f"sys.modules[\"toolkit.check\"].begin(r'''\n{said}\n''')"


SETUP_HEAD = """\
# @title Setup: run this cell, you need not read it
# The course's tools, one small module after another; their tested originals are in the folder toolkit/ of the course.
import linecache
import sys
import types


def _module(name, text):
    module = types.ModuleType(name)
    sys.modules[name] = module
    linecache.cache[f"<{name}>"] = (len(text), None, text.splitlines(keepends=True), f"<{name}>")
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)


sys.modules["toolkit"] = types.ModuleType("toolkit")"""


def build(course: Path = COURSE, names: list[str] | None = None, execute: bool = True) -> None:
    """Build the notebooks of some or all assignments in a course folder, and record them in its gradebook.

    Raises:
        BuildError: a source cannot be built; the others before it are done.
    """
    for name in names or assignments(course):
        path = course / "source" / name / f"{name}.ipynb"
        nbformat.write(source_notebook(course, name), path)
        api = nbgrader_api(course)
        _done(api.generate_assignment(name, force=True), name)
        _normalise(course / "exercises" / name / f"{name}.ipynb")
        if execute:
            _build_solution(course, name, api)
        print(f"built {name}")


def copy_sources(course: Path, target: Path) -> None:
    """Copy what a build starts from into another folder."""
    for part in ("source", "toolkit", "data"):
        shutil.copytree(course / part, target / part, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))


def nbgrader_api(course: Path) -> NbGraderAPI:
    """nbgrader with this course's configuration, working in ``course``; quiet but for warnings."""
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # nbgrader's own, about its sessions
    warnings.filterwarnings("ignore", category=MissingIDFieldWarning)  # older files have no cell ids; Mend sets them
    config: Config = PyFileConfigLoader(str(COURSE / "nbgrader_config.py")).load_config()
    config.CourseDirectory.root = str(course)
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.WARNING)
    return api


def _build_solution(course: Path, name: str, api: NbGraderAPI) -> None:
    """Run the solution, unless the one that is there has the same cells already."""
    target = course / "solutions" / name / f"{name}.ipynb"
    wanted = _fingerprint(source_notebook(course, name))
    if target.exists() and nbformat.read(target, as_version=4).metadata.get("built_from") == wanted:
        return
    with temp_attrs(api.coursedir, assignment_id=name):
        api.config.Execute.timeout = SOLUTION_SECONDS
        converter = GenerateSolution(coursedir=api.coursedir, parent=api)
        converter.force = True
        _done(capture_log(converter), name)
    notebook = nbformat.read(target, as_version=4)
    for cell in notebook.cells:
        errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        if errors:
            target.unlink()
            raise BuildError(
                f"The solution of {name} fails in the cell\n{cell.source}\n{errors[0].ename}: {errors[0].evalue}"
            )
    notebook.metadata["built_from"] = wanted
    nbformat.write(notebook, target)
    _normalise(target)


def _fingerprint(notebook: NotebookNode) -> str:
    told = "cellView", "jupyter", "_kg_hide-input", "tags"
    text = "\0".join(
        f"{cell.cell_type}\0{cell.source}\0{[cell.metadata.get(key) for key in told]}" for cell in notebook.cells
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _normalise(path: Path) -> None:
    """Take out what differs from run to run: times, kernel versions, addresses of objects."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("needs_background", None)
    path.chmod(0o644)
    nbformat.write(notebook, path)


def _set_ids(notebook: NotebookNode, name: str) -> None:
    """Cell ids that stay the same from build to build: the grade_id, else a digest of the text."""
    seen: set[str] = set()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = grade_id or "cell-" + hashlib.sha256(f"{name}\0{cell.source}".encode()).hexdigest()[:12]
        if cell.id in seen:
            raise BuildError(f"source/{name}: two cells are called {cell.id} (or have the same text). Rename one.")
        seen.add(cell.id)


def _done(result: dict, name: str) -> None:
    if not result["success"]:
        raise BuildError(f"nbgrader could not build {name}:\n{result.get('log', '')}\n{result.get('error', '')}")


# --- the gates ----------------------------------------------------------------------------------------------------------


def drift(course: Path = COURSE) -> Iterator[str]:
    """One sentence for each committed notebook that differs from what the sources give; outputs are left to nbval."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        copy_sources(course, fresh)
        build(fresh, execute=False)
        for name in assignments(course):
            relative = Path("exercises", name, f"{name}.ipynb")
            committed = course / relative
            if not committed.exists() or committed.read_bytes() != (fresh / relative).read_bytes():
                yield f"{relative} is not what source/{name}/{name}.py gives. Run `make build` and commit the result."
            solution = course / "solutions" / name / f"{name}.ipynb"
            wanted = _fingerprint(source_notebook(course, name))
            if not solution.exists() or nbformat.read(solution, as_version=4).metadata.get("built_from") != wanted:
                yield f"solutions/{name}/{name}.ipynb is not what the source gives. Run `make build` and commit the result."
            elif problem := _solution_differs(nbformat.read(solution, as_version=4), source_notebook(course, name)):
                yield f"solutions/{name}/{name}.ipynb: {problem}"
        known = {Path(part, name) for part in ("exercises", "solutions") for name in assignments(course)}
        for stray in sorted(
            {p.relative_to(course) for part in ("exercises", "solutions") for p in (course / part).glob("*")}
        ):
            if stray not in known:
                yield f"{stray} belongs to no assignment in source/. Delete it."


def _solution_differs(solution: NotebookNode, source: NotebookNode) -> str:
    """Whether the cells of a solution are those of its source, markers and hidden tests apart."""
    kept = [cell for cell in source.cells if "instructor" not in cell.metadata.get("tags", [])]
    if len(kept) != len(solution.cells):
        return "it has other cells than its source."
    for there, here in zip(solution.cells, kept, strict=True):
        wanted = set(here.source.split("\n"))
        if not set(there.source.split("\n")) <= wanted:
            return f"cell {here.id} was edited by hand. Edit the source instead."
    return ""


def leaks(course: Path = COURSE) -> Iterator[str]:
    """One sentence for each solution line or hidden test found where it must not be."""
    for name in assignments(course):
        source = source_notebook(course, name)
        public = "\n".join(c.source for c in source.cells if not utils.is_solution(c))
        secrets = {line for cell in source.cells for line in solution_lines(cell.source)} - _lines(_visible(public))
        hidden = {line for cell in source.cells for line in _lines(hidden_tests(cell.source))}
        exercise, solution = (course / part / name / f"{name}.ipynb" for part in ("exercises", "solutions"))
        for path, words in ((exercise, secrets | hidden | {"BEGIN SOLUTION"}), (solution, hidden)):
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            plain = text + "\n".join(c.source for c in nbformat.reads(text, as_version=4).cells) if text else ""
            for word in sorted(words | {"BEGIN HIDDEN TESTS", "expect_gradients", '"instructor"'}):
                if word in plain:
                    yield f"{path.relative_to(course)} holds {word!r}, which students must not see."


def solution_lines(source: str) -> list[str]:
    """Lines of code between nbgrader's solution markers, comments and blanks apart."""
    return [line for region in _SOLUTION.findall(source) for line in _lines(region)]


def _visible(text: str) -> str:
    return _SOLUTION.sub("", text)


def _lines(text: str) -> set[str]:
    stripped = (line.split("  #")[0].strip() for line in text.split("\n"))
    return {line for line in stripped if len(line) > 8 and not line.startswith("#")}


def _open_gradebook(coursedir: CourseDirectory) -> None:
    """Say what is wrong with the gradebook's address, since nbgrader would speak of an upgrade."""
    try:
        Gradebook(coursedir.db_url, coursedir.course_id).close()
    except (SQLAlchemyError, ImportError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise BuildError(f"The gradebook (DB=, GRADEBOOK_DB) cannot be opened: {said}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; report drift and leaks")
    parser.add_argument("--quiet", action="store_true", help="say nothing of what goes well")
    arguments = parser.parse_args()
    try:
        if not arguments.check:
            _open_gradebook(nbgrader_api(COURSE).coursedir)
            with contextlib.redirect_stdout(io.StringIO() if arguments.quiet else sys.stdout):
                build()
            return 0
        os.environ.pop("GRADEBOOK_DB", None)  # the builds that are compared are no course of anybody's
        problems = [*drift(), *leaks()]
    except BuildError as error:
        problems = [str(error)]
    print("\n".join(problems) or "no drift, no leaks")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
