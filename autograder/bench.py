"""``make bench``: what judging a submission costs beside nbgrader's own run of its notebook, in one run on one core."""

import os
import statistics
import time

import nbformat
import torch
from nbconvert.preprocessors import ExecutePreprocessor

from autograder.build import assignments
from autograder.client import Runner
from autograder.exercise import COURSE, Exercise
from autograder.judge import Judge
from autograder.steps import submission_of

ROUNDS = 5


def main() -> None:
    torch.set_num_threads(1)
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # as when a class is graded: exercise 4 trains for a few steps
    print(f"medians of {ROUNDS} rounds in turns, in seconds (smallest to largest)\n")
    print(f"{'':24s}{'judging':>22s}{'running the notebook':>26s}{'ratio':>8s}")
    with Runner() as runner:
        start = time.perf_counter()
        runner.start()
        warm = time.perf_counter() - start
        for name in assignments():
            judged, runs, points, highest = _measure(name, runner)
            ratio = statistics.median(judged) / statistics.median(runs)
            print(
                f"{name:24s}{_figure(judged):>22s}{_figure(runs):>26s}{ratio:8.2f}   {points:g} of {highest:g} points"
            )
    print(f"\nstarting the process for student code, once for a class: {warm:.2f} s")


def _measure(name: str, runner: Runner) -> tuple[list[float], list[float], float, float]:
    """Seconds of each round of judging and of running one solution, and the points it got."""
    exercise = Exercise.from_assignment(name)
    folder = COURSE / "solutions" / name
    solution = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    judged, runs, points = [], [], 0.0
    for number in range(
        ROUNDS + 1
    ):  # alternately, so that a drift of the machine's speed hits both; the first to warm up
        start = time.perf_counter()
        judge = Judge(exercise, submission_of(solution, exercise), runner)
        points = sum(judge.grade(cell)[1] for cell in exercise.graded)
        middle = time.perf_counter()
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        ExecutePreprocessor(timeout=600).preprocess(notebook, {"metadata": {"path": str(folder)}})
        if number:
            judged.append(middle - start)
            runs.append(time.perf_counter() - middle)
    return judged, runs, points, sum(cell.points for cell in exercise.graded)


def _figure(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
