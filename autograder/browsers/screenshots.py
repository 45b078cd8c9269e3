"""``make screenshots``: README's pictures into docs/, and contact sheets of everything that people see into screenshots/.

A course is made and graded for it in a folder of its own. The sheets have a row for each way of looking (wide and phone, light
and dark) and are there to be looked at by whoever changes a notebook, a page or a style.
"""

import html
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from autograder.browsers.browser import PHONE, WIDE, browser, tab
from autograder.browsers.formgrader import formgrader
from autograder.browsers.notebook import Notebook, notebook
from autograder.browsers.server import served
from autograder.classroom.grade import grade
from autograder.classroom.overview import write_report
from autograder.course.answered import answered
from autograder.course.build import assignments, build, copy_sources
from autograder.course.exercise import COURSE
from autograder.demo import make_class

WAYS = [(size, scheme) for size in (WIDE, PHONE) for scheme in ("light", "dark")]
SHOWN = {
    "1_chunked_backprop": (
        "title",
        "picture",
        "logprobs-text",
        "bnvar_inv-text",
        "bndiff-check",
        "emb-check",
        "progress",
    ),
    "2_fused_cross_entropy": ("title", "picture", "logits-text", "demo-bars", "demo-picture", "progress"),
    "3_fused_batchnorm": ("title", "picture", "hprebn-text", "demo-column", "demo-regression", "progress"),
    "4_training_loop": (
        "title",
        "picture",
        "train-check",
        "plot-loss",
        "plot-gradients",
        "demo-statistics",
        "progress",
    ),
    "5_debugging": ("title", "picture", "plot-steps", "checker-check", "script", "plot-train", "findings-check"),
    "6_layernorm_attention": ("title", "picture", "demo-weights", "demo-scale", "flow", "flow-patients", "progress"),
}
"""Cells of each notebook at which it is looked at."""
CHUNKED = "1_chunked_backprop"
TYPED = {
    "logprobs": "dlogprobs = torch.zeros_like(logprobs)\ndlogprobs[range(n), Yb] = 1.0 / n",
    "bndiff": "dhprebn = dbndiff.clone()\ndbnmeani = (-dbndiff).sum(0, keepdim=True)\n"
    "dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)",
}
"""Mistakes that README shows: a sign, and a share that is left out."""
STUDENT, GOT, COMMENT = "henri", "24 / 26", "Right as far as it goes. Who else reads counts?"
LONGEST = 2_400
"""Pixels of a page that are on a sheet."""
TALLER = 840, 1_120
"""Heights of the windows in which README shows a student's page and the class report."""
COLOURS = 128


def _course(place: Path) -> Path:
    """A course as somebody has it who teaches it: built, a class graded, reported; in ``work/`` its notebooks, solved."""
    copy_sources(COURSE, place)
    shutil.copytree(COURSE / "autograder", place / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(COURSE / "nbgrader_config.py", place)
    build(place, execute=False)
    make_class(place)
    grade(place, assignments(place))
    write_report(place)
    for name in assignments(place):
        (place / "work" / "solved").mkdir(parents=True, exist_ok=True)
        shutil.copy(COURSE / "solutions" / name / f"{name}.ipynb", place / "work" / "solved")
    released, source = (
        nbformat.read(place / part / CHUNKED / f"{CHUNKED}.ipynb", as_version=4) for part in ("exercises", "source")
    )
    typed = place / "work" / CHUNKED / f"{CHUNKED}.ipynb"
    typed.parent.mkdir()
    typed.write_text(json.dumps(answered(released, source, TYPED)), encoding="utf-8")
    return place


_ANSWER = ".jp-Cell-inputArea, .jp-OutputArea"
_SHEET = """body { font: 16px sans-serif; margin: 16px; background: #888 }
section { display: inline-block; vertical-align: top; margin-right: 16px }
div { display: flex; gap: 8px; align-items: start }"""


class Album:
    """Pictures of one subject by way of looking, and their contact sheet."""

    def __init__(self, folder: Path, subject: str):
        self.folder, self.subject = folder / subject, subject
        self.rows: dict[str, list[Path]] = {}

    def take(self, page: Page, size: tuple[int, int], scheme: str, name: str, longest: int | None = None) -> None:
        """Take a picture of what the window shows, or of as much of the page."""
        row = self.rows.setdefault(f"{size[0]} px, {scheme}", [])
        path = self.folder / f"{size[0]}-{scheme}-{len(row) + 1}-{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if longest:
            height = min(longest, page.evaluate("document.documentElement.scrollHeight"))
            page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": size[0], "height": height})
        else:
            page.screenshot(path=path)
        row.append(path)

    def sheet(self, opened: Browser) -> Path:
        """All of them on one picture."""
        rows = "".join(
            f"<section><h2>{html.escape(way)}</h2><div>"
            + "".join(f'<img src="{path.as_uri()}" width="{420 if str(WIDE[0]) in way else 200}">' for path in paths)
            + "</div></section>"
            for way, paths in self.rows.items()
        )
        page = self.folder / "sheet.html"
        page.write_text(f"<style>{_SHEET}</style><h1>{html.escape(self.subject)}</h1>{rows}", encoding="utf-8")
        place = self.folder.with_suffix(".png")
        with tab(opened, (max(1_400, 32 + 430 * max(map(len, self.rows.values()))), 600)) as watched:
            watched.page.goto(page.as_uri())
            watched.page.screenshot(path=place, full_page=True)
        return place


def _at(book: Notebook, cell: str) -> None:
    """Scroll so that a cell is on top, its figures drawn."""
    found = book.cell(cell)
    for image in found.locator("img").all():
        image.evaluate("image => image.decode()")
    found.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    book.page.mouse.move(0, 0)


def _notebooks(opened: Browser, course: Path, out: Path, home: Path) -> Iterator[Path]:
    work = course / "work"
    with served(course, "lab", home) as address:
        with notebook(opened, address, work, f"{CHUNKED}/{CHUNKED}.ipynb") as book:
            _readmes(book)
        for name, cells in SHOWN.items():
            album = Album(out, name)
            for size, scheme in WAYS:
                where = "lab" if size == WIDE else "notebook"
                with notebook(opened, address, work, f"solved/{name}.ipynb", where, size, scheme) as book:
                    for cell in cells:
                        _at(book, cell)
                        album.take(book.page, size, scheme, cell)
            yield album.sheet(opened)


def _readmes(book: Notebook) -> None:
    """The pictures of a notebook that README shows: a window with a wrong answer, and an answer alone with what is said of it."""
    book.run_above("probs")
    _at(book, "logprobs-text")
    _small(book.page, COURSE / "docs" / "lab.png")
    book.run_above("embcat")  # which has the frame of the chosen cell, then
    _at(book, "bndiff")
    parts = [part for cell in ("bndiff", "bndiff-check") for part in book.cell(cell).locator(_ANSWER).all()]
    boxes = list(filter(None, (part.bounding_box() for part in parts)))
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes) - 4
    bottom = max(box["y"] + box["height"] for box in boxes) + 4
    clip: FloatRect = {"x": left, "y": top, "width": 960, "height": bottom - top}
    _small(book.page, COURSE / "docs" / "check.png", clip)


def _pages(opened: Browser, course: Path, out: Path) -> Iterator[Path]:
    shown = {
        "page": course / "feedback" / STUDENT / CHUNKED / f"{CHUNKED}.html",
        "report": course / "report" / f"{CHUNKED}.html",
        "course": course / "report" / "index.html",
    }
    for subject, path in shown.items():
        album = Album(out, subject)
        for size, scheme in WAYS:
            with tab(opened, size, scheme) as watched:
                watched.page.goto(path.as_uri())
                album.take(watched.page, size, scheme, subject, LONGEST)
        yield album.sheet(opened)
    for subject, name, height in zip(("page", "report"), ("feedback", "report"), TALLER):
        with tab(opened, (WIDE[0], height)) as watched:
            watched.page.goto(shown[subject].as_uri())
            _small(watched.page, COURSE / "docs" / f"{name}.png")


def _formgrader(opened: Browser, course: Path, out: Path, home: Path) -> Iterator[Path]:
    album = Album(out, "formgrader")
    with served(course, "formgrader", home) as address:
        for size, scheme in WAYS:
            with formgrader(opened, address, size, scheme, alone=size == PHONE) as pages:
                page = pages.tab.page
                album.take(page, size, scheme, "assignments")
                pages.submissions(CHUNKED)
                album.take(page, size, scheme, "submissions")
                pages.go("Manage Assignments")
                pages.open(CHUNKED, GOT)
                album.take(page, size, scheme, "submission")
                if (size, scheme) == WAYS[0]:
                    pages.comment("counts_sum", COMMENT)
                pages.frame.locator("[id='counts_sum-comment']").focus()
                pages.still()
                album.take(page, size, scheme, "answer")
                if (size, scheme) == WAYS[0]:
                    _small(page, COURSE / "docs" / "formgrader.png")
        yield album.sheet(opened)


def _small(page: Page, path: Path, clip: FloatRect | None = None) -> None:
    """A picture for README, in few colours, since it is kept in git."""
    page.screenshot(path=path, clip=clip)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> int:
    """``python -m autograder screenshots``; returns the exit status."""
    out = COURSE / "screenshots"
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as scratch:
        course = _course(Path(scratch) / "course")
        homes = [Path(scratch) / command for command in ("lab", "formgrader")]
        for home in homes:
            home.mkdir()
        with browser() as opened:
            for sheets in (
                _pages(opened, course, out),
                _formgrader(opened, course, out, homes[1]),
                _notebooks(opened, course, out, homes[0]),
            ):
                for sheet in sheets:
                    print(sheet.relative_to(COURSE), flush=True)
    print("README's pictures are in docs/: look at them, and commit those that are better.")
    return 0
