"""The system's chromium, and what goes wrong in a page while one looks at it. No browser is downloaded."""

import functools
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect, sync_playwright

from autograder.machine import CHROMIUM

WIDE, PHONE = (1366, 768), (390, 844)
"""Windows that pages are looked at in, in CSS pixels."""
SLOW = 180_000
"""Milliseconds that anything may take, on a machine that has other things to do."""
expect.set_options(timeout=SLOW)
JUPYTERS = (
    r"Cannot read properties of undefined \(reading 'schema'\)",  # Notebook 7.6, at any notebook
    r"Command 'filebrowser:open-path' not registered",  # so has it no file browser beside a notebook
    r"403 http\S+/static/\w+/\w+\.woff",  # jupyter_server keeps one list of files for JupyterLab's and Notebook's
)
"""Errors that Jupyter makes by itself, whatever notebook is open."""


@functools.cache
def chromium() -> str:
    """The path of the browser; nothing if there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), "")


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is open."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Watched:
    """A tab, and what goes wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """What stands in the console as an error, what was raised, and answers that were none; not ``JUPYTERS``."""
    abroad: list[str] = field(default_factory=list)
    """Addresses on other machines that were asked for."""

    def __post_init__(self) -> None:
        context = self.page.context
        context.on("console", self._printed)
        context.on("weberror", lambda raised: self._say(str(raised.error)))
        context.on("response", self._answered)
        context.on("request", self._asked)

    def _printed(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):  # _answered says which
            self._say(message.text)

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400:
            self._say(f"{answer.status} {answer.url}")

    def _asked(self, request: Request) -> None:
        if re.match(r"https?://(?!127\.0\.0\.1)", request.url):
            self.abroad.append(request.url)

    def _say(self, error: str) -> None:
        if not any(re.search(known, error) for known in JUPYTERS):
            self.errors.append(error)


@contextmanager
def tab(opened: Browser, size: tuple[int, int] = WIDE, scheme: str = "light") -> Iterator[Watched]:
    """A tab with nothing of others' in it, watched.

    Args:
        scheme: ``light`` or ``dark``, as the system of its user has it.
    """
    context = opened.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if scheme == "dark" else "light"
    )
    context.set_default_timeout(SLOW)
    try:
        yield Watched(context.new_page())
    finally:
        context.close()
