"""``make demo``: grade a small made-up class in a folder of its own, demo/, and leave the instructor's work alone.

The class is in tests/submissions/class/: a folder a student, a text file an assignment, which says how the answers differ
from the solution (or from the blank exercise).
"""

import json
import os
from pathlib import Path

import nbformat

from autograder import untouched
from autograder.classroom.grade import grade
from autograder.classroom.overview import write_report
from autograder.course.answered import answered, as_colab_saves, read_answers
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE
from autograder.sandbox import bubblewrap

CLASS = COURSE / "tests" / "submissions" / "class"


def make_class(course: Path) -> None:
    """Write ``submitted/`` of a course folder from the bundled class."""
    for path in sorted(CLASS.glob("*/*.py")):
        folder = course / "submitted" / path.parent.name / path.stem
        folder.mkdir(parents=True, exist_ok=True)
        directives, edits = read_answers(path.read_text(encoding="utf-8"))
        if "no notebook" not in directives:
            released = nbformat.read(course / "exercises" / path.stem / f"{path.stem}.ipynb", as_version=4)
            source = nbformat.read(course / "source" / path.stem / f"{path.stem}.ipynb", as_version=4)
            notebook = answered(released, source, edits, start=directives.get("start", "solution"))
            if directives.get("saved by") == "colab":
                as_colab_saves(notebook)
            # json, since nbformat mends on writing what Colab leaves broken
            (folder / f"{path.stem}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def main() -> int:
    """``python -m autograder demo``; returns the exit status."""
    os.environ.pop("GRADEBOOK_DB", None)  # the made-up class has a gradebook of its own
    demo = COURSE / "demo"
    try:
        if said := untouched.make_room(demo):
            print(said)
    except untouched.NotOurs as error:
        print(error)
        return 2
    untouched.begin(demo)
    if bubblewrap.wanted() and bubblewrap.obstacle():
        print(
            f"Warning: {bubblewrap.obstacle()}\nThe class of this demonstration is part of the course, so it goes on without.",
            flush=True,
        )
        os.environ["SANDBOX"] = "off"
    copy_sources(COURSE, demo)
    build(demo, execute=False)
    make_class(demo)
    print(f"grading a class of {len(list((demo / 'submitted').iterdir()))} in demo/ ...", flush=True)
    report = grade(demo, assignments(demo))
    write_report(demo)
    untouched.finish(demo)
    pages = sorted((demo / "feedback").glob("*/*/*.html"))
    if pages:
        print(f"Open {pages[0].relative_to(COURSE)} in a browser to see what a student gets,")
        print("and demo/report/index.html to see what you get: what to teach again.")
    return 0 if report.rows else 1
