"""What a person typed is never written over: by the build, by nbgrader's commands, by make lab, update, adopt, demo and clean."""

import copy
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import utils

from autograder import files, untouched
from autograder.course.adopt import adopt
from autograder.course.answered import answered
from autograder.course.build import BuildError, assignments, build, nbgrader_api, record, source_notebook, write_source
from autograder.course.edited import as_text, header
from autograder.course.exercise import COURSE, Exercise
from autograder.course.release import known_cells
from autograder.course.typed import sign, typed_in
from autograder.working_copy import work
from autograder.working_copy.carry import carry
from autograder.working_copy.work import Refusal, prepare, update
from tests.classes import NAME, make_course

pytestmark = pytest.mark.share(0.3)

OTHER = "6_other"
EXERCISE = Path("exercises", NAME, f"{NAME}.ipynb")
SOLUTION = Path("solutions", NAME, f"{NAME}.ipynb")
MINE = Path("work", NAME, f"{NAME}.ipynb")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A course with two small exercises, its own code and configuration, and everything built."""
    course = tmp_path_factory.mktemp("built") / "course"
    make_course(course)
    (course / "source" / OTHER).mkdir()
    shutil.copy(course / "source" / NAME / f"{NAME}.py", course / "source" / OTHER / f"{OTHER}.py")
    shutil.copytree(COURSE / "autograder", course / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(COURSE / "nbgrader_config.py", course)
    shutil.copy(COURSE / "Makefile", course)
    build(course)
    return course


@pytest.fixture
def course(built, tmp_path) -> Path:
    return shutil.copytree(built, tmp_path / "course")


def change(path: Path, edit) -> bytes:
    """Edit a notebook as a person does in Jupyter; its bytes after that."""
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    nbformat.write(notebook, path)
    return path.read_bytes()


def cell(notebook, grade_id: str):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answer(notebook) -> None:
    cell(notebook, "h").source = "dh = 2 * h / n"


def new_release(course: Path, text: str = "A new paragraph.") -> None:
    """A change of the source, and of a cell that is not the student's, and all built."""
    source = course / "source" / NAME / f"{NAME}.py"
    source.write_text(source.read_text().replace("n = 6", "n = 7") + f"\n# %% [markdown]\n# {text}\n")
    build(course, [NAME], execute=False)


def command(course: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *words], cwd=course, capture_output=True, text=True)


def contents(*folders: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for f in folders for p in f.rglob("*") if p.is_file()}


# --- what is typed --------------------------------------------------------------------------------------------------------

TYPED = {
    "an answer": answer,
    "the solution to the letter": lambda nb: cell(nb, "h").update(source="dh = 2 * h / h.numel()"),
    "a cell of one's own": lambda nb: nb.cells.append(new_code_cell("print(dh.shape)")),
    "a note": lambda nb: nb.cells.insert(2, new_markdown_cell("tanh' = 1 - tanh^2")),
    "a locked text": lambda nb: cell(nb, "title").update(source=cell(nb, "title").source + "\n\nremember this"),
    "a locked cell": lambda nb: cell(nb, "inputs").update(source=cell(nb, "inputs").source.replace("6", "9")),
    "a check": lambda nb: cell(nb, "h-check").update(source='dh = 2 * h / n\ncheck("h")'),
    "a raw cell": lambda nb: nb.cells.append(nbformat.v4.new_raw_cell("raw")),
    "a comment alone": lambda nb: cell(nb, "h").update(source="# your code here: but how?"),
    "a picture": lambda nb: cell(nb, "title").update(attachments={"a.png": {"image/png": "aGVsbG8="}}),
    "an answer without metadata": lambda nb: (answer(nb), cell(nb, "h").metadata.clear()),
    "an answer where the notebook lost its metadata": lambda nb: (answer(nb), nb.metadata.clear()),
}
UNTYPED = {
    "run": lambda nb: [c.update(outputs=[new_output("stream", text="1")]) for c in nb.cells if c.cell_type == "code"],
    "an empty cell": lambda nb: nb.cells.append(new_code_cell("\n")),
    "a cell deleted": lambda nb: nb.cells.pop(3),
    "moved": lambda nb: nb.cells.reverse(),
    "other metadata": lambda nb: nb.metadata.update(widgets={}, vscode={}),
    "the notebook's metadata lost": lambda nb: nb.metadata.clear(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "kind"),
    [(EXERCISE, kind) for kind in TYPED] + [(SOLUTION, kind) for kind in TYPED if kind != "the solution to the letter"],
)
def test_typed_or_not_typed(built, tmp_path, part, kind):
    known = known_cells(source_notebook(built, NAME), solutions=part == SOLUTION)
    path = Path(shutil.copy(built / part, tmp_path))
    assert typed_in(path, known) == ""
    change(path, TYPED[kind])
    assert typed_in(path, known).startswith("holds what somebody typed (cell")


@pytest.mark.parametrize("part", [EXERCISE, SOLUTION], ids=["exercise", "solution"])
def test_a_build_leaves_what_was_typed_and_says_so(course, part, capsys):
    typed = change(course / part, answer)
    with pytest.raises(BuildError, match=rf"{part}.* so it was left as it is.*build again"):
        build(course)
    assert (course / part).read_bytes() == typed
    assert f"built {OTHER}" in capsys.readouterr().out


@pytest.mark.parametrize("kind", UNTYPED)
def test_what_nobody_typed_in(built, tmp_path, kind):
    path = Path(shutil.copy(built / EXERCISE, tmp_path))
    assert change(path, UNTYPED[kind]) != (built / EXERCISE).read_bytes()
    assert typed_in(path, known_cells(source_notebook(built, NAME))) == ""


def test_a_build_replaces_what_nobody_typed_in(course):
    before = (course / EXERCISE).read_bytes()
    change(course / EXERCISE, UNTYPED["run"])
    (course / "exercises" / OTHER / f"{OTHER}.ipynb").write_text("")
    build(course)
    assert (course / EXERCISE).read_bytes() == before
    assert (course / "exercises" / OTHER / f"{OTHER}.ipynb").stat().st_size > 1000


def test_a_build_leaves_what_it_cannot_read(course):
    (course / EXERCISE).write_text((course / EXERCISE).read_text()[:500] + "<<<<<<< HEAD")
    before = (course / EXERCISE).read_bytes()
    with pytest.raises(BuildError, match="cannot be read as a notebook, so it was left as it is"):
        build(course, [NAME])
    assert (course / EXERCISE).read_bytes() == before


def test_an_outdated_exercise_is_replaced_and_one_with_an_answer_is_not(course):
    new_release(course, "One.")
    assert "One." in (course / EXERCISE).read_text()
    typed = change(course / EXERCISE, answer)
    with pytest.raises(BuildError, match=r"somebody typed \(cell h\)"):
        new_release(course, "Two.")
    assert (course / EXERCISE).read_bytes() == typed


def test_files_beside_an_exercise_stay(course):
    notes = course / EXERCISE.parent / "notes.md"
    notes.write_text("mine")
    new_release(course)
    assert notes.read_text() == "mine"


def test_grading_needs_no_exercise_and_writes_none(course):
    new_release(course)
    change(course / EXERCISE, answer)
    before = contents(course / "exercises", course / "solutions")
    assert record(course) == []
    assert contents(course / "exercises", course / "solutions") == before
    shutil.rmtree(course / "exercises")
    assert record(course) == []
    assert not (course / "exercises").exists()


# --- nbgrader's own commands ----------------------------------------------------------------------------------------------


@pytest.mark.share(0.4)
@pytest.mark.parametrize(("words", "part"), [("generate_assignment", EXERCISE), ("generate_solution", SOLUTION)])
def test_nbgrader_leaves_what_was_typed(course, words, part):
    typed = change(course / part, answer)
    done = command(course, "nbgrader", words, "--force", NAME)
    assert done.returncode == 1
    assert f"{part} holds what somebody typed (cell h), so it was left as it is." in done.stderr
    assert (course / part).read_bytes() == typed


@pytest.mark.parametrize("force", [True, False])
def test_the_formgraders_generate_leaves_what_was_typed(course, force):
    typed = change(course / EXERCISE, answer)
    result = nbgrader_api(course).generate_assignment(NAME, force=force)
    assert not result["success"]
    assert f"{EXERCISE} holds what somebody typed (cell h), so it was left as it is." in result["log"]
    assert (course / EXERCISE).read_bytes() == typed


def test_nbgrader_leaves_files_of_peoples_own(course):
    notes = course / EXERCISE.parent / "pictures" / "notes.md"
    notes.parent.mkdir()
    notes.write_text("mine")
    result = nbgrader_api(course).generate_assignment(NAME)
    assert not result["success"] and "pictures/notes.md is no part of the exercise" in result["log"]
    assert notes.read_text() == "mine" and (course / EXERCISE).exists()


@pytest.mark.share(0.4)
def test_nbgrader_writes_what_the_build_writes_also_after_a_run_in_jupyter(course):
    def run(notebook) -> None:
        notebook.metadata.language_info = {"name": "python", "version": "3.99", "mimetype": "text/x-python"}
        notebook.metadata["widgets"] = {}
        for c in notebook.cells:
            if c.cell_type == "code":
                c.update(execution_count=4, outputs=[new_output("stream", text="hello")])
                c.metadata.update(execution={"iopub.status.busy": "2024"}, collapsed=True)
                c.metadata.setdefault("jupyter", {})["outputs_hidden"] = True

    before = {part: (course / part).read_bytes() for part in (EXERCISE, SOLUTION)}
    change(course / "source" / NAME / f"{NAME}.ipynb", run)
    (course / EXERCISE.parent / ".ipynb_checkpoints").mkdir()
    (course / EXERCISE.parent / ".ipynb_checkpoints" / "a-checkpoint.ipynb").write_text("{}")
    assert nbgrader_api(course).generate_assignment(NAME)["success"]
    done = command(course, "nbgrader", "generate_solution", "--force", NAME)
    assert done.returncode == 0, done.stderr
    assert {part: (course / part).read_bytes() for part in (EXERCISE, SOLUTION)} == before
    build(course)
    assert {part: (course / part).read_bytes() for part in (EXERCISE, SOLUTION)} == before


def test_a_file_of_the_exercise_may_change(course):
    data = course / "source" / NAME / "data.csv"
    released = course / EXERCISE.parent / "data.csv"
    for text in ("1", "2"):
        data.write_text(text)
        build(course, [NAME], execute=False)
        assert released.read_text() == text
    data.write_text("3")
    assert nbgrader_api(course).generate_assignment(NAME)["success"]
    assert released.read_text() == "3"
    released.write_text("mine")
    with pytest.raises(BuildError, match=r"data.csv is not as it was built"):
        build(course, [NAME], execute=False)
    assert released.read_text() == "mine"
    assert not nbgrader_api(course).generate_assignment(NAME)["success"]
    assert released.read_text() == "mine"


# --- the working copy -----------------------------------------------------------------------------------------------------


def test_the_working_copy_is_made_once(course):
    assert list(prepare(course)) == []
    assert (course / MINE).read_bytes() == (course / EXERCISE).read_bytes()
    change(course / MINE, answer)
    (course / MINE).with_name("notes.md").write_text("mine")
    before = contents(course / "work")
    assert list(prepare(course)) == []
    assert contents(course / "work") == before


def test_a_new_release_arrives_beside_what_was_typed_once(course):
    list(prepare(course))
    typed = change(course / MINE, answer)
    new_release(course)
    (sentence,) = prepare(course)
    place = (course / MINE).with_name(f"{NAME}.new.ipynb")
    assert f"{NAME}.new.ipynb" in sentence and "make update" in sentence
    assert place.read_bytes() == (course / EXERCISE).read_bytes()
    assert list(prepare(course)) == []
    typed_there = change(place, TYPED["a note"])
    new_release(course, "Yet another.")
    assert len(list(prepare(course))) == 1 and list(prepare(course)) == []
    assert place.read_bytes() == typed_there
    assert "Yet another." in (course / MINE).with_name(f"{NAME}.new-2.ipynb").read_text()
    assert (course / MINE).read_bytes() == typed


def test_a_blank_working_copy_follows_the_release(course):
    list(prepare(course))
    change(course / MINE, UNTYPED["run"])
    new_release(course)
    assert ["in its place" in sentence for sentence in prepare(course)] == [True]
    assert (course / MINE).read_bytes() == (course / EXERCISE).read_bytes()


@pytest.mark.parametrize("begun", [False, True], ids=["nothing in work", "work begun"])
def test_answers_typed_in_exercises_are_taken_over(course, begun):
    if begun:
        list(prepare(course))
        mine = change(course / MINE, TYPED["a note"])
    change(course / EXERCISE, answer)
    (sentence,) = prepare(course)
    place = (course / MINE).with_name(f"{NAME}.exercises-1.ipynb") if begun else course / MINE
    assert place.name in sentence
    assert cell(nbformat.read(place, as_version=4), "h").source == "dh = 2 * h / n"
    assert not begun or (course / MINE).read_bytes() == mine
    change(place, TYPED["a note"])
    assert list(prepare(course)) == []


def test_update_carries_answers_over_and_keeps_the_former_file(course):
    list(prepare(course))
    typed = change(course / MINE, lambda nb: (answer(nb), TYPED["a note"](nb)))
    new_release(course)
    list(prepare(course))
    said = " ".join(update(course))
    assert f"{NAME}.old-1.ipynb" in said
    assert (course / MINE).with_name(f"{NAME}.old-1.ipynb").read_bytes() == typed
    assert not list((course / MINE).parent.glob("*.new*"))
    notebook = nbformat.read(course / MINE, as_version=4)
    nbformat.validate(notebook)
    assert cell(notebook, "h").source == "dh = 2 * h / n"
    assert "n = 7" in cell(notebook, "inputs").source
    sources = [c.source for c in notebook.cells]
    assert "A new paragraph." in sources
    assert sources.index("tanh' = 1 - tanh^2") == 2
    before = contents(course / "work")
    assert all("of the newest release" in sentence for sentence in update(course))
    assert contents(course / "work") == before
    new_release(course, "Yet another.")
    list(update(course))
    assert cell(nbformat.read(course / MINE, as_version=4), "h").source == "dh = 2 * h / n"
    assert (course / MINE).with_name(f"{NAME}.old-2.ipynb").exists()


def test_update_leaves_a_file_that_it_cannot_read(course):
    list(prepare(course))
    (course / MINE).write_text("<<<<<<< HEAD")
    new_release(course)
    assert any("cannot be read" in sentence for sentence in update(course))
    assert (course / MINE).read_text() == "<<<<<<< HEAD"


def test_a_new_release_in_which_somebody_typed_is_named_by_update(course):
    list(prepare(course))
    change(course / MINE, answer)
    new_release(course)
    list(prepare(course))
    beside = (course / MINE).with_name(f"{NAME}.new.ipynb")
    typed = change(beside, TYPED["a note"])
    assert any(f"{NAME}.new.ipynb holds what somebody typed" in sentence for sentence in update(course))
    assert beside.read_bytes() == typed


def test_a_broken_exercise_does_not_become_the_working_copy(course):
    (course / EXERCISE).write_text("<<<<<<< HEAD")
    (sentence,) = prepare(course)
    assert f"{NAME}.exercises-1.ipynb" in sentence and not (course / MINE).exists()
    (course / EXERCISE).unlink()
    build(course, [NAME], execute=False)
    assert list(prepare(course)) == []
    assert (course / MINE).read_bytes() == (course / EXERCISE).read_bytes()


# --- disturbed on the way -------------------------------------------------------------------------------------------------


def test_two_updates_at_once_keep_the_former_file(course, monkeypatch):
    list(prepare(course))
    typed = change(course / MINE, answer)
    new_release(course)
    write_new = files.write_new

    def disturbed(places, data):
        monkeypatch.setattr(work, "write_new", write_new)
        list(update(course))
        return write_new(places, data)

    monkeypatch.setattr(work, "write_new", disturbed)
    list(update(course))
    for number in (1, 2):
        assert (course / MINE).with_name(f"{NAME}.old-{number}.ipynb").read_bytes() == typed
    assert cell(nbformat.read(course / MINE, as_version=4), "h").source == "dh = 2 * h / n"


def test_two_files_may_be_written_in_one_folder_at_once(tmp_path, monkeypatch):
    sync = os.fsync

    def another(descriptor):
        monkeypatch.setattr(os, "fsync", sync)
        files.write(tmp_path / "b", "b")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", another)
    files.write(tmp_path / "a", "a")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_ends_an_update_leaves_all_files_as_they_were(course, monkeypatch, error):
    list(prepare(course))
    change(course / MINE, answer)
    new_release(course)
    before = contents(course / "work", course / "exercises")

    def fail(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    if isinstance(error, OSError):
        said = [sentence for sentence in update(course) if isinstance(sentence, Refusal)]
        assert [f"{NAME}.old-1.ipynb cannot be read or written (No space left" in sentence for sentence in said] == [
            True
        ]
    else:
        with pytest.raises(KeyboardInterrupt):
            list(update(course))
    assert contents(course / "work", course / "exercises") == before


def test_an_exercise_that_cannot_be_copied_keeps_no_other_from_being(course, monkeypatch, capsys):
    (course / MINE).mkdir(parents=True)
    monkeypatch.setattr(work, "COURSE", course)
    assert work.main() == 1
    assert f"{NAME}.ipynb cannot be read or written (Is a directory)" in capsys.readouterr().out
    assert (course / "work" / OTHER / f"{OTHER}.ipynb").exists()


def test_a_full_disk_keeps_a_source_where_it_is(course, monkeypatch):
    change(course / "source" / NAME / f"{NAME}.ipynb", EDITS["a text"])
    before = contents(course / "source")

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        adopt(course, NAME)
    assert contents(course / "source") == before


# --- what is carried over -------------------------------------------------------------------------------------------------


@pytest.fixture
def former(course):
    return nbformat.read(course / EXERCISE, as_version=4)


def carried(course: Path, former) -> tuple[list[str], list[str]]:
    """Texts of the new release's cells with what was typed in the former one, and what did not fit."""
    new_release(course)
    fresh = nbformat.read(course / EXERCISE, as_version=4)
    blank = [c.source for c in fresh.cells]
    left = carry(former, fresh, Exercise.from_notebook(source_notebook(course, NAME), NAME))
    nbformat.validate(fresh)
    assert typed_in(course / EXERCISE) == ""
    assert [source for source in blank if source not in [c.source for c in fresh.cells]] in ([], ["# your code here"])
    return [c.source for c in fresh.cells], left


def test_cells_of_ones_own_keep_their_places(course, former):
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in former.cells]
    for after, text in (("y-check", "last"), ("h", "two"), ("h", "one"), ("title", "first")):
        former.cells.insert(names.index(after) + 1, new_code_cell(text))
    former.cells.insert(0, new_markdown_cell("top"))
    sources, left = carried(course, former)
    assert left == []
    assert sources[0] == "top"
    assert sources[2] == "first"
    place = sources.index("one")
    assert sources[place - 1 : place + 3] == ["# your code here", "one", "two", 'check("h")']
    assert sources[sources.index("last") - 1] == 'check("y", "w")'


def test_an_answer_without_its_metadata_goes_to_its_cell(course, former):
    answer(former)
    for c in former.cells:
        c.metadata.clear()
        c.pop("id")
    sources, left = carried(course, former)
    assert left == []
    assert sources[sources.index('check("h")') - 1] == "dh = 2 * h / n"


def test_every_answer_of_an_exercise_is_carried_over():
    """The solutions, which a student may find to the letter, into an exercise of which every text has changed."""
    name = "1_chunked_backprop"
    exercise = Exercise.from_notebook(source_notebook(COURSE, name), name)
    blank = nbformat.from_dict(copy.deepcopy(exercise.notebook))
    blank.cells = [c for c in blank.cells if "instructor" not in c.metadata.get("tags", [])]
    for c in blank.cells:
        grade_id = c.metadata.get("nbgrader", {}).get("grade_id")
        c.source = exercise.released.get(grade_id, c.source)
    sign(blank)
    former = answered(copy.deepcopy(blank), exercise.notebook, {})
    answers = {c.metadata.nbgrader.grade_id: c.source for c in former.cells if utils.is_solution(c)}
    fresh = copy.deepcopy(blank)
    for c in fresh.cells:
        c.source = c.source if utils.is_solution(c) else f"{c.source}\n# changed"
    sign(fresh)
    count = len(fresh.cells)
    assert carry(former, fresh, exercise, known_cells(exercise.notebook)) == []
    assert {c.metadata.nbgrader.grade_id: c.source for c in fresh.cells if utils.is_solution(c)} == answers
    assert len(fresh.cells) == count


def test_what_does_not_fit_is_kept_and_named(course, former):
    gone = copy.deepcopy(cell(former, "h"))
    gone.metadata.nbgrader.grade_id, gone.id, gone.source = "gone", "gone", "dgone = 1"
    twice = copy.deepcopy(cell(former, "h"))
    twice.update(id="twice", source="dh = 3 * h")
    answer(former)
    former.cells[former.cells.index(cell(former, "h-check")) : 0] = []
    place = former.cells.index(cell(former, "h-check"))
    former.cells[place:place] = [twice, gone]
    TYPED["a locked cell"](former)
    sources, left = carried(course, former)
    assert left == ["your change of cell inputs", "cell h", "cell gone"]
    assert "dh = 2 * h / n" in sources and "dh = 3 * h" in sources and "dgone = 1" in sources
    changed = next(source for source in sources if "n = 9" in source)
    assert changed.startswith("**Carried over") and "```python" in changed


# --- source notebooks edited in Jupyter -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", assignments())
def test_a_source_notebook_says_what_its_text_says(name):
    text = (COURSE / "source" / name / f"{name}.py").read_text(encoding="utf-8")
    setup = "# The build puts the course's tools (toolkit/) here."
    assert header(text) + as_text(source_notebook(COURSE, name), setup) == text


EDITS = {
    "points": lambda nb: cell(nb, "h-check").metadata.nbgrader.update(points=7),
    "a text": lambda nb: cell(nb, "title").update(source="# Another title"),
    "a solution": lambda nb: cell(nb, "h").update(source="### BEGIN SOLUTION\ndh = h * 2 / n\n### END SOLUTION"),
    "a new cell": lambda nb: nb.cells.insert(1, new_markdown_cell("new")),
    "a cell deleted": lambda nb: nb.cells.pop(),
    "cells moved": lambda nb: nb.cells.insert(0, nb.cells.pop(6)),
    "a tag": lambda nb: cell(nb, "imports").metadata.tags.append("mine"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_edits_of_a_source_notebook_go_back_into_the_text(course, kind):
    source = course / "source" / NAME / f"{NAME}.py"
    old, edited = source.read_text(), change(source.with_suffix(".ipynb"), EDITS[kind])
    assert not write_source(course, NAME)
    assert source.with_suffix(".ipynb").read_bytes() == edited
    assert "Run `make build`" in adopt(course, NAME)
    assert source.read_text() != old
    assert (course / "kept" / f"{NAME}-1.py").read_text() == old
    wanted = nbformat.reads(edited.decode(), as_version=4)
    found = source_notebook(course, NAME)
    assert as_text(found) == as_text(wanted)
    assert "toolkit.network.graph" in cell(found, "setup").source and "toolkit.network.graph" not in source.read_text()
    assert write_source(course, NAME) and adopt(course, NAME) == ""


def test_a_build_leaves_an_edited_source_and_what_is_built_from_it(course, capsys):
    path = course / "source" / NAME / f"{NAME}.ipynb"
    edited = change(path, EDITS["points"])
    before = contents(course / "exercises", course / "solutions")
    with pytest.raises(BuildError, match=r"edited in Jupyter, so it was left as it is.*`make adopt`"):
        build(course)
    (sentence,) = record(course)
    assert "edited in Jupyter" in sentence
    assert path.read_bytes() == edited
    assert contents(course / "exercises", course / "solutions") == before
    assert f"built {OTHER}" in capsys.readouterr().out


def test_a_setup_cell_that_was_edited_is_kept_aside(course):
    path = course / "source" / NAME / f"{NAME}.ipynb"
    text = path.with_suffix(".py").read_text()
    edited = change(path, lambda nb: cell(nb, "setup").update(source="# mine"))
    assert not write_source(course, NAME)
    assert "made from toolkit/" in adopt(course, NAME)
    assert (course / "kept" / f"{NAME}-1.ipynb").read_bytes() == edited
    assert path.with_suffix(".py").read_text() == text
    assert write_source(course, NAME)


PICTURE = {"plot.png": {"image/png": "iVBORw0KGgo="}}


@pytest.mark.parametrize("text", ["", "\n\n![](attachment:plot.png)"])
def test_a_picture_that_was_pasted_into_a_source_notebook_is_kept_aside(course, text):
    """A text holds none."""
    path = course / "source" / NAME / f"{NAME}.ipynb"

    def paste(notebook):
        cell(notebook, "title").source += text
        cell(notebook, "title").attachments = PICTURE

    edited = change(path, paste)
    with pytest.raises(BuildError, match="edited in Jupyter, so it was left as it is"):
        build(course, [NAME], execute=False)
    assert path.read_bytes() == edited
    said = adopt(course, NAME)
    assert f"put each as a file into source/{NAME}/" in said and f"the notebook is kept/{NAME}-1.ipynb" in said
    assert (course / "kept" / f"{NAME}-1.ipynb").read_bytes() == edited
    assert (text.strip() in path.with_suffix(".py").read_text()) and write_source(course, NAME)
    assert adopt(course, NAME) == ""


def test_text_and_notebook_both_edited_are_both_kept(course):
    path = course / "source" / NAME / f"{NAME}.ipynb"
    text = path.with_suffix(".py")
    edited = change(path, EDITS["a text"])
    text.write_text(text.read_text() + "\n# %% [markdown]\n# typed in an editor\n")
    typed = text.read_text()
    for _ in "12":
        with pytest.raises(BuildError, match=r"5_small.from_notebook.py") as error:
            adopt(course, NAME)
        assert "pictures" not in str(error.value)
    assert (path.read_bytes(), text.read_text()) == (edited, typed)
    assert "# # Another title" in text.with_name(f"{NAME}.from_notebook.py").read_text()
    assert assignments(course) == [NAME, OTHER]


def test_a_source_notebook_of_an_earlier_version_is_set_aside(course):
    path = course / "source" / NAME / f"{NAME}.ipynb"
    old = change(path, lambda nb: (nb.metadata.pop("built"), EDITS["a text"](nb)))
    assert write_source(course, NAME)
    assert (course / "kept" / f"{NAME}-1.ipynb").read_bytes() == old
    assert "Another title" not in path.read_text()


# --- demo/ and make clean -------------------------------------------------------------------------------------------------


def made(course: Path) -> Path:
    demo = course / "demo"
    untouched.begin(demo)
    (demo / "gradebook.db").write_bytes(b"points")
    untouched.finish(demo)
    return demo


def test_a_demonstration_is_made_again_only_if_nobody_changed_it(course):
    demo = made(course)
    (demo / ".nbgrader.log").write_text("looked at")
    assert untouched.make_room(demo) == "" and not demo.exists()
    for number in (1, 2):
        (made(course) / "gradebook.db").write_bytes(b"points and a comment")
        assert f"demo-{number}/" in untouched.make_room(demo)
        assert (course / f"demo-{number}" / "gradebook.db").read_bytes() == b"points and a comment"
    demo.mkdir()
    with pytest.raises(untouched.NotOurs):
        untouched.make_room(demo)


def test_make_clean_removes_nothing_that_was_typed(course):
    list(prepare(course))
    change(course / MINE, answer)
    change(course / EXERCISE, answer)
    change(course / "source" / NAME / f"{NAME}.ipynb", EDITS["a text"])
    (made(course) / "mine.txt").write_text("mine")
    (course / "submitted").mkdir()
    before = contents(course)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "clean", f"PYTHON={sys.executable}"], cwd=course, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    there = contents(course)
    assert (course / "demo-1" / "mine.txt").exists()
    gone = {
        path for path in before.keys() - there.keys() if "demo" not in path.parts and "__pycache__" not in path.parts
    }
    assert gone == set() and all(there[path] == before[path] for path in before.keys() & there.keys())


def test_digests_are_of_no_secret(built):
    """What an exercise is signed with are its own cells, no line of the solution or of hidden tests."""
    notebook = json.loads((built / EXERCISE).read_text())
    assert len(notebook["metadata"]["built"]["cells"]) == len({json.dumps(c["source"]) for c in notebook["cells"]})
