"""The container without docker: the steps of the Dockerfile, one after the other, in a Debian of their own.

    mmdebstrap --variant=minbase bookworm /tmp/root
    python -m tests.container /tmp/root [TORCH=...]    # as root: builds there, then tries both sides, student's and instructor's

Each step runs in a mount namespace whose root is that folder, with the environment, the folder and the user that the steps before
it have set; what COPY copies comes from a fresh clone of this course. pip's settings of this machine are passed on.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.exercise import COURSE

ANSWERS = (
    "(timeout 300 {command} --no-browser --port={port} --ServerApp.token=t >/tmp/{port}.log 2>&1 &) ; "
    'for i in $(seq 250); do sleep 1; python -c "import urllib.request as u; '
    "print(u.urlopen('http://127.0.0.1:{port}/{page}?token=t').status)\" 2>/dev/null && exit 0; done; "
    "cat /tmp/{port}.log; exit 1"
)
TRIES = {
    "a student's Jupyter answers": ANSWERS.format(command="jupyter lab", port=8899, page="api/status"),
    "an instructor's formgrader answers": ANSWERS.format(
        command="python -m autograder build --sources && python -m autograder formgrader --",
        port=8898,
        page="formgrader/manage_assignments",
    ),
    "a student's notebook runs": (
        "cd /tmp && cp ~/course/data/names.txt . && jupyter nbconvert --to notebook --execute --output done.ipynb "
        "--output-dir /tmp ~/course/exercises/2_fused_cross_entropy/2_fused_cross_entropy.ipynb"
    ),
    "a class is graded in the sandbox": "SANDBOX=on python -m autograder demo",
}
"""What is tried at the end, as the user that the container has."""
INSIDE = """
set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
mkdir -p "$root/dev/shm" && chmod 1777 "$root/dev/shm"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
if [ -n "$PIP_CERT" ]; then cp -L "$PIP_CERT" "$root/certificates"; fi
for there in $PIP_FIND_LINKS; do
    if [ -d "$there" ]; then
        mkdir -p "$root$there" && mount --bind "$there" "$root$there" && mount -o remount,bind,ro "$there" "$root$there"
    fi
done
cd "$root"
mkdir -p .before
pivot_root . .before
umount -l /.before
exec "$@"
"""
"""A new root, as a container has it: in a mere chroot nobody could make a user namespace, and so no sandbox. Nothing of the
machine's own can be written from inside: what a package sets up there is of no concern to it."""


@dataclass
class State:
    """What the steps so far have set."""

    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"

    @property
    def words(self) -> dict[str, str]:
        return {**self.arguments, **self.environment}


def steps(text: str) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile and what follows each; lines that go on are one."""
    lines = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", "").split("\n"):
        if line.strip():
            instruction, _, rest = line.strip().partition(" ")
            yield instruction, rest.strip()


def expanded(text: str, words: Mapping[str, str]) -> str:
    """A text with ``$NAME`` and ``${NAME}`` put in; nothing for those that are not set."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: words.get(match[1], ""), text)


def run(root: Path, state: State, command: str) -> None:
    """Run a command as RUN does.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    (root / state.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    passed = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    if "PIP_CERT" in passed:  # a network may have a certificate of its own
        passed |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), "/certificates")
    words = {"PATH": path, "HOME": "/root", **passed, **state.words}
    as_user = ["setpriv", "--reuid", state.user, "--regid", state.user, "--clear-groups"] if state.user != "0" else []
    inner = ["env", "-i", *(f"{key}={value}" for key, value in words.items()), *as_user, "sh", "-c"]
    whole = [*inner, f"cd {shlex.quote(state.folder)} && {command}"]
    namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    subprocess.run([*namespace, "sh", "-c", INSIDE, "sh", str(root), *whole], check=True, stdin=subprocess.DEVNULL)


def copy(root: Path, state: State, context: Path, rest: str) -> None:
    """Copy files of the course as COPY does: a folder's contents, or files into a folder."""
    words = shlex.split(expanded(rest, state.words))
    owner = next((word.partition("=")[2] for word in words if word.startswith("--chown=")), None)
    *sources, target = [word for word in words if not word.startswith("--")]
    there = root / os.path.join(state.folder, target).lstrip("/")
    for source in sources:
        for path in sorted(context.glob(source)) if source != "." else [context]:
            into = there / path.name if path.is_file() and (len(sources) > 1 or target in (".", "./")) else there
            into.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, into, dirs_exist_ok=True, symlinks=True)
            else:
                shutil.copy2(path, into)
    if owner:
        subprocess.run(["chown", "-R", owner, str(there)], check=True)


def build(root: Path, text: str, context: Path, given: Mapping[str, str]) -> State:
    """Run the steps of a Dockerfile in a folder that holds the system that FROM names; what they have set at the end."""
    state = State()
    for instruction, rest in steps(text):
        print(f"--- {instruction} {rest[:150]}", flush=True)
        match instruction:
            case "WORKDIR":
                state.folder = os.path.join(state.folder, expanded(rest, state.words))
            case "ENV":
                pairs = [pair.split("=", 1) for pair in shlex.split(rest)]
                path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
                state.environment |= {key: expanded(value, {**path, **state.words}) for key, value in pairs}
            case "ARG":
                pairs = [(*pair.split("=", 1), "")[:2] for pair in shlex.split(rest)]
                state.arguments |= {key: given.get(key, value) for key, value in pairs}
            case "COPY":
                copy(root, state, context, rest)
            case "RUN":
                run(root, state, rest)
            case "USER":
                state.user = expanded(rest, state.words)
            case "FROM" | "EXPOSE" | "CMD":
                pass
            case _:
                raise ValueError(f"The Dockerfile has a step that this does not know: {instruction}")
    return state


def main(words: list[str]) -> int:
    root, given = Path(words[0]).resolve(), dict(word.split("=", 1) for word in words[1:])
    with tempfile.TemporaryDirectory() as scratch:
        context = Path(scratch) / "course"
        subprocess.run(["git", "clone", "--quiet", str(COURSE), str(context)], check=True)
        shutil.rmtree(context / ".git")
        state = build(root, (context / "Dockerfile").read_text(encoding="utf-8"), context, given)
    for what, command in TRIES.items():
        print(f"=== {what}", flush=True)
        run(root, state, command)
    print("the container's steps have run, and both sides work")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
