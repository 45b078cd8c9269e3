"""Gradescope: an autograder to upload there, and what it does in Gradescope's container: one submission, a test a gradient.

``make return LMS=gradescope`` writes an archive an assignment. In it are the course's grader, the exercise without its solutions,
and two scripts. Source: Gradescope's autograder documentation ("Autograder Specifications", "Submission Metadata").
"""

import io
import json
import os
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder.classroom.submission import Graded, grade_submission
from autograder.course.exercise import COURSE, Exercise, configuration
from autograder.files import moved, replace_own
from autograder.handed_in.naming import printable, shown
from autograder.handed_in.submitted import TIMESTAMP, NoNotebook, Unreadable, read_task, regular_files
from autograder.reports.report import points_of_gradients
from autograder.sandbox import bubblewrap

ROOT = Path("/autograder")
USER = 1 << 20
"""The number of the user that student code runs as where bubblewrap cannot run."""
_PACKAGES = ("torch", "nbgrader", "matplotlib", "pyseccomp", "jupytext", "tqdm", "click", "ipykernel")
_SETUP = """#!/usr/bin/env bash
# Gradescope runs this once, as root, when it makes the image. The grader gets a Python of its own: the image's may be too old.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive UV_PYTHON_INSTALL_DIR=/opt/python
apt-get update
apt-get install -y --no-install-recommends ca-certificates python3-venv bubblewrap libseccomp2
python3 -m venv /opt/uv
cd /autograder/source/course
/opt/uv/bin/pip install --quiet --constraint requirements.lock uv
/opt/uv/bin/uv venv --quiet --python 3.12 /opt/course
/opt/uv/bin/uv pip install --quiet --compile-bytecode --torch-backend cpu --python /opt/course/bin/python \\
    -r requirements-gradescope.txt -c requirements.lock
chmod 700 source
"""
_RUN = """#!/usr/bin/env bash
# Gradescope runs this, as root, for each submission.
set -euo pipefail
cd /autograder/source/course
exec /opt/course/bin/python -m autograder gradescope
"""


def write_all(course: Path, names: Sequence[str]) -> int:
    """Write ``returned/gradescope/<assignment>.zip`` for each of these assignments, and say so; returns the exit status."""
    print("Gradescope (create a programming assignment there, and upload the archive as its autograder):")
    for name in names:
        place = course / "returned" / "gradescope" / f"{name}.zip"
        highest = sum(cell.points for cell in Exercise.from_assignment(name, course / "source").graded)
        kept = replace_own(place, archive(course, name), course)
        print(f"  returned/gradescope/{place.name}  {highest:g} points")
        if kept:
            print(f"  {moved(f'kept/{kept.name}')}")
    return 0


def archive(course: Path, assignment: str) -> bytes:
    """The archive that Gradescope makes its image from.

    Raises:
        FileNotFoundError: the source notebook was not built yet.
    """
    Exercise.from_assignment(assignment, course / "source")
    files: dict[str, bytes] = {"setup.sh": _SETUP.encode(), "run_autograder": _RUN.encode()}
    for folder in ("autograder", "toolkit", "data"):
        for name, _ in regular_files(COURSE / folder, ["__pycache__", "*.pyc"]):
            files[f"course/{folder}/{name}"] = (COURSE / folder / name).read_bytes()
    for name in ("nbgrader_config.py", "requirements.lock", "LICENSE"):
        files[f"course/{name}"] = (COURSE / name).read_bytes()
    lines = (COURSE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if re.split(r"[=<>; ]", line)[0] in _PACKAGES]
    files["course/requirements-gradescope.txt"] = ("\n".join(wanted) + "\n").encode()
    source = course / "source" / assignment
    for name, _ in regular_files(source, ["*.py", "*.ipynb"]):
        files[f"course/source/{assignment}/{name}"] = (source / name).read_bytes()
    notebook = without_solutions(nbformat.read(source / f"{assignment}.ipynb", as_version=4))
    files[f"course/source/{assignment}/{assignment}.ipynb"] = nbformat.writes(notebook, version=4).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | (0o755 if name in ("setup.sh", "run_autograder") else 0o644)) << 16
            made.writestr(info, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """A source notebook, fit to grade by, with nothing between its markers for solutions."""
    for cell in notebook.cells:
        if utils.is_solution(cell):
            cell.source = re.sub(r"(### BEGIN SOLUTION\n)[\s\S]*?(?=[ \t]*### END SOLUTION)", r"\1", cell.source)
            cell["outputs"] = [] if cell.cell_type == "code" else cell.get("outputs")
    return notebook


def grade_one(root: Path = ROOT) -> dict[str, Any]:
    """Grade what Gradescope has put into ``submission/``, and write ``results/results.json``.

    The sandbox is used where bubblewrap can run. Where it cannot, student code runs as a user without rights (``USER``), who
    can neither read the exercise's hidden tests nor write the results.
    """
    source = COURSE / "source"
    (assignment,) = (path.name for path in source.iterdir() if path.is_dir())
    exercise = Exercise.from_assignment(assignment, source)
    for path, rights in ((source, 0o700), (root / "results", 0o700), (root / "submission_metadata.json", 0o600)):
        if path.exists():
            path.chmod(rights)
    if bubblewrap.wanted() and (obstacle := bubblewrap.obstacle()):
        print(f"No sandbox here, so student code runs as user {USER}: {obstacle}")
        os.environ |= {"SANDBOX": "off", "SANDBOX_USER": str(USER)}
    with tempfile.TemporaryDirectory(prefix="handed-in-") as place:
        folder = Path(place) / _student(root) / assignment
        shutil.copytree(root / "submission", folder, symlinks=True)
        (folder / TIMESTAMP).unlink(missing_ok=True)
        try:
            task = read_task(folder, source / assignment, configuration().CourseDirectory.ignore)
            found = results(exercise, grade_submission(task))
        except (NoNotebook, Unreadable) as error:
            said = "There is no notebook in what was handed in." if isinstance(error, NoNotebook) else str(error)
            found = results(exercise, None, said)
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / "results.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def results(exercise: Exercise, graded: Graded | None, problem: str = "") -> dict[str, Any]:
    """Verdicts in Gradescope's form: a test a gradient, with its points and what ``check`` would say."""
    notes: Mapping[str, Any] = graded.notes if graded else {}
    problem = problem or notes.get("unreadable", "")
    verdicts = {verdict["name"]: verdict for verdict in notes.get("verdicts", ())}
    tests = []
    for number, (name, most) in enumerate(points_of_gradients(exercise).items(), 1):
        verdict = verdicts.get(name, {"kind": "not attempted", "points": 0.0, "message": problem})
        right = verdict["kind"] == "right"
        tests.append(
            {
                "name": name, "number": str(number), "score": verdict["points"], "max_score": most,
                "status": "passed" if right else "failed", "output_format": "text",
                "output": f"{verdict['kind']}{f': {m}' if (m := verdict.get('message')) else ''}",
            }
        )  # fmt: skip
    points = graded.points if graded else {}
    asked = [name for name, value in points.items() if value is None]
    said = [
        *([f"{problem} A human has to look."] if problem else []),
        *notes.get("mended", []),
        *filter(None, [notes.get("run")]),
    ]
    if asked and not problem:
        said.append(f"{', '.join(asked)}: these points are for a human to give.")
    return {
        "score": sum(value or 0.0 for value in points.values()), "output": "\n".join(map(printable, said)),
        "output_format": "text", "visibility": "visible", "stdout_visibility": "hidden", "tests": tests,
    }  # fmt: skip


def _student(root: Path) -> str:
    """Who handed in, as the name of a folder."""
    try:
        users = json.loads((root / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
        return re.sub(r"[^\w.@+-]", "_", str(users[0]["email"])).lstrip(".")[:100] or "student"
    except (OSError, ValueError, LookupError, TypeError):
        return "student"


def main(root: str = str(ROOT)) -> int:
    """``python -m autograder gradescope``: ``grade_one``; returns the exit status."""
    if not (Path(root) / "submission").is_dir():
        print(
            f"There is no {shown(root)}/submission. This command is for Gradescope's container: see docs/instructors.md."
        )
        return 2
    found = grade_one(Path(root))
    print(f"{found['score']:g} points")
    return 0
