"""Small classes for the tests of ``make grade``: a course with one small exercise, students of all sorts, and what was recorded.

Run as a program it grades a course folder, as ``python -m autograder grade`` does for its own, and can be told to kill
itself at a certain place.
"""

import argparse
import functools
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, Student, SubmittedAssignment, SubmittedNotebook

from autograder import files
from autograder.classroom import grade as grading
from autograder.course.answered import answered
from autograder.course.build import build
from autograder.course.exercise import COURSE
from autograder.files import WRITTEN

NAME = "5_small"
WRONG = {"h": "dh = 2 * h"}
SHAPE = {"y": "dy = (1 - h**2) * dh\ndw = (x.T @ dy).squeeze(1)"}
STUDENTS = {  # what they wrote, None for no notebook and text for another file, and the points that it is worth
    "ada": ({}, 3), "bob": (WRONG, 2), "cid": (SHAPE, 2.5), "dora": ('{"cells": []}', 0), "emil": (None, 0),
    "Françoise d'Aubigné, 名前": ({}, 3), "=cmd()": (WRONG, 2), "-rf": ({}, 3), "[ab]*": (SHAPE, 2.5), "new\nline": ({}, 3),
}  # fmt: skip


def make_course(course: Path) -> Path:
    """A course folder with the small exercise, built and in its gradebook."""
    (course / "source" / NAME).mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("small_exercise.py"), course / "source" / NAME / f"{NAME}.py")
    shutil.copytree(COURSE / "toolkit", course / "toolkit", ignore=shutil.ignore_patterns("__pycache__"))
    build(course, execute=False)
    return course


def hand_in(course: Path, student: str, edits: dict[str, str] | str | None, name: str = f"{NAME}.ipynb") -> Path:
    """Put a student's folder into ``submitted/``; ``edits`` as in ``STUDENTS``."""
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(edits, str):
        (folder / name).write_text(edits)
    elif edits is not None:
        released = nbformat.read(course / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
        source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
        nbformat.write(answered(released, source, edits), folder / name)
    return folder


def hand_in_all(course: Path, students: dict = STUDENTS) -> None:
    for student, (edits, _) in students.items():
        hand_in(course, student, edits)


def command(course: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "tests.classes", str(course), *words]


def grade(course: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Grade a course folder in a process of its own, forked from one that has imported what grading needs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.classes"])
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        process = context.Process(target=_grade, args=([str(course), *words], {**os.environ, **environment}, *said))
        process.start()
        process.join()
        out, err = (path.read_text(encoding="utf-8") for path in said)
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(command(course, *words), process.exitcode, out, err)


def _grade(words: list[str], environment: dict[str, str], *said: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(COURSE)
    for descriptor, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    sys.exit(main(words))


def graded_now(course: Path) -> list[str]:
    """Students whose notebooks were graded since the last call, each as often as it was."""
    log = course / "graded.log"
    found = json.loads(f"[{log.read_text().removesuffix(',')}]") if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def gradebook(course: Path, db_url: str = "") -> dict[str, dict]:
    """All that the gradebook holds of each student, ids and times left out; asserts that there is one of each."""
    found = {}
    with Gradebook(db_url or f"sqlite:///{course}/gradebook.db") as book:
        for submission in book.db.query(SubmittedAssignment):
            (notebook,) = submission.notebooks
            assert submission.student.id not in found
            found[submission.student.id] = {
                "grades": {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in notebook.grades},
                "comments": {c.name: (c.auto_comment, c.manual_comment) for c in notebook.comments},
                "late": notebook.late_submission_penalty, "score": notebook.score, "timestamp": submission.timestamp,
            }  # fmt: skip
            assert len(notebook.grades) == 2
            assert len(notebook.comments) == 2
        assert book.db.query(SubmittedNotebook).count() == len(found) == book.db.query(Student).count()
    return found


def outcome(course: Path, db_url: str = "") -> dict[str, object]:
    """Everything that grading has left: gradebook, grades.csv, autograded notebooks, pages and what else lies there."""
    written = {
        path.relative_to(course).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("autograded", "feedback")
        for path in (course / folder).rglob("*")
        if path.is_file() and path.name != WRITTEN  # it tells of former versions, too
    }
    return {"gradebook": gradebook(course, db_url), "csv": (course / "grades.csv").read_text(), **written}


def gone(pids: list[int], seconds: float = 10) -> bool:
    """Whether all these processes end in time."""
    deadline = time.monotonic() + seconds
    while alive := {p: command for p in pids if (command := _running(p))}:
        if time.monotonic() > deadline:
            print(alive)
            return False
        time.sleep(0.1)
    return True


def _running(pid: int) -> list[str]:
    """What a process was started with; nothing if it has ended."""
    try:
        process = psutil.Process(pid)
        return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline() or ["?"]
    except psutil.NoSuchProcess:
        return []


# --- in the process that grades -----------------------------------------------------------------------------------------


def _kill_myself(course: Path) -> None:
    children = psutil.Process().children(recursive=True)
    (course / "children.json").write_text(json.dumps([child.pid for child in children]))
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_at(course: Path, place: str, count: int) -> None:
    """Kill this process at the ``count``-th time that it comes to a place."""
    left = [count]

    def reached() -> bool:
        left[0] -= 1
        return left[0] == 0

    def killing(function, when):
        @functools.wraps(function)
        def wrapped(*arguments, **options):
            if when == "before" and reached():
                _kill_myself(course)
            result = function(*arguments, **options)
            if when == "after" and reached():
                _kill_myself(course)
            return result

        return wrapped

    if place == "recorded, no file yet":
        grading.fill = killing(grading.fill, "before")
    elif place == "half a file":
        whole = files.os.fsync

        def half(descriptor: int) -> None:
            if reached():
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
                _kill_myself(course)
            whole(descriptor)

        files.os.fsync = half
    elif place == "in the transaction":
        grading.Book._penalty = killing(grading.Book._penalty, "before")
    elif place == "notebook written, no page yet":
        grading.Grading._record = killing(grading.Grading._record, "after")
    elif place == "before the table":
        grading.write_csv = killing(grading.write_csv, "before")
    else:
        raise ValueError(place)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("course", type=Path)
    parser.add_argument("--jobs", type=int, default=0, help="0: in this process, which takes least time")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--scheduler")
    parser.add_argument("--student", default="*")
    parser.add_argument("--kill")
    parser.add_argument("--count", type=int, default=1)
    arguments = parser.parse_args(words)
    if arguments.kill:
        _kill_at(arguments.course, arguments.kill, arguments.count)
    take = grading.Grading.take

    def logged(self, done) -> None:
        if done.call.function is grading.grade_submission:
            with (arguments.course / "graded.log").open("a") as log:
                log.write(json.dumps(done.call.about.parent.name) + ",")
        take(self, done)

    grading.Grading.take = logged
    try:
        report = grading.grade(
            arguments.course, student=arguments.student, jobs=arguments.jobs, force=arguments.force,
            scheduler=arguments.scheduler,
        )  # fmt: skip
    except (grading.Busy, grading.GradebookError, grading.NoWorkers) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if report.complete else 1


if __name__ == "__main__":
    sys.exit(main())
