"""``make grade``: submitted/ -> autograded/ -> feedback/ and grades.csv, through nbgrader's own steps."""

import argparse
import functools
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from nbgrader.apps import NbGraderAPI

from autograder.build import assignments, nbgrader_api
from autograder.exercise import COURSE
from autograder.report import ClassReport, collect


def grade(course: Path, names: Sequence[str] | None = None, student: str = "*", jobs: int | None = None) -> ClassReport:
    """Grade what is in ``submitted/`` and write feedback pages and grades.csv.

    A submission that fails in whatever way gets a line in the report and stops no other.

    Args:
        jobs: how many submissions at a time, each in a process of its own; one a core by default.
    """
    start = time.monotonic()
    names = list(names or assignments(course))
    folders = [folder for name in names for folder in sorted((course / "submitted").glob(f"{student}/{name}"))]
    problems = {(f.parent.name, f.name): "no notebook handed in" for f in folders if not any(f.glob("*.ipynb"))}
    waiting = [(course, f.name, f.parent.name) for f in folders if (f.parent.name, f.name) not in problems]
    jobs = min(jobs or os.cpu_count() or 1, max(1, len(waiting)))
    if jobs == 1:
        for number, (_, name, who) in enumerate(waiting):
            _say(f"{number} of {len(waiting)} graded; now {who}, {name}")
            if problem := grade_one(course, name, who):
                problems[who, name] = problem
    else:
        # spawned, since a forked torch may hang; workers import the course anew
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            futures = {pool.submit(grade_one, *task): task for task in waiting}
            for number, future in enumerate(as_completed(futures)):
                _, name, who = futures[future]
                _say(f"{number + 1} of {len(waiting)} graded, the last {who}, {name}")
                error = future.exception()
                if problem := f"could not be graded: {error!r}" if error else future.result():
                    problems[who, name] = problem
    report = collect(course, _api(course).coursedir.db_url, names, problems)
    report.write_csv(course / "grades.csv")
    _say("")
    print(report.table())
    attention = [row for row in report.rows if row.problem]
    mended = [row for row in report.rows if row.mended]
    for line in report.attention():
        print(f"  {line}")
    print(
        f"{len(folders)} submissions graded in {time.monotonic() - start:.1f} s · {len(mended)} mended · "
        f"{len(attention)} need your eye · {_shown(course / 'grades.csv')} · {_shown(course / 'feedback')}/"
    )
    return report


def grade_one(course: Path, name: str, student: str) -> str:
    """Grade one submission of one student and write its feedback page; what went wrong, or nothing."""
    api = _api(course)
    result = api.autograde(name, student, force=True)
    if not result["success"]:
        return f"could not be graded: {_last_line(result)}"
    result = api.generate_feedback(name, student, force=True)
    return "" if result["success"] else f"no feedback page: {_last_line(result)}"


@functools.cache
def _api(course: Path) -> NbGraderAPI:
    return nbgrader_api(course)


def _say(text: str) -> None:
    """A passing line on a terminal; nothing anywhere else."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _last_line(result: dict) -> str:
    lines = [line for line in str(result.get("error") or result.get("log") or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignment", nargs="*", help="which to grade; all of them by default")
    parser.add_argument("--jobs", type=int, default=None, help="submissions at a time; one a core by default")
    parser.add_argument("--student", default="*", help="only this student")
    arguments = parser.parse_args()
    unknown = set(arguments.assignment) - set(assignments())
    if unknown:
        print(f"There is no assignment {', '.join(sorted(unknown))}. There are: {', '.join(assignments())}.")
        return 2
    if not (COURSE / "submitted").is_dir():
        print("Nothing to grade: put the notebooks into submitted/<student>/<assignment>/<assignment>.ipynb first.")
        return 2
    report = grade(COURSE, arguments.assignment, arguments.student, arguments.jobs)
    return 0 if all(row.graded or row.problem == "no notebook handed in" for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
