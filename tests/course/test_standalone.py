"""The exercise notebook alone, in an empty folder, with nothing installed but torch, matplotlib and ipykernel."""

import importlib.metadata
import re

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors import ExecutePreprocessor
from nbgrader import utils

from autograder.course.answered import answered
from autograder.course.build import assignments, source_notebook
from autograder.course.exercise import COURSE

BLOCKER = """
import importlib.machinery
import sys

allowed = {allowed!r}


class StudentsPath(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names and not top.startswith("_"):
            return None
        return super().find_spec(name, path, target)


sys.meta_path = [StudentsPath if f is importlib.machinery.PathFinder else f for f in sys.meta_path]
"""


def modules_of(*distributions):
    """Top-level modules of some distributions and all that they require."""
    wanted, seen, modules = list(distributions), set(), set()
    owners: dict[str, set[str]] = {}
    for module, names in importlib.metadata.packages_distributions().items():
        for name in names:
            owners.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(module)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        modules |= owners.get(name, set())
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        wanted += [re.match(r"[\w.-]+", r).group(0) for r in requires if "extra ==" not in r]
    return modules


@pytest.fixture
def lonely(tmp_path, monkeypatch):
    """An empty folder, and kernels that can import little."""
    site = tmp_path / "site"
    site.mkdir()
    allowed = modules_of("torch", "matplotlib", "ipykernel") | {"mpl_toolkits", "pylab"}
    (site / "sitecustomize.py").write_text(BLOCKER.format(allowed=allowed))
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("NAMES_URL", (COURSE / "data" / "names.txt").as_uri())
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def run(notebook, folder):
    runner = ExecutePreprocessor(timeout=600, kernel_name="python3")
    return runner.preprocess(notebook, {"metadata": {"path": str(folder)}})[0]


def test_the_blocker_blocks(lonely):
    with pytest.raises(CellExecutionError, match="No module named 'nbgrader'"):
        run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import nbgrader")]), lonely)


@pytest.mark.share(0.12)
@pytest.mark.parametrize("name", assignments())
def test_a_filled_in_exercise_runs_alone(lonely, name, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # exercise 4 trains for a few steps only
    released = nbformat.read(COURSE / "exercises" / name / f"{name}.ipynb", as_version=4)
    notebook = run(answered(released, source_notebook(COURSE, name), {}), lonely)
    text = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "stream")
    assert "✗ 0 " in text  # the board at the end
    assert sorted(p.name for p in lonely.iterdir()) == ["names.txt"]


@pytest.mark.share(0.12)
@pytest.mark.parametrize("name", assignments())
def test_a_blank_exercise_runs_to_its_end_and_says_where_one_stands(lonely, name):
    released = nbformat.read(COURSE / "exercises" / name / f"{name}.ipynb", as_version=4)
    done = run(released, lonely)
    texts = {
        cell.id: "".join(output.get("text", output.get("evalue", "")) for output in cell.outputs)
        for cell in done.cells
        if utils.is_grade(cell) or cell.id == "progress"
    }
    assert "✓ 0 right" in texts.pop("progress")
    assert texts and not any("✓" in text for text in texts.values())
