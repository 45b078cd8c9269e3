"""A Jupyter server as ``make lab`` and ``make formgrader`` start it, with none of its user's own settings."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120
"""Longest time for a server to answer: on a machine that has other things to do, Jupyter alone takes a while to import."""
OPTIONS = (
    "--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
)  # fmt: skip


SETTINGS = {"themes": {"adaptive-theme": True}, "notification": {"fetchNews": "false"}}
"""JupyterLab's: as light or dark as the system is, and no question in a corner that lies over the page."""


class NotServed(RuntimeError):
    """The server did not start; the message says what it printed."""


@contextmanager
def served(course: Path, command: str, home: Path) -> Iterator[str]:
    """Run ``python -m autograder lab`` or ``formgrader`` in a course folder; yields the server's address.

    Args:
        home: where Jupyter keeps settings, signatures and sockets; what it prints stands in ``<command>.log`` there.

    Raises:
        NotServed: it ended, or did not answer in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    theirs = ("JUPYTER_CONFIG", "GRADEBOOK_DB")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    environment |= own | {"IPYTHONDIR": str(home / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    for name, chosen in SETTINGS.items():
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(chosen), encoding="utf-8")
    log = home / f"{command}.log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "autograder", command, "--", *OPTIONS, f"--port={port}"],
            cwd=course, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(server, f"{address}/api", log)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen, address: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=SECONDS):
                return
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > end:
                raise NotServed(f"Jupyter did not start. It said:\n{log.read_text(errors='replace')}") from None
            time.sleep(0.1)
