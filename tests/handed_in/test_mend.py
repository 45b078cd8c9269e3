"""Cells of damaged files are found again, in every way that the mending knows; whatever a file holds, a notebook comes out."""

import copy
import json
import random
import re

import nbformat
import pytest
from nbgrader import utils

from autograder.course.answered import answered
from autograder.course.exercise import COURSE, Exercise
from autograder.handed_in.mend import NOTES, mend
from autograder.handed_in.nbgrader_steps import leave_out_links, parse_notebook, read_submitted, use_expected_name
from autograder.judging.hidden_tests import judge_submission
from autograder.judging.nbgrader_steps import submission_of
from tests.bank import runner

NAMES = ("1_chunked_backprop", "2_fused_cross_entropy", "4_training_loop")


@pytest.fixture(scope="module", params=NAMES)
def exercise(request):
    return Exercise.from_assignment(request.param)


def solved(exercise):
    """The released notebook with every answer in it."""
    handed_out = nbformat.read(COURSE / "exercises" / exercise.name / f"{exercise.name}.ipynb", as_version=4)
    return answered(handed_out, exercise.notebook, {})


def answers(notebook):
    return {c.metadata.nbgrader.grade_id: c.source for c in notebook.cells if utils.is_solution(c)}


def stripped(notebook, ids=True):
    """What is left when a tool has thrown away all metadata, and the cell ids too."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({})
        if ids:
            cell.id = f"other-{number}"
    return notebook


def test_an_undamaged_file_comes_back_as_it_was(exercise):
    notebook = solved(exercise)
    mended = mend(copy.deepcopy(notebook), exercise)
    assert mended.sentences == []
    texts = [
        re.sub(r"### BEGIN HIDDEN.*### END HIDDEN TESTS\n?", "", c.source, flags=re.DOTALL)
        for c in mended.notebook.cells
    ]
    assert [text.strip() for text in texts] == [cell.source.strip() for cell in notebook.cells]


@pytest.mark.parametrize("ids", [False, True], ids=["with cell ids", "without cell ids"])
def test_answers_are_found_without_metadata(exercise, ids):
    notebook = solved(exercise)
    wanted = answers(notebook)
    mended = mend(stripped(notebook, ids), exercise)
    assert answers(mended.notebook) == wanted
    assert "recognised by" in " ".join(mended.sentences)


def test_answers_are_found_by_their_contents_out_of_order_and_with_errors():
    exercise = Exercise.from_assignment(NAMES[0])
    notebook = solved(exercise)
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if utils.is_solution(c)}
    cells["probs"].source += "\nthis is no Python"
    cells["h"].source = "# logits = h @ W2 + b2\nmine = None"  # names nothing of the solution's, but quotes its line
    wanted = answers(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    random.Random(1).shuffle(notebook.cells)
    assert answers(mend(stripped(notebook), exercise).notebook) == wanted


def test_an_edited_forward_cell_is_the_forward_cell():
    exercise = Exercise.from_assignment(NAMES[0])
    notebook = stripped(solved(exercise))
    forward = next(cell for cell in notebook.cells if cell.source.startswith("# The forward pass, chunked"))
    forward.source = forward.source.replace("hprebn.sum(0", "hprebn.mean(0").replace("#", "# altered:")
    mended = mend(notebook, exercise)
    cells = [cell for cell in mended.notebook.cells if "altered:" in cell.source]
    (beside,) = [cell for cell in cells if "nbgrader" not in cell.metadata]
    assert cells == [beside]
    assert "\n# not run: bnmeani = 1 / n * hprebn.mean(0" in beside.source
    assert any(sentence.startswith("Cells forward, ") for sentence in mended.sentences)


def test_what_cannot_be_told_otherwise_is_told_by_its_place():
    exercise = Exercise.from_assignment(NAMES[1])
    notebook = solved(exercise)
    cell = next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "logits")
    cell.source = "result = 'my own words'"
    cell.metadata = nbformat.from_dict({})
    cell.id = "other"
    mended = mend(notebook, exercise)
    assert answers(mended.notebook)["logits"] == "result = 'my own words'"
    assert mended.sentences == ["Cell logits had lost the metadata and was recognised by the place."]


def test_nothing_is_thrown_away():
    exercise = Exercise.from_assignment(NAMES[0])
    notebook = solved(exercise)
    notebook.cells.insert(5, nbformat.v4.new_code_cell("scratch = 1"))
    notebook.cells.append(nbformat.v4.new_markdown_cell("I had fun."))
    sources = [cell.source for cell in mend(notebook, exercise).notebook.cells]
    assert "scratch = 1" in sources
    assert "I had fun." in sources


def test_an_answer_as_it_was_handed_out_has_nbgraders_checksum():
    exercise = Exercise.from_assignment(NAMES[0])
    handed_out = nbformat.read(COURSE / "exercises" / exercise.name / f"{exercise.name}.ipynb", as_version=4)
    checksums = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.checksum for c in handed_out.cells if utils.is_solution(c)
    }
    for cell in mend(handed_out, exercise).notebook.cells:
        if utils.is_solution(cell):
            assert cell.metadata.nbgrader.checksum == checksums[cell.metadata.nbgrader.grade_id]
            assert cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)


def test_ids_that_nbformat_does_not_take_are_replaced():
    exercise = Exercise.from_assignment(NAMES[1])
    notebook = solved(exercise)
    for cell, odd in zip(notebook.cells[1:], ["", "no id!", "x" * 65, notebook.cells[0].id], strict=False):
        cell.metadata, cell.id = nbformat.from_dict({}), odd
    mended = mend(notebook, exercise).notebook
    nbformat.validate(mended)
    assert len({cell.id for cell in mended.cells}) == len(mended.cells)


def test_whatever_a_file_holds_a_whole_notebook_comes_out():
    """Random damage to the JSON: values of other types, pieces gone, pieces doubled."""
    exercise = Exercise.from_assignment(NAMES[1])
    text = json.dumps(solved(exercise))
    chance = random.Random(0)
    odd = [None, 7, -1.5, "", "text", [], {}, ["a"], {"nbgrader": 3}, True, "\ud800"]
    for _ in range(100):
        document = json.loads(text)
        for _ in range(chance.choice([1, 3, 10])):
            damage(document, chance, odd)
        mended = mend(parse_notebook(json.dumps(document).encode(), "x.ipynb"), exercise)
        nbformat.validate(mended.notebook)
        nbformat.writes(mended.notebook).encode()
        grade_ids = [c.metadata.nbgrader.grade_id for c in mended.notebook.cells if "nbgrader" in c.metadata]
        assert sorted(grade_ids) == sorted(exercise.trusted_cells)


def damage(document, chance, odd):
    """Change one place somewhere in a JSON document."""
    at = document
    for _ in range(chance.randrange(1, 6)):
        keys = list(at) if isinstance(at, dict) else range(len(at))
        if not keys:
            return
        key = chance.choice(list(keys))
        if not isinstance(at[key], dict | list) or chance.random() < 0.3:
            break
        at, above = at[key], at
        if not at:
            at = above
            break
    if key in (at if isinstance(at, dict) else range(len(at))):
        if chance.random() < 0.3:
            del at[key]
        else:
            at[key] = chance.choice(odd)


def test_links_are_not_followed_and_nothing_that_they_lead_to_is_touched(tmp_path):
    """nbgrader's way: it copies what links lead to, and its hook is given the student's own folder."""
    victim = tmp_path / "victim.ipynb"
    victim.write_text("of somebody else")
    folder, copies = tmp_path / "submitted" / "eve" / "a", tmp_path / "autograded" / "eve" / "a"
    for place in (folder, copies):
        place.mkdir(parents=True)
        (place / "own.txt").write_text("own")
    for name in ("a.ipynb", "x.txt"):
        (folder / name).symlink_to(victim)
        (copies / name).write_text("of somebody else")
    notebooks = [str(folder / "a.ipynb")]
    use_expected_name("a", "*", notebooks)
    leave_out_links(folder, copies)
    assert notebooks == [str(folder / "a.ipynb")]
    (tmp_path / "source" / "a").mkdir(parents=True)
    (tmp_path / "source" / "a" / "a.ipynb").write_text("{}")
    assert "is a link" in read_submitted(folder, tmp_path / "source" / "a", []).metadata[NOTES]["unreadable"]
    assert [path.name for path in copies.iterdir()] == ["own.txt"]
    assert victim.read_text() == "of somebody else"
    assert sorted(path.name for path in folder.iterdir()) == ["a.ipynb", "own.txt", "x.txt"]


def test_an_answer_in_a_check_cell_counts():
    exercise = Exercise.from_assignment(NAMES[0])
    notebook = solved(exercise)
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    cells["probs-check"].source = f"{cells['probs'].source}\n{cells['probs-check'].source}"
    cells["probs"].source = "# below"
    mended = mend(notebook, exercise)
    judged = judge_submission(exercise, submission_of(mended.notebook, exercise), runner())
    assert all(v.kind == "right" for found, _ in judged.values() for v in found)
    (sentence,) = mended.sentences
    assert sentence.startswith(
        "Cell probs-check of the exercise's own had something typed into it, which now stands in a cell"
    )


def test_a_copy_of_a_check_cell_with_an_answer_in_it_is_kept():
    exercise = Exercise.from_assignment(NAMES[0])
    notebook = solved(exercise)
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    answer, cells["probs"].source = cells["probs"].source, ""
    again = copy.deepcopy(cells["probs-check"])
    again.source += "\n" + answer
    notebook.cells.append(again)
    assert answer in "\n".join(cell.source for cell in mend(notebook, exercise).notebook.cells)
