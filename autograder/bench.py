"""``make bench``: what it costs to grade a class, beside nbgrader's own way and beside merely running the cells.

All in one run on one machine, each part in processes of its own: the class through ``make grade``, a sample of the same
notebooks through ``nbgrader autograde``, with its own configuration and with this course's judge, the same sample as bare
cells in a process that has torch imported, and classes of 30 and of 300 that all hand in the same notebook.
"""

import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import psutil
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from autograder.classroom.grade import grade
from autograder.classroom.overview import write_report
from autograder.classroom.schedule import cores
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE
from autograder.demo import answered, read_answers
from autograder.sandbox.inside_sandbox.server import import_what_notebooks_need

CLASS, LARGE_CLASS, SAMPLE = 30, 300, 3
SAME = "3_fused_batchnorm"
"""The assignment of the classes of 30 and 300 that all hand in the same."""
CLUSTER_SECONDS = 120
"""How long a Dask cluster may take to start."""
MEMORY_SECONDS = 5
"""How often memory is looked at, which itself takes a tenth of a second."""
PLAIN = """\
import sys
import time
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.config import Config
course, names, students, judged = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(","), sys.argv[4] == "judged"
config = Config({"CourseDirectory": {"ignore": ["*.py"]}})
if judged:
    from autograder.judging import steps
    from autograder.course.exercise import configuration
    from autograder.sandbox.execute import RunNotebook
    config = configuration().copy()
    listed = config.Autograde.autograde_preprocessors
    config.Autograde.autograde_preprocessors = [Execute if step is RunNotebook else step for step in listed]
config.CourseDirectory.root = course
config.Execute.timeout = 120
api = NbGraderAPI(CourseDirectory(config=config), config=config)
for name in names:
    assert api.generate_assignment(name)["success"], name
for name in names:
    for student in students:
        start = time.perf_counter()
        assert api.autograde(name, student)["success"], (name, student)
        if judged:
            steps.shared_runner().close()
        print(name, time.perf_counter() - start, flush=True)
"""
"""nbgrader one submission after the other, every kernel started from nothing; nbgrader's own start is not counted. It has
its own configuration, with which nothing is judged, or the course's, each submission judged in new processes, too.
"""


def main(large: int = LARGE_CLASS, class_size: int = 0, workers: Sequence[int] = ()) -> int:
    """``python -m autograder bench``: measure and print; returns the exit status.

    Args:
        large: size of the large class; 0 leaves it out.
        class_size: submissions that Dask's workers grade; 0: all other parts are measured, and this is not.
        workers: numbers of worker processes to do that with, one after the other.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if class_size:
            return _on_workers(Path(folder), class_size, workers)
        _whole_class(Path(folder, "class"))
        if large:
            _growth(Path(folder), large)
    return 0


def _on_workers(folder: Path, size: int, workers: Sequence[int]) -> int:
    """A class that hands in the answers of the bank, graded by so many worker processes of a Dask cluster on this machine."""
    if importlib.util.find_spec("distributed") is None:
        print("--workers needs Dask: make cluster installs it.")
        return 1
    first = folder / "class"
    names = _make_course(first)
    _hand_in(first, names, -(-size // len(names)), size)
    print(
        f"{size} submissions to {len(names)} assignments, by worker processes of a Dask cluster. {cores()} cores.",
        flush=True,
    )
    alone = 0.0
    for number in workers:
        course = Path(shutil.copytree(first, folder / f"workers-{number}"))
        with _cluster(folder, number) as address:
            seconds, _, parts = _grade(course, address)
        alone = alone or seconds * number
        here = parts["reading"] + parts["gradebook and files"]  # the process that hands out and records
        busy = (sum(parts.values()) - here) / number / seconds
        print(
            f"  {number:2d} workers: {seconds:7.1f} s, {seconds / size:5.2f} s a submission, "
            f"{size / seconds / number * 3600:6.0f} an hour and worker, efficiency {alone / seconds / number:4.0%}; "
            f"workers busy {busy:4.0%}, reading and recording {here:.1f} s",
            flush=True,
        )
    return 0


@contextlib.contextmanager
def _cluster(folder: Path, number: int) -> Iterator[str]:
    """A scheduler and worker processes on this machine, as make scheduler and make worker start them; its address."""
    told = folder / f"scheduler-{number}.json"
    log = (folder / f"cluster-{number}.log").open("w")
    environment = os.environ | {"PYTHONPATH": str(COURSE)}
    quiet = ["--scheduler-file", str(told), "--no-dashboard"]
    commands = (
        ["dask_scheduler", "--port", "0", "--host", "127.0.0.1", *quiet],
        ["dask_worker", "--nworkers", str(number), "--nthreads", "1", "--memory-limit", "0", *quiet],
    )
    started = []
    try:
        for words in commands:
            command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
            started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT))
            deadline = time.monotonic() + CLUSTER_SECONDS
            while not told.exists() and time.monotonic() < deadline:
                time.sleep(0.2)
        from distributed import Client

        address = json.loads(told.read_text(encoding="utf-8"))["address"]
        with Client(address, timeout=CLUSTER_SECONDS) as client:
            client.wait_for_workers(number, timeout=CLUSTER_SECONDS)
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()
        log.close()


REPORT = "import sys; from autograder import bench; bench.report_on(sys.argv[1])"
GRADE = "import sys; from autograder import bench; sys.exit(bench.grade_course(*sys.argv[1:]))"
FLOOR = "import sys; from autograder import bench; bench.run_bare(sys.argv[1:])"
"""Parts that are measured in a process of their own."""


def report_on(course: str) -> None:
    """Print the seconds that the class report takes, start of the process left out."""
    start = time.perf_counter()
    write_report(Path(course))
    print(time.perf_counter() - start)


def grade_course(course: str, scheduler: str = "") -> int:
    """Grade a course's class, with the seconds that each part took in ``seconds.json``; returns the exit status."""
    report = grade(Path(course), scheduler=scheduler or None)
    Path(course, "seconds.json").write_text(json.dumps(report.seconds), encoding="utf-8")
    return 0 if report.complete else 1


def _whole_class(course: Path) -> None:
    names = _make_course(course)
    count, sampled = CLASS * len(names), SAMPLE * len(names)
    print(f"A class of {CLASS} has handed in {len(names)} assignments each. {cores()} cores.\n", flush=True)
    _hand_in(course, names)
    sample = [course / "submitted" / _student(i) / name / f"{name}.ipynb" for name in names for i in range(SAMPLE)]
    ours, peak, parts = _grade(course)
    floor = sum(_output("-c", FLOOR, *map(str, sample))) / sampled
    plain, judged = (sum(_plain(course, names, kind)) / sampled for kind in ("plain", "judged"))
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
    costs = []
    for size in (CLASS, large):
        course = folder / f"class-of-{size}"
        _make_course(course)
        notebook = nbformat.read(COURSE / "solutions" / SAME / f"{SAME}.ipynb", as_version=4)
        for number in range(size):
            _write(course, number, SAME, notebook)
        seconds, peak, _ = _grade(course)
        costs.append(seconds / size)
        (report,) = _output("-c", REPORT, str(course))
        lines = (course / "grades.csv").read_text(encoding="utf-8").splitlines()
        print(
            f"  {size:4d}: {costs[-1]:.2f} s a notebook, {peak / 1e9:.2f} GB at most, {len(lines) - 1} grades, "
            f"class report in {report:.1f} s",
            flush=True,
        )
    print(f"  ratio {costs[1] / costs[0]:.2f}")


def _make_course(course: Path) -> list[str]:
    course.mkdir()
    copy_sources(COURSE, course)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        build(course, execute=False)
    return assignments(course)


def _hand_in(course: Path, names: Sequence[str], students: int = CLASS, most: int | None = None) -> None:
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
            _write(course, number, name, notebook)
        left -= min(students, left)


def _answers(name: str) -> Iterator[dict[str, str]]:
    """Answers of the bank that end in the usual time, right and wrong in turns."""
    bank = COURSE / "tests" / "submissions"
    for pair in zip(*(sorted((bank / kind / name).glob("*.py")) for kind in ("right", "wrong")), strict=False):
        for path in pair:
            directives, edits = read_answers(path.read_text(encoding="utf-8"))
            if not directives.keys() & {"seconds", "start"}:
                yield edits


def _write(course: Path, number: int, name: str, notebook: nbformat.NotebookNode) -> None:
    folder = course / "submitted" / _student(number) / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def _student(number: int) -> str:
    return f"student{number:03d}"


def _grade(course: Path, scheduler: str = "") -> tuple[float, int, dict[str, float]]:
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


def _plain(course: Path, names: Sequence[str], kind: str) -> list[float]:
    """Seconds that nbgrader takes for each notebook of the sample (see ``PLAIN``).

    Args:
        kind: ``plain`` or ``judged``.
    """
    other = course.with_name(kind)
    for name in names:
        shutil.copytree(course / "source" / name, other / "source" / name)
        for number in range(SAMPLE):
            where = Path("submitted", _student(number), name)
            shutil.copytree(course / where, other / where)
    shutil.copytree(course / "data", other / "data")
    students = ",".join(map(_student, range(SAMPLE)))
    return _output("-c", PLAIN, str(other), ",".join(names), students, kind)


def _output(*words: str) -> list[float]:
    """The last number of each line that a Python process prints."""
    done = subprocess.run([sys.executable, *words], cwd=COURSE, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return [float(line.split()[-1]) for line in done.stdout.splitlines() if line.strip()]


def run_bare(paths: Sequence[str]) -> None:
    """Print the seconds that the code cells of each notebook take in a process that has imported all they need.

    It is a plain Python process with IPython's shell, since notebooks have magics and their checks ask IPython for the
    cells; figures are drawn, outputs are dropped.
    """
    import_what_notebooks_need()
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    for path in paths:
        sys.stdout.flush()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        try:
            seconds = _run_cells(Path(path).resolve())
            os.write(sys.__stdout__.fileno(), f"{seconds}\n".encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)


class Shell(InteractiveShell):
    """IPython's, without a window."""

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to keep alive."""


def _run_cells(path: Path) -> float:
    torch.set_num_threads(1)
    os.chdir(path.parent)
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    shell = Shell.instance(display_pub_class=CapturingDisplayPublisher)
    shell.enable_matplotlib("inline")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        start = time.perf_counter()
        for cell in cells:
            shell.run_cell(cell, store_history=True)
        return time.perf_counter() - start
