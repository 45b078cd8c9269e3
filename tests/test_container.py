"""The container's recipes agree with the course: the Dockerfile, .devcontainer/ and binder/.

That the Dockerfile's steps really run, ``python -m tests.container`` tries, which takes minutes and root's rights."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from autograder import machine
from autograder.course.exercise import COURSE
from tests.container import State, copy, expanded, steps

DOCKERFILE = (COURSE / "Dockerfile").read_text(encoding="utf-8")


def test_each_step_is_known_and_copies_what_is_there():
    found = list(steps(DOCKERFILE))
    assert {name for name, _ in found} <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ARG", "USER", "EXPOSE", "CMD"}
    for _, rest in (step for step in found if step[0] == "COPY"):
        *sources, _ = [word for word in rest.split() if not word.startswith("--")]
        assert all(list(COURSE.glob(source)) for source in sources if source != "."), rest
    last = dict(found)
    assert last["USER"] == "$NB_UID" and "jupyter" in json.loads(last["CMD"])


def test_debians_packages_stand_in_one_list():
    text = machine.APT.read_text(encoding="utf-8")
    (install,) = (rest for name, rest in steps(DOCKERFILE) if name == "RUN" and "apt-get install" in rest)
    assert "apt.txt" in install and not re.search(r"install[^|&]*\b(git|gcc|chromium|bubblewrap)\b", install)
    binder = (COURSE / "binder" / "apt.txt").read_text(encoding="utf-8")
    packages = {line for line in binder.splitlines() if not line.startswith("#")}
    # Binder has Python and certificates of its own
    assert packages == set(machine.listed(["start", "sandbox"], text)) - {"python3", "ca-certificates"}


def test_binder_installs_what_the_requirements_list():
    post_build = COURSE / "binder" / "postBuild"
    assert os.access(post_build, os.X_OK) and subprocess.run(["bash", "-n", post_build]).returncode == 0
    said = post_build.read_text(encoding="utf-8")
    assert all(name in said for name in ("requirements.txt", "requirements-cluster.txt", "requirements.lock"))
    version = (COURSE / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    assert version.removeprefix("python-") in machine.PYTHONS
    lines = (COURSE / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith(("#", "-c"))]
    assert named == ["uv"] and re.search(r"^uv==", machine.LOCK.read_text(encoding="utf-8"), re.MULTILINE)


def test_a_dev_container_is_the_same_container():
    text = re.sub(r"^\s*//.*$", "", (COURSE / ".devcontainer" / "devcontainer.json").read_text(), flags=re.MULTILINE)
    said = json.loads(text)
    folder = COURSE / ".devcontainer"
    assert (folder / said["build"]["dockerfile"]).resolve() == COURSE / "Dockerfile"
    assert said["remoteUser"] in DOCKERFILE and "seccomp=unconfined" in said["runArgs"]


@pytest.mark.parametrize(
    "text, words, wanted",
    [("$A/${B}x$C", {"A": "1", "B": "2"}, "1/2x"), ("no name", {}, "no name")],
)
def test_names_are_expanded(text: str, words: dict, wanted: str):
    assert expanded(text, words) == wanted


def test_files_and_folders_are_copied_as_docker_does(tmp_path: Path):
    context, root = tmp_path / "context", tmp_path / "root"
    (context / "part").mkdir(parents=True)
    for name in ("one.txt", "two.txt", "part/three.txt"):
        (context / name).write_text(name)
    copy(root, State(folder="/home/x"), context, "one.txt two.txt ./")
    copy(root, State(folder="/home/x"), context, "part elsewhere")
    copy(root, State(folder="/all"), context, ". .")
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert there == {
        "home/x/one.txt", "home/x/two.txt", "home/x/elsewhere/three.txt", "all/one.txt", "all/two.txt", "all/part/three.txt",
    }  # fmt: skip


def test_lines_that_go_on_are_one_step():
    text = "# a word\nRUN one \\\n && two\n\nENV A=1\n"
    assert list(steps(text)) == [("RUN", "one  && two"), ("ENV", "A=1")]
