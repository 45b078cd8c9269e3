"""What is read of a student's folder, whatever is in it."""

import os

import pytest

from autograder import files
from autograder.files import WRITTEN, fill, replace_own, write
from autograder.handed_in import submitted
from autograder.handed_in.submitted import Unreadable, choose_notebook, read_task

NAME = "5_small"
IGNORE = ["*.pyc", ".ipynb_checkpoints"]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source" / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text("{}")
    return folder


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "submitted" / "ada" / NAME
    path.mkdir(parents=True)
    return path


def test_files_and_key(folder, source):
    (folder / f"{NAME}.ipynb").write_text("mine")
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("a")
    (folder / "x.pyc").write_text("ignored")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / f"{NAME}.ipynb").write_text("ignored")
    task = read_task(folder, source, IGNORE)
    assert task.files == {f"{NAME}.ipynb": b"mine", "data/a.txt": b"a"}
    assert task.sentences == ()
    assert read_task(folder, source, IGNORE).key == task.key
    (folder / "data" / "a.txt").write_text("b")
    changed = read_task(folder, source, IGNORE).key
    (source / f"{NAME}.ipynb").write_text("{ }")
    assert len({task.key, changed, read_task(folder, source, IGNORE).key}) == 3


def test_the_courses_own_files_replace_those_handed_in(folder, source):
    (folder / f"{NAME}.ipynb").write_text("mine")
    (folder / "given.txt").write_text("changed")
    (source / "given.txt").write_text("as it was")
    task = read_task(folder, source, IGNORE)
    assert task.files["given.txt"] == b"as it was"
    assert task.course_files == {"given.txt"}


def test_nothing_outside_the_folder_is_read(folder, source, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (folder / f"{NAME}.ipynb").write_text("mine")
    (folder / "link.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    task = read_task(folder, source, IGNORE)
    assert task.files == {f"{NAME}.ipynb": b"mine"}
    assert task.sentences == ("What is a link to another place, or no file, was left out: up, link.txt, pipe.",)
    (folder / f"{NAME}.ipynb").unlink()
    (folder / f"{NAME}.ipynb").symlink_to(secret)
    with pytest.raises(Unreadable, match="is a link"):
        read_task(folder, source, IGNORE)


def test_a_folder_that_is_a_link_is_not_read(folder, source, tmp_path):
    other = tmp_path / "submitted" / "eve"
    other.symlink_to(folder.parent)
    with pytest.raises(Unreadable, match="eve is a link"):
        read_task(other / NAME, source, IGNORE)


def test_large_files_are_not_read(folder, source, monkeypatch):
    monkeypatch.setattr(submitted, "NOTEBOOK_BYTES", 1000)
    monkeypatch.setattr(submitted, "FILES_BYTES", 1000)
    (folder / f"{NAME}.ipynb").write_bytes(b"x" * 1001)
    task = read_task(folder, source, IGNORE)
    assert task.files == {}
    assert "too large for a notebook" in task.problem
    (folder / f"{NAME}.ipynb").write_text("mine")
    (folder / "big.bin").write_bytes(b"x" * 1001)
    task = read_task(folder, source, IGNORE)
    assert task.files == {f"{NAME}.ipynb": b"mine"}
    assert "too many or too large" in task.sentences[0]


@pytest.mark.parametrize(
    ("notebooks", "chosen"),
    [
        (["5_small.ipynb", "5_small (1).ipynb"], "5_small.ipynb"),
        (["Copy_of_5_small.ipynb"], "Copy_of_5_small.ipynb"),
        (["Untitled.ipynb", "5_small-Copy1.ipynb"], "5_small-Copy1.ipynb"),
        (["handed_in/5_small.ipynb", "handed_in/Untitled.ipynb"], "handed_in/5_small.ipynb"),
        (["handed_in/5_small.ipynb", "Untitled.ipynb"], "handed_in/5_small.ipynb"),
        (["b.ipynb", "a.ipynb"], "a.ipynb"),
    ],
)
def test_the_likeliest_of_several_notebooks_is_taken(folder, source, notebooks, chosen):
    for name in notebooks:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    assert choose_notebook(dict.fromkeys(notebooks, 1), NAME) == chosen
    task = read_task(folder, source, IGNORE)
    assert task.files[f"{NAME}.ipynb"] == chosen.encode()
    assert (chosen != f"{NAME}.ipynb") == any("was called" in sentence for sentence in task.sentences)
    assert (len(notebooks) > 1) == any("other notebooks" in sentence for sentence in task.sentences)


def test_an_equal_copy_beside_the_notebook_is_not_worth_a_word(folder, source):
    for name in ("5_small.ipynb", "5_small (1).ipynb"):
        (folder / name).write_text("mine")
    task = read_task(folder, source, IGNORE)
    assert (task.files[f"{NAME}.ipynb"], task.sentences) == (b"mine", ())


@pytest.mark.parametrize("name", [b"\xff.ipynb", "☃\n.ipynb".encode()])
def test_any_file_name(folder, source, name):
    (folder / os.fsdecode(name)).write_text("mine")
    task = read_task(folder, source, IGNORE)
    assert task.files == {f"{NAME}.ipynb": b"mine"}
    "".join(task.sentences).encode()


def test_a_name_that_no_gradebook_can_hold(tmp_path, source):
    folder = tmp_path / "submitted" / os.fsdecode(b"\xff") / NAME
    folder.mkdir(parents=True)
    with pytest.raises(Unreadable, match="not UTF-8"):
        read_task(folder, source, IGNORE)


def test_what_somebody_has_changed_is_kept_when_it_is_written_anew(tmp_path):
    folder, kept = tmp_path / "autograded" / "ada" / "1", tmp_path / "kept"
    assert fill(folder, {"1.ipynb": "first", "data.txt": "x"}, "1.ipynb", 0o444, tmp_path) == []
    assert fill(folder, {"1.ipynb": "second", "data.txt": "x"}, "1.ipynb", 0o444, tmp_path) == []
    (folder / "notes.txt").write_text("mine")
    (folder / "1.ipynb").chmod(0o644)
    (folder / "1.ipynb").write_text("second, and a remark")
    moved = fill(folder, {"1.ipynb": "third"}, "1.ipynb", 0o444, tmp_path)
    assert {path.read_text() for path in moved} == {"mine", "second, and a remark"} and moved[0].parent == kept
    assert (folder / "1.ipynb").read_text() == "third" and not (folder / "data.txt").exists()
    table = tmp_path / "grades.csv"
    assert replace_own(table, "a,1\n", tmp_path) is None and replace_own(table, "a,2\n", tmp_path) is None
    table.write_text("a,2,good\n")
    assert replace_own(table, "a,3\n", tmp_path).read_text() == "a,2,good\n"
    assert table.read_text() == "a,3\n"


@pytest.mark.parametrize("noted", [None, "", "[]", '{"1.html": 3, "notes.md": {}}', "\udcff"])
def test_what_was_there_before_the_first_time_is_kept(tmp_path, noted):
    """In a folder of which nothing is noted, or whose note is damaged."""
    folder = tmp_path / "report"
    (folder / "mine").mkdir(parents=True)
    for name in ("1.html", "notes.md", "mine/thesis.md", "same.css"):
        (folder / name).write_text(f"my {name}")
    if noted is not None:
        (folder / WRITTEN).write_text(noted, errors="surrogateescape")
    pages = {"1.html": "page", "same.css": "my same.css"}
    moved = fill(folder, pages, "1.html", 0o644, tmp_path)
    assert {path.read_text() for path in moved} == {"my 1.html", "my notes.md", "my mine/thesis.md"}
    assert {path.name for path in folder.iterdir()} == {*pages, WRITTEN}
    assert fill(folder, pages | {"1.html": "newer"}, "1.html", 0o644, tmp_path) == []
    table = tmp_path / "grades.csv"
    table.write_text("the LMS's")
    if noted is not None:
        (tmp_path / f".grades.csv{WRITTEN}").write_text(noted, errors="surrogateescape")
    assert replace_own(table, "ours", tmp_path).read_text() == "the LMS's"
    assert replace_own(table, "ours, later", tmp_path) is None


def test_what_an_earlier_release_left_is_not_kept(tmp_path, monkeypatch):
    """It noted nothing, but its files are marked. A kill between two files changes nothing in that."""
    folder = tmp_path / "feedback"
    folder.mkdir()
    for name in ("1.html", "2.html", "notes.md"):
        (folder / name).write_text(f"marked {name}" if name != "notes.md" else "mine")
    marked = {"is_made": lambda path: path.read_text().startswith("marked")}

    def killed(path, data, *permissions):
        if path.name == "1.html":
            raise KeyboardInterrupt
        write(path, data, *permissions)

    monkeypatch.setattr(files, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        fill(folder, {"1.html": "a page"}, "1.html", 0o644, tmp_path, **marked)
    monkeypatch.undo()
    assert fill(folder, {"1.html": "a page"}, "1.html", 0o644, tmp_path, **marked) == []
    assert [path.read_text() for path in (tmp_path / "kept").iterdir()] == ["mine"]
    assert sorted(path.name for path in folder.iterdir()) == [WRITTEN, "1.html"]
