"""Pages as nbgrader makes them of a graded notebook, and what in them could do something in a browser."""

import copy
import functools
import re
from collections import Counter
from pathlib import Path

import nbformat
import nbgrader.server_extensions.formgrader as formgrader
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.classroom.submission import configuration
from autograder.reports.feedback import Page, Scores, render

TEMPLATES = Path(formgrader.__file__).parent / "templates"
ACTIVE = re.compile(
    "script|style|link|meta|base|i?frame|object|embed|applet|form|input|button|textarea|select|svg|math|video|audio|source|picture|"
    "template|noscript|marquee|dialog|animate|set"
)
FORMULA = re.compile(
    "m(?:row|i|n|o|text|space|frac|sqrt|root|sub|sup|subsup|under|over|underover|table|tr|td|style|padded)"
)
"""MathML that only shows something."""
MACRO = re.compile(
    r"\\(?:href|class|cssId|style|unicode|require|bbox|mmlToken|csname|def|let|newcommand|ref|eqref|label|tag|toggle|rule|kern)\b"
)


def page(notebook: NotebookNode, template: str, student: str = "s") -> str:
    """The page of a notebook: ``formgrade`` as nbgrader makes it, ``feedback`` as ``make grade`` does."""
    if template == "feedback":
        return render(Page("s", "n", nbformat.writes(notebook), Scores({}, {})))
    resources = {
        "nbgrader": {"notebook": "n", "score": 1, "max_score": 1, "late_penalty": 0},
        "base_url": "", "submission_id": "0", "notebook_id": "n", "assignment_id": "n", "index": 0, "total": 1,
        "student": student, "notebook_path": student,
    }  # fmt: skip
    return _formgrade().from_notebook_node(notebook, resources=resources)[0]


@functools.cache
def _formgrade() -> HTMLExporter:
    config = Config()
    config.HTMLExporter = copy.deepcopy(configuration().HTMLExporter)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    return HTMLExporter(config=config)


def active(text: str) -> Counter[str]:
    """Everything in a page that a browser would run, load or follow, or that the formgrader's own script looks for."""
    soup = BeautifulSoup(text, "html.parser")
    found: Counter[str] = Counter()
    for element in soup.find_all(True):
        formula = element.name == "math" and all(
            FORMULA.fullmatch(part.name) and not {"href", "style", "class", "id", "src"} & part.attrs.keys()
            for part in element.find_all(True)
        )
        if ACTIVE.fullmatch(element.name) and not formula:
            found[str(element)[:300]] += 1
        for name, value in element.attrs.items():
            value = " ".join(value) if isinstance(value, list) else value
            if name.startswith("on") or (name == "style" and "url" in value) or ":href" in name:
                found[f"{element.name} {name}={value}"] += 1
            if name in (
                "href",
                "src",
                "srcset",
                "action",
                "data",
                "poster",
                "background",
                "formaction",
            ) and not re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]*$", value):
                found[f"{element.name} {name}={value}"] += 1
            if name == "class" and set(value.split()) & {
                "full-credit",
                "no-credit",
                "mark-graded",
                "score",
                "tabbable",
            }:
                found[f"{element.name} class={value}"] += 1
            if name in ("id", "name") and not value.startswith("cell-id="):
                found[f"{element.name} {name}={value}"] += 1
    for string in soup.find_all(string=MACRO) if soup.find("script") else ():  # MathJax's, which our own pages have not
        if not any(parent.name in ("pre", "code", "script", "style") for parent in string.parents):
            found[f"macro in {string}"] += 1
    return found
