"""The same notebook graded by otter-grader, with an assignment that is equal as far as otter's tests can say it.

Each graded gradient is a hidden test of otter's that compares it with autograd's, at the notebook's own numbers: no second
minibatch, no sandbox, no explanation. otter runs without its container, so that what is compared is the grading.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from autograder.course.build import source_notebook
from autograder.course.exercise import COURSE, Exercise

FOLDER = COURSE / ".otter"
"""Where ``make otter`` puts it, beside the course's packages and not among them."""
TEST = """\
OK_FORMAT = False
from otter.test_files import test_case

name = {name!r}
points = 1

@test_case()
def is_what_autograd_says(env):
    import torch
    values = {{}}
    for read in {inputs!r}:
        value = env[read]
        leaf = torch.is_tensor(value) and value.is_floating_point()
        values[read] = value.detach().clone().requires_grad_() if leaf else value
    given = {{**env, **values}}
    for step, expression in {steps!r}:
        given[step] = eval(expression, given)
        given[step].retain_grad()
    result = given[{output!r}]
    result.backward(None if result.dim() == 0 else env["d" + {output!r}])
    wanted = given[{variable!r}].grad
    yours = env[name]
    assert yours.shape == wanted.shape and torch.allclose(yours, wanted, rtol=1e-3, atol=1e-6)
"""


def obstacle() -> str:
    """Why it cannot be measured here; empty if it can."""
    return "" if (FOLDER / "otter").exists() else "otter-grader is not installed (make otter), and not measured."


def write_tests(folder: Path, assignment: str) -> list[str]:
    """Write otter's test of each graded gradient into a folder, which is made; returns their names."""
    exercise = Exercise.from_notebook(source_notebook(COURSE, assignment), assignment)
    graph = exercise.graph
    folder.mkdir(parents=True, exist_ok=True)
    steps = [(step.name, step.expression) for step in graph.steps.values()]
    for variable in exercise.expected:
        text = TEST.format(
            name=f"d{variable}", inputs=[*graph.inputs], steps=steps, output=graph.output, variable=variable
        )
        (folder / f"d{variable}.py").write_text(text, encoding="utf-8")
    return [f"d{variable}" for variable in exercise.expected]


def by_otter(folder: Path, assignment: str, notebook: Path, times: int) -> list[float]:
    """Seconds that otter takes to grade a solved notebook, so many times, each in a process of its own.

    Args:
        folder: a new folder to work in.

    Raises:
        SystemExit: it did not give the solution all its points.
    """
    names = write_tests(folder / "tests", assignment)
    shutil.copy(COURSE / "data" / "names.txt", folder)
    _otter(folder, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", "names.txt")
    shutil.copy(notebook, folder / "handed_in.ipynb")
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        said = _otter(folder, "run", "--no-logo", "-a", "autograder.zip", "-o", ".", "handed_in.ipynb")
        seconds.append(time.perf_counter() - start)
        points = f"{len(names)}.000 / {len(names)}.000"
        if points not in said:
            raise SystemExit(f"otter gives the solution of {assignment} not {points} points:\n{said[-3000:]}")
    return seconds


def _otter(folder: Path, *words: str) -> str:
    command = [sys.executable, "-c", "from otter.cli import cli; cli(prog_name='otter')", *words]
    environment = os.environ | {"PYTHONPATH": str(FOLDER), "MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"otter {words[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout
