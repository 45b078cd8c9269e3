"""A student's page: where the chain broke, what to do next, and each answer with its verdict beside it.

It is one file that loads nothing and runs nothing. Whatever a student wrote is escaped by the template, or was made harmless
before (``sanitize``); the exercise's text is shown only where it is to be read again, and folded.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from mistune import import_plugin
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from autograder.handed_in.naming import printable
from autograder.reports.code import highlighted, sentence
from autograder.reports.lines import marks_in, own_lines
from autograder.reports.mathematics import with_mathematics
from autograder.reports.network_map import Sign, network_map
from autograder.reports.outline import Outline, Place, Section
from autograder.reports.principles import NOT_BEGUN, principle_of, without_place
from autograder.reports.sanitize import HANDED_IN, markdown, picture
from toolkit.mistakes.sentences import capitalised
from toolkit.network.graph import Graph
from toolkit.verdict import Verdict

MOST_STEPS = 5
"""Entries of what to do next."""
LONGEST_PRINTED = 3_000
"""Characters of one printed output that are shown: its beginning and its end."""
_CELL = re.compile(r"(?<!xtra )\b([Cc])ell ([\w-]+), line (\d+)")
_PICTURE = re.compile(r"<img[^<>]*>")
QUESTION = "?"
"""In place of points that only a human can give."""
CSS = {"✓": "right", "½": "half", "✗": "wrong", "·": "none"}
"""Class of a mark."""


@dataclass(frozen=True)
class NextStep:
    """One entry of what to do next."""

    names: list[str]
    kind: str
    css: str
    mark: str
    link: str
    """Of the verdict on the page."""
    where: Section
    code: Markup
    """The student's own lines."""
    said: Markup
    read: Section | None
    """What to read again."""


def environment() -> Environment:
    """Of the pages' templates: what is not markup is escaped, and a name that is not there is an error."""
    return _environment()


@functools.cache
def _environment() -> Environment:
    folder = FileSystemLoader(Path(__file__).with_name("templates"))
    made = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "points": points, "sentence": sentence, "code": highlighted, "prose": prose, "harmless": _harmless, "printed": _printed,
        "slug": slug, "printable": printable, "name": _name, "picture": picture, "first": capitalised,
    }  # fmt: skip
    return made


def page_of(notebook: NotebookNode, shown: Mapping[str, Any]) -> str:
    """The page's HTML.

    Args:
        notebook: graded, with points and comments in its metadata as nbgrader's ``GetGrades`` puts them there.
        shown: ``student``, ``assignment``, and of the whole ``score`` (penalty off, or ``?``), ``max_score``, ``late_penalty``.
    """
    outline = Outline.of(notebook)
    graded = list(outline.graded())
    steps, more = next_steps(outline)
    wanted = {step.read.anchor for step in steps if step.read}
    wanted |= {place.section.anchor for place, verdict in graded if verdict["kind"] != "right"}
    ending = outline.sections[-1] if outline.sections and not steps and graded else None
    if ending is not None and ending.title:
        wanted.add(ending.anchor)
    marks = [mark_of(verdict) for _, verdict in graded]
    return environment().get_template("page.html.j2").render(
        outline=outline, student=shown.get("student", ""), title=outline.title or shown.get("assignment", ""),
        score=shown.get("score", 0.0), highest=shown.get("max_score", 0.0), late=shown.get("late_penalty") or 0.0,
        counts={css: sum(CSS[mark] == css for mark in marks) for css in CSS.values()}, map=_map(outline),
        besides=[(v["name"], _sign(v)) for _, v in graded if _variable(v) is None],
        steps=steps, more=more, texts=[s for s in outline.sections if s.anchor in wanted], ending=ending,
        unreadable=outline.notes.get("unreadable", ""), mended=outline.notes.get("mended", []),
        run=outline.notes.get("run") or "", mark_of=mark_of, css=CSS, link_of=link_of, NOT_BEGUN=NOT_BEGUN, marks_in=marks_in,
        every=[verdict for _, verdict in graded], where=lambda place, message: _where(outline, place, message),
        gradients=any(map(_variable, (v for _, v in graded))),
    )  # fmt: skip


def next_steps(outline: Outline) -> tuple[list[NextStep], int]:
    """What to do next, in the order of the backward pass; and how many gradients there are besides that are not right.

    What one mistake has done to several gradients of a cell is one entry; of what is not begun only the first step is.
    """
    found: list[tuple[Place, list[Mapping[str, Any]]]] = []
    begun = False
    for place, verdict in outline.graded():
        if verdict["kind"] == "right":
            continue
        last = found[-1] if found else None
        same = (
            last
            and last[0] is place
            and (_alike(last[1][0], verdict) or last[1][0]["kind"] == verdict["kind"] == NOT_BEGUN)
        )
        if same:
            last[1].append(verdict)
        elif verdict["kind"] != NOT_BEGUN or place.begun or not begun:
            begun = begun or (verdict["kind"] == NOT_BEGUN and not place.begun)
            found.append((place, [verdict]))
    taken = found[:MOST_STEPS]
    wrong = sum(verdict["kind"] != "right" for _, verdict in outline.graded())
    return [_next_step(outline, *entry) for entry in taken], wrong - sum(len(verdicts) for _, verdicts in taken)


def _where(outline: Outline, here: Place | None, message: str) -> str:
    """A message that calls cells as the page does: by the heading above them, which a student has seen.

    Args:
        here: the place beside which the message stands; its own cell needs no name.
    """
    titles = {place.label: place.section.title for place in outline.places if place.grade_id}

    def said(found: re.Match[str]) -> str:
        label, line = f"cell {found[2]}", f"{'L' if found[1] == 'C' else 'l'}ine {found[3]}"
        if here and here.label == label:
            return line
        return f"{line} of your cell in \u201c{titles[label]}\u201d" if titles.get(label) else found[0]

    return _CELL.sub(said, capitalised(message))


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two verdicts say the same, but for the names of their gradients."""
    texts = {re.sub(rf"\b{re.escape(v['name'])}\b", "", v["message"]) for v in (one, other)}
    return one["kind"] == other["kind"] and len(texts) == 1


def _next_step(outline: Outline, place: Place, verdicts: Sequence[Mapping[str, Any]]) -> NextStep:
    first = verdicts[0]
    names = [verdict["name"] for verdict in verdicts]
    lines = own_lines(first, outline.cells)
    said = sentence(capitalised(without_place(first["message"]) if lines else _where(outline, None, first["message"])))
    if first["kind"] == NOT_BEGUN and not place.begun:
        said = Markup("Begin here: this step is not begun.")
    return NextStep(
        names, first["kind"], _css(first), mark_of(first), link_of(first), place.section, lines, said,
        _to_read(outline, place, first),
    )  # fmt: skip


def _to_read(outline: Outline, place: Place, verdict: Mapping[str, Any]) -> Section | None:
    """The section that a verdict sends back to: the one that explains its mistake, or the step's own."""
    return place.section if verdict["kind"] == NOT_BEGUN else explained(outline, place, verdict) or place.section


def explained(outline: Outline, place: Place, verdict: Mapping[str, Any]) -> Section | None:
    """The section that a verdict names, or the one on its principle; none if the exercise has none."""
    named = re.search(r'section "([^"]+)"', verdict["message"])
    section = outline.section(named[1]) if named else None
    return section or outline.explains(principle_of(verdict).headings, place.section)


# --- signs ----------------------------------------------------------------------------------------------------------------


def mark_of(verdict: Mapping[str, Any]) -> str:
    """The mark of a verdict, as ``check`` has it."""
    return Verdict("", verdict["kind"]).mark


def _css(verdict: Mapping[str, Any]) -> str:
    return CSS[mark_of(verdict)]


def link_of(verdict: Mapping[str, Any]) -> str:
    """The id of a verdict on the page."""
    return f"on-{slug(verdict['name'])}"


def slug(text: str) -> str:
    """A name as an id."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")


def _sign(verdict: Mapping[str, Any]) -> Sign:
    return Sign(_css(verdict), mark_of(verdict), verdict["kind"], link_of(verdict))


def _variable(verdict: Mapping[str, Any]) -> str | None:
    """The variable whose gradient a verdict is on; None if it is on something else."""
    name = verdict["name"]
    return name[1:] if re.fullmatch(r"d\w+", name) else None


def _map(outline: Outline) -> Markup:
    try:
        graph = Graph.from_source(outline.forward)
    except (ValueError, SyntaxError):
        return Markup("")
    signs = {name: _sign(v) for _, v in outline.graded() if (name := _variable(v))}
    return network_map(graph, signs)


# --- text -----------------------------------------------------------------------------------------------------------------


def points(value: float | str) -> str:
    """Points without needless zeros."""
    return value if isinstance(value, str) else f"{round(value, 2):g}"


def _name(text: str) -> Markup:
    """Somebody's name. One that is written from right to left leaves what stands beside it where it is."""
    return Markup("<bdi>{}</bdi>").format(printable(text))


class _Prose(IPythonRenderer):
    """nbconvert's rendering without anchors, headings a few levels down, tables that can be scrolled."""

    def heading(self, text: str, level: int, **attributes: object) -> str:
        return f"<h{min(level + 2, 6)}>{text}</h{min(level + 2, 6)}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{highlighted(code.rstrip())}</pre>\n"


@functools.lru_cache(maxsize=1024)
def prose(source: str) -> Markup:
    """The course's own markdown, or the instructor's, as HTML with its mathematics in it."""
    plugins = [import_plugin(name) for name in ("strikethrough", "table", "def_list", "url")]
    renderer = _Prose(escape=False, exclude_anchor_links=True)
    page = with_mathematics(MarkdownWithMath(renderer=renderer, plugins=plugins).render(source))
    return Markup(_with_wide_tables(page))


def _harmless(source: str) -> Markup:
    """A student's text. Its headings are none of the page's, and pictures that are none go."""
    page = with_mathematics(markdown(source).replace(HANDED_IN, "", 1), 50)
    page = re.sub(r"<h[1-6]>", '<p class="heading">', page)
    page = _PICTURE.sub(
        lambda found: found[0] if "src=" in found[0] and "alt=" in found[0] else "", re.sub(r"</h[1-6]>", "</p>", page)
    )
    return Markup(_with_wide_tables(page))


def _with_wide_tables(page: str) -> str:
    """HTML whose tables can be scrolled, from the keyboard, too."""
    return re.sub(r"<table>.*?</table>", r'<div class="wide" tabindex="0">\g<0></div>', page, flags=re.DOTALL)


def _printed(text: str) -> str:
    """What a cell printed, its beginning and its end."""
    text = strip_ansi("".join(text) if isinstance(text, list) else str(text)).rstrip()
    if len(text) <= LONGEST_PRINTED:
        return text
    half = LONGEST_PRINTED // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters are left out ...\n{text[-half:]}"
