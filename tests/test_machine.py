"""The set-up of a fresh machine, and what a student's half needs of a machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import machine
from autograder.course.exercise import COURSE

ELSEWHERE = """
import os, sys
import matplotlib.pyplot, nbformat, torch
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for name in {modules}:
    sys.modules[name] = None  # as on Windows, where there is none
for name in {functions}:
    if hasattr(os, name):
        delattr(os, name)
for cell in nbformat.read({notebook!r}, as_version=4).cells:
    if cell.cell_type == "code":
        shell.run_cell(cell.source, store_history=True).raise_error()
print("all cells have run")
"""
UNIX_ONLY = ["fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "spwd", "crypt"]
NOT_ON_WINDOWS = [
    "fork",
    "geteuid",
    "getuid",
    "sched_getaffinity",
    "setsid",
    "killpg",
    "mkfifo",
    "uname",
    "wait4",
    "chown",
]


@pytest.mark.share(0.4)
def test_a_students_notebook_needs_nothing_that_windows_lacks(tmp_path):
    notebook = str(COURSE / "solutions/2_fused_cross_entropy/2_fused_cross_entropy.ipynb")
    code = ELSEWHERE.format(modules=UNIX_ONLY, functions=NOT_ON_WINDOWS, notebook=notebook)
    (tmp_path / "names.txt").write_bytes((COURSE / "data/names.txt").read_bytes())
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
                          env={"PATH": "", "HOME": str(tmp_path), "MPLBACKEND": "agg"})  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("all cells have run\n")


def test_the_lock_holds_every_pin_and_names_no_registry():
    lock = machine.LOCK.read_text()
    assert "://" not in lock and "--" not in lock
    locked = {line.split(" ")[0] for line in lock.splitlines() if not line.startswith("#")}
    for path in COURSE.glob("requirements*.txt"):
        for pin in re.findall(r"^[\w-]+.*?==[\d.]+", path.read_text(), re.MULTILINE):
            assert re.sub(r"\[.*\]", "", pin) in locked, "make lock"


def test_packages_of_one_system_alone_are_asked_for_there_alone():
    lock = machine.LOCK.read_text()
    for name, system in {"pyseccomp": "linux", "triton": "linux", "appnope": "darwin", "colorama": "win32"}.items():
        assert re.search(rf"^{name}==.* sys_platform == '{system}'", lock, re.MULTILINE)
    assert re.search(r"^pywinpty==.* os_name == 'nt'", lock, re.MULTILINE)


def test_apt_txt_is_read_by_purpose():
    text = "# a word\nbubblewrap  # sandbox: x\npostgresql # tests: a server\nlibseccomp2 # sandbox: y\n"
    assert machine.listed(["sandbox"], text) == ["bubblewrap", "libseccomp2"]
    assert machine.listed(["tests", "sandbox"], text) == ["bubblewrap", "postgresql", "libseccomp2"]
    with pytest.raises(ValueError, match="nothing for sandbx"):
        machine.listed(["sandbx"], text)
    assert set(machine.listed(["start", "python", "sandbox", "tests"], machine.APT.read_text())) == set(
        re.findall(r"^[a-z][\w.+-]*", machine.APT.read_text(), re.MULTILINE)
    )


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine with a PATH of its own and without bubblewrap; a function adds programs, which write down how they are called."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("INSTALL", "SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine.sys, "platform", "linux")

    def program(name, text):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n{text}\n')
        (tmp_path / name).chmod(0o755)

    return program


def test_root_installs_what_is_missing(bare, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    bare("env", 'shift; exec "$@"')
    bare(
        "apt-get",
        f'case "$*" in *install*) echo > {tmp_path}/bwrap; /bin/chmod +x {tmp_path}/bwrap;; *update*) exit 100;; esac',
    )
    assert machine.main(["system", "sandbox"]) == 0
    calls = (tmp_path / "calls").read_text()
    assert re.search(r"^apt-get .* install --yes --no-install-recommends bubblewrap", calls, re.MULTILINE)
    assert "Installing bubblewrap" in capsys.readouterr().out
    assert machine.main(["system", "sandbox"]) == 0
    assert (tmp_path / "calls").read_text() == calls  # nothing is missing now


def test_a_sudo_that_asks_for_no_password_installs_too(bare, monkeypatch, tmp_path):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    bare("env", 'shift; exec "$@"')
    bare("sudo", 'shift; if [ "$1" = id ]; then echo 0; else exec "$@"; fi')
    bare("apt-get", f'case "$*" in *install*) echo > {tmp_path}/bwrap; /bin/chmod +x {tmp_path}/bwrap;; esac')
    assert machine.main(["system", "sandbox"]) == 0
    assert "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get" in (tmp_path / "calls").read_text()


def test_what_the_systems_lists_do_not_have_is_left_out_if_only_tests_need_it(bare, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        machine, "there", lambda package: package not in ("chromium", "bubblewrap") or (tmp_path / "bwrap").exists()
    )
    bare("env", 'shift; exec "$@"')
    bare("apt-cache", 'echo "  Candidate: (none)"')
    bare("apt-get", f'case "$*" in *chromium*) exit 1;; *install*) echo > {tmp_path}/bwrap;; esac')
    assert machine.main(["system", "sandbox", "tests"]) == 0
    assert "apt-get has no chromium: tests that need it are left out." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "sudo apt-get install -y bubblewrap"),
        ("dnf", "sudo dnf install bubblewrap"),
        ("pacman", "sudo pacman -S bubblewrap"),
    ],
)
def test_who_may_not_install_is_told_the_one_line(bare, monkeypatch, capsys, manager, line):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    bare("sudo", "exit 1")
    bare(manager, "exit 1")
    assert machine.main(["system", "sandbox"]) == 1
    assert line in capsys.readouterr().err.splitlines()[1]


def test_an_install_that_fails_is_said_and_can_be_left_out(bare, monkeypatch, capsys):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    bare("env", 'shift; exec "$@"')
    bare("apt-get", "echo there is no network >&2; exit 100")
    assert machine.main(["system", "sandbox"]) == 1
    assert "apt-get could not install all of this" in capsys.readouterr().err
    for name, value in (("INSTALL", "no"), ("SANDBOX", "off")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert machine.main(["system", "sandbox"]) == 0


def test_macos_has_nothing_to_install(bare, monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert machine.main(["system", "sandbox", "tests"]) == 0


def test_an_old_python_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(machine.sys, "version_info", (3, 10, 13))
    assert machine.main(["system", "sandbox"]) == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """A virtual environment with uv in it, and the commands that would install into it, which are not run."""
    (tmp_path / "bin").mkdir()
    for name in ("python", "uv"):
        (tmp_path / "bin" / name).touch()
    for name in ("TORCH", "INSTALLER"):
        monkeypatch.delenv(name, raising=False)
    seen: list[str] = []
    monkeypatch.setattr(machine, "_run", lambda command: seen.append(" ".join(command)))
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    monkeypatch.setattr(machine, "_said", lambda command: "")
    return seen


def test_torch_is_taken_by_pip_unless_a_build_is_named(commands, monkeypatch, tmp_path):
    machine.install_python(tmp_path, [Path("requirements.txt")])
    first, second = commands
    assert "-m pip install" in first and first.endswith(f"--constraint {machine.LOCK} torch")
    assert second.startswith(f"{tmp_path}/bin/uv pip install") and "--torch-backend" not in second
    commands.clear()
    monkeypatch.setenv("TORCH", "cpu")
    machine.install_python(tmp_path, [Path("requirements.txt")])
    (only,) = commands
    assert "/bin/uv pip install" in only and only.endswith("--torch-backend cpu -r requirements.txt")


def test_a_torch_that_is_there_is_kept(commands, monkeypatch, tmp_path):
    locked = re.search(r"^torch==(\S+)", machine.LOCK.read_text(), re.MULTILINE)[1]
    monkeypatch.setattr(machine, "_said", lambda command: f"{locked}+cpu")
    machine.install_python(tmp_path, [Path("requirements.txt")])
    assert len(commands) == 1
    commands.clear()
    monkeypatch.setattr(machine, "_said", lambda command: "1.0")
    machine.install_python(tmp_path, [Path("requirements.txt")])
    assert len(commands) == 2


def test_pip_can_do_without_uv(commands, monkeypatch, tmp_path):
    monkeypatch.setenv("INSTALLER", "pip")
    machine.install_python(tmp_path, [Path("requirements.txt")])
    (only,) = commands
    assert "-m pip install" in only and only.endswith(f"--constraint {machine.LOCK} -r requirements.txt")


@pytest.mark.needs("bubblewrap")
def test_a_python_that_is_called_by_a_way_with_dots_is_found_in_the_sandbox():
    """``../.venv/bin/python``: inside, the folders on such a way are not there."""
    python = Path(sys.executable)
    roundabout = python.parent / ".." / python.parent.name / python.name
    text = "from autograder.sandbox import bubblewrap as b; print(b.obstacle() or 'none', b.python())"
    said = subprocess.run([str(roundabout), "-c", text], cwd=COURSE, capture_output=True, text=True, check=True).stdout
    assert said == f"none {python}\n"
