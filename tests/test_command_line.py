"""The one command line: help with an example for each command, a sentence for what is wrong, and what modules are asked."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from autograder import bench, demo
from autograder.authoring import before_a_build, lint, new
from autograder.browsers import screenshots
from autograder.classroom import alone, formgrader, grade, overview
from autograder.command_line import NAME, commands
from autograder.course import adopt, build, drift_and_leaks
from autograder.course.exercise import COURSE
from autograder.lms import collect, give_back, gradescope
from autograder.working_copy import lab, work


def run(*words: str):
    return CliRunner().invoke(commands, words, prog_name=NAME, windows_expand_args=False)


def test_what_there_is():
    assert set(commands.commands) == {
        "adopt", "bench", "build", "check", "collect", "demo", "exercises", "formgrader", "grade", "gradescope", "lab",
        "lint-source", "new", "report", "return", "screenshots", "self-grade", "work",
    }  # fmt: skip
    help_of_all = run("--help").output
    for name, command in commands.commands.items():
        assert f"  {name} " in help_of_all and command.short_help in help_of_all


def replace_all(monkeypatch, called):
    """Whatever is asked for, only this is called."""
    modules = (
        adopt, alone, bench, build, collect, demo, drift_and_leaks, formgrader, give_back, grade, gradescope, lab, lint, new,
        overview, screenshots, work,
    )  # fmt: skip
    for module in modules:
        monkeypatch.setattr(module, "main", called)
    monkeypatch.setattr(build, "publish", called)


def example_of(name):
    (example,) = [line for line in run(name, "--help").output.splitlines() if "Example:" in line]
    return example.split(f"Example: {NAME} ")[1].split()


@pytest.mark.parametrize("name", commands.commands)
def test_each_has_help_with_an_example_that_is_one(name, monkeypatch):
    assert run(name, "--help").exit_code == 0
    words = example_of(name)
    assert words[0] == name
    replace_all(monkeypatch, lambda *_: 7)
    assert run(*words).exit_code == 7


@pytest.mark.parametrize("name", commands.commands)
def test_what_the_file_system_refuses_is_a_sentence(name, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "/course/a\nb")

    replace_all(monkeypatch, refuse)
    done = run(*example_of(name))
    assert done.exit_code == 1 and done.stdout == ""
    sentence = "/course/a?b cannot be read or written (Permission denied). Change its permissions, or make room, and try again."
    assert done.stderr == f"{sentence}\n"


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["dance"], "No such command 'dance'"),
        (["build", "--chek"], "No such option"),
        (["check", "this"], "unexpected extra argument (this)"),
        (["work", "update"], "unexpected extra argument (update)"),
        (["grade", "--jobs", "many"], "'many' is not a valid integer range"),
        (["grade", "--jobs=-1"], "-1 is not in the range x>=0"),
        (["grade", "9_nothing"], "There is no assignment 9_nothing. There are: 1_chunked_backprop"),
        (["bench", "--large"], "requires an argument"),
    ],
)
def test_what_is_wrong_gets_a_sentence(words, sentence):
    done = run(*words)
    assert done.exit_code == 2 and sentence in done.output


def test_words_reach_the_module_as_they_are(monkeypatch):
    asked = []
    monkeypatch.setattr(grade, "main", lambda *given: asked.append(given) or 0)
    assert run("grade", "a", "b", "--student=-rf", "--jobs", "2", "--scheduler=", "--force").exit_code == 0
    assert run("grade", "--student=[ab]*\n").exit_code == 0
    assert asked == [(("a", "b"), "-rf", 2, True, ""), ((), "[ab]*\n", None, False, None)]
    monkeypatch.setattr(collect, "main", lambda *given: asked.append(given) or 0)
    monkeypatch.setattr(give_back, "main", lambda *given: asked.append(given) or 0)
    assert run("collect", "-x.zip", "--lms=", "--dry").exit_code == 2  # an option; make puts the path behind none
    assert run("collect", "a b.zip", "--zone=Europe/Berlin", "--dry").exit_code == 0
    assert run("return", "--title", "Exercise 1 (4711)").exit_code == 0
    assert asked[2:] == [("a b.zip", "", "", "", "Europe/Berlin", True), ("", "", "Exercise 1 (4711)")]
    monkeypatch.setattr(
        build,
        "main",
        lambda sources, asked=None: 3 + sources if sources or asked is before_a_build.slips_through else 9,
    )
    monkeypatch.setattr(work, "main", lambda update: 5 + update)
    assert [run(*words).exit_code for words in (["build"], ["build", "--sources"], ["work"], ["work", "--update"])] == [
        3,
        4,
        5,
        6,
    ]


def test_authors_commands_are_told_what_was_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(new, "main", lambda name: asked.append(name) or 0)
    monkeypatch.setattr(lint, "main", lambda *given: asked.append(given) or 0)
    for words in (["new", "--", "-x"], ["new", ""], ["lint-source"], ["lint-source", "--all", "--", "7_x"]):
        assert run(*words).exit_code == 0
    assert asked == ["-x", "", ("", False), ("7_x", True)]


def test_report_and_self_grade_are_told_what_was_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(overview, "main", lambda anonymous: asked.append(anonymous) or 0)
    monkeypatch.setattr(alone, "main", lambda path, show: asked.append((path, show)) or 0)
    for words in (["report"], ["report", "--anonymous"], ["self-grade", "a b.ipynb"], ["self-grade", "--no-open", "x"]):
        assert run(*words).exit_code == 0
    assert asked == [False, True, ("a b.ipynb", True), ("x", False)]


def test_grading_says_what_windows_lacks(monkeypatch):
    for name in ("grade", "demo", "bench", "report", "return", "gradescope"):
        with monkeypatch.context() as patch:  # pytest itself is to know nothing of it
            patch.setattr("autograder.command_line.os.name", "nt")
            done = run(name)
        assert done.exit_code == 1 and "Grading needs Linux or macOS" in done.output


def test_it_is_a_program():
    done = subprocess.run([sys.executable, "-m", "autograder"], cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 2 and f"Usage: {NAME} [OPTIONS] COMMAND" in done.stderr


def test_make_calls_it_and_no_module_that_grades():
    """The processes that grade would read such a module a second time, and warn."""
    lines = [
        line for line in (COURSE / "Makefile").read_text(encoding="utf-8").splitlines() if "-m autograder." in line
    ]
    assert [
        line for line in lines if "-m autograder.machine" not in line and "-m autograder.untouched" not in line
    ] == []
