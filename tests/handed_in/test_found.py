"""Nobody is overlooked: whatever is in ``submitted/`` is graded, or named with what to do. Nothing in it is changed."""

import contextlib
import io
import json
import os
import shutil
import time
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.course.exercise import Exercise
from autograder.handed_in import found as found_module
from autograder.handed_in import readable
from autograder.handed_in import submitted as in_submitted
from autograder.handed_in.found import look
from autograder.handed_in.naming import meant, nearest, person, shown
from autograder.handed_in.nbgrader_steps import notebook_of, overlooked
from autograder.handed_in.submitted import NoNotebook, Unreadable, read_task
from tests.classes import NAME, hand_in, make_course

FOUR = ["1_chunked_backprop", "2_fused_cross_entropy", "3_fused_batchnorm", "4_training_loop"]
OWN = f"{NAME}.ipynb"


# --- names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "assignment"),
    [
        *((name, FOUR[0]) for name in (
            "1 chunked backprop", "1-chunked-backprop", "1_Chunked_Backprop", "1ChunkedBackprop", "1_chunked",
            "１_chunked backprop",
            "Copy of 1_chunked_backprop (1).ipynb.txt", "1_chunked_backprop.ipynb (1)", "ada_77_1_chunked_backprop-1.ipynb",
            "1_chuncked_backprop", "1_chunked_backpropagation", "chunked backprop", "final_1_chunked_backprop_2.zip",
        )),
        ("exercise 3 fused batchnorm.zip", FOUR[2]), ("fused_batch_norm", FOUR[2]), ("Training Loop", FOUR[3]),
        *((name, None) for name in (
            "2_chunked_backprop", "11_chunked_backprop", "1_fused_batchnorm", "fused", "hw1", "1", "ada", "", "\n", "🙂",
        )),
    ],
)  # fmt: skip
def test_what_a_name_means(name, assignment):
    assert meant(name, FOUR) == assignment


def test_the_nearest_assignment_has_the_same_number():
    assert nearest("hw2", FOUR) == FOUR[1]
    assert nearest("chunks", FOUR) == FOUR[0]


def test_a_name_that_is_shown_is_one_line():
    assert shown("a\nb\udcff" + "x" * 300).startswith("a?b?x")
    assert len(shown("x" * 300)) == 100


def test_persons():
    assert person("Ada  Lovelace ") == person("ada_lovelace") == person("ADA-LOVELACE")
    assert person("Zoë") == person("Zoe\u0308") != person("zoe")


# --- a class's folder -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A course with the small exercise, and the notebooks that are handed in: answered and blank."""
    course = make_course(tmp_path_factory.mktemp("found") / "course")
    answered = (hand_in(course, "ada", {}) / OWN).read_bytes()
    shutil.rmtree(course / "submitted")
    return course, answered, (course / "exercises" / NAME / OWN).read_bytes()


class Class:
    """``submitted/`` of one test."""

    def __init__(self, made, folder):
        self.course, self.answered, self.blank = made
        self.folder = folder / "submitted"
        self.folder.mkdir()

    def put(self, path, data=None):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        data = self.answered if data is None else data
        place.write_bytes(data if isinstance(data, bytes) else data.encode())

    def look(self, known=()):
        before = self.contents()
        found = look(self.folder, self.course / "source", [NAME], ["*.py", "*.pyc"], known)
        self.found, self.left = found, [entry.sentence for entry in found.left]
        tasks = {}
        for folder, places in found.places.items():
            try:
                tasks[folder.parent.name] = self.read(folder, places)
            except (NoNotebook, Unreadable) as error:
                tasks[folder.parent.name] = error
        assert self.contents() == before, "something in submitted/ was changed"
        return tasks

    def read(self, folder, places=()):
        return read_task(folder, self.course / "source" / NAME, ["*.py", "*.pyc"], places)

    def contents(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def answers(self, task):
        exercise = Exercise.from_assignment(NAME, self.course / "source")
        return any("dh = 2 * h / h.numel()" in cell.source for cell in notebook_of(task, exercise).cells)


@pytest.fixture
def submitted(made, tmp_path):
    return Class(made, tmp_path)


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_ipynb", ".ipynb"), data)
    return made.getvalue()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"ada/{NAME}/{OWN}", ""),
        (f"ada/{OWN}", f"found at ada/{OWN}"),
        (f"ada/5 small/{OWN}", "found at ada/5 small/"),
        (f"ada/5-Small/{OWN}", "found at ada/5-Small/"),
        (f"ada/5_small /{OWN}", "found at"),
        (f"ada/5_smal/{OWN}", "found at ada/5_smal/"),
        (f"{NAME}/ada/{OWN}", f"found at {NAME}/ada/"),
        (f"5 Small/ada/{OWN}", "found at 5 Small/ada/"),
        (f"ada/{NAME}/{NAME}/{OWN}", f"called {NAME}/{OWN}"),
        (f"ada/homework/{OWN}", "found at ada/homework/"),
        (f"ada/homework/week 5/{NAME}/{OWN}", "found at ada/homework/week 5/"),
        (f"submitted/ada/{NAME}/{OWN}", f"found at submitted/ada/{NAME}"),
        ("ada/Untitled.ipynb", "found at ada/Untitled.ipynb"),
        (f"ada/{NAME}/{OWN}.json", f"called {OWN}.json"),
        (f"ada/{NAME}/5_small (1).ipynb.txt", "called 5_small (1).ipynb.txt"),
        (f"ada/{NAME}/{OWN}.download", f"called {OWN}.download"),
        (f"ada/{NAME}/{NAME}.json", f"called {NAME}.json"),
        (f"ada/{NAME}/{NAME}.ipnyb", f"called {NAME}.ipnyb"),
        (f"ada/{NAME}/{NAME}.html", f"called {NAME}.html"),
        (f"ada/{NAME}/{NAME}.zip", f"called {NAME}.zip"),
        (f"ada/{NAME}.jupyter", f"found at ada/{NAME}.jupyter"),
        (f"ada/{NAME}/{NAME}", f"called {NAME}"),
        (f"ada/{NAME}/5_SMALL.IPYNB", "called 5_SMALL.IPYNB"),
        (f"ada/{NAME}/sub/☃.ipynb", "called sub/☃.ipynb"),
        (os.fsdecode(b"ada/5_small/\xff\n.ipynb"), "called ??.ipynb"),
        (f"ada/{NAME}/{'x' * 240}.ipynb", "called xxx"),
    ],
)  # fmt: skip
def test_what_is_a_little_out_of_place_is_read_from_where_it_is(submitted, path, words):
    submitted.put(path)
    tasks = submitted.look()
    assert submitted.left == []
    assert tasks.keys() == {"ada"}
    assert submitted.answers(tasks["ada"])
    assert words in " ".join(tasks["ada"].sentences)
    assert bool(words) == bool(tasks["ada"].sentences)


@pytest.mark.parametrize(
    "path",
    ["ada/hw.zip", f"ada/{NAME}/hw.zip", f"ada/{NAME}.zip", "ada/week 5/hw.ZIP", f"ada/{NAME}/{OWN}", f"ada/{OWN}"],
)
@pytest.mark.parametrize("inside", ["x_ipynb", f"a__b__{NAME}_ipynb"])
def test_a_notebook_in_an_archive(submitted, path, inside):
    submitted.put(path, zipped(**{inside: submitted.answered, "__MACOSX___x_ipynb": b"x", "notes.txt": b"mine"}))
    task = submitted.look()["ada"]
    assert submitted.left == []
    assert submitted.answers(task)
    assert task.files["notes.txt"] == b"mine"
    assert f"{path.rsplit('/', 1)[-1]}/" in " ".join(task.sentences)


def test_an_export(submitted):
    notebook = nbformat.reads(submitted.answered.decode(), 4)
    script = "".join(f"# In[{n}]:\n\n\n{c.source}\n\n\n" for n, c in enumerate(notebook.cells) if c.cell_type == "code")
    submitted.put(f"ada/{NAME}/{NAME}.py", script)
    submitted.put(f"bob/{NAME}.py", script)
    submitted.put(f"cid/{NAME}/answers.txt", script)
    tasks = submitted.look()
    assert submitted.left == []
    assert [submitted.answers(tasks[student]) for student in ("ada", "bob", "cid")] == [True] * 3


CANNOT_BE_READ = {
    "5_small.pdf": (b"%PDF-1.4", "5_small.pdf is a PDF"),
    "5_small.html": (b"<!DOCTYPE html><html><body class='jp-Notebook'>", "exported as a web page"),
    "answers.docx": (zipped(**{"[Content_Types].xml": b"x"}), "answers.docx is an Office document"),
    "photo.jpg": (b"\xff\xd8\xff\xe0", "photo.jpg is a picture"),
    "answers.py": (b"dh = 1\n", "answers.py is neither a notebook nor an export"),
    "hw.7z": (b"7z\xbc\xaf\x27\x1c", "hw.7z is a 7z archive"),
    "hw.rar": (b"Rar!\x1a\x07", "hw.rar is a RAR archive"),
    "hw.zip": (zipped(**{"notes.txt": b"mine"}), "hw.zip has no notebook in it"),
    "broken.zip": (b"PK\x03\x04 and so on", "broken.zip cannot be unpacked"),
    "notes.txt": (b"I was ill.", "notes.txt is neither a notebook nor an export"),
}


@pytest.mark.parametrize("name", CANNOT_BE_READ)
def test_what_cannot_be_read_is_for_a_human(submitted, name):
    data, words = CANNOT_BE_READ[name]
    submitted.put(f"ada/{NAME}/{name}", data)
    task = submitted.look()["ada"]
    assert words in task.problem
    assert OWN not in task.files


def test_no_file_at_all_is_nothing_handed_in(submitted):
    (submitted.folder / "ada" / NAME).mkdir(parents=True)
    submitted.put(f"bob/{NAME}/.DS_Store", b"x")
    submitted.put(f"bob/{NAME}/.ipynb_checkpoints/{OWN}", b"x")
    submitted.put(f"bob/{NAME}/timestamp.txt", "2030-01-01 12:00 UTC")
    submitted.put(f"bob/{NAME}/._{OWN}", b"x")
    submitted.put("bob/.venv/share/example.ipynb", b"x")
    submitted.put("bob/.Trash-1000/files/old.ipynb", b"x")
    submitted.put("bob/.vscode/settings.json", b"x")
    submitted.put(f"bob/.ipynb_checkpoints/{OWN}", b"x")
    (submitted.folder / "cid").mkdir()
    submitted.put(".DS_Store", b"x")
    submitted.put("__MACOSX/ada/._x", b"x")
    tasks = submitted.look()
    assert {student: type(task) for student, task in tasks.items()} == {"ada": NoNotebook, "bob": NoNotebook}
    assert submitted.found.students == {"ada", "bob", "cid"}
    assert submitted.left == []


# --- several candidates ---------------------------------------------------------------------------------------------------


def one_answer(made):
    notebook = json.loads(made[1])
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "y":
            cell["source"] = "# your code here"
    return json.dumps(notebook).encode()


@pytest.mark.parametrize(
    "other", ["mine.ipynb", "sub/5_small.ipynb", "5_small.ipynb.txt", "hw.zip", f"../{OWN}", f"../5 small/{OWN}"]
)
def test_the_one_with_answers_is_taken(submitted, made, other):
    for student, data in (("ada", submitted.blank), ("bob", one_answer(made))):
        submitted.put(f"{student}/{NAME}/{OWN}", data)
        answered = submitted.answered
        submitted.put(f"{student}/{NAME}/{other}", zipped(x_ipynb=answered) if other.endswith("zip") else answered)
    tasks = submitted.look()
    assert all(submitted.answers(task) for task in tasks.values())
    assert "this one has 2 answers" in tasks["ada"].sentences[-1]
    assert f"{OWN} (no answers)" in tasks["ada"].sentences[-1]
    assert f"{OWN} (1 answer)" in tasks["bob"].sentences[-1]


def test_of_equals_the_one_of_the_right_name_is_taken(submitted):
    submitted.put(f"ada/{NAME}/{OWN}")
    submitted.put(f"ada/{NAME}/a.ipynb", submitted.answered + b"\n")
    submitted.put(f"ada/{NAME}/helper.py", "x = 1")
    submitted.put(f"ada/{NAME}/derivation.pdf", b"%PDF-1.4")
    submitted.put(f"ada/{NAME}/data.zip", zipped(**{"data.txt": b"x"}))
    task = submitted.look()["ada"]
    assert task.files[OWN] == submitted.answered
    assert "not graded: a.ipynb (2 answers) (this one has 2 answers)." in task.sentences[-1]
    assert task.problem == ""
    assert "derivation.pdf" in task.files


@pytest.mark.parametrize("name", ["answers.pdf", "answers.py", "broken.ipynb", "hw.7z"])
def test_a_blank_notebook_beside_what_cannot_be_read_is_for_a_human(submitted, name):
    submitted.put(f"ada/{NAME}/{OWN}", submitted.blank)
    submitted.put(f"ada/{NAME}/{name}", b"%PDF" if name.endswith("pdf") else b"x = {")
    problem = submitted.look()["ada"].problem
    assert f"{OWN} has no answers in it, and {name}" in problem


def test_a_blank_notebook_alone_is_a_blank_notebook(submitted):
    submitted.put(f"ada/{NAME}/{OWN}", submitted.blank)
    submitted.put(f"ada/{NAME}/names.txt", "emma\n")
    assert submitted.look()["ada"].problem == ""


@pytest.mark.parametrize("beside", ["nothing", "blank"])
def test_jupyters_copies_are_for_a_human_where_they_alone_hold_answers(submitted, beside):
    copy = f"{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb"
    for student, data in (("ada", submitted.answered), ("bob", submitted.blank)):
        submitted.put(f"{student}/{copy}", data)
        if beside == "blank":
            submitted.put(f"{student}/{NAME}/{OWN}", submitted.blank)
    tasks = submitted.look()
    assert f"{NAME}-checkpoint.ipynb is a copy with answers that Jupyter keeps." in tasks["ada"].problem
    assert isinstance(tasks["bob"], NoNotebook) if beside == "nothing" else tasks["bob"].problem == ""


def test_jupyters_copies_do_not_matter_beside_answers(submitted, made):
    submitted.put(f"ada/{NAME}/{OWN}", one_answer(made))
    submitted.put(f"ada/{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb")
    submitted.put("bob/.ipynb_checkpoints/x-checkpoint.ipynb")
    task = submitted.look()["ada"]
    assert (task.problem, task.files[OWN]) == ("", one_answer(made))
    assert [".ipynb_checkpoints holds copies that Jupyter keeps" in sentence for sentence in submitted.left] == [True]


# --- left for a human -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (OWN, f"submitted/{OWN} is in nobody's folder"),
        ("moodle.zip", "submitted/moodle.zip is in nobody's folder"),
        (f"{NAME}/{OWN}", f"submitted/{NAME}/{OWN} is in nobody's folder"),
        (f"{NAME}/{NAME}/{OWN}", "is in nobody's folder"),
        (f".ada/{NAME}/{OWN}", "submitted/.ada begins with a dot, so it is passed over. Rename it to ada."),
        (f"{NAME}/.ada/{OWN}", "begins with a dot"),
        (f"ada/.work/{OWN}", "submitted/ada/.work begins with a dot, so it is passed over. Rename it to work."),
        ("ada/.work/mine/Untitled.IPYNB", "submitted/ada/.work begins with a dot"),
        (f"ada_{NAME}/x/{OWN}", "is called like an assignment"),
        ("ada/6_other/essay.docx", f"submitted/ada/6_other is of no assignment that is known; the nearest is {NAME}"),
        ("ada/hw.docx", "submitted/ada/hw.docx is of no assignment"),
        ("ada/sub/hw.pdf", "submitted/ada/sub is of no assignment"),
        ("ada/notes.txt", "submitted/ada/notes.txt is of no assignment"),
        ("ada/other.ipynb", "submitted/ada/other.ipynb is of no assignment"),
        ("ada/hw.zip", "submitted/ada/hw.zip is of no assignment"),
        ("/".join(["ada", *"abcdefghijkl", OWN]), "submitted/ada/a is of no assignment"),
    ],
)  # fmt: skip
def test_what_nobody_can_tell_is_named_with_what_to_do(submitted, path, words):
    submitted.put(path, b"{}" if path.startswith("ada/") and len(path) < 30 else None)
    assert submitted.look() == {}
    assert words in " ".join(submitted.left)
    assert len(submitted.left) == 1


def test_beside_what_is_in_its_place_nothing_is_overlooked(submitted):
    for name in (f"{NAME}/{OWN}", "hw.docx", "6_other/hw.ipynb", "6_other/picture.png"):
        submitted.put(f"ada/{name}", None if name.endswith(OWN) else b"x")
    for name in (OWN, "timestamp.txt", "data.txt", "other.pdf"):
        submitted.put(f"bob/{name}", None if name == OWN else b"2030-01-01 12:00 UTC")
    tasks = submitted.look()
    assert submitted.answers(tasks["ada"])
    assert tasks["bob"].files.keys() == {OWN, "timestamp.txt", "data.txt"}
    assert [s.split(" ")[0] for s in submitted.left] == [
        f"submitted/{p}" for p in ("ada/6_other", "ada/hw.docx", "bob/other.pdf")
    ]


def test_links_are_named(submitted, tmp_path):
    submitted.put(f"ada/{NAME}/{OWN}")
    (submitted.folder / "eve").symlink_to(submitted.folder / "ada")
    (submitted.folder / "fay").mkdir()
    (submitted.folder / "fay" / NAME).symlink_to(submitted.folder / "ada" / NAME)
    (submitted.folder / "gil").mkdir()
    (submitted.folder / "gil" / OWN).symlink_to(submitted.folder / "ada" / NAME / OWN)
    (submitted.folder / "hal" / NAME).mkdir(parents=True)
    (submitted.folder / "hal" / NAME / OWN).symlink_to(submitted.folder / "ada" / NAME / OWN)
    tasks = submitted.look()
    assert {student for student, task in tasks.items() if isinstance(task, Unreadable)} == {"fay", "hal"}
    assert [entry.student for entry in submitted.found.left] == ["eve", "gil"]
    assert all("is a link to another place" in sentence for sentence in submitted.left)


def test_links_that_lead_nowhere_are_named(submitted, tmp_path):
    for student in ("ada", "bob", "cid"):
        (submitted.folder / student).mkdir()
    (submitted.folder / "ada" / OWN).symlink_to(OWN)
    (submitted.folder / "bob" / OWN).symlink_to(tmp_path / "nowhere")
    (submitted.folder / "cid" / "x").symlink_to("x")
    tasks = submitted.look()
    assert {student: str(task).split(".")[0] for student, task in tasks.items()} == {
        "ada": "5_small", "bob": "5_small",
    }  # fmt: skip
    assert ["is a link to another place" in str(task) for task in tasks.values()] == [True, True]
    assert "submitted/cid/x is a link to another place" in submitted.left[0]


def test_names_that_may_be_one_persons_are_named_and_not_merged(submitted):
    for student in ("Ada", "ada ", "Zoe\u0308", "bob"):
        submitted.put(f"{student}/{NAME}/{OWN}")
    tasks = submitted.look(known={"Zoë", "carl", "BOB"})
    assert len(tasks) == 4
    assert len(submitted.left) == 3
    assert "'Ada' and 'ada ' may be one person" in submitted.left[0]


def test_folders_of_several_students_in_one(submitted):
    for student in ("ada", "bob"):
        submitted.put(f"section A/{student}/{NAME}/{OWN}")
    assert submitted.look() == {}
    assert "section A holds several folders (ada, bob), each with a 5_small" in submitted.left[0]
    tasks = submitted.look(known={"ada"})  # the class list tells
    assert tasks.keys() == {"ada", "bob"}
    assert submitted.left == []


def test_a_folder_that_cannot_be_opened_is_named(submitted, monkeypatch):
    submitted.put(f"ada/{NAME}/{OWN}")
    submitted.put(f"bob/{NAME}/{OWN}")
    scandir = os.scandir

    def refuse(path="."):
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = look(submitted.folder, submitted.course / "source", [NAME])
    assert [folder.parent.name for folder in found.places] == ["ada"]
    assert "submitted/bob cannot be opened (Permission denied)" in found.left[0].sentence


def test_a_folder_in_which_nothing_can_be_looked_up_is_named(submitted, monkeypatch):
    """Its names can be listed, no more: ``chmod 644 submitted/bob``."""
    submitted.put(f"ada/{NAME}/{OWN}")
    submitted.put(f"bob/{NAME}/{OWN}")
    looked_up = Path.lstat

    def refuse(path):
        if "bob" in path.parts[:-1]:
            raise PermissionError(13, "Permission denied", str(path))
        return looked_up(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    tasks = submitted.look()
    assert submitted.answers(tasks["ada"])
    assert f"bob/{NAME} cannot be read (Permission denied). Change its permissions." in str(tasks["bob"])


def test_what_is_slow_to_read_costs_nobody_else_anything(submitted, monkeypatch):
    slow = "# %% [markdown]\n" + "# ```a\n" * 100_000
    for number in range(20):
        submitted.put(f"ada/{NAME}/{number}.py", slow)
        submitted.put(f"bob/{number}.txt", slow)
    submitted.put(f"zoe/{NAME}/{OWN}")
    monkeypatch.setattr(readable, "READING_SECONDS", 0.1)
    for module in (in_submitted, found_module):
        monkeypatch.setattr(module, "LOOKING_SECONDS", 0.5)
    start = time.process_time()
    tasks = submitted.look()
    assert time.process_time() - start < 5
    assert f"ada/{NAME} takes longer than" in str(tasks["ada"])
    assert [sentence[:19] for sentence in submitted.left] == ["submitted/bob takes"]
    assert submitted.answers(tasks["zoe"])


def test_odd_names_stop_nothing(submitted):
    names = [
        "new\nline",
        "-rf",
        "[ab]*",
        "名前",
        "x" * 200,
        os.fsdecode(b"\xff\xfe"),
        "a'b\"c",
        "🙂",
        " ",
        "%s{0}",
        "...",
    ]
    for name in names:
        submitted.put(f"{name}/5 small/{OWN}")
    tasks = submitted.look()
    good = [student for student, task in tasks.items() if not isinstance(task, Unreadable)]
    assert sorted(good) == sorted(
        name for name in names[:-1] if (len(name) < 129 and name.isprintable()) or "\n" in name
    )
    assert all(sentence.isprintable() for sentence in submitted.left)
    assert len(submitted.left) == 1  # the one that begins with a dot


def test_what_nbgrader_itself_passes_over_is_said(submitted, made, tmp_path):
    os.symlink(made[0] / "source", tmp_path / "source")
    submitted.put(f"ada/{NAME}/{OWN}")
    submitted.put(f"zoe/{OWN}")
    submitted.put(f"bob/{NAME}/hw.zip", zipped(x_ipynb=submitted.answered))
    submitted.put(OWN)
    said = overlooked(submitted.folder)
    assert [sentence.split(" ")[0] for sentence in said] == ["bob,", "zoe,", f"submitted/{OWN}"]


# --- more than one assignment ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def four():
    """The released notebooks of the course's own exercises, each with a first answer."""
    from autograder.course.exercise import COURSE

    found = {}
    for name in FOUR:
        notebook = json.loads((COURSE / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
        cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution"))
        cell["source"] = "answer = 1"
        found[name] = json.dumps(notebook).encode()
    return COURSE / "source", found


def look_at_four(four, folder, **files):
    source, _ = four
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    found = look(folder, source, FOUR)
    tasks = {}
    for path, places in found.places.items():
        with contextlib.suppress(NoNotebook):
            tasks[path.name] = read_task(path, source / path.name, [], places)
    return found, tasks


def test_an_archive_with_several_assignments(four, tmp_path):
    _, notebooks = four
    names = {
        FOUR[0]: "a.ipynb",
        FOUR[1]: "b.ipynb",
        FOUR[2]: "c/3 fused batchnorm.ipynb",
        FOUR[3]: "4_training_loop.ipynb",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name, path in names.items():
            made.writestr(path, notebooks[name])
    for file in ("ada/all.zip", "bob/mine/all.zip"):
        found, tasks = look_at_four(four, tmp_path / file.split("/")[0], **{file: archive.getvalue()})
        assert {name: task.files[f"{name}.ipynb"] for name, task in tasks.items()} == notebooks
        assert found.left == []


def test_loose_notebooks_are_told_by_their_cells(four, tmp_path):
    _, notebooks = four
    files = {f"ada/notebook{number}.ipynb": notebooks[name] for number, name in enumerate(reversed(FOUR))}
    found, tasks = look_at_four(four, tmp_path, **files)
    assert {name: task.files[f"{name}.ipynb"] for name, task in tasks.items()} == notebooks
    assert found.left == []


def test_a_notebook_in_the_folder_of_another_assignment(four, tmp_path):
    _, notebooks = four
    first, second = FOUR[:2]
    _, tasks = look_at_four(four, tmp_path / "named", **{f"ada/{first}/{second}.ipynb": notebooks[second]})
    assert tasks.keys() == {second}
    assert tasks[second].files[f"{second}.ipynb"] == notebooks[second]
    _, tasks = look_at_four(four, tmp_path / "renamed", **{f"ada/{first}/{first}.ipynb": notebooks[second]})
    assert f"is the notebook of {second}" in tasks[first].problem


@pytest.mark.parametrize("ids", [True, False])
def test_another_assignment_is_named_without_its_metadata(four, tmp_path, ids):
    _, notebooks = four
    first, second = FOUR[:2]
    notebook = json.loads(notebooks[first])
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        if not ids:
            del cell["id"]
    _, tasks = look_at_four(four, tmp_path / "bare", **{f"ada/{second}/{second}.ipynb": json.dumps(notebook).encode()})
    assert f"is the notebook of {first}" in tasks[second].problem


def test_what_all_assignments_have_makes_a_notebook_none_of_them(four, tmp_path):
    notebook = {"cells": [{"cell_type": "code", "source": "import torch", "metadata": {}}], "metadata": {}}
    data = json.dumps(notebook).encode()
    for name in FOUR:
        _, tasks = look_at_four(four, tmp_path / name, **{f"ada/{name}/{name}.ipynb": data})
        assert tasks[name].problem == ""
