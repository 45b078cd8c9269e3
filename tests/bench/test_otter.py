"""What is measured beside grading: an assignment of otter's that is equal to one of the course's."""

import sys
import types

import pytest
import torch

from autograder.bench import otter
from autograder.course.exercise import COURSE
from tests.bank import bench
from toolkit.network.minibatches import make, own_sizes

ASSIGNMENT = "3_fused_batchnorm"


@pytest.fixture
def tests_of(tmp_path, monkeypatch):
    """What otter would do with the tests that are written for it: by name, a function of a notebook's variables."""
    fake = types.ModuleType("otter.test_files")
    fake.test_case = lambda: lambda test: test
    monkeypatch.setitem(sys.modules, "otter.test_files", fake)
    otter.write_tests(tmp_path, ASSIGNMENT)
    found = {}
    for path in tmp_path.glob("*.py"):
        namespace: dict = {}
        exec(path.read_text(encoding="utf-8"), namespace)
        found[namespace["name"]] = namespace["is_what_autograd_says"]
    return found


def test_an_equal_assignment_tells_right_from_wrong(tests_of):
    made = bench(ASSIGNMENT)
    batch = make(made.exercise, own_sizes(made.exercise), own_sizes(made.exercise), "own", 5)
    notebook = {"torch": torch, **batch.values}
    output = made.exercise.graph.output
    notebook[f"d{output}"] = torch.randn_like(notebook[output])
    with torch.no_grad():
        for grade_id in dict.fromkeys(made.cell_of.values()):
            exec(made.solution_cells[grade_id], notebook)
    assert tests_of.keys() == {f"d{name}" for name in made.exercise.expected}
    for name, test in tests_of.items():
        test(notebook)
        with pytest.raises(AssertionError):
            test({**notebook, name: 2 * notebook[name]})


def test_without_otter_it_is_said(monkeypatch):
    monkeypatch.setattr(otter, "FOLDER", COURSE / "nowhere")
    assert "make otter" in otter.obstacle()
