"""``make bench``: what it costs to grade a class, beside nbgrader's own way and beside merely running the cells.

All in one run on one machine, each part in processes of its own: the class through ``make grade``, a sample of the same
notebooks through ``nbgrader autograde``, with its own configuration and with this course's judge, the same sample as bare
cells in a process that has torch imported; then a class of whom some hand in what is slow to read, beside the same without
them, and classes of 30 and of 300 that all hand in the same notebook, and that one through nbgrader and otter-grader.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from autograder.bench.classes import CLASS, grade_class, hand_in, make_course, output, student, write
from autograder.bench.odd import ODD, odd_and_plain
from autograder.bench.others import FLOOR, SAMPLE, by_nbgrader
from autograder.bench.otter import by_otter, obstacle
from autograder.bench.workers import on_workers
from autograder.classroom.overview import write_report
from autograder.classroom.workers import cores
from autograder.course.exercise import COURSE

LARGE_CLASS = 300
SAME = "3_fused_batchnorm"
"""The assignment of the classes of 30 and 300 that all hand in the same."""
REPORT = "import sys; from autograder import bench; bench.report_on(sys.argv[1])"
"""Measured in a process of its own."""


def main(large: int = LARGE_CLASS, class_size: int = 0, workers: Sequence[int] = ()) -> int:
    """``python -m autograder bench``: measure and print; returns the exit status.

    Args:
        large: size of the large class; 0 leaves it out.
        class_size: submissions that Dask's workers grade; 0: all other parts are measured, and this is not.
        workers: numbers of worker processes to do that with, one after the other.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if class_size:
            return on_workers(Path(folder), class_size, workers)
        _whole_class(Path(folder, "class"))
        odd, plain = odd_and_plain(Path(folder))
        print(f"\nA class of {CLASS} of whom {len(ODD)} hand in something odd, beside the same class without:")
        print(f"  {odd:.1f} s and {plain:.1f} s, ratio {odd / plain:.2f}", flush=True)
        if large:
            _growth(Path(folder), large)
    return 0


def report_on(course: str) -> None:
    """Print the seconds that the class report takes, start of the process left out."""
    start = time.perf_counter()
    write_report(Path(course))
    print(time.perf_counter() - start)


def _whole_class(course: Path) -> None:
    names = make_course(course)
    count, sampled = CLASS * len(names), SAMPLE * len(names)
    print(f"A class of {CLASS} has handed in {len(names)} assignments each. {cores()} cores.\n", flush=True)
    hand_in(course, names)
    sample = [course / "submitted" / student(i) / name / f"{name}.ipynb" for name in names for i in range(SAMPLE)]
    ours, peak, parts = grade_class(course)
    floor = sum(output("-c", FLOOR, *map(str, sample))) / sampled
    plain, judged = (sum(by_nbgrader(course, names, kind)) / sampled for kind in ("plain", "judged"))
    seconds = ours / count
    print(f"make grade          {seconds:6.2f} s a notebook: {count} notebooks in {ours:.1f} s")
    print(
        f"nbgrader autograde  {judged:6.2f} s a notebook: {sampled} of them, one by one, judged as here, nothing kept warm"
    )
    print(
        f"  without a judge   {plain:6.2f} s a notebook: the same, nbgrader's own configuration: hidden tests all fail"
    )
    print(f"the cells alone     {floor:6.2f} s a notebook: the same {sampled}, torch imported before (the floor)")
    print(f"\nnbgrader autograde / make grade                  {judged / seconds:6.1f}")
    print(f"without a judge / make grade                     {plain / seconds:6.1f}")
    print(f"make grade's time on all {cores()} cores / the floor      {seconds * cores() / floor:6.2f}")
    print(f"peak memory, all processes together              {peak / 1e9:6.2f} GB")
    print("\nHow the time of a notebook is made up, in seconds of one process:")
    for name, part in parts.items():
        print(f"  {name:24s}{part / count:6.3f}")


def _growth(folder: Path, large: int) -> None:
    """A small and a large class that hand in the same: the cost a notebook, and memory."""
    print(f"\nClasses that hand in one and the same notebook of {SAME}:", flush=True)
    costs, small = [], folder / f"class-of-{CLASS}"
    for size in (CLASS, large):
        course = folder / f"class-of-{size}"
        make_course(course)
        notebook = nbformat.read(COURSE / "solutions" / SAME / f"{SAME}.ipynb", as_version=4)
        for number in range(size):
            write(course, number, SAME, notebook)
        seconds, peak, _ = grade_class(course)
        costs.append(seconds / size)
        (report,) = output("-c", REPORT, str(course))
        lines = (course / "grades.csv").read_text(encoding="utf-8").splitlines()
        print(
            f"  {size:4d}: {costs[-1]:.2f} s a notebook, {peak / 1e9:.2f} GB at most, {len(lines) - 1} grades, "
            f"class report in {report:.1f} s",
            flush=True,
        )
    print(f"  ratio {costs[1] / costs[0]:.2f}")
    plain = sum(by_nbgrader(small, [SAME], "plain")) / SAMPLE
    print(f"\nThe same notebook graded by others, {SAMPLE} times, one by one:")
    print(f"  nbgrader autograde without a judge  {plain:6.2f} s, {plain / costs[0]:6.1f} times make grade")
    if why := obstacle():
        print(f"  {why}")
        return
    notebook = small / "submitted" / student(0) / SAME / f"{SAME}.ipynb"
    otter = sum(by_otter(folder / "otter", SAME, notebook, SAMPLE)) / SAMPLE
    print(f"  otter run, equal hidden tests       {otter:6.2f} s, {otter / costs[0]:6.1f} times make grade")
