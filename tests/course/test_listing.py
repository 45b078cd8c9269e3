"""Cells in a sentence: one, some, or too many to name."""

from autograder.course.listing import cells


def test_cells_are_named_and_counted():
    assert cells(["a"], 2) == "cell a"
    assert cells(["a", "b"], 2) == "cells a, b"
    assert cells(["a", "b", "c", "d"], 2) == "cells a, b and 2 more"
