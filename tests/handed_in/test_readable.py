"""Bytes of any file as a notebook: encodings, old formats, exports, archives; or a sentence on why they are none."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import re
import tarfile
import time
import zipfile

import jupytext
import nbformat
import pytest
from nbconvert.exporters import MarkdownExporter, PythonExporter
from nbgrader import utils

from autograder.course.answered import answered
from autograder.course.exercise import COURSE, Exercise
from autograder.handed_in import archives, readable
from autograder.handed_in.archives import BadArchive, unpack
from autograder.handed_in.mend import mend
from autograder.handed_in.readable import MOST_CELLS, NotANotebook, read_notebook, without_outputs

NAME = "2_fused_cross_entropy"


@pytest.fixture(scope="module")
def exercise():
    return Exercise.from_assignment(NAME)


def solved(exercise):
    released = nbformat.read(COURSE / "exercises" / exercise.name / f"{exercise.name}.ipynb", as_version=4)
    return answered(released, exercise.notebook, {})


def answers(notebook):
    return {c.metadata.nbgrader.grade_id: c.source.strip() for c in notebook.cells if utils.is_solution(c)}


# --- JSON -----------------------------------------------------------------------------------------------------------------

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_encoding(exercise, encoding):
    notebook = solved(exercise)
    read, how = read_notebook(json.dumps(notebook, ensure_ascii=False).encode(encoding))
    assert answers(read) == answers(notebook)
    assert how == ""


def test_lines_without_their_ends(exercise):
    notebook = solved(exercise)
    wanted = answers(notebook)
    for cell in notebook.cells:
        cell.source = cell.source.splitlines()
    assert answers(read_notebook(json.dumps(notebook).encode())[0]) == wanted


def test_a_conflict_in_a_cell(exercise):
    notebook = solved(exercise)
    code = next(c for c in notebook.cells if utils.is_solution(c))
    code.source = f"<<<<<<< local\n{code.source}\n=======\npass\n>>>>>>> remote"
    with pytest.raises(NotANotebook, match="conflict markers"):
        read_notebook(json.dumps(notebook).encode())


def test_version_3_of_the_format(exercise):
    notebook = solved(exercise)
    read, _ = read_notebook(json.dumps(nbformat.convert(solved(exercise), 3)).encode())
    assert [cell.source for cell in read.cells] == [cell.source for cell in notebook.cells]


@pytest.mark.parametrize("place", ["],", '"cells": [', "last"])
def test_stray_commas_are_taken_out(exercise, place):
    notebook = solved(exercise)
    text = json.dumps(notebook, indent=1)
    text = re.sub(r"\n \],", ",\n ],", text, count=1) if place == "]," else text
    text = text.rstrip().removesuffix("}") + ",\n}" if place == "last" else text
    text = text.replace('"outputs": []', '"outputs": [\n,]') if place == '"cells": [' else text
    read, how = read_notebook(text.encode())
    assert answers(read) == answers(notebook)
    assert "commas" in how


def conflict(text):
    lines = text.split("\n")
    middle = len(lines) // 2
    both = ["<<<<<<< HEAD", lines[middle], "=======", lines[middle], ">>>>>>> theirs"]
    return "\n".join([*lines[:middle], *both, *lines[middle + 1 :]])


def check_of(text):
    """The script of somebody who has half of the exercise's checks, with no marks of cells."""
    cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join("".join(source) for source in cells) + "\n"


NOT_READABLE = {
    "conflict": (conflict, "git's conflict markers"),
    "cut off": (lambda text: text[: len(text) // 2], "breaks off in the middle"),
    "cut off in a word": (lambda text: text[: text.index("cell_type") + 3], "breaks off in the middle"),
    "empty": (lambda text: "", "is empty"),
    "blank": (lambda text: " \n\0\n", "is empty"),
    "other JSON": (lambda text: '{"a": [1, 2]}', "JSON of another kind"),
    "a list": (lambda text: '[{"cells": []}]', "JSON of another kind"),
    "damaged": (lambda text: text.replace('"cells"', '"cells', 1), "damaged"),
    "git-lfs": (lambda text: "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git-lfs"),
    "log in": (lambda text: "\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "log in"),
    "exported page": (lambda text: '<!DOCTYPE html><html><body class="jp-Notebook">', "exported as a web page"),
    "pdf": (lambda text: "%PDF-1.7 ...", "is a PDF"),
    "rtf": (lambda text: "{\\rtf1 ...", "RTF"),
    "words": (lambda text: "I have not done it.\n", "neither a notebook nor an export"),
    "code": (lambda text: "dlogits = 1\n", "neither a notebook nor an export"),
    "nested": (lambda text: '{"cells": ' + "[" * 100_000, "could not be read"),
    "too many cells": (lambda text: json.dumps({"cells": [{}] * (MOST_CELLS + 1)}), "more than 1,000 cells"),
    "too many marks": (lambda text: "# In[1]:\n" * 300_000, "more than 1,000 cells"),
    "too many cells of old": (
        lambda text: json.dumps({"worksheets": [{"cells": [{}] * MOST_CELLS}, {"cells": [{}]}]}),
        "more than 1,000 cells",
    ),
    "too many docstrings": (lambda text: check_of(text) + '"""x\n"""\n' * 100_000, "more than 1,000 cells"),
    "slow": (lambda text: "# %% [markdown]\n" + "# ```a\n" * 300_000, "takes longer than"),
}


@pytest.mark.parametrize("kind", NOT_READABLE)
def test_what_cannot_be_read_is_a_sentence(exercise, kind, monkeypatch):
    change, words = NOT_READABLE[kind]
    data = change(json.dumps(solved(exercise), indent=1)).encode()
    monkeypatch.setattr(readable, "READING_SECONDS", 2)
    with pytest.raises(NotANotebook, match=re.escape(words)) as caught:
        read_notebook(data, exercise)
    assert str(caught.value).endswith(("needed.", "this course."))


@pytest.mark.parametrize(
    "start", [b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x89PNG", b"\xd0\xcf\x11\xe0"]
)
def test_what_is_no_text_is_named(start):
    with pytest.raises(NotANotebook, match=r"is an? .*, which cannot be graded"):
        read_notebook(start + os.urandom(100))


def test_no_file_takes_long(exercise):
    for data in (
        b"<<<<<<< a\n" * 300_000,
        b'"""\n' * 300_001,
        b"# In[1]:\n" + b"\n" * 1_000_000 + b"x",
        b",]" * 500_000,
        b"# In[1]:\nx\n# In[2]:\n" + b" \n" * 300_000 + b"#",
        check_of(json.dumps(solved(exercise))).encode() + b'""" x\n' * 300_000,
    ):
        start = time.process_time()
        with contextlib.suppress(NotANotebook):
            read_notebook(data, exercise)
        assert time.process_time() - start < 5
    start = time.process_time()
    endless = b'{"outputs": ["' + b'\\"' * 300_000
    assert without_outputs(endless) == endless
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text",
    ['""" x\n' * 3 + "'''y'''\nx = 1", "'''\n\"\"\"\n'''  \nx = 1", "r'''y'''x\ny'''\nx", '"""\na""" \n"""b"""\n\'\'\''],
)  # fmt: skip
def test_docstrings_are_where_a_search_for_the_nearest_end_finds_them(text):
    plain = re.compile(r'^r?(?P<quotes>"""|\'\'\')[\s\S]*?(?P=quotes)[ \t]*$', re.MULTILINE)
    assert list(readable._docstrings(text)) == [found.span() for found in plain.finditer(text)] != []


# --- exports --------------------------------------------------------------------------------------------------------------


def as_colab_exports(notebook):
    parts = ['# -*- coding: utf-8 -*-\n"""Copy of x.ipynb\n\nAutomatically generated by Colab.\n\nOriginal file\n"""']
    for cell in notebook.cells:
        markdown = '"""{}\n"""'.format(cell.source.replace('"""', '\\"\\"\\"'))
        parts.append(markdown if cell.cell_type == "markdown" else cell.source)
    return "\n\n".join(parts) + "\n"


def without_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    return notebook


EXPORTS = {
    "Jupyter": lambda notebook: PythonExporter().from_notebook_node(notebook)[0],
    "Jupyter, without prompts": lambda nb: PythonExporter(exclude_input_prompt=True).from_notebook_node(nb)[0],
    "Jupyter, Windows": lambda notebook: PythonExporter().from_notebook_node(notebook)[0].replace("\n", "\r\n"),
    "Markdown": lambda notebook: MarkdownExporter().from_notebook_node(notebook)[0],
    "Colab": as_colab_exports,
    "VS Code": lambda notebook: jupytext.writes(without_metadata(notebook), "py:percent").split("# ---\n", 2)[-1],
    "jupytext": lambda notebook: jupytext.writes(notebook, "py:percent"),
    "jupytext, light": lambda notebook: jupytext.writes(notebook, "py:light"),
}


@pytest.mark.share(0.4)
@pytest.mark.parametrize("name", ["1_chunked_backprop", NAME, "4_training_loop"])
@pytest.mark.parametrize("export", EXPORTS)
def test_the_answers_of_an_export_are_found_again(export, name):
    exercise = Exercise.from_assignment(name)
    notebook = solved(exercise)
    wanted = answers(notebook)
    read, how = read_notebook(EXPORTS[export](notebook).encode(), exercise)
    assert answers(mend(read, exercise).notebook) == wanted
    assert "its cells were found again" in how


def test_a_blank_export_has_no_answers(exercise):
    blank = nbformat.read(COURSE / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    for export in EXPORTS.values():
        text = export(nbformat.from_dict(json.loads(json.dumps(blank))))
        mended = mend(read_notebook(text.encode(), exercise)[0], exercise)
        assert set(answers(mended.notebook).values()) == set(answers(blank).values())


def test_magics_of_an_export_are_as_they_were_typed(exercise):
    notebook = solved(exercise)
    typed = "%matplotlib inline\n!ls -l\nx = 1"
    notebook.cells.insert(4, nbformat.v4.new_code_cell(typed))
    text = PythonExporter().from_notebook_node(notebook)[0]
    assert "get_ipython()" in text
    assert typed in [cell.source for cell in read_notebook(text.encode(), exercise)[0].cells]


def test_the_same_file_gives_the_same_notebook(exercise):
    text = EXPORTS["Colab"](solved(exercise)).encode()
    assert read_notebook(text, exercise) == read_notebook(text, exercise)


# --- archives -------------------------------------------------------------------------------------------------------------


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(files, mode="w:gz"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            if data is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data or b""))
    return made.getvalue()


DATA = b'{"cells": []}'


@pytest.mark.parametrize(
    "data",
    [zipped({"a/x.ipynb": DATA}), *(tarred({"a/x.ipynb": DATA}, mode) for mode in ("w", "w:gz", "w:bz2", "w:xz"))],
    ids=["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"],
)
def test_archives_are_opened(data):
    assert unpack(data) == {"a/x.ipynb": DATA}


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_single_file_that_was_compressed(compress):
    assert unpack(compress(DATA)) == {"notebook.ipynb": DATA}


def test_an_archive_in_an_archive():
    assert unpack(zipped({"b.zip": tarred({"x.ipynb": DATA})})) == {"b.zip/x.ipynb": DATA}


def test_no_way_leads_out_of_an_archive():
    files = {
        "../up.ipynb": DATA,
        "a/../../up.ipynb": DATA,
        "..\\up.ipynb": DATA,
        "/etc/x.ipynb": DATA,
        "__MACOSX/._x": DATA,
    }
    assert unpack(zipped(files)) == {"etc/x.ipynb": DATA}
    assert unpack(tarred({"link.ipynb": None, "x.ipynb": DATA})) == {"x.ipynb": DATA}
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert unpack(made.getvalue()) == {}


def deep(levels):
    data = zipped({"x.ipynb": DATA})
    for _ in range(levels):
        data = zipped({"x.zip": data})
    return data


TOO_MUCH = {
    "bytes": (lambda: zipped({f"{n}": os.urandom(1000) for n in range(200)}), "too large"),
    "ratio": (lambda: zipped({"x.ipynb": b"0" * (30 << 20)}), "too large"),
    "gzip": (lambda: gzip.compress(b"0" * (30 << 20)), "too large"),
    "xz": (lambda: lzma.compress(b"0" * (30 << 20)), "too large"),
    "files": (lambda: zipped({f"{n}": b"" for n in range(archives.MEMBERS + 1)}), "more than 2,000 files"),
    "files of a tar": (lambda: tarred({f"{n}": b"" for n in range(archives.MEMBERS + 1)}), "more than 2,000 files"),
    "depth": (lambda: deep(3), "archives inside archives"),
    "cut off": (lambda: zipped({"x": os.urandom(1000)})[:500], "cannot be unpacked"),
    "cut off gzip": (lambda: gzip.compress(os.urandom(1000))[:500], "breaks off"),
    "garbage": (lambda: b"PK\x03\x04" + os.urandom(1000), "cannot be unpacked"),
    "office": (lambda: zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "Office document"),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_an_archive_has_limits(kind, monkeypatch):
    make, words = TOO_MUCH[kind]
    if kind == "bytes":
        monkeypatch.setattr(archives, "UNPACKED_BYTES", 100_000)
    with pytest.raises(BadArchive, match=words):
        unpack(make())


def test_the_limit_is_on_what_remains_without_outputs(exercise):
    """Whatever its outputs hold; what has more brackets than anybody's, or breaks off in them, is left as it is."""
    odd = {
        "data": {"image/png": "A" * 1000, "text/html": '"outputs": [ \\" ]}', "x": [[{}, "]"]]},
        "output_type": "display_data",
    }
    cell = {"cell_type": "code", "source": "x = '\"outputs\": [1]'", "metadata": {}, "outputs": [odd] * 3}
    data = json.dumps({"cells": [cell, cell], "metadata": {}}).encode()
    left = without_outputs(data)
    assert json.loads(left) == {"cells": [cell | {"outputs": []}] * 2, "metadata": {}}
    many = data.replace(b'"outputs": [', b'"outputs": [' + b"[]," * 2_000_000, 1)
    assert without_outputs(many) == many
    assert without_outputs(data[:300]) == data[:300]
