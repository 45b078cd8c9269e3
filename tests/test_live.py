"""A source notebook that an instructor runs by hand: its hidden tests give the verdicts of the autograder."""

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

from autograder.course.build import assignments, source_notebook
from autograder.course.exercise import COURSE


@pytest.mark.share(0.1)
@pytest.mark.parametrize("name", assignments())
def test_a_source_notebook_judges_its_own_solution(name, tmp_path, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # exercise 4 trains for a few steps only
    folder = COURSE / "source" / name
    notebook = source_notebook(COURSE, name)
    if not (folder / f"{name}.ipynb").exists():  # as the build would leave it
        nbformat.write(notebook, folder / f"{name}.ipynb")
    done, _ = ExecutePreprocessor(timeout=300).preprocess(notebook, {"metadata": {"path": str(folder)}})
    graded = [cell for cell in done.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert graded
    for cell in graded:
        text = "".join(
            output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
        )
        assert ": right" in text, cell.source
        assert not any(mark in text for mark in ("✗", "½")), text
