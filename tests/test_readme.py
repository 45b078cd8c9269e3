"""What the README says about the run that is stored in solutions/ is what that run printed."""

import re

import nbformat

from autograder.course.exercise import COURSE


def _printed() -> dict[str, str]:
    """Text outputs of exercise 4's stored run by cell id."""
    notebook = nbformat.read(COURSE / "solutions/4_training_loop/4_training_loop.ipynb", as_version=4)
    return {
        cell.id: "".join(output.get("text", "") for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def test_the_figures_of_exercise_4_are_those_of_the_stored_run():
    printed = _printed()
    paragraph = re.search(r"Exercise 4 in figures.*?\n\n", (COURSE / "README.md").read_text("utf-8"), re.DOTALL)
    said = re.findall(r"\*\*(\d[\d.]*)", paragraph[0])
    seconds = re.search(r"200,000 steps in ([\d.]+) s", printed["train"])[1]
    losses = re.findall(r"^(?:train|validation|unseen names) +([\d.]+)$", printed["evaluate"], re.MULTILINE)
    ratios = [re.search(r"^yours: .* ([\d.]+)$", printed[cell], re.MULTILINE)[1] for cell in ("timing", "timing-wide")]
    assert said == [f"{float(seconds):.0f}", *(f"{float(loss):.3f}" for loss in losses), *ratios]


def test_the_stored_run_shows_what_the_notebook_says_of_it():
    printed = _printed()
    losses = dict(re.findall(r"^(.+?) +(2\.\d+)$", printed["evaluate"] + printed["demo-statistics"], re.MULTILINE))
    loss = {name: float(value) for name, value in losses.items()}
    assert loss["train"] < 2.075 and loss["validation"] < 2.13  # the alarm is silent
    assert loss["validation"] < loss["unseen names"]
    assert loss["running mean, 1,000 minibatches"] > loss["one minibatch"] > loss["the whole training set"] + 0.02
    assert abs(loss["the same without its first values"] - loss["the whole training set"]) < 0.002
    ratio = {
        cell: re.search(r"^yours: .* ([\d.]+)$", printed[cell], re.MULTILINE)[1] for cell in ("timing", "timing-wide")
    }
    products = {cell: re.search(r"^the six .* ([\d.]+)$", printed[cell], re.MULTILINE)[1] for cell in ratio}
    assert 0.1 < float(products["timing"]) / float(ratio["timing"]) < 0.3  # about a fifth of a step
    assert float(ratio["timing"]) < float(ratio["timing-wide"])


def test_the_example_of_an_answer_is_one_of_the_bank():
    text = (COURSE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    path, example = re.search(r"`(tests/submissions/\S+\.py)`:\n\n```python\n(.*?)```", text, re.DOTALL).groups()
    assert (COURSE / path).read_text(encoding="utf-8") == example
