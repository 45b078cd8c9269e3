"""nbgrader's formgrader as ``make formgrader`` opens it, driven as an instructor drives it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from autograder.browsers.browser import WIDE, Watched, tab

_STILL = """() => new Promise(done => {
    const ask = () => $(':animated').length ? requestAnimationFrame(ask) : done();
    ask();
})"""


@dataclass
class Formgrader:
    """The formgrader's pages, in a frame of JupyterLab or alone."""

    tab: Watched
    alone: bool = False

    @property
    def frame(self) -> FrameLocator | Page:
        return self.tab.page if self.alone else self.tab.page.frame_locator("#formgrader-iframe iframe")

    def row(self, text: str) -> Locator:
        """The row of a table in which a text stands as a cell or a link."""
        return self.frame.locator("#main-table tr").filter(has=self.frame.get_by_text(text, exact=True))

    def go(self, *links: str) -> None:
        """Follow links by what they are called, each on the page to which the one before it has led."""
        for link in links:
            with self.tab.page.expect_event("framenavigated", lambda frame: "/formgrader/" in frame.url):
                self.frame.get_by_role("link", name=link, exact=True).first.click()

    def submissions(self, assignment: str) -> None:
        """The list of those who have handed in, from anywhere."""
        self.go("Manage Assignments")
        self.row(assignment).locator(".num-submissions a").click()
        expect(self.frame.locator("#main-table .autograde a").first).to_be_visible()

    def press(self, student: str, button: str) -> str:
        """Press ``autograde`` or ``generate-feedback`` in a student's row; what the page then says of it."""
        self.row(student).locator(f".{button} a").click()
        said = self.frame.locator(".modal.in")
        expect(said).to_be_visible()
        text = said.locator(".modal-title").inner_text() + ": " + said.locator(".modal-body").inner_text()
        said.locator("button.close").first.click()
        expect(said).to_have_count(0)
        return text

    def open(self, assignment: str, which: str) -> None:
        """Open a submission to grade it by hand, by what its row says: they have numbers there in place of names."""
        self.go("Manual Grading", assignment, assignment)
        self.row(which).locator("a").first.click()
        for field in (".score", ".comment"):  # what is typed before the page's script has come to them is lost
            expect(self.frame.locator(field).last).to_have_attribute("placeholder", re.compile("."))
        self.still()

    def score(self, cell: str, points: float) -> None:
        """Give points to a graded cell; they are saved then."""
        self._fill(self.frame.locator(f"[id='{cell}']"), f"{points:g}", "grade")

    def comment(self, cell: str, text: str) -> None:
        """Comment an answer; it is saved then."""
        self._fill(self.frame.locator(f"[id='{cell}-comment']"), text, "comment")

    def still(self) -> None:
        """Until the page has scrolled to what has the focus."""
        self.frame.locator("body").evaluate(_STILL)

    def _fill(self, field: Locator, text: str, kind: str) -> None:
        with self.tab.page.expect_response(
            lambda answer: (
                answer.request.method == "PUT" and re.search(f"/formgrader/api/{kind}/", answer.url) is not None
            )
        ):
            field.fill(text)
            field.blur()


@contextmanager
def formgrader(
    opened: Browser, address: str, size: tuple[int, int] = WIDE, scheme: str = "light", alone: bool = False
) -> Iterator[Formgrader]:
    """Open what ``make formgrader`` opens.

    Args:
        address: of its server.
        alone: the page by itself, without JupyterLab around it.
    """
    with tab(opened, size, scheme) as watched:
        watched.page.goto(f"{address}/formgrader" if alone else address)
        found = Formgrader(watched, alone)
        expect(found.frame.locator("#main-table .name").first).to_be_visible()
        yield found
