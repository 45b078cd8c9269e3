"""``make grade``: submitted/ -> autograded/ -> feedback/ and grades.csv, through nbgrader's own steps."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from autograder.build import assignments, nbgrader_api
from autograder.exercise import COURSE
from autograder.report import ClassReport, collect


def grade(course: Path, names: Sequence[str] | None = None, student: str = "*") -> ClassReport:
    """Grade what is in ``submitted/`` and write feedback pages and grades.csv.

    A submission that fails in whatever way gets a line in the report and stops no other.
    """
    start = time.monotonic()
    api = nbgrader_api(course)
    names = list(names or assignments(course))
    problems: dict[tuple[str, str], str] = {}
    count = 0
    for name in names:
        for folder in sorted((course / "submitted").glob(f"{student}/{name}")):
            count += 1
            who = folder.parent.name
            if not any(folder.glob("*.ipynb")):
                problems[who, name] = "no notebook handed in"
                continue
            _say(f"grading {who}, {name}")
            result = api.autograde(name, who, force=True)
            if not result["success"]:
                problems[who, name] = f"could not be graded: {_last_line(result)}"
                continue
            result = api.generate_feedback(name, who, force=True)
            if not result["success"]:
                problems[who, name] = f"no feedback page: {_last_line(result)}"
    report = collect(course, api.coursedir.db_url, names, problems)
    report.write_csv(course / "grades.csv")
    _say("")
    print(report.table())
    attention = [row for row in report.rows if row.problem]
    mended = [row for row in report.rows if row.mended]
    for line in report.attention():
        print(f"  {line}")
    print(
        f"{count} submissions graded in {time.monotonic() - start:.1f} s · {len(mended)} mended · "
        f"{len(attention)} need your eye · {_shown(course / 'grades.csv')} · {_shown(course / 'feedback')}/"
    )
    return report


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
    parser.add_argument("--student", default="*", help="only this student")
    arguments = parser.parse_args()
    unknown = set(arguments.assignment) - set(assignments())
    if unknown:
        print(f"There is no assignment {', '.join(sorted(unknown))}. There are: {', '.join(assignments())}.")
        return 2
    if not (COURSE / "submitted").is_dir():
        print("Nothing to grade: put the notebooks into submitted/<student>/<assignment>/<assignment>.ipynb first.")
        return 2
    report = grade(COURSE, arguments.assignment, arguments.student)
    return 0 if all(row.graded or row.problem == "no notebook handed in" for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
