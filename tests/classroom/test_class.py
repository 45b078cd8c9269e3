"""A class through ``make grade``: every way of grading gives the same, and no accident on the way costs anything."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder import machine
from autograder.classroom.lock import LOCK
from autograder.course.build import nbgrader_api
from autograder.course.exercise import COURSE
from autograder.files import WRITTEN
from autograder.reports.feedback import signature
from tests.classes import (
    NAME,
    STUDENTS,
    WRONG,
    command,
    gone,
    grade,
    gradebook,
    graded_now,
    hand_in,
    hand_in_all,
    make_course,
    outcome,
)

HAVE_FILES = sorted(student for student, (edits, _) in STUDENTS.items() if edits is not None)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course that nobody has handed in to."""
    return make_course(tmp_path_factory.mktemp("small") / "course")


@pytest.fixture
def copied(course, tmp_path):
    """A copy of it for one test."""
    return shutil.copytree(course, tmp_path / "course")


@pytest.fixture(scope="module")
def undisturbed(course, tmp_path_factory):
    """The class graded in two processes, and nothing happens meanwhile: the course, what is left, what was printed."""
    whole = shutil.copytree(course, tmp_path_factory.mktemp("undisturbed") / "course")
    hand_in_all(whole)
    done = grade(whole, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert sorted(graded_now(whole)) == HAVE_FILES
    return whole, outcome(whole), done


@pytest.fixture
def graded(undisturbed, tmp_path):
    """A copy of the graded class for one test."""
    return shutil.copytree(undisturbed[0], tmp_path / "course")


def test_everybody_has_the_points_that_the_answers_are_worth(undisturbed):
    course, left, _ = undisturbed
    for student, (edits, points) in STUDENTS.items():
        if edits is not None:
            assert left["gradebook"][student]["score"] == points, student
            assert (course / "feedback" / student / NAME / f"{NAME}.html").exists()
    assert "emil" not in left["gradebook"]


def test_the_table_for_a_spreadsheet(undisturbed):
    _, left, _ = undisturbed
    rows = {row["student"]: row for row in csv.DictReader(left["csv"].splitlines(keepends=True))}
    assert len(rows) == len(STUDENTS)
    assert "'=cmd()" in rows  # no spreadsheet takes it for a formula
    assert "'-rf" in rows
    assert rows["cid"] | {"student": ""} == {
        "student": "", f"{NAME}: points": "2.5", "total": "2.5", f"{NAME}: dh": "1", f"{NAME}: dy": "1",
        f"{NAME}: dw": "0.5", f"{NAME}: dh, verdict": "right", f"{NAME}: dy, verdict": "right",
        f"{NAME}: dw, verdict": "right value, wrong shape", "to look at": "",
    }  # fmt: skip
    assert rows["emil"][f"{NAME}: points"] == "0"
    assert rows["emil"][f"{NAME}: dh"] == ""


def test_what_is_printed(undisturbed):
    _, _, done = undisturbed
    assert "emil, 5_small: no notebook handed in" in done.stdout
    assert "dora, 5_small: Cells h, y were missing and were put back empty." in done.stdout
    assert "new?line" in done.stdout
    assert done.stderr == ""  # no bar where there is no terminal


def test_files_have_nbgraders_permissions(undisturbed):
    course, _, _ = undisturbed
    assert (course / "autograded" / "ada" / NAME / f"{NAME}.ipynb").stat().st_mode & 0o777 == 0o444
    assert (course / "feedback" / "ada" / NAME / f"{NAME}.html").stat().st_mode & 0o777 == 0o644


# --- the same grades, whichever way ---------------------------------------------------------------------------------------


@pytest.mark.share(0.15)
def test_nbgrader_itself_gives_the_same(undisturbed, copied):
    _, left, _ = undisturbed
    api = nbgrader_api(copied)
    some = ("ada", "bob", "cid", "dora")
    for student in some:
        hand_in(copied, student, STUDENTS[student][0])
        done = api.autograde(NAME, student)
        assert done["success"], done
        done = api.generate_feedback(NAME, student)
        assert done["success"], done
    assert gradebook(copied) == {student: left["gradebook"][student] for student in some}
    for student in some:
        place = f"autograded/{student}/{NAME}/{NAME}.ipynb"
        assert json.loads((copied / place).read_text()) == json.loads(left[place])
        page = Path("feedback", student, NAME, f"{NAME}.html")
        assert (copied / page).read_text(encoding="utf-8") == left[str(page)]
    assert grade(copied).returncode == 0
    assert graded_now(copied) == []  # nbgrader's step has signed them; only the pages are made again
    (copied / "feedback" / "ada" / NAME / "notes.txt").write_text("mine")
    for student in some:  # what nbgrader's commands made is the course's, and what lies beside it is not
        hand_in(copied, student, {"h": "dh = 3 * h"})
    assert grade(copied).returncode == 0
    assert graded_now(copied) == list(some)
    assert [path.read_text() for path in (copied / "kept").iterdir()] == ["mine"]
    for student in some:
        done = api.generate_feedback(NAME, student, force=True)  # copies what make grade has noted, too
        assert done["success"], done
        hand_in(copied, student, STUDENTS[student][0])
    assert "is kept/" not in grade(copied).stdout
    assert len(list((copied / "kept").iterdir())) == 1


@pytest.mark.share(0.15)
@pytest.mark.parametrize("noted", ["", None])
def test_a_class_of_an_earlier_release_is_graded_again_and_none_of_its_files_is_kept(graded, noted):
    for path in [*(graded / "autograded").rglob(WRITTEN), *(graded / "feedback").rglob(WRITTEN)]:
        path.unlink()
    notes = graded / "feedback" / "ada" / NAME / "notes.txt"
    if noted is None:
        notes.write_text("mine")
    done = grade(graded, "--force")
    assert done.returncode == 0 and sorted(graded_now(graded)) == HAVE_FILES
    assert ("that version is" in done.stdout) == (noted is None) and not notes.exists()
    kept = graded / "kept"
    assert ([path.read_text() for path in kept.iterdir()] if kept.exists() else []) == ["mine"] * (noted is None)


@pytest.fixture(scope="module")
def postgres():
    """The address of a database in a PostgreSQL server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
    user = {}
    if os.geteuid() == 0:  # the server will not run as root
        shutil.chown(folder, "postgres", "postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    def run(program, *words):
        subprocess.run(
            [machine.postgresql() / program, *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, **user
        )

    run("initdb", "--no-sync", "--auth=trust", "--username=grader", "--encoding=UTF8", f"--pgdata={folder}/data")
    run("pg_ctl", "--wait", f"--pgdata={folder}/data", f"--log={folder}/log", "start",
        f"--options=-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off")  # fmt: skip
    try:
        run("createdb", f"--host={folder}", "--username=grader", "gradebook")
        yield f"postgresql://grader@/gradebook?host={folder}"
    finally:
        run("pg_ctl", "--pgdata", f"{folder}/data", "--mode=immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler with two worker processes: its address, and the workers."""
    address = tmp_path / "scheduler.json"
    run = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": COURSE}
    options = ["--host=127.0.0.1", "--port=0", "--no-dashboard", f"--scheduler-file={address}"]
    processes = [subprocess.Popen([*run, "distributed.cli.dask_scheduler", *options], **quiet)]
    options = [
        "--nthreads=1",
        "--no-nanny",
        "--no-dashboard",
        f"--scheduler-file={address}",
        f"--local-directory={tmp_path}",
    ]
    processes += [subprocess.Popen([*run, "distributed.cli.dask_worker", *options], **quiet) for _ in range(2)]
    try:
        for _ in range(600):
            if address.exists() and address.read_text().strip():
                break
            time.sleep(0.1)
        yield json.loads(address.read_text())["address"], processes[1:]
    finally:
        alive = [process.pid for process in processes if process.poll() is None]
        started = [child.pid for pid in alive for child in psutil.Process(pid).children(recursive=True)]
        for process in processes:
            process.kill()
            process.wait()
        assert gone(started)


@pytest.mark.share(0.12)
@pytest.mark.needs("Dask")
def test_a_dask_cluster_gives_the_same(undisturbed, copied, cluster):
    hand_in_all(copied)
    address, _ = cluster
    done = grade(copied, "--scheduler", address)
    assert done.returncode == 0, done.stderr
    assert outcome(copied) == undisturbed[1]


@pytest.mark.share(0)
@pytest.mark.needs("Dask", "PostgreSQL")
def test_a_dask_cluster_that_loses_a_worker_and_a_gradebook_in_postgresql_give_the_same(
    undisturbed, copied, cluster, postgres, monkeypatch
):
    from autograder.course.build import build

    monkeypatch.setenv("GRADEBOOK_DB", postgres)
    (copied / "gradebook.db").unlink()
    build(copied, execute=False)
    hand_in_all(copied)
    address, workers = cluster
    grading = subprocess.Popen(
        command(copied, "--scheduler", address),
        cwd=COURSE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (copied / "autograded").exists(), grading)
    workers[0].kill()
    _, said = grading.communicate(timeout=300)
    assert grading.returncode == 0, said
    assert outcome(copied, postgres) == undisturbed[1]
    assert sorted(graded_now(copied)) == HAVE_FILES
    assert not (copied / "gradebook.db").exists()


@pytest.mark.share(0.12)
@pytest.mark.needs("Dask")
def test_a_scheduler_that_is_not_there_is_named_in_a_sentence(graded):
    hand_in(graded, "ada", WRONG)
    done = grade(graded, "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr


# --- killed, and started again --------------------------------------------------------------------------------------------


@pytest.mark.share(0)
def test_killed_at_any_place_and_started_again_it_goes_on(undisturbed, copied):
    hand_in_all(copied)
    places = [
        ("in the transaction", 2),
        ("half a file", 3),
        ("recorded, no file yet", 4),
        ("notebook written, no page yet", 2),
    ]
    places += [("half a file", 2), ("before the table", 1)]
    finished: set[str] = set()
    scratch: list[Path] = []
    for place, count in places:
        done = grade(copied, "--kill", place, "--count", str(count))
        assert done.returncode == -signal.SIGKILL, (place, done.stderr)
        assert gone(json.loads((copied / "children.json").read_text())), "processes were left"
        scratch.append(Path((copied / LOCK).read_text()))
        again = finished & set(graded_now(copied))
        assert not again, f"graded twice: {again}"
        for page in (copied / "feedback").rglob("*.html"):
            assert signature(page), f"half written: {page}"
        for notebook in (copied / "autograded").rglob("*.ipynb"):
            json.loads(notebook.read_text())
            finished.add(notebook.parts[-3])
    done = grade(copied)
    assert done.returncode == 0, done.stderr
    assert not finished & set(graded_now(copied))
    assert outcome(copied) == undisturbed[1]
    assert len(scratch) == len(places)
    assert not any(folder.exists() for folder in scratch), "temporary files were left"


@pytest.mark.share(0.1)
def test_killed_with_its_workers_at_no_place_in_particular(undisturbed, copied):
    hand_in_all(copied)
    grading = subprocess.Popen(command(copied, "--jobs", "2"), cwd=COURSE, stdout=subprocess.DEVNULL)
    wait_for(lambda: list((copied / "feedback").rglob("*.html")), grading)
    children = [child.pid for child in psutil.Process(grading.pid).children(recursive=True)]
    grading.kill()
    grading.wait()
    assert gone(children)
    assert grade(copied).returncode == 0
    assert outcome(copied) == undisturbed[1]
    assert len(graded_now(copied)) <= len(HAVE_FILES) + 1, "more than the one in the writer's hand was graded again"


@pytest.mark.share(0.1)
@pytest.mark.parametrize("which", ["a worker", "what forks workers", "the warm process"])
def test_a_process_that_is_killed_costs_nothing(undisturbed, copied, which):
    hand_in_all(copied)
    grading = subprocess.Popen(command(copied, "--jobs", "2"), cwd=COURSE, stdout=subprocess.DEVNULL)
    wait_for(lambda: (copied / "autograded").exists(), grading)
    children = {child: " ".join(child.cmdline()) for child in psutil.Process(grading.pid).children()}
    forking = next(child for child, called in children.items() if "forkserver" in called)
    warm = next(child for child, called in children.items() if "inside_sandbox.server" in called)
    killed = {"a worker": forking.children()[0], "what forks workers": forking, "the warm process": warm}[which]
    killed.kill()
    assert grading.wait(300) == 0
    assert outcome(copied) == undisturbed[1]
    assert sorted(graded_now(copied)) == HAVE_FILES


def wait_for(condition, process) -> None:
    for _ in range(3000):
        if condition():
            return
        assert process.poll() is None, "it ended before"
        time.sleep(0.05)
    pytest.fail("it took too long")


# --- only what changed ----------------------------------------------------------------------------------------------------


@pytest.mark.share(0.4)
def test_only_what_changed_is_graded_again(undisturbed, graded):
    done = grade(graded)
    assert (graded_now(graded), done.returncode) == ([], 0)
    assert outcome(graded) == undisturbed[1]
    hand_in(graded, "ada", WRONG)
    (graded / "feedback" / "bob" / NAME / f"{NAME}.html").unlink()
    (graded / "submitted" / "cid" / NAME / "notes.txt").write_text("mine")
    shutil.rmtree(graded / "autograded" / "-rf")
    (graded / "autograded" / "ada" / NAME / "stale.txt").write_text("of an earlier hand-in")
    (graded / "feedback" / "ada" / NAME / ".writing").write_text("of a killed run")
    assert grade(graded).returncode == 0
    assert sorted(graded_now(graded)) == ["-rf", "ada", "cid"]
    after = outcome(graded)
    assert after["gradebook"]["ada"]["score"] == 2
    assert after.keys() == undisturbed[1].keys()
    assert after[f"feedback/bob/{NAME}/{NAME}.html"] == undisturbed[1][f"feedback/bob/{NAME}/{NAME}.html"]


@pytest.mark.share(0.4)
def test_force_and_student(graded):
    assert grade(graded, "--student", "[ab]*", "--force").returncode == 0
    assert sorted(graded_now(graded)) == ["[ab]*", "ada", "bob"]  # a name, and a pattern
    assert len((graded / "grades.csv").read_text().splitlines()) >= 1 + len(STUDENTS)  # of the whole class all the same


@pytest.mark.share(0.4)
def test_what_a_human_gave_survives_and_is_shown(graded):
    with Gradebook(f"sqlite:///{graded}/gradebook.db") as book:
        book.find_grade("h-check", NAME, NAME, "bob").manual_score = 0.75
        book.find_grade("h-check", NAME, NAME, "bob").extra_credit = 0.125
        book.find_comment("h", NAME, NAME, "bob").manual_comment = "The idea is right, **look** at the factor."
        book.db.commit()
    done = grade(graded)
    page = (graded / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert graded_now(graded) == []
    assert "The idea is right, <strong>look</strong>" in page
    assert "<bdi>bob</bdi>: <b>2.88</b> of 3 points" in page
    assert "2.875" in (graded / "grades.csv").read_text()
    done = grade(graded, "--student", "bob", "--force")
    assert graded_now(graded) == ["bob"]
    assert gradebook(graded)["bob"]["grades"]["h-check"] == (0, 0.75, True)
    assert "the points that you gave for h-check are from before this grading" in done.stdout
    assert "The idea is right" in (graded / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()


@pytest.mark.share(0.4)
def test_late_submissions_are_as_nbgrader_has_them(graded):
    with Gradebook(f"sqlite:///{graded}/gradebook.db") as book:
        book.update_or_create_assignment(NAME, duedate="2030-01-01 12:00 UTC", course_id="backprop_ninja")
    (graded / "submitted" / "ada" / NAME / "timestamp.txt").write_text("2030-01-02 12:00 UTC")
    (graded / "submitted" / "bob" / NAME / "timestamp.txt").write_text("the day before yesterday")
    done = grade(graded)
    assert "timestamp.txt holds no date" in done.stdout
    assert str(gradebook(graded)["ada"]["timestamp"]) == "2030-01-02 12:00:00"
    ours = gradebook(graded)["ada"]
    assert nbgrader_api(graded).autograde(NAME, "ada")["success"]
    assert gradebook(graded)["ada"] == ours


def test_a_second_make_grade_says_that_one_is_at_work(graded):
    with (graded / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = grade(graded)
    assert done.returncode == 1
    assert "Another `make grade` is at work" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_notebook_that_is_taken_back_leaves_its_grade_and_says_so(graded):
    (graded / "submitted" / "ada" / NAME / f"{NAME}.ipynb").unlink()
    done = grade(graded)
    assert "no notebook handed in any more; what was graded before counts" in done.stdout
    assert gradebook(graded)["ada"]["score"] == 3


def test_a_table_that_cannot_be_written_costs_nothing_that_is_printed(graded):
    (graded / "grades.csv").unlink()
    (graded / "grades.csv" / "mine").mkdir(parents=True)
    done = grade(graded)
    assert done.returncode == 1 and done.stderr == ""
    assert "grades.csv could not be written (Is a directory). Put that right, and run `make grade` again" in done.stdout
    assert "emil, 5_small: no notebook handed in" in done.stdout


def test_no_verdict_no_success(graded):
    """A folder that cannot be graded: a line that says why, and the exit status."""
    (graded / "submitted" / "link").mkdir()
    (graded / "submitted" / "link" / NAME).symlink_to(graded / "submitted" / "ada" / NAME)
    (graded / "submitted" / ("x" * 129) / NAME).mkdir(parents=True)
    done = grade(graded)
    assert done.returncode == 1
    assert f"link, {NAME}: could not be graded: {NAME} is a link to another place" in done.stdout
    assert "longer than 128 letters" in done.stdout
    assert "link" not in gradebook(graded)
