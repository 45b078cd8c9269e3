"""What a Dask cluster of some worker processes on this machine does in an hour."""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.bench.classes import grade_class, hand_in, make_course
from autograder.classroom.workers import cores
from autograder.course.exercise import COURSE

CLUSTER_SECONDS = 120
"""How long a Dask cluster may take to start."""


def on_workers(folder: Path, size: int, workers: Sequence[int]) -> int:
    """A class that hands in the answers of the bank, graded by so many worker processes of a Dask cluster on this machine."""
    if importlib.util.find_spec("distributed") is None:
        print("--workers needs Dask: make cluster installs it.")
        return 1
    first = folder / "class"
    names = make_course(first)
    hand_in(first, names, -(-size // len(names)), size)
    print(
        f"{size} submissions to {len(names)} assignments, by worker processes of a Dask cluster. {cores()} cores.",
        flush=True,
    )
    alone = 0.0
    for number in workers:
        course = Path(shutil.copytree(first, folder / f"workers-{number}"))
        with _cluster(folder, number) as address:
            seconds, _, parts = grade_class(course, address)
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
