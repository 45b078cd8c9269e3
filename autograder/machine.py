"""What a machine must have, found out and installed: ``make`` runs this first, with whatever Python there is.

    python3 -m autograder.machine system sandbox tests           # packages of the system, out of apt.txt
    python3 -m autograder.machine python .venv requirements.txt  # a virtual environment and what is in it
    python3 -m autograder.machine older .venv-older              # another one, with the oldest torch that grading is for
    python3 -m autograder.machine homes .homes .venv             # kernels of other releases: Colab's, an old home's
    python3 -m autograder.machine lock .venv                     # requirements.lock anew, and whether it holds everywhere

Nothing but the standard library is imported, and an old Python (3.6) must get as far as the sentence that says so.
"""

import ctypes.util
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
APT, LOCK = COURSE / "apt.txt", COURSE / "requirements.lock"
OLDEST = (3, 11)
OLDEST_TORCH = "2.6.0" if sys.version_info < (3, 14) else "2.9.1"
"""The oldest torch that grading is for, and this Python has."""

_COLAB = ("ipython==7.34.0", "ipykernel==6.17.1", "jupyter-client==7.4.9", "tornado==6.4.2")
HOMES = {
    "colab": ("3.12", "2.6.0", (*_COLAB, "numpy==2.0.2", "matplotlib==3.10.0")),
    "old": ("3.10", "2.2.2", ("ipython==7.34.0", "ipykernel==6.17.1", "numpy<2", "matplotlib<3.9")),
}
"""Where students work who do not install what the course asks for: Python, torch, and what else is another release there."""

ELSEWHERE = {
    "dnf": {
        "libseccomp2": "libseccomp",
        "libc6-dev": "glibc-devel",
        "postgresql": "postgresql-server",
        "python3-venv": "python3",
    },
    "zypper": {"libc6-dev": "glibc-devel", "postgresql": "postgresql-server", "python3-venv": "python3"},
    "pacman": {"libseccomp2": "libseccomp", "libc6-dev": "glibc", "python3-venv": "python"},
}
"""What other systems call a package of apt.txt, where they call it something else."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Programs that will do for the package chromium."""
SYSTEMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Where the pins must resolve, to wheels alone; macOS is 14 or newer."""
_TYPED = {"apt-get": "apt-get install -y", "dnf": "dnf install", "zypper": "zypper install", "pacman": "pacman -S"}


class Missing(Exception):
    """This machine lacks something; the message says what to type."""


def postgresql() -> "Path | None":
    """The folder of PostgreSQL's server programs; Debian keeps them off the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))]
    )
    found += [Path(program).parent for program in [shutil.which("initdb")] if program]
    return next(
        (
            folder
            for folder in reversed(found)
            if all((folder / program).exists() for program in ("initdb", "createdb"))
        ),
        None,
    )


def there(package: str) -> bool:
    """Whether the machine has what a package of apt.txt brings, from wherever it came."""
    if package == "bubblewrap":
        return shutil.which("bwrap") is not None
    if package == "libseccomp2":
        return ctypes.util.find_library("seccomp") is not None
    if package == "python3-venv":
        return importlib.util.find_spec("ensurepip") is not None
    if package == "libc6-dev":
        return any(Path("/usr/include").glob("**/math.h"))
    if package == "postgresql":
        return postgresql() is not None
    if package == "chromium":
        return any(map(shutil.which, CHROMIUM))
    if shutil.which(package):
        return True
    status = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return shutil.which("dpkg-query") is not None and _said(status) == "installed"


def listed(purposes: "list[str]", text: str) -> "list[str]":
    """The packages of apt.txt for these purposes.

    Raises:
        ValueError: a purpose for which nothing is listed.
    """
    found = re.findall(r"^([a-z0-9][a-z0-9.+-]*) *# ([a-z]+)", text, re.MULTILINE)
    unknown = set(purposes) - {purpose for _, purpose in found}
    if unknown:
        raise ValueError(f"apt.txt lists nothing for {', '.join(sorted(unknown))}.")
    return [package for package, purpose in found if purpose in purposes]


def install_system(purposes: "list[str]") -> None:
    """Have the system's packages for these purposes: installed with apt-get as root or by a sudo that asks for no password.

    Without Linux there is nothing to install: there is no sandbox, and the tests say what they leave out. INSTALL=no goes on
    with what is there.

    Raises:
        Missing: they cannot be installed from here.
    """
    from autograder.sandbox import bubblewrap  # here, since an old Python could not read it

    if not bubblewrap.wanted():
        purposes = [purpose for purpose in purposes if purpose != "sandbox"]
    missing = [package for package in listed(purposes, APT.read_text(encoding="utf-8")) if not there(package)]
    if not missing or sys.platform != "linux" or os.environ.get("INSTALL", "").lower() in ("no", "off", "0"):
        return
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (rights and _said([*rights, "id", "-u"]) != "0"):
        raise Missing(_line_to_type(missing))
    print(f"Installing {', '.join(missing)} with apt-get ...", flush=True)
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    with open(os.devnull, "wb") as nowhere:
        subprocess.run([*apt, "update"], stdout=nowhere)  # one of its lists may fail: what counts is what comes
        # Ubuntu has chromium as a snap alone; the tests say what they leave out, and nothing else does without
        without = [p for p in missing if p in listed(["tests"], APT.read_text(encoding="utf-8")) and _unknown_to_apt(p)]
        if without:
            print("apt-get has no {}: tests that need it are left out.".format(", ".join(without)), flush=True)
            missing = [package for package in missing if package not in without]
        words = ["install", "--yes", "--no-install-recommends", *missing]
        done = subprocess.run([*apt, *words], stdout=nowhere, stdin=subprocess.DEVNULL)
    importlib.invalidate_caches()
    still = [package for package in missing if not there(package)]
    if done.returncode or still:
        raise Missing(
            f"apt-get could not install all of this (what it said stands above). {_line_to_type(still or missing)}"
        )


def _unknown_to_apt(package: str) -> bool:
    said = _said(["apt-cache", "policy", package]) if shutil.which("apt-cache") else "Candidate: ?"
    return re.search(r"Candidate: (?!\(none\))", said) is None


def _line_to_type(missing: "list[str]") -> str:
    manager = next((name for name in _TYPED if shutil.which(name)), None)
    names = " ".join(ELSEWHERE.get(manager or "", {}).get(package, package) for package in missing)
    sudo = "" if os.geteuid() == 0 else "sudo "
    way = f"Type:\n  {sudo}{_TYPED[manager]} {names}\n" if manager else f"Install what your system calls {names}. "
    return f"This machine lacks {', '.join(missing)}. {way}The same make command with INSTALL=no goes on without."


def install_python(venv: Path, requirements: "list[Path]") -> None:
    """Make a virtual environment, or take one that is there, and install requirements in the versions of requirements.lock.

    uv does it, that of the PATH or else one from PyPI; INSTALLER=pip leaves it to pip. PyTorch stands apart, since PyPI's
    build for Linux brings CUDA: what is in the environment is kept; else TORCH=cpu (or cu130, ...) has uv take that build,
    and without TORCH pip takes what it is configured to take.

    Raises:
        Missing: this Python has no venv, or something could not be installed.
    """
    python = venv / "bin" / "python"
    if not python.exists():
        install_system(["python"])
        if not there("python3-venv"):
            version = "{}.{}".format(*sys.version_info)
            raise Missing(
                f"{sys.executable} cannot make virtual environments. Type:\n  apt-get install python{version}-venv"
            )
        _run([sys.executable, "-m", "venv", str(venv)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(LOCK)]
    files = [word for path in requirements for word in ("-r", str(path))]
    backend = os.environ.get("TORCH", "")
    if os.environ.get("INSTALLER") == "pip":
        if backend:
            raise Missing(
                "TORCH= is for uv. With pip, install the build of torch that you want first, then run make again."
            )
        return _run([*pip, *files])
    uv = shutil.which("uv") or str(venv / "bin" / "uv")
    if not Path(uv).exists():
        _run([*pip, "uv"])
    if not backend and not _has_torch(python):
        print(
            "Installing PyTorch. (PyPI's for Linux brings CUDA, gigabytes: make TORCH=cpu takes a small one.)",
            flush=True,
        )
        _run([*pip, "torch"])
    print("Installing what the requirements list ...", flush=True)
    if sys.platform != "linux" or any(Path(ssl.get_default_verify_paths().capath or os.devnull).glob("*")):
        os.environ.setdefault("UV_SYSTEM_CERTS", "1")  # as pip does: a network may have a certificate of its own
    # bytecode: the processes that grade could not write it, and would compile torch each time they start
    words = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "--constraint", str(LOCK)]
    _run([uv, *words, *(["--torch-backend", backend] if backend else []), *files])


def install_older(venv: Path) -> None:
    """Make a virtual environment with the oldest torch that grading is for, in its small build, and all else as it is locked:
    tests/sandbox/test_torch.py grades with it.

    Raises:
        Missing: it could not be installed.
    """
    uv = shutil.which("uv") or str(COURSE / ".venv" / "bin" / "uv")
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(venv)])
    # what torch brings is another version's, too
    locked = re.sub(r"^(torch==.*|.*# via .*\btorch\b.*)\n", "", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    wanted = re.sub(
        r"^torch==\S+",
        f"torch=={OLDEST_TORCH}",
        (COURSE / "requirements.txt").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    for name, text in {"requirements.lock": locked, "requirements.txt": wanted}.items():
        (venv / name).write_text(text, encoding="utf-8")
    words = ["--quiet", "--compile-bytecode", "--python", str(venv / "bin" / "python"), "--torch-backend", "cpu"]
    files = ["--constraint", str(venv / "requirements.lock"), "-r", str(venv / "requirements.txt")]
    _run([uv, "pip", "install", *words, *files])


def install_homes(folder: Path, venv: Path) -> "list[str]":
    """Make a virtual environment below ``folder`` for each of ``HOMES``: tests/test_homes.py solves the exercises there.

    torch comes in its small build, or in the one that TORCH names (TORCH=pypi: PyPI's, which for Linux brings CUDA, gigabytes).
    Where that cannot be had, Colab's other packages are put before those of ``venv``, whose Python and torch do then.

    Returns:
        A sentence for each of which something could not be had.

    Raises:
        Missing: not even the packages could be installed.
    """
    uv = shutil.which("uv") or str(venv / "bin" / "uv")
    said = []
    for name, (version, torch, packages) in HOMES.items():
        home = folder / name
        if (home / ".ready").exists():
            continue
        python = _python(version)
        words = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(home / "bin" / "python")]
        backend = os.environ.get("TORCH") or "cpu"
        if (
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, str(home)]).returncode == 0
            and subprocess.run(
                [*words, *([] if backend == "pypi" else ["--torch-backend", backend]), f"torch=={torch}", *packages]
            ).returncode
            == 0
        ):
            (home / ".ready").touch()
            continue
        shutil.rmtree(str(home), ignore_errors=True)
        could_not = f"Python {version} with torch {torch} could not be had (see above)"
        if name != "colab":
            said.append(f"{could_not}: no test is run with it. TORCH=pypi takes PyPI's torch, of gigabytes.")
            continue
        said.append(f"{could_not}: Colab's other packages are tried with the Python and the torch of {venv.name}.")
        _run([uv, "venv", "--quiet", "--clear", "--python", str(venv / "bin" / "python"), str(home)])
        _run([*words, *packages[: len(_COLAB)]])
        (there,) = home.glob("lib/*/site-packages")
        (behind,) = venv.absolute().glob("lib/*/site-packages")
        (there / "behind.pth").write_text(f"{behind}\n", encoding="utf-8")
        (home / ".ready").touch()
    return said


def _python(version: str) -> str:
    """A Python of this version: a program that answers, one that pyenv has, or else the number, which uv may download."""
    places = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}*/bin/python"))
    for python in (f"python{version}", *map(str, places)):
        if _said([python, "-c", "import sys; print(sys.version_info[0])"]):
            return python
    return version


def write_lock(venv: Path) -> None:
    """Resolve requirements*.txt into requirements.lock for every system and Python, and try each of them.

    Raises:
        Missing: the pins cannot be had together, or somewhere not as wheels.
    """
    files = sorted(str(path.relative_to(COURSE)) for path in COURSE.glob("requirements*.txt"))
    resolve = [
        shutil.which("uv") or str(venv / "bin" / "uv"),
        "pip",
        "compile",
        "--quiet",
        "--no-emit-index-url",
        *files,
    ]
    words = ["--universal", "--python-version", PYTHONS[0], "--annotation-style", "line"]
    _run([*resolve, *words, "--custom-compile-command", "make lock", "--output-file", LOCK.name])
    os.environ["MACOSX_DEPLOYMENT_TARGET"] = "14.0"
    for system in SYSTEMS:
        for version in PYTHONS:
            words = ["--only-binary", ":all:", "--python-platform", system, "--python-version", version]
            _run([*resolve, "--constraint", LOCK.name, *words], stdout=subprocess.DEVNULL)
        print(f"{LOCK.name} holds on {system} with Python {', '.join(PYTHONS)}", flush=True)


def _has_torch(python: Path) -> bool:
    """Whether the environment has the torch that the lock names, in whatever build (2.13.0+cpu is a 2.13.0)."""
    locked = re.search(r"^torch==([^\s;]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)[1]
    return (
        _said([str(python), "-c", "from importlib.metadata import version; print(version('torch'))"]).split("+")[0]
        == locked
    )


def _said(command: "list[str]") -> str:
    """What a command prints; nothing if it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def _run(command: "list[str]", stdout: "int | None" = None) -> None:
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout).returncode:
        way_out = (
            "\nmake INSTALLER=pip leaves it to pip, which has settings of its own."
            if "--compile-bytecode" in command
            else ""
        )
        raise Missing(f"This failed, see above: {' '.join(command)}{way_out}")


def main(words: "list[str]") -> int:
    try:
        if sys.version_info < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise Missing(
                f"Python {wanted} or newer is needed; {sys.executable} is {sys.version.split()[0]}. Try make PYTHON=python3.12"
            )
        if words[0] == "system":
            install_system(words[1:])
        elif words[0] == "older":
            install_older(Path(words[1]).absolute())
        elif words[0] == "homes":
            for sentence in install_homes(Path(words[1]).absolute(), Path(words[2])):
                print(sentence, flush=True)
        elif words[0] == "lock":
            write_lock(Path(words[1]).absolute())
        else:
            install_python(Path(words[1]).absolute(), [Path(word) for word in words[2:]])
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
