"""Without a sandbox, root can have student code run as somebody else (SANDBOX_USER), as in Gradescope's containers."""

import io
from types import SimpleNamespace

import pytest

from autograder.sandbox import warm


@pytest.mark.parametrize(
    "number, confined, root, expected",
    [
        ("1048576", False, True, (1048576, 1048576, [])),
        ("", False, True, (None, None, None)),
        ("1048576", False, False, (None, None, None)),  # only root can become another
        ("1048576", True, True, (None, None, None)),  # the sandbox does it, and better
        ("root", False, True, (None, None, None)),
    ],
)
def test_whom_the_warm_process_runs_as(monkeypatch, number, confined, root, expected):
    asked = []

    def start(*_, user, group, extra_groups, **__):
        asked.append((user, group, extra_groups))
        return SimpleNamespace(poll=lambda: None, wait=lambda _: 0, stderr=io.BytesIO())

    monkeypatch.setenv("SANDBOX_USER", number)
    monkeypatch.setattr(warm.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(warm.subprocess, "Popen", start)
    server = warm.Server(confined)
    server.launch()
    server.close()
    assert asked == [expected]
