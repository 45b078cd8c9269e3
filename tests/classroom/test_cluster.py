"""Calls on a Dask cluster when something is lost or hangs, and encrypted: docs/more_than_one_machine.md."""

import json
import os
import subprocess
import sys
import time

import pytest

from autograder.classroom import workers
from autograder.classroom.workers import Call, NoWorkers, run
from autograder.course.exercise import COURSE
from tests.classroom.test_workers import sleep, square

pytestmark = pytest.mark.needs("Dask")
CLIENT = """
import sys
from autograder.classroom import workers
from autograder.classroom.workers import Call, NoWorkers, run
from tests.classroom.test_workers import square
waiting = iter([Call(square, 2), Call(square, 3)])
try:
    print(sorted(done.result for done in run(lambda: next(waiting, None), scheduler=sys.argv[1])))
except NoWorkers as error:
    print(error)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a scheduler, and workers; ``start(environment)`` returns the scheduler's address and all processes."""
    processes: list[subprocess.Popen] = []

    def started(environment: dict[str, str]) -> tuple[str, list[subprocess.Popen]]:
        told = tmp_path / f"scheduler-{len(processes)}.json"
        words = [sys.executable, "-W", "ignore", "-m"]
        options = ["--no-dashboard", f"--scheduler-file={told}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
        env = {**os.environ, "PYTHONPATH": str(COURSE), **environment}
        scheduler = [*words, "distributed.cli.dask_scheduler", "--host=127.0.0.1", "--port=0", *options]
        worker = [*words, "distributed.cli.dask_worker", "--nthreads=1", "--host=127.0.0.1", *options]
        mine = [subprocess.Popen(command, env=env, **quiet) for command in (scheduler, worker)]
        processes.extend(mine)
        deadline = time.monotonic() + 60
        while not (told.exists() and told.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return json.loads(told.read_text())["address"], mine

    yield started
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait()


LOST = r"was lost\. What was graded is kept: start again"


@pytest.mark.share(0.15)
def test_a_scheduler_that_is_lost_is_a_sentence_and_nothing_is_lost(start):
    address, (scheduler, worker) = start({})
    left, done = [Call(square, number) for number in range(40)], []
    waiting = iter(left)
    with pytest.raises(NoWorkers, match=LOST):
        for one in run(lambda: next(waiting, None), scheduler=address):
            done.append(one.result)
            if len(done) == 5:
                scheduler.kill()
                worker.kill()
    assert 5 <= len(done) < 40
    address, _ = start({})
    waiting = iter([call for call in left if call.argument**2 not in done])
    done += [one.result for one in run(lambda: next(waiting, None), scheduler=address)]
    assert sorted(done) == [number * number for number in range(40)]


@pytest.mark.share(0.15)
def test_whatever_first_finds_the_scheduler_lost_says_so(start, monkeypatch):
    """Which call it is depends on the moment; each is made to find the connection reset once it has worked."""
    import distributed

    address, _ = start({})
    places = (distributed.Client, "scheduler_info"), (distributed.Client, "submit"), (distributed.Future, "result")
    for owner, name in (*places, (distributed, "wait")):
        left = iter([Call(square, number) for number in range(40)])
        with pytest.raises(NoWorkers, match=LOST), monkeypatch.context() as patched:
            for number, _ in enumerate(run(lambda left=left: next(left, None), scheduler=address)):
                if number == 0:
                    patched.setattr(owner, name, reset)
        left = iter([Call(square, 3)])
        assert [done.result for done in run(lambda left=left: next(left, None), scheduler=address)] == [9]


def reset(*arguments, **options):
    from distributed.comm.core import CommClosedError

    raise CommClosedError("in <TCP (closed)>: ConnectionResetError: [Errno 104] Connection reset by peer")


@pytest.mark.share(0.15)
def test_a_call_that_hangs_is_given_up_and_its_worker_replaced(start, monkeypatch):
    address, _ = start({})
    first = iter([Call(square, 0)])
    assert [done.result for done in run(lambda: next(first, None), scheduler=address)] == [0]  # the worker is there now
    monkeypatch.setattr(workers, "SECONDS", 4.0)
    waiting = iter([Call(square, 1), Call(sleep, 600.0), Call(square, 2)])
    found = {
        done.call.argument: (done.result, done.problem) for done in run(lambda: next(waiting, None), scheduler=address)
    }
    assert found[600.0] == (None, "it took longer than 4 s")
    assert found[1] == (1, "") and found[2][0] in (4, None)
    monkeypatch.undo()
    waiting = iter([Call(square, 3)])
    assert [done.result for done in run(lambda: next(waiting, None), scheduler=address)] == [9]


def certificates(folder) -> dict[str, str]:
    """A certificate that all parts of a cluster have, and the environment that says so: the page's own commands."""
    page = (COURSE / "docs" / "more_than_one_machine.md").read_text(encoding="utf-8")
    script = page.split("```bash\n# TLS\n")[1].split("```")[0]
    printed = subprocess.run(
        ["bash", "-ec", f"{script}\nenv -0"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    variables = dict(line.partition("=")[::2] for line in printed.split("\0") if line.startswith("DASK_"))
    assert len(variables) == 8
    return variables


@pytest.mark.share(0.15)
@pytest.mark.needs("openssl")
def test_a_cluster_speaks_tls_and_to_nobody_else(start, tmp_path):
    environment = certificates(tmp_path)
    address, _ = start(environment)
    assert address.startswith("tls://")

    def answer(**variables: str) -> str:
        command = [sys.executable, "-W", "ignore", "-c", CLIENT, address]
        env = {**os.environ, "PYTHONPATH": str(COURSE), **variables}
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True).stdout

    assert answer(**environment).strip() == "[4, 9]"
    assert "No Dask scheduler answers at tls://" in answer()
