"""Cells that only show something are not run when a notebook is graded, and nothing that is run misses them."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.build import BuildError, assignments, copy_sources, source_notebook
from autograder.course.exercise import COURSE
from autograder.course.only_shown import TAG, left_out, missed
from autograder.sandbox.execute import RunNotebook


def _cell(source, tagged=True, locked=True, grade=False):
    tags = [TAG] if tagged else []
    return new_code_cell(
        source, metadata={"tags": tags, "nbgrader": {"grade_id": "picture", "locked": locked, "grade": grade}}
    )


@pytest.mark.parametrize(
    "others",
    [
        ["heights.mean()"],
        ["def area():\n    return heights * 2"],
        ["[h for h in heights]"],
        ["%time heights.mean()"],
        ["lambda width=heights: width"],
    ],
)
def test_what_others_read_is_not_only_shown(others):
    (said,) = missed(new_notebook(cells=[_cell("heights = [1, 2]\nplt.plot(heights)"), *map(new_code_cell, others)]))
    assert "other cells read heights" in said


@pytest.mark.parametrize(
    "others",
    [
        ["a = 1"],
        ["heights = 3", "heights"],
        ["def area(heights):\n    return heights"],
        ["[heights for heights in [1, 2]]"],
        ["def ("],
    ],
)
def test_a_name_of_ones_own_is_no_reason(others):
    assert not [*missed(new_notebook(cells=[_cell("heights = [1, 2]"), *map(new_code_cell, others)]))]


@pytest.mark.parametrize("wrong", [{"locked": False}, {"grade": True}])
def test_a_students_or_graded_cell_is_not_only_shown(wrong):
    cell = _cell("1", **wrong)
    (said,) = missed(new_notebook(cells=[cell]))
    assert "Take the tag off" in said
    assert not left_out(new_notebook(cells=[cell]))


def test_the_build_says_it(tmp_path):
    copy_sources(COURSE, tmp_path)
    path = tmp_path / "source" / "1_chunked_backprop" / "1_chunked_backprop.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('# %% tags=["inputs"]', f'# %% tags=["inputs", "{TAG}"]', 1), encoding="utf-8")
    with pytest.raises(BuildError, match="other cells read"):
        source_notebook(tmp_path, "1_chunked_backprop")


def test_what_a_student_reads_is_run():
    """With all that it needs, and not what merely has the same name."""
    first, second = _cell("heights = [1, 2]"), _cell("twice = 2 * heights[0]")
    other, mine = _cell("area = 1"), new_code_cell("print(twice); area = 3; area")
    notebook = new_notebook(cells=[first, second, other, mine])
    assert left_out(notebook) == [other]
    assert len(left_out(new_notebook(cells=[first, second, other]))) == 3
    run, _ = RunNotebook(timeout=60).preprocess(notebook, {"metadata": {"path": ""}, "nbgrader": {"student": "ada"}})
    assert [cell.execution_count is None for cell in run.cells] == [False, False, True, False]
    assert run.cells[-1].outputs[0].text == "2\n"


@pytest.mark.parametrize("name", assignments())
def test_nothing_misses_them(name, monkeypatch):
    """The whole solution, run as it is when graded: no cell fails, none of these was run, and each exercise has some."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook = nbformat.read(COURSE / "solutions" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    resources = {"metadata": {"path": ""}, "nbgrader": {"student": "ada"}}
    notebook, _ = RunNotebook(timeout=60).preprocess(notebook, resources)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    not_run = [cell for cell in code if cell.execution_count is None]
    assert not_run and not_run == left_out(notebook)
    errors = [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [error.evalue for error in errors if error.ename != "NotReady"]  # what is refused while grading says so
