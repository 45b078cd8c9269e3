"""The build: the same to the byte as what is committed, without drift, without leaks; and the gates notice when it is not so."""

import json
import shutil

import nbformat
import pytest

from autograder.course.build import PUBLIC, BuildError, assignments, copy_sources, source_notebook
from autograder.course.drift_and_leaks import drift, leaks, solution_lines
from autograder.course.exercise import COURSE, Exercise
from toolkit.running.outcome import STUBS


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course with its committed notebooks, to break."""
    folder = tmp_path_factory.mktemp("course")
    copy_sources(COURSE, folder)
    for part in ("exercises", "solutions"):
        shutil.copytree(COURSE / part, folder / part)
    return folder


def test_committed_notebooks_are_what_the_sources_give():
    assert list(drift()) == []


def test_nothing_leaks():
    assert list(leaks()) == []


def _alone(name, folder):
    """A course of this one assignment, with its committed notebooks, to break."""
    copy_sources(COURSE, folder)
    for other in set(assignments()) - {name}:
        shutil.rmtree(folder / "source" / other)
    for part in ("exercises", "solutions"):
        shutil.copytree(COURSE / part / name, folder / part / name)
    return folder


@pytest.mark.parametrize(
    "text, sentence",
    [
        (b"# %% [markdown]\n# caf\xe9\n", r"source/7_x/7_x\.py is not UTF-8 .*Save it in that encoding"),
        (b"", r"source/7_x/7_x\.py has no cell of code.*docs/authors\.md"),
        (b"# %% [markdown]\n# words\n", r"source/7_x/7_x\.py has no cell of code"),
    ],
)
def test_a_text_that_no_notebook_can_be_made_from_gets_a_sentence(tmp_path, text, sentence):
    (tmp_path / "source" / "7_x").mkdir(parents=True)
    (tmp_path / "source" / "7_x" / "7_x.py").write_bytes(text)
    with pytest.raises(BuildError, match=sentence):
        source_notebook(tmp_path, "7_x")


@pytest.mark.share(0.12)
@pytest.mark.parametrize("name", assignments())
def test_an_edit_of_a_built_notebook_is_noticed(tmp_path, name):
    course = _alone(name, tmp_path)
    for part in ("exercises", "solutions"):
        path = course / part / name / f"{name}.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"][-1]["source"] = ["edited by hand"]
        path.write_text(json.dumps(notebook))
    sentences = list(drift(course))
    assert len(sentences) == 2
    for part, sentence in zip(("exercises", "solutions"), sentences, strict=True):
        assert f"{part}/{name}" in sentence


@pytest.mark.share(0.5)
@pytest.mark.parametrize("name", assignments())
def test_a_leak_is_noticed(course, name):
    source = source_notebook(course, name)
    secret = next(line for cell in source.cells for line in solution_lines(cell.source))
    for part, text in (
        ("exercises", secret),
        ("exercises", 'expect_gradients("x")'),
        ("solutions", "### BEGIN HIDDEN TESTS"),
    ):
        path = course / part / name / f"{name}.ipynb"
        before = path.read_text()
        notebook = nbformat.reads(before, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(text, id="leak"))
        nbformat.write(notebook, path)
        try:
            assert any(f"{part}/{name}" in sentence for sentence in leaks(course)), text
        finally:
            path.write_text(before)


def test_a_folded_cell_says_what_it_does(tmp_path):
    copy_sources(COURSE, tmp_path)
    path = tmp_path / "source" / "2_fused_cross_entropy" / "2_fused_cross_entropy.py"
    path.write_text(path.read_text() + '\n# %% tags=["fold"]\nprint(1)\n')
    with pytest.raises(BuildError, match=r"2_fused_cross_entropy: a folded cell begins with `# @title`.*print"):
        source_notebook(tmp_path, "2_fused_cross_entropy")


def test_a_cell_folded_after_the_solution_was_run_is_drift(tmp_path):
    course = _alone("1_chunked_backprop", tmp_path)
    path = course / "source" / "1_chunked_backprop" / "1_chunked_backprop.py"
    before = path.read_text()
    path.write_text(before.replace('# %% tags=["imports"]', '# %% tags=["imports", "nbval-skip"]'))
    assert path.read_text() != before
    assert [s for s in drift(course) if s.startswith("solutions/1_chunked_backprop")]


def test_a_change_of_the_toolkit_is_drift(tmp_path):
    course = _alone("2_fused_cross_entropy", tmp_path)
    path = course / "toolkit" / "network" / "compare.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert len(list(drift(course))) == 2


@pytest.mark.parametrize("part", ["exercises", "solutions"])
@pytest.mark.parametrize("name", assignments())
def test_what_a_student_opens(part, name):
    notebook = nbformat.read(COURSE / part / name / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    setup, built = (
        next(cell for cell in made.cells if cell.source.startswith("# @title Setup"))
        for made in (notebook, source_notebook(COURSE, name))
    )
    assert setup.source == built.source
    assert all(
        f'_module("toolkit.{module}"' in setup.source for module in ("network.graph", "judge", "check", "first_names")
    )
    others = "".join(cell.source for cell in notebook.cells if cell is not setup)
    assert ('_module("toolkit.training"' in setup.source) == ("check_training(" in others)  # no more than it needs
    folded = [cell for cell in notebook.cells if "fold" in cell.metadata.get("tags", [])]
    for cell in (setup, *folded):
        assert cell.source.startswith("# @title ")  # what Colab, and JupyterLab in the closed cell, show of it
        assert cell.metadata["cellView"] == "form"  # closed in Colab
        assert cell.metadata["jupyter"]["source_hidden"] is True  # closed in JupyterLab and Notebook
        assert cell.metadata["_kg_hide-input"] is True  # closed in Kaggle
    assert notebook.metadata.kernelspec.name == "python3"
    assert not any(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", []))


def test_whatever_a_notebook_offers_does_nothing_in_a_run():
    assert {name for names in PUBLIC.values() for name in names} - {"progress_bar"} <= {*STUBS}


@pytest.mark.parametrize("name", assignments())
def test_every_graded_cell_is_worth_its_gradients(name):
    exercise = Exercise.from_notebook(source_notebook(COURSE, name), name)
    assert exercise.graded
    for cell in exercise.graded:
        assert cell.names() or cell.hidden_tests, cell.grade_id
        assert cell.points > 0


def test_exercise_1_grades_26_gradients_one_point_each():
    exercise = Exercise.from_notebook(source_notebook(COURSE, "1_chunked_backprop"))
    assert len(exercise.expected) == len(set(exercise.expected)) == 26
    assert all(cell.points == len(cell.names()) for cell in exercise.graded)
    assert len(exercise.graded) == 13
