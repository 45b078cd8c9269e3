"""A notebook in JupyterLab or Notebook 7, driven as a person drives it: with mouse and keyboard, waiting for what is seen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, expect

from autograder.browsers.browser import WIDE, Watched, tab

OPENED = {"lab": "lab/tree", "notebook": "notebooks"}
"""The addresses under which JupyterLab and Notebook 7 open a file."""
_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
"""The notebook in front: JupyterLab opens those behind it, too, that were open when it was last left."""

_NOTEBOOK_7 = "body[data-notebook]"
"""There the kernel's status is above the panel."""


@dataclass
class Notebook:
    """A notebook that is open; its cells are told by their ``grade_id``."""

    tab: Watched
    file: Path

    def __post_init__(self) -> None:
        self.page = self.tab.page
        cells = nbformat.read(self.file, as_version=4).cells
        self.size = len(cells)
        self.places = {cell.metadata.get("nbgrader", {}).get("grade_id"): place for place, cell in enumerate(cells)}
        self.codes = [place for place, cell in enumerate(cells) if cell.cell_type == "code"]

    def wait(self) -> None:
        """Until every cell is there and the kernel has nothing to do."""
        expect(self._cells()).to_have_count(self.size)
        idle = f"{_PANEL} [data-status=idle], {_NOTEBOOK_7} [data-status=idle]"
        self.page.locator(idle).first.wait_for(state="attached")  # on a phone it is hidden

    def cell(self, name: str) -> Locator:
        """A cell, scrolled to."""
        found = self._cells().nth(self.places[name])
        found.scroll_into_view_if_needed()
        return found

    def write(self, name: str, text: str) -> None:
        """Put a text in place of what stands in a code cell."""
        self._click(name)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def run(self, name: str) -> str:
        """Run a cell; what stands below it then, as text."""
        prompt = self.cell(name).locator(".jp-InputPrompt").first
        before = re.escape(prompt.text_content())
        self._click(name)
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(re.compile(rf"\*|^{before}$"))
        return self.said(name)

    def run_above(self, name: str) -> None:
        """Run all cells above one, by the menu."""
        self._click(name)
        self.page.keyboard.press("Escape")
        self.menu("Run", "Run All Above Selected Cell")
        last = max(place for place in self.codes if place < self.places[name])
        prompt = self._cells().nth(last).locator(".jp-InputPrompt").first
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"))

    def said(self, name: str) -> str:
        """What stands below a cell, as text."""
        return "\n".join(self.cell(name).locator(".jp-OutputArea-output").all_text_contents())

    def menu(self, name: str, entry: str) -> None:
        """Choose an entry of a menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{name}$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}$")).click()

    def menus(self) -> list[str]:
        """What the menu bar offers."""
        return self.page.locator(".lm-MenuBar-itemLabel").all_text_contents()

    def save(self) -> None:
        """Save it; its file holds what stands here then."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ):
            self.page.keyboard.press("ControlOrMeta+S")

    def validate(self) -> str:
        """Press nbgrader's button, read its dialog, and close that."""
        self.page.locator(f"{_PANEL} .validate-button").click()
        dialog = self.page.locator(".jp-Dialog-content")
        dialog.wait_for()
        text = dialog.inner_text()
        dialog.get_by_role("button", name="OK").click()
        dialog.wait_for(state="hidden")
        return text

    def _cells(self) -> Locator:
        return self.page.locator(f"{_PANEL} .jp-Notebook .jp-Cell")

    def _click(self, name: str) -> None:
        self.cell(name).locator(".cm-content").first.click()


@contextmanager
def notebook(
    opened: Browser,
    address: str,
    folder: Path,
    path: str,
    where: str = "lab",
    size: tuple[int, int] = WIDE,
    scheme: str = "light",
) -> Iterator[Notebook]:
    """Open a notebook.

    Args:
        address: of the server.
        folder: what the server serves.
        path: of the notebook in it.
        where: in ``lab`` or ``notebook``.
    """
    with tab(opened, size, scheme) as watched:
        watched.page.goto(f"{address}/{OPENED[where]}/{path}")
        found = Notebook(watched, folder / path)
        found.wait()
        yield found
