"""``make bench``: what judging costs beside what nbgrader's own run of the notebook costs, in one run on one core."""

import statistics
import time

import nbformat
import torch
from nbconvert.preprocessors import ExecutePreprocessor

from autograder.client import Runner
from autograder.exercise import COURSE, Exercise
from autograder.judge import Judge
from autograder.steps import submission_of

ROUNDS = 5


def main() -> None:
    torch.set_num_threads(1)
    name = "1_chunked_backprop"
    exercise = Exercise.from_assignment(name)
    submission = submission_of(nbformat.read(COURSE / "solutions" / name / f"{name}.ipynb", as_version=4), exercise)
    runs, judged = [], []
    with Runner() as runner:
        start = time.perf_counter()
        runner.start()
        warm = time.perf_counter() - start
        for _ in range(ROUNDS):  # alternately, so that a drift of the machine's speed hits both
            start = time.perf_counter()
            judge = Judge(exercise, submission, runner)
            right = sum(judge.verdict(v).kind == "right" for v in exercise.expected)
            judged.append(time.perf_counter() - start)
            start = time.perf_counter()
            notebook = nbformat.read(COURSE / "solutions" / name / f"{name}.ipynb", as_version=4)
            folder = str(COURSE / "solutions" / name)
            ExecutePreprocessor(timeout=600).preprocess(notebook, {"metadata": {"path": folder}})
            runs.append(time.perf_counter() - start)
    judging, running = statistics.median(judged), statistics.median(runs)
    print(f"exercise {name}, {right} of {len(exercise.expected)} gradients right, {ROUNDS} rounds, medians")
    print(f"  judging a submission       {judging:7.2f} s   (min {min(judged):.2f}, max {max(judged):.2f})")
    print(f"  running its notebook       {running:7.2f} s   (min {min(runs):.2f}, max {max(runs):.2f})")
    print(f"  ratio                      {judging / running:7.2f}")
    print(f"  starting the runner, once  {warm:7.2f} s")


if __name__ == "__main__":
    main()
