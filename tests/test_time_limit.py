"""A time limit strikes whatever it is around, and one inside of another takes nothing from it."""

import contextlib
import time

import pytest

from autograder.time_limit import TookTooLong, at_most


def compute_for_ever() -> None:
    while True:
        pass


def test_what_takes_too_long_is_stopped():
    with pytest.raises(TookTooLong), at_most(0.05):
        compute_for_ever()


def test_limits_inside_of_one_count_for_it_too():
    stopped = 0
    with pytest.raises(TookTooLong), at_most(0.2):
        while True:
            try:
                with at_most(0.05):
                    compute_for_ever()
            except TookTooLong:
                stopped += 1
    assert stopped >= 2
    start = time.process_time()
    with pytest.raises(TookTooLong), at_most(0.2):
        for _ in range(1000):
            with contextlib.suppress(TookTooLong), at_most(0.05):
                compute_for_ever()
    assert time.process_time() - start < 2
    stopped = 0
    with at_most(5):
        try:
            with at_most(0.05):
                compute_for_ever()
        except TookTooLong:
            stopped += 1
    assert stopped == 1
