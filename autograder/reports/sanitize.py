"""What a student wrote or drew, made fit to stand in a page: text, pictures, markdown.

nbconvert's own cleaning (``sanitize_html``) reaches the outputs only: nbgrader's templates show markdown cells without it.
So a student's markdown is rendered as nbconvert would, cleaned by bleach, and kept as HTML that markdown leaves as it is.
Code, tables and mathematics look as before. There are no links: an address of the grading server may be one.
"""

import base64
import binascii
import html
import re
from collections.abc import Mapping
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from mistune import import_plugin
from mistune.util import striptags
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.reports.tex import held, is_held
from autograder.time_limit import TookTooLong, at_most

LONGEST_TEXT = 200_000
"""Characters of one output."""
LONGEST_MARKDOWN = 20_000
"""Characters of a text cell; a longer one is shown as it was typed, since markdown can be made slow to read."""
MARKDOWN_SECONDS = 0.5
"""Longest time for rendering a text cell, fifty times what anybody's takes; then it is shown as it was typed."""
MOST_NESTED, MOST_CROSSED = 50, 2_000
"""How deep elements may lie in one another, and how many more may be made where they are not closed in their order: HTML
opens those anew in each paragraph that follows."""
LONGEST_CODE, LONGEST_CODE_LINE, MOST_BLANK = 10_000, 500, 200
"""Most characters of a code cell in colours, of one of its lines, and of what is blank in it, line ends included, before
something that is not: Pygments is quadratic in the last two."""
LARGEST_PICTURE = 4_000_000
"""Bytes of one picture."""
AS_GIVEN = "as-given"
"""A tag: the exercise's own cell, which a student may change and has not."""
SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""Pictures that are kept, and the bytes that each begins with."""

_NAMES = (
    "b|blockquote|br|center|code|dd|del|details|div|dl|dt|em|font|h1|h2|h3|h4|h5|h6|hr|i|img|kbd|li|mark|ol|p|pre|s|small|span|"
    "strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul"
)
TAGS = frozenset(_NAMES.split("|"))
"""Elements that a student's text may have."""

_COLOUR_OR_CONTROL = re.compile(
    r"(\x1b\[[0-9;]*m)"  # a colour
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # the cursor; titles and links
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"  # also: right to left, halves of characters
)
NO_TEXT = re.compile(r"[\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Halves of characters, and what turns the direction of all that follows it: code would show in another order than it runs."""
_OVERWRITTEN = re.compile(r"^.*\r(?=.)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n(?=[^\S\n]*\n)")
_TAG = re.compile(r"(<[^<>]*>)")
MOST_CODE = 100_000
"""Characters of code that are highlighted in one page."""
HANDED_IN = "<p><small>handed in:</small></p>\n"
"""Begins each text of a student's, so that none can be taken for the course's."""
# what `markdown` returns, letter by letter
_PAGE = re.compile(
    rf"<div>\n(?:{HANDED_IN})?"
    r"(?:[^<>&\r\[]++|&(?:amp|lt|gt|quot|#10|#91);"
    rf"|</?(?:{_NAMES})>"
    r'|<span class="[a-z0-9]{1,3}">|<div class="highlight">|<ol start="[0-9]{1,9}">'
    r'|<t[dh] style="text-align: ?(?:left|right|center);?">'
    r'|<img(?: src="data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=]++"| alt="[^"<>]*+")*+>'
    r")*+"
)


def plain(text: object) -> str:
    """Text as a terminal would show it: colours stay, other control characters go, an overwritten line shows its end."""
    text = text if isinstance(text, str) else str(text)
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}\n... the rest, {len(text) - LONGEST_TEXT} characters, is left out ..."
    text = _OVERWRITTEN.sub("", text.replace("\r\n", "\n"))
    return _COLOUR_OR_CONTROL.sub(lambda found: found[1] or "", text)


def picture(kind: str, data: object) -> str | None:
    """The base64 text of a PNG or JPEG picture; None if it is none, or too large."""
    if kind not in SIGNATURES or not isinstance(data, str) or len(data) > 2 * LARGEST_PICTURE:
        return None
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except (ValueError, binascii.Error):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(SIGNATURES[kind]) and len(raw) <= LARGEST_PICTURE else None


def markdown(
    source: str,
    attachments: Mapping[str, Any] | None = None,
    longest: int = LONGEST_MARKDOWN,
    mark: str = HANDED_IN,
    seconds: float = MARKDOWN_SECONDS,
) -> str:
    """A student's markdown as a ``<div>`` that markdown leaves as it is; one that came from here comes back the same.

    Args:
        attachments: the cell's own pictures, base64 by kind, by name.
        longest: how many characters are rendered at most; a longer text comes back as it was typed.
        mark: with what it begins: it says whose the text is.
        seconds: longest time for rendering it.
    """
    source = NO_TEXT.sub("\ufffd", source)
    if not source.strip() or (source.startswith(f"<div>\n{mark}") and _is_harmless(source)):
        return source
    if len(source) <= longest and seconds > 0:
        try:
            with at_most(seconds):
                shown = _Shown(attachments).page(source)
                page = f"<div>\n{mark}{_cleaned(shown)}\n</div>" if _is_bounded(shown) else ""
        except (Exception, TookTooLong):  # whatever makes the renderers stumble must not stop the grading
            page = ""
        if _is_harmless(page):
            return page
    return typed(source, mark)


class _Shown(IPythonRenderer):
    """nbconvert's rendering, with links written out and pictures only from the notebook itself."""

    def __init__(self, attachments: Mapping[str, Any] | None) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, attachments=dict(attachments or {}))

    def page(self, source: str) -> str:
        # nbconvert's own list but for "url", which makes links, and "task_lists", which makes form fields
        plugins = [import_plugin(name) for name in ("strikethrough", "table", "def_list")]
        return MarkdownWithMath(renderer=self, plugins=plugins).render(source)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = html.escape(url)
        return f"<code>{address}</code>" if text == address else f"{text} (<code>{address}</code>)"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        for kind, data in self.attachments.get(url.removeprefix("attachment:"), {}).items():
            if found := picture(kind, data):
                return f'<img src="data:{kind};base64,{found}" alt="{striptags(text)}">'
        return f"[{text or 'picture'}: <code>{html.escape(url)}</code>]"

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>"


def _attribute(tag: str, name: str, value: str) -> bool:
    match tag, name:
        case "img", "src":
            kind, _, data = value.removeprefix("data:").partition(";base64,")
            return value.startswith("data:") and picture(kind, data) is not None
        case "img", "alt":
            return True
        case "span", "class":
            return re.fullmatch(r"[a-z0-9]{1,3}", value) is not None  # of a highlighted word of code
        case "div", "class":
            return value == "highlight"
        case (("td" | "th"), "style"):
            return True  # no more than the alignment: _STYLES
        case "ol", "start":
            return value.isdecimal()
    return False


_STYLES = CSSSanitizer(allowed_css_properties=["text-align"], allowed_svg_properties=[])


def _cleaned(page: str) -> str:
    """HTML with nothing but ``TAGS``, their ``_attribute``s, and text."""
    parts = []
    code = 0
    page = bleach.clean(page, tags=TAGS, attributes=_attribute, protocols={"data"}, css_sanitizer=_STYLES)
    for part in _TAG.split(page.strip()):
        if part.startswith("<"):
            code += {"<pre>": 1, "<code>": 1, "</pre>": -1, "</code>": -1}.get(part, 0)
        else:
            part = html.escape(html.unescape(part), quote=False)  # a backslash may come as &#92;
            if not code:  # MathJax passes code by
                part = held(part)
        parts.append(part)
    # a blank line would end the HTML; and templates look for [...](files/...) from each bracket on
    return _BLANK_LINE.sub("&#10;", "".join(parts)).replace("[", "&#91;")


def _is_harmless(page: str) -> bool:
    """Whether a text cell is what ``markdown`` makes of text cells; its elements are closed in their order."""
    if not _PAGE.fullmatch(page) or _BLANK_LINE.search(page):
        return False
    within: list[str] = []
    for part in _TAG.split(page):
        if part.startswith("</"):
            if not within or within.pop() != part[2:-1]:
                return False
        elif part.startswith("<"):
            name = part[1:-1].split(" ")[0]
            within += [] if name in ("br", "hr", "img") else [name]
        elif not is_held(html.unescape(part)) and not {"pre", "code"} & set(within):
            return False
    return not within


_BLANK = re.compile(r"\s+")
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = {"br", "hr", "img", "input", "wbr", "col", "source", "link", "meta", "area", "base", "embed", "track", "param"}


def _is_bounded(page: str) -> bool:
    """Whether cleaning HTML makes no more of it than there is: its elements are closed in their order, or are few."""
    within: list[str] = []
    crossed = made = 0
    for found in _ELEMENT.finditer(page):
        name = found[2].lower()
        if found[1]:
            if within and within[-1] == name:
                within.pop()
            elif name in within:
                crossed += 1
                del within[len(within) - 1 - within[::-1].index(name)]
        elif name not in _VOID:
            within.append(name)
            made += len(within)
        if len(within) > MOST_NESTED:
            return False
    return not (crossed or within) or made <= MOST_CROSSED


def is_long_code(source: str) -> bool:
    """Whether a code cell is too long to be highlighted: a page shows it plain."""
    if len(source) > LONGEST_CODE or max(map(len, source.split("\n"))) > LONGEST_CODE_LINE:
        return True
    return any(len(found[0]) > MOST_BLANK for found in _BLANK.finditer(source))


def typed(source: str, mark: str = HANDED_IN) -> str:
    """A text cell as it was typed, not rendered."""
    text = html.escape(source.replace("\r\n", "\n").replace("\r", "\n"), quote=False)
    return f"<div>\n{mark}<pre>" + text.replace("\n", "&#10;").replace("[", "&#91;") + "</pre>\n</div>"
