"""The kernel that a submission's notebook is run in: what a student would see in Jupyter, without Jupyter's processes."""

import zlib
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.handed_in.mend import NOTES
from autograder.sandbox.execute import RunNotebook


def run(*cells: str, folder: Path | None = None, student: str = "ada", **options: int) -> NotebookNode:
    """A notebook of these cells, after it was run."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(folder or "")}, "nbgrader": {"student": student}}
    return RunNotebook(**{"timeout": 20, **options}).preprocess(notebook, resources)[0]


def shown(cell: NotebookNode) -> list[str]:
    """The text of each output of a cell, by what it is."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(f"{output.name}: {output.text}")
        elif output.output_type == "error":
            found.append(f"{output.ename}: {output.evalue}")
        else:
            found.append(output.data["text/plain"])
    return found


SEEN = {
    "a value": ("1 + 1", ["2"]),
    "a text and a value": ("print('text')\n3", ["stdout: text\n", "3"]),
    "an error": ("print('before')\n1 / 0", ["stdout: before\n", "ZeroDivisionError: division by zero"]),
    "a mistake in the syntax": ("def", [f"SyntaxError: invalid syntax ({zlib.crc32(b'def')}.py, line 1)"]),
    "standard error": ("import sys; print('text', file=sys.stderr)", ["stderr: text\n"]),
    "text around a display": ("print(1); display(2); print(3)", ["stdout: 1\n3\n", "2"]),
    "a display that is updated": ("shown = display(1, display_id=True); shown.update(2)", ["2"]),
    "outputs that are cleared": (
        "from IPython.display import clear_output\nprint(1); clear_output(); print(2)",
        ["stdout: 2\n"],
    ),
    "a progress bar": ("for i in range(3): print(i, end='\\r')", ["stdout: 2\r"]),
    "a figure": ("import matplotlib.pyplot as plt; plt.plot([1, 2]);", ["<Figure size 640x480 with 1 Axes>"]),
    "a line magic": ("%time\nx = %timeit -q -o -n1 -r1 1", None),
    "a cell magic": ("%%capture kept\nprint(1)", []),
    "another program": ("import subprocess; subprocess.run(['echo', 'text']);", ["stdout: text\n"]),
    "a shell command": ("!echo text", ["stdout: text\r\n"]),
    "a question": ("input('?')", None),
    "await": ("import asyncio; await asyncio.sleep(0.01); 4", ["4"]),
    "a thread that prints": (
        "import threading; t = threading.Thread(target=print, args=(1,)); t.start(); t.join()",
        ["stdout: 1\n"],
    ),
    "a forked process that prints": (
        "import os\nprint(0)\nif os.fork() == 0:\n    print(1); os._exit(0)\nos.wait()[1]",
        ["stdout: 0\n1\n", "0"],
    ),
    "letters": ("print('∂é\\U0001f600')", ["stdout: ∂é\U0001f600\n"]),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_cell_shows_what_it_shows_in_jupyter(name):
    source, wanted = SEEN[name]
    notebook = run(source, "'the next cell'")
    assert "run" not in notebook.metadata[NOTES]
    assert shown(notebook.cells[1]) == ["'the next cell'"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    if wanted is not None:
        assert shown(notebook.cells[0]) == wanted


def test_a_question_is_not_waited_for():
    assert "StdinNotImplementedError" in shown(run("input('?')").cells[0])[-1]


def test_what_a_kernel_knows_of_itself():
    notebook = run(
        "first = 1", "In[1], _ih[1], Out", "get_ipython().config['IPKernelApp'] is not None, __name__", "!pwd"
    )
    assert shown(notebook.cells[1]) == ["('first = 1', 'first = 1', {})"]
    assert shown(notebook.cells[2]) == ["(True, '__main__')"]
    assert notebook.metadata.language_info.name == "python"


def test_modules_beside_the_notebook_can_be_imported(tmp_path):
    (tmp_path / "helper.py").write_text("value = 5")
    assert shown(run("import helper; helper.value", folder=tmp_path).cells[0]) == ["5"]


def test_tasks_go_on_between_cells():
    notebook = run(
        "import asyncio\nasync def work():\n    await asyncio.sleep(0)\n    return 6\ntask = asyncio.create_task(work())",
        "await task",
    )
    assert shown(notebook.cells[1]) == ["6"]


def test_two_kernels_draw_other_numbers():
    draw = "import random, numpy, torch; random.random(), numpy.random.rand(), torch.rand(1).item()"
    first, second = (eval(shown(run(draw).cells[0])[0]) for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_a_cell_that_takes_too_long_is_interrupted_and_the_rest_goes_on():
    notebook = run("while True: print('x' * 1000, flush=True)", "'the next cell'", timeout=1, output_limit=1 << 30)
    assert "CellTimeoutError: " in shown(notebook.cells[0])
    assert shown(notebook.cells[1]) == ["'the next cell'"]


def test_an_awaited_cell_that_takes_too_long_is_interrupted_too():
    notebook = run("import asyncio; await asyncio.sleep(60)", "'the next cell'", timeout=1)
    assert "CellTimeoutError: " in shown(notebook.cells[0])
    assert shown(notebook.cells[1]) == ["'the next cell'"]


@pytest.mark.parametrize("how", ["import os; os._exit(0)", "exit()", "import os; os.kill(os.getpid(), 9)"])
def test_a_kernel_that_ends_ends_the_run(how):
    notebook = run("1", how, "import time; time.sleep(1)", "2")
    assert "The kernel died" in notebook.metadata[NOTES]["run"]
    assert shown(notebook.cells[0]) == ["1"]


def test_whatever_a_student_is_called_the_log_has_one_line(caplog):
    run("import os; os._exit(0)", student="a\n\x1b[2Jb")
    assert any(record.getMessage().startswith("a??[2Jb: The kernel") for record in caplog.records)


def test_what_is_printed_into_a_widget_is_in_the_widget():
    notebook = run("import ipywidgets\nbox = ipywidgets.Output()\nwith box:\n    print(1)\nbox", "box.outputs", "8")
    assert shown(notebook.cells[0]) == ["Output()"]
    assert "'text': '1\\n'" in shown(notebook.cells[1])[0]
    assert shown(notebook.cells[2]) == ["8"]
