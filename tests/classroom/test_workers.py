"""Calls in other processes: whatever a call does, it is about that call only."""

import os
import time
from pathlib import Path

import pytest

from autograder.classroom import workers
from autograder.classroom.workers import Call, run


def square(number: int) -> int:
    return number * number


def fail(number: int) -> int:
    raise ValueError(f"the number {number}\nand more lines")


def unsendable(number: int) -> object:
    return lambda: number


def die(number: int) -> int:
    os._exit(3)


def die_once(mark: str) -> str:
    if not Path(mark).exists():
        Path(mark).touch()
        os._exit(3)
    return "alive"


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def process(number: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def all_of(calls: list[Call], jobs: int = 2) -> dict:
    """Result and problem of each call, by its argument."""
    waiting = iter(calls)
    return {done.call.argument: (done.result, done.problem) for done in run(lambda: next(waiting, None), jobs)}


@pytest.mark.parametrize("jobs", [0, 2], ids=["in this process", "in two processes"])
def test_results_and_errors_come_back(jobs):
    found = all_of([Call(square, 3), Call(fail, 4), Call(unsendable, 5), Call(square, 6)], jobs)
    assert (found[3], found[6]) == ((9, ""), (36, ""))
    assert found[4] == (None, "ValueError: the number 4")
    assert "Can't pickle" in found[5][1]


def test_a_process_that_dies_costs_its_own_call_only(tmp_path):
    mark = str(tmp_path / "mark")
    found = all_of([Call(square, 1), Call(die, 2), Call(die_once, mark), *(Call(square, n) for n in range(3, 9))])
    assert found.pop(2) == (
        None,
        "its process ended (exit status 3); once more, alone: its process ended (exit status 3)",
    )
    assert found.pop(mark) == ("alive", "")
    assert found == {n: (n * n, "") for n in (1, 3, 4, 5, 6, 7, 8)}


def test_a_call_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(workers, "SECONDS", 1.0)
    found = all_of([Call(sleep, 60.0), Call(square, 2)])
    assert found[2] == (4, "")
    assert "it took longer than 1 s" in found[60.0][1]


def test_results_may_lead_to_other_calls():
    waiting, found = [Call(square, 2)], []
    for done in run(lambda: waiting.pop() if waiting else None, 2):
        found.append(done.result)
        if done.result < 1000:
            waiting.append(Call(square, done.result))
    assert found == [4, 16, 256, 65536]


def test_workers_are_replaced_after_a_while(monkeypatch):
    monkeypatch.setattr(workers, "RECYCLED_AFTER", 3)
    found = all_of([Call(process, n) for n in range(9)], 1)
    assert len({pid for pid, _ in found.values()}) == 3


def test_large_arguments_do_not_wait_for_a_worker_that_starts():
    found = []
    waiting = iter([Call(len, b"x" * (1 << 22)), Call(len, b"y" * (1 << 22))])
    for done in run(lambda: next(waiting, None), 2):
        found.append(done.result)
    assert found == [1 << 22] * 2
