"""make test runs a share of the long families: the same for a commit, in time all of them, and says what it leaves out."""

import os
import subprocess
import sys

import pytest

from autograder.course.exercise import COURSE
from tests.share import drawn

NAMES = [f"tests/test_x.py::test[{number}]" for number in range(400)]


def _run(share, commit):
    return drawn(dict.fromkeys(NAMES, share), commit)


def test_a_share_is_as_large_as_it_says_and_the_same_for_a_commit():
    assert all(len(_run(0.1, f"commit {number}")) in (39, 40, 41) for number in range(20))
    assert _run(0.1, "abc") == _run(0.1, "abc") != _run(0.1, "abd")
    assert not _run(0, "abc")
    assert _run(1, "abc") == _run(8, "abc") == {*NAMES}


def test_commit_by_commit_all_of_them_are_run():
    seen = set().union(*(_run(0.1, f"commit {number}") for number in range(100)))
    assert seen == {*NAMES}


def test_each_is_run_as_often_as_its_share_says_and_tests_of_different_families_make_up_for_one_another():
    shares = {
        "tests/test_a.py": 0.2,
        "tests/test_b.py::test": 0.3,
        "tests/test_c.py::test": 0.5,
        "tests/test_d.py::test": 1,
    }
    runs = [drawn(shares, f"commit {number}") for number in range(2000)]
    assert all(len(run) == 2 for run in runs)
    for name, share in shares.items():
        assert abs(sum(name in run for run in runs) / 2000 - share) < 0.05


@pytest.fixture
def pytester_run(tmp_path):
    """What pytest says at the end of a run of ten tests that are left to the whole run, and one that is not."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = share\n")
    (tmp_path / "test_x.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.share(0)\n@pytest.mark.parametrize('n', range(10))\ndef test_a(n): pass\n\ndef test_b(): pass\n"
    )

    def run(*options):
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist", "-n", "2", *options]
        alone = {"PYTHONPATH": str(COURSE), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment = {**os.environ, **alone}
        return subprocess.run(
            [*words, "test_x.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
        ).stdout

    return run


def test_what_is_left_out_is_counted(pytester_run):
    assert "10 tests of long families were left to make test WHOLE=1" in pytester_run("-p", "tests.share")
    assert "left to make test" not in pytester_run()
