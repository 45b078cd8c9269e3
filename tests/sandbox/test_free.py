"""SANDBOX=off, and machines without bubblewrap: verdicts are the same, what was started ends, and errors are sentences."""

import os
import time

import psutil
import pytest

from autograder.sandbox import bubblewrap
from autograder.sandbox.runner import Runner
from autograder.sandbox.warm import Server
from tests.bank import Bench
from toolkit.judge import Judge
from toolkit.running.runs import Chunk, Job

LEAVES = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(300)
        os._exit(0)
os._exit(1)
"""


@pytest.mark.skipif(not os.path.exists(f"/proc/self/task/{os.getpid()}/children"), reason="the system does not tell")
def test_what_leaves_its_group_is_ended_all_the_same():
    with Runner(chunk_seconds=1, server=Server(confined=False)) as runner:
        before = set(psutil.pids())
        result = runner.run(Job([Chunk(LEAVES, "cell")], {}, {}, []))
        assert result.failures[0].kind in ("died", "timed out")  # its children hold the connection
        runner.leave()
        deadline = time.monotonic() + 30
        while (left := _sleeping(before)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left


def _sleeping(before: set[int]) -> list[int]:
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if process.info["pid"] not in before and "inside_sandbox.server" in line and alive and process.ppid() == 1:
            found.append(process.info["pid"])
    return found


def test_verdicts_without_a_sandbox(exercise_1: Bench):
    edits = {"probs": "dprobs = probs.grad", "hpreact": "dhpreact = torch.zeros(0)"}
    with Runner(server=Server(confined=False)) as runner:
        judge = Judge(exercise_1.exercise, exercise_1.submission(edits), lambda job, skip: runner.run(job, skip), 7)
        found = {name: judge.verdict(name).kind for name in ("logprobs", "probs", "hpreact")}
    assert found == {"logprobs": "right", "probs": "uses autograd", "hpreact": "wrong"}


def test_without_bubblewrap_nothing_runs_and_the_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setenv("SANDBOX", "on")
    monkeypatch.setattr(
        bubblewrap, "obstacle", lambda: "bubblewrap is not installed. To grade without, say SANDBOX=off."
    )
    runner = Runner(server=Server())
    for _ in range(2):  # and again, since the first try must leave nothing half begun
        with pytest.raises(bubblewrap.SandboxMissing, match="SANDBOX=off"):
            runner.run(Job([Chunk("dx = 1", "cell")], {}, {}, []), alone=True)
    runner.close()
