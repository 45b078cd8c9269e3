"""Grading works with every torch from 2.6 to the pinned one: tried with the one that is installed, and with each that is named.

``OLDER_TORCH`` names the Pythons of other environments; ``make older`` makes one, and CI does (.ci/run).
"""

import json
import os
import subprocess
import sys

import pytest

from autograder.course.exercise import COURSE

PYTHONS = [sys.executable, *filter(None, os.environ.get("OLDER_TORCH", "").split(os.pathsep))]
PROGRAM = """
import json, sys
import torch
from tests.bank import BANK, bench, read_answer

found = {"torch": torch.__version__}
for name in sys.argv[1:]:
    answer = read_answer(BANK / f"{name}.py")
    verdicts = bench(answer.assignment).judge(answer.edits, answer.start, answer.seconds)
    found[name] = {k: (v.kind, answer.expected.get(k, ("right", ""))[0]) for k, v in verdicts.items()}
print(json.dumps(found))
"""
ANSWERS = [
    "right/1_chunked_backprop/batched_by_vmap", "wrong/1_chunked_backprop/odd_tensors", "right/4_training_loop/solution",
    *(f"hostile/1_chunked_backprop/autograd_{way}" for way in ("by_any_thread", "forward_mode", "static_runtime")),
]  # fmt: skip
"""Answers that ask much of torch, and those that ask it for derivatives."""


@pytest.mark.share(0.12)
@pytest.mark.parametrize("python", PYTHONS, ids=range(len(PYTHONS)))
def test_verdicts_are_the_same_with_each_torch(python: str):
    command = [python, "-W", "ignore", "-c", PROGRAM, *ANSWERS]
    ran = subprocess.run(command, cwd=COURSE, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    if python is not PYTHONS[0]:
        import torch

        assert found["torch"] != torch.__version__
    for answer in ANSWERS:
        for name, (kind, wanted) in found[answer].items():
            assert kind in wanted.split(" or "), (found["torch"], answer, name, kind, wanted)
