"""A course with a class that has handed in, and what grading it takes: seconds, memory, seconds by part."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import psutil

from autograder.classroom.grade import grade
from autograder.course.answered import answered, read_answers
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE

CLASS = 30
MEMORY_SECONDS = 5
"""How often memory is looked at, which itself takes a tenth of a second."""
GRADE = "import sys; from autograder.bench import classes; sys.exit(classes.grade_course(*sys.argv[1:]))"
"""Measured in a process of its own."""


def grade_course(course: str, scheduler: str = "") -> int:
    """Grade a course's class, with the seconds that each part took in ``seconds.json``; returns the exit status."""
    report = grade(Path(course), scheduler=scheduler or None)
    Path(course, "seconds.json").write_text(json.dumps(report.seconds), encoding="utf-8")
    return 0 if report.complete else 1


def make_course(course: Path) -> list[str]:
    course.mkdir()
    copy_sources(COURSE, course)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        build(course, execute=False)
    return assignments(course)


def hand_in(course: Path, names: Sequence[str], students: int = CLASS, most: int | None = None) -> None:
    """Every student hands in something else: answers of the bank, right and wrong in turns, and one in four the solution.

    Args:
        most: notebooks in all, if not one of each student for each assignment.
    """
    left = len(names) * students if most is None else most
    for name in names:
        released = (course / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")
        source = nbformat.read(course / "source" / name / f"{name}.ipynb", as_version=4)
        answers = itertools.cycle(_answers(name))
        for number in range(min(students, left)):
            while True:
                try:
                    edits = {} if number % 4 == 0 else next(answers)
                    notebook = answered(nbformat.reads(released, as_version=4), source, edits)
                    break
                except ValueError:  # an answer with cells of its own
                    continue
            write(course, number, name, notebook)
        left -= min(students, left)


def _answers(name: str) -> Iterator[dict[str, str]]:
    """Answers of the bank that end in the usual time, right and wrong in turns."""
    bank = COURSE / "tests" / "submissions"
    for pair in zip(*(sorted((bank / kind / name).glob("*.py")) for kind in ("right", "wrong")), strict=False):
        for path in pair:
            directives, edits = read_answers(path.read_text(encoding="utf-8"))
            if not directives.keys() & {"seconds", "start", "replace"}:
                yield edits


def write(course: Path, number: int, name: str, notebook: nbformat.NotebookNode) -> None:
    folder = course / "submitted" / student(number) / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def student(number: int) -> str:
    return f"student{number:03d}"


def grade_class(course: Path, scheduler: str = "") -> tuple[float, int, dict[str, float]]:
    """Seconds, most bytes in memory and seconds by part of grading a course's class."""
    start, peak = time.perf_counter(), 0
    with open(course / "grade.log", "w") as log:
        process = psutil.Popen([sys.executable, "-c", GRADE, str(course), scheduler], cwd=COURSE, stdout=log)
        while process.poll() is None:
            peak = max(peak, _memory(process))
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(MEMORY_SECONDS)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"grading failed:\n{(course / 'grade.log').read_text()[-3000:]}")
    return seconds, peak, json.loads((course / "seconds.json").read_text())


def _memory(process: psutil.Process) -> int:
    """Bytes of a process and all below it; what they share is counted once."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for part in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += part.memory_full_info().pss
    return total


def output(*words: str) -> list[float]:
    """The last number of each line that a Python process prints."""
    done = subprocess.run([sys.executable, *words], cwd=COURSE, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return [float(line.split()[-1]) for line in done.stdout.splitlines() if line.strip()]
