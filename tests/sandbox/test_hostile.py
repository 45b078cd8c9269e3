"""Attacks, each really tried: what tests/submissions/hostile/ holds is graded as a class is graded, and must gain nothing.

Every attack is bounded, so that a hole in the sandbox harms nothing, and speaks to this machine only. So that a test can
fail, there are witnesses outside: a secret in a file and in a process's environment, a folder anybody may write to, a
process anybody may kill, servers that listen. Where a file says ``# free: ...``, the same cells are run in a plain
process, too, and must do what they are about: then it is the sandbox that holds them back, not a mistake in the attack.

What is known to get past, and why it is left:

- A derivative by finite differences or by a complex step, a formula from a book, from sympy or from torch's own Python
  (``torch/_decomp``, ``torch.distributions.transforms``): they compute the same numbers.
- Python code that corrupts its own interpreter's memory (crafted bytecode, numpy arrays over foreign addresses) can call
  any function of libtorch, its derivative of tanh among them. Nothing in one process can be kept from code in it.
"""

import contextlib
import copy
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook

from autograder.classroom import submission
from autograder.classroom.grade import grade
from autograder.classroom.submission import Graded, grade_submission
from autograder.course.build import build, copy_sources, nbgrader_api
from autograder.course.exercise import COURSE
from autograder.handed_in.submitted import NOTEBOOK_BYTES, NoNotebook, Unreadable, read_task
from autograder.judging import nbgrader_steps
from autograder.sandbox.runner import Runner
from tests.bank import Answer, answers, notebook_with
from toolkit.running.runs import Chunk, Job
from toolkit.verdict import POINTS

NAME = "1_chunked_backprop"
ATTACKS = {attack.name: attack for attack in answers("hostile")}
USERS = 1 << 20

pytestmark = pytest.mark.needs("bubblewrap")


SAY = """
import os, socket, stat, struct
def say(text, length=None):
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as connection:
                    connection.sendall(b"ninja1\\n" + struct.pack(">Q", length or len(text)) + text)
        except OSError:
            pass
"""
"""What attacks write messages of their own with, to every socket they find (WITNESS_SAY)."""


@dataclass
class Witness:
    """What an attack outside could reach, and would show that it did."""

    folder: Path
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.file.write_text(self.secret)
        self.file.chmod(0o666)
        self.abstract = f"witness-{os.getpid()}"
        self.sockets = {
            "tcp": socket.create_server(("127.0.0.1", 0)), "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix": socket.socket(socket.AF_UNIX), "abstract": socket.socket(socket.AF_UNIX),
        }  # fmt: skip
        self.sockets["udp"].bind(self.sockets["tcp"].getsockname())
        self.sockets["unix"].bind(self.address)
        self.sockets["abstract"].bind("\0" + self.abstract)
        for name, listener in self.sockets.items():
            if name in ("unix", "abstract"):
                listener.listen()
            threading.Thread(target=self._listen, args=(name, listener), daemon=True).start()
        self.start_canary()

    @property
    def file(self) -> Path:
        return self.folder / "secret.txt"

    @property
    def address(self) -> str:
        return f"{self.folder}.socket"

    def start_canary(self) -> None:
        """A process that anybody may kill, with a secret in its environment."""
        self.canary = subprocess.Popen(
            ["sleep", "1000"], env={**os.environ, "WITNESS_SECRET": f"WITNESS_SECRET={self.secret}"}, cwd=self.folder
        )

    def _listen(self, name: str, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                if name == "udp":
                    listener.recv(100)
                else:
                    listener.accept()[0].close()
                self.heard.append(name)

    def named(self, source: str, free: bool) -> str:
        """A cell with the witnesses' names and numbers in it."""
        for name, value in {
            "FILE": str(self.file), "FOLDER": str(self.folder), "PORT": self.sockets["tcp"].getsockname()[1],
            "SOCKET": self.address, "ABSTRACT": self.abstract, "PID": self.canary.pid, "FREE": free, "SAY": SAY,
        }.items():  # fmt: skip
            source = source.replace("{WITNESS_" + name + "}", str(value)).replace(f"WITNESS_{name}", repr(value))
        return source

    def seen(self) -> list[str]:
        """What has happened to the witnesses; they are as before again."""
        time.sleep(0.05)
        signs = [f"{name} was heard" for name in self.heard]
        self.heard.clear()
        if self.canary.poll() is not None:
            signs.append("the canary was killed")
            self.start_canary()
        for path in [*self.folder.iterdir(), *self.folder.parent.glob("left-*")]:
            if path != self.file:
                signs.append(f"{path.name} was written")
                path.unlink()
        if self.file.read_text() != self.secret:
            signs.append("the secret was changed")
            self.file.write_text(self.secret)
        return signs

    def close(self) -> None:
        self.canary.kill()
        self.canary.wait()
        for listener in self.sockets.values():
            listener.close()


@pytest.fixture(scope="module")
def witness(tmp_path_factory) -> Iterator[Witness]:
    # student code is another user where root grades: the way to the witnesses must be open to it
    place = Path(tempfile.mkdtemp(prefix="witness-"))
    place.chmod(0o755)
    found = Witness(place / "outside")
    yield found
    found.close()
    shutil.rmtree(place)


# --- the attacks are alive ----------------------------------------------------------------------------------------------

FREE = """
import contextlib, io, json, os, sys
sys.path.insert(0, sys.argv[1])
import torch
from toolkit.network.minibatches import draw
from tests.bank import bench

exercise = bench("1_chunked_backprop").exercise
batch = draw(exercise, 1)[0]
torch.set_num_threads(1)
print("ready", flush=True)
for line in sys.stdin:
    with contextlib.suppress(ChildProcessError):
        if os.fork():
            os.wait()
            continue
    said, names = io.StringIO(), {"__name__": "__main__"}
    exec(exercise.imports, names)
    names.update({**batch.values, **{"d" + name: value for name, value in batch.upstream.items()}})
    right = (1 - names["h"] ** 2) * names["dh"]
    with contextlib.redirect_stdout(said):
        for cell in json.loads(line):
            try:
                exec(cell, names)
            except BaseException as error:
                print("RAISED", repr(error))
    derived = names["dhpreact"] is not batch.upstream["hpreact"] and torch.allclose(names["dhpreact"], right)
    print(json.dumps({"derived": bool(derived), "said": said.getvalue()}), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def free() -> Iterator[subprocess.Popen]:
    """A plain process, with all that it takes to run the cells of a submission and nothing to hold them back."""
    command = [sys.executable, "-c", FREE, str(COURSE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def _built_with(name: str) -> pytest.MarkDecorator | tuple:
    return pytest.mark.needs("gcc") if any('"gcc"' in source for source in ATTACKS[name].edits.values()) else ()


@pytest.mark.share(0.4)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=_built_with(name)) for name, attack in ATTACKS.items() if attack.free]
)
def test_without_a_sandbox_an_attack_does_what_it_is_about(name, free, witness):
    attack = ATTACKS[name]
    for effect in attack.free:
        for _ in range(2 if effect == "leaves for the next" else 1):
            cells = [witness.named(source, True) for source in attack.edits.values()]
            free.stdin.write(json.dumps(cells) + "\n")
            free.stdin.flush()
            told = json.loads(free.stdout.readline())
        seen = witness.seen()
        happened = {
            "prints the secret": witness.secret in told["said"], "writes a file": any("was written" in s for s in seen),
            "is heard": {"tcp was heard", "udp was heard", "unix was heard", "abstract was heard"} <= set(seen),
            "kills the canary": "the canary was killed" in seen, "derives hpreact": told["derived"],
            "leaves for the next": told["derived"],
        }  # fmt: skip
        assert happened[effect], (told, seen)


# --- and gain nothing ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course that is built, and in which nothing was handed in yet."""
    folder = tmp_path_factory.mktemp("course")
    copy_sources(COURSE, folder)
    build(folder, execute=False)
    return folder


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Iterator[Path]:
    """A folder of our own for temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("temporary")
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def grading(course, temporary) -> Iterator[None]:
    """Everything is warm: what is there now may stay."""
    yield graded(course, "honest", notebook_of(course, Answer(NAME, "honest", {})))


def notebook_of(course: Path, answer: Answer) -> str:
    """The text of the file that is handed in."""
    released, source = (
        nbformat.read(course / folder / NAME / f"{NAME}.ipynb", as_version=4) for folder in ("exercises", "source")
    )
    return json.dumps(notebook_with(answer, released, source))


def hand_in(course: Path, student: str, text: str | bytes | None) -> Path:
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / f"{NAME}.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def graded(course: Path, student: str, text: str | bytes | None, seconds: float = 10.0) -> Graded:
    """Grade one submission as a class's are, with other limits."""
    config = copy.deepcopy(submission.configuration())
    config.RunNotebook.update(timeout=int(seconds), notebook_timeout=40, grace=1)
    folder = hand_in(course, student, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "configuration", lambda: config)
        patch.setattr(nbgrader_steps.shared_runner(), "chunk_seconds", seconds)
        submission.course_steps.cache_clear()
        try:
            return grade_submission(read_task(folder, course / "source" / NAME, [".ipynb_checkpoints", "*.py"]))
        finally:
            submission.course_steps.cache_clear()


def traces(course: Path, temporary: Path) -> set[str]:
    """All that a submission could leave behind: processes, and files where it, or the grader for it, may write."""
    nbgrader_steps.shared_runner().leave()
    ours = psutil.Process().children(recursive=True)
    ours += [p for p in psutil.process_iter(["uids"]) if p.info["uids"] and p.info["uids"].real == USERS + os.getpid()]
    found = set()
    for process in ours:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:  # a supervisor that has ended counts as gone
                found.add(f"process {process.pid}")
    for path in Path("/dev/shm").iterdir():
        with contextlib.suppress(OSError):
            if path.lstat().st_uid >= USERS:
                found.add(str(path))
    return found | {str(path) for place in (course, temporary) for path in place.rglob("*")}


@contextlib.contextmanager
def nothing_is_left(course: Path, temporary: Path) -> Iterator[None]:
    before = traces(course, temporary)
    yield
    deadline = time.monotonic() + 10
    while (more := traces(course, temporary) - before) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not more, f"left behind: {sorted(more)[:10]}"


def surprises(attack: Answer, verdicts: list[dict[str, str]]) -> list[str]:
    """A line for each verdict that is not the expected one."""
    lines = []
    for verdict in verdicts:
        kind, words = attack.expected.get(verdict["name"].removeprefix("d"), ("right", ""))
        if verdict["kind"] not in kind.split(" or ") or words not in verdict["message"]:
            lines.append(f"{verdict['name']}: {verdict['kind']} ({verdict['message']}), wanted {kind} ({words})")
    return lines


@pytest.mark.share(0.12)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing(name, course, witness, temporary, grading):
    attack = ATTACKS[name]
    edits = {key: witness.named(source, False) for key, source in attack.edits.items()}
    text = notebook_of(course, replace(attack, edits=edits))
    folder = hand_in(course, name, text)
    with nothing_is_left(course, temporary):
        result = graded(course, name, text, attack.seconds)
    assert (folder / f"{NAME}.ipynb").read_text() == text, "the submitted file was changed"
    verdicts = result.notes["verdicts"]
    assert not surprises(attack, verdicts)
    assert sum(result.points.values()) == sum(POINTS.get(verdict["kind"], 0) for verdict in verdicts)
    assert attack.run in result.notes.get("run", ""), result.notes
    assert witness.seen() == []
    assert witness.secret not in result.notebook
    assert "FOUND" not in result.notebook.replace('print(\\"FOUND', "").replace("FOUND []", "")


# --- files that are hostile ---------------------------------------------------------------------------------------------


def huge(folder: Path) -> None:
    with (folder / f"{NAME}.ipynb").open("wb") as file:
        file.write(b'{"cells": [{"cell_type": "code", "source": "')
        file.truncate(300 << 20)


def link_to_a_neighbour(folder: Path) -> None:
    (folder / f"{NAME}.ipynb").symlink_to(folder.parents[1] / "honest" / NAME / f"{NAME}.ipynb")


def folder_that_is_a_link(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to(folder.parents[1] / "honest" / NAME)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / f"{NAME}.ipynb")


def unix_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        descriptor = os.open(folder, os.O_PATH)
        listener.bind(f"/proc/self/fd/{descriptor}/{NAME}.ipynb")  # a path of a socket has to be short
        os.close(descriptor)


def folder_with_the_notebooks_name(folder: Path) -> None:
    (folder / f"{NAME}.ipynb").mkdir()


NO_NOTEBOOKS = [huge, link_to_a_neighbour, folder_that_is_a_link, pipe, unix_socket, folder_with_the_notebooks_name]


@pytest.mark.parametrize("make", NO_NOTEBOOKS, ids=lambda make: make.__name__)
def test_a_file_that_is_no_notebook_is_not_followed_and_waited_for(make, course, temporary, grading):
    folder = hand_in(course, make.__name__, None)
    make(folder)
    start = time.monotonic()
    with nothing_is_left(course, temporary):
        try:
            result = grade_submission(read_task(folder, course / "source" / NAME, []))
        except (NoNotebook, Unreadable):
            result = None
    assert time.monotonic() - start < 30
    assert result is None or not any(result.points.values())
    shutil.rmtree(folder.parent)


def test_links_and_pipes_beside_a_notebook_are_left_out(course, witness, temporary, grading):
    text = notebook_of(course, Answer(NAME, "", {"extra before logprobs": "import os\nprint('THERE', os.listdir())"}))
    folder = hand_in(course, "links", text)
    (folder / "secret.txt").symlink_to(witness.file)
    (folder / "solution.txt").symlink_to(course / "source" / NAME / f"{NAME}.ipynb")
    (folder / "neighbour").symlink_to(course / "submitted" / "honest")
    os.mkfifo(folder / "pipe")
    with nothing_is_left(course, temporary):
        result = graded(course, "links", text)
    assert sum(result.points.values()) == 26
    assert "THERE []" in result.notebook
    assert witness.secret not in result.notebook
    shutil.rmtree(folder.parent)


def test_nbgraders_own_command_follows_no_link_either(course, grading):
    """nbgrader copies what links lead to, before any step of ours sees it."""
    text = notebook_of(
        course, Answer(NAME, "", {"extra before logprobs": "print('SOLUTION', open('solution.txt').read())"})
    )
    (hand_in(course, "reader", text) / "solution.txt").symlink_to(course / "source" / NAME / f"{NAME}.ipynb")
    link_to_a_neighbour(hand_in(course, "thief", None))
    (course / "submitted" / "lodger").mkdir()
    folder_that_is_a_link(hand_in(course, "lodger", None))
    shutil.copy(COURSE / "nbgrader_config.py", course)
    for student, points in (("reader", 26), ("thief", 0), ("lodger", 0)):
        assert nbgrader_api(course).autograde(NAME, student, force=True)["success"]
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            assert gradebook.find_submission(NAME, student).score == points
    autograded = (course / "autograded" / "reader" / NAME / f"{NAME}.ipynb").read_text()
    assert "SOLUTION {" not in autograded
    for student in ("reader", "thief", "lodger"):
        shutil.rmtree(course / "submitted" / student)


def cells(*sources: str) -> dict:
    return {
        "cells": [{"cell_type": "code", "source": s, "metadata": {}} for s in sources],
        "nbformat": 4,
        "metadata": {},
    }


LONG = {  # notebooks that take long to read, and must not
    "many cells": lambda: json.dumps(cells(*["1"] * 100_000)),
    "blanks": lambda: json.dumps(cells(" " * 2_000_000 + "x")),
    "magics": lambda: json.dumps(cells("%x\n" * 100_000, *["%y\n" * 900] * 5)),
    "short lines": lambda: json.dumps(cells("a\n" * 1_000_000)),
    "nested code": lambda: json.dumps(cells("x = " + "(" * 100_000, "x = a" + ".b" * 20_000, "x = " + "-" * 40_000 + "1")),
    "nested JSON": lambda: '{"cells": ' + "[" * 1_000_000,
    "nested metadata": lambda: '{"cells": [], "metadata": ' + '{"a": ' * 900 + "1" + "}" * 901,
    "numbers": lambda: json.dumps(cells("1")).replace("4", "1e999").replace('"metadata": {}', '"metadata": NaN'),
    "digits": lambda: '{"cells": [], "nbformat": ' + "9" * 1_000_000 + "}",
    "half characters": lambda: json.dumps(cells("x = '\ud800'")),
    "wrong types": lambda: '{"cells": [5, {"cell_type": [], "source": {}, "metadata": 3}, {"metadata": {"tags": 7}}]}',
}  # fmt: skip


@pytest.mark.share(0.15)
@pytest.mark.parametrize("name", LONG)
def test_a_notebook_that_is_hard_to_read_is_read_in_time(name, course, temporary, grading):
    text = LONG[name]()
    assert len(text) < NOTEBOOK_BYTES
    start = time.monotonic()
    hand_in(course, "hard", text)
    with nothing_is_left(course, temporary):
        result = graded(course, "hard", text, 2)
    assert not any(result.points.values())
    assert time.monotonic() - start < 60
    shutil.rmtree(course / "submitted" / "hard")


# --- a class with attackers in it ---------------------------------------------------------------------------------------

NAMES = ['o\'brien "x"', "Zoë  Ωμέγα", "a..b", "-rf", "*", "[abc]", "$(touch x)", "new\nline"]
HERE = ["exits", "forged_results", "kills_processes", "reads_files", "writes_files", "closes_everything"]


@pytest.mark.share(0)
def test_a_class_with_attackers_in_it(course, witness, tmp_path, capsys):
    """Honest submissions before, between and after attackers get the same, byte for byte, as in a class of their own."""
    honest = notebook_of(course, Answer(NAME, "", {"h": "dh = dlogits @ W2.T\ndW2 = dlogits\ndb2 = dlogits.sum(0)"}))

    def make(folder: Path, attackers: list[str]) -> dict[str, dict[str, bytes]]:
        for part in ("source", "exercises", "data"):
            shutil.copytree(course / part, folder / part)
        shutil.copy(course / "gradebook.db", folder)
        for student in ("aaa", "honest", "zzz", *(NAMES if attackers else [])):
            hand_in(folder, student, honest)
        for name in attackers:
            named = {key: witness.named(source, False) for key, source in ATTACKS[name].edits.items()}
            hand_in(folder, name, notebook_of(course, replace(ATTACKS[name], edits=named)))
        if attackers:
            huge(hand_in(folder, "b-huge", None))
            link_to_a_neighbour(hand_in(folder, "n-link", None))
        before = {
            path: path.read_bytes()
            for path in (folder / "submitted").rglob("*.ipynb")
            if path.parent.parent.name != "b-huge"
        }
        report = grade(folder, [NAME], jobs=2)
        assert all(path.read_bytes() == data for path, data in before.items())
        rows = {row.student: row for row in report.rows}
        for student in ("aaa", "honest", "zzz", *(NAMES if attackers else [])):
            assert rows[student].points == 25, rows[student]
        for name in attackers:
            assert rows[name].points is not None and rows[name].points <= 26
        if attackers:
            assert not rows["b-huge"].points and not rows["n-link"].points
        written = {}
        for student in ("aaa", "honest", "zzz"):
            files = [
                *(folder / "autograded" / student).rglob("*.ipynb"),
                *(folder / "feedback" / student).rglob("*.html"),
            ]
            written[student] = {path.name: path.read_bytes() for path in files}
            assert len(written[student]) == 2
        return written

    alone = make(tmp_path / "alone", [])
    among = make(tmp_path / "among", HERE)
    for student in alone:
        assert among[student] == alone[student], f"{student} got something else among attackers"
    assert witness.seen() == []


@pytest.mark.quiet
def test_the_judge_does_not_wait_for_pauses():
    """But for one that is longer than a cell may take, which is found out."""
    pauses = "import time\nfor _ in range(5): time.sleep(3)\nfrom time import sleep\nsleep(5)\nvalue = 1"
    wrong = "import time\ntime.sleep(-1)"
    with Runner(chunk_seconds=2) as runner:
        runner.start()
        for _ in range(2):
            start = time.monotonic()
            result = runner.run(Job([Chunk(pauses, "cell"), Chunk(wrong, "cell")], {}, {}, []))
            assert time.monotonic() - start < 2 and [*result.failures] == [1]
            assert "non-negative" in result.failures[1].text
        assert (
            runner.run(Job([Chunk("import time\ntime.sleep(20)", "cell")], {}, {}, [])).failures[0].kind == "timed out"
        )
