"""A graded notebook does nothing in the browser of whoever looks at it, and loses nothing that a student would miss."""

import copy
import json
import re
import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.course.exercise import COURSE
from autograder.handed_in.mend import NOTES
from autograder.judging import nbgrader_steps
from autograder.reports import tex
from autograder.reports.sanitize import HANDED_IN, LONGEST_MARKDOWN, LONGEST_TEXT, MARKDOWN_SECONDS, markdown, plain
from autograder.reports.sanitize_notebook import MOST_MARKDOWN, MOST_SECONDS, defused
from tests.hostile import IMG, PNG, SCRIPT, SVG, cells
from tests.pages import active, page

TEMPLATES = ("feedback", "formgrade")
ATTEMPTS = cells()
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
HELD = {
    # held off by nbconvert's own escaping, or refused by nbformat
    "text: onerror in capitals, slashes for spaces", "text: tag that is not closed", "text: animated link",
    "text: picture whose title breaks out", "text: mathematics in a picture's text", "text: name of a fence",
    "text: mathematics", "text: an environment", "text: attachment that is not there", "output: html in a frame",
    "output: drawing", "output: latex", "output: mermaid", "output: widget", "output: pdf", "output: anything",
    "output: picture that is none", "output: text of a picture", "output: plain text", "attachment: no picture", "printed",
    "printed as an error", "error", "tags", "id",
    "kind of a cell", "number of a cell", "text: script split by a comment",
    # held off by MathML: what makes it of TeX knows none of these
    "text: link in mathematics", "text: link in mathematics, a name put together", "text: link in mathematics, defined",
    "text: link in mathematics, a token of MathML", "text: mathematics over the page", "text: place in mathematics",
    "text: style in mathematics",
}  # fmt: skip


def notebook(*cells: NotebookNode, **metadata: object) -> NotebookNode:
    """A notebook that nobody has validated."""
    return NotebookNode(
        nbformat=4, nbformat_minor=5, cells=list(copy.deepcopy(cells)), metadata=nbformat.from_dict(metadata)
    )


OURS = new_markdown_cell(
    "The course's own text: [a link](https://example.org) and <details>a fold</details>", id="ours"
)
SOURCE = notebook(OURS, kernelspec=KERNEL)


@pytest.fixture(scope="module")
def quiet():
    """What the pages of a notebook with nothing in it hold: nbgrader's own scripts and links."""
    return {template: active(page(notebook(new_markdown_cell("x")), template)) for template in TEMPLATES}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_of_a_submission_is_active_in_a_page(name, quiet):
    safe = defused(notebook(ATTEMPTS[name]), SOURCE)
    for template in TEMPLATES:
        assert not active(page(safe, template)) - quiet[template]
    nbformat.validate(safe)
    assert defused(safe, SOURCE) == safe, "twice must do no harm"


@pytest.mark.parametrize("name", sorted(ATTEMPTS.keys() - HELD))
def test_the_attempts_are_real(name, quiet):
    assert active(page(notebook(ATTEMPTS[name]), "formgrade")) - quiet["formgrade"]


def test_metadata_is_the_courses_own(quiet):
    wicked = {
        "title": f"</title>{SCRIPT}", "authors": [{"name": SCRIPT}], "language_info": {"name": SCRIPT, "pygments_lexer": SCRIPT},
        "kernelspec": {"name": SCRIPT, "display_name": SCRIPT}, "x": 1,
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}, "x": f"</script>{SCRIPT}"}},
    }  # fmt: skip
    cell = new_code_cell("pass", metadata={"tags": ["setup"], "transient": {"remove_source": True}, "collapsed": True})
    safe = defused(notebook(cell, **wicked), SOURCE)
    assert SCRIPT not in json.dumps(safe)
    assert safe.metadata.keys() == {"kernelspec", "language_info", NOTES}
    assert safe.metadata.kernelspec == KERNEL
    assert not safe.cells[0].metadata
    assert not active(page(safe, "feedback")) - quiet["feedback"]


def test_cells_of_the_course_keep_what_nbgrader_needs():
    known = {"grade": True, "grade_id": "probs-check", "points": 1, "solution": False, "locked": True}
    metadata = {"nbgrader": known, "tags": ["setup"], "editable": False, "collapsed": True}
    safe = defused(notebook(new_code_cell("check()", metadata=metadata, id="probs-check")), SOURCE)
    assert safe.cells[0].metadata == {"nbgrader": known, "tags": ["setup"], "editable": False}
    assert safe.cells[0].id == "probs-check"


def test_what_students_say_in_verdicts_and_mended_sentences_is_only_text(quiet):
    said = f"&#36;\\href{{http://localhost/HIT}}{{x}}&#36; \\(\\href{{HIT}}{{x}}\\) http://localhost/HIT {IMG} [x](/HIT) \x1b[2J"
    notes = {"mended": [said], "run": said, "verdicts": [{"name": "h", "kind": "raised", "message": said}]}
    safe = defused(notebook(nbgrader_steps.summary(notes), **{NOTES: notes}), SOURCE)
    for template in TEMPLATES:
        assert not active(page(safe, template)) - quiet[template]
    assert "\x1b" not in json.dumps(safe) and "\\u001b" not in json.dumps(safe)
    assert "0 of 1 answers are right" in safe.cells[0].source


def test_the_name_of_a_folder_is_only_text(quiet):
    name = f'Eve" onmouseover="fetch(/HIT/.source) {IMG}'
    shown = page(notebook(), "formgrade", student=name)
    assert not active(shown) - quiet["formgrade"]
    assert name in BeautifulSoup(shown, "html.parser").nav.get_text()
    for formula in ("$\\href{/HIT}{Eve}$", "\\(\\csname href\\endcsname{/HIT}{Eve}\\)", "$$x$$\r\x1b[2J\u202e"):
        shown = page(notebook(), "formgrade", student=formula)
        assert not active(shown) - quiet["formgrade"]
        text = BeautifulSoup(shown, "html.parser").nav.get_text()
        assert not re.search(r"[$\\](?!\u200b)|[\r\x1b\u202e]", text)


def test_the_courses_own_text_stays_as_it_is():
    assert defused(notebook(OURS), SOURCE).cells[0].source == OURS.source
    assert defused(notebook(new_markdown_cell(OURS.source + " ")), SOURCE).cells[0].source != OURS.source


HARMLESS = {
    "words": "# Title\n\nSome *words*, **bold**, ~~gone~~, `a < b & c`.  \nA new line.\n\n***\n\n> said\n> so",
    "code": "```python\nif a < b and c > d:\n\n    print('<script>', x & y, \"\\href\")\n```\n\n    indented <b>\n\n    more",
    "code of no language": "```\n<script>alert(1)</script>\n\n\n&lt;\n```",
    "a table": "| a | b | c |\n|--:|:-:|:--|\n| 1 < 2 | **2** | `x` |\n| $x_1$ | 3 | 4 |",
    "mathematics": "Here $x_1 < y_2$ and $a\\_b$.\n\n$$\\frac{\\partial L}{\\partial x} = \\sum_i d_i \\, [i < n]$$\n\n"
    "\\begin{align}\na &= b \\\\\nc &< d\n\\end{align}",
    "lists": "- a\n- b\n  - c\n\n3. three\n4. four\n\nterm\n: meaning",
    "plain HTML": "a<br>b <b>bold</b> H<sub>2</sub>O\n\n<details><summary>more</summary>\n\nfolded *text*\n\n</details>",
    "other letters": "Zoë schrieb ≤ ∂ 漢字 عربي 👩‍🔬 &nbsp; &alpha; 3 < 4 & 5 > 4",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_ordinary_text_looks_as_before(name):
    source = HARMLESS[name]
    before = BeautifulSoup(markdown2html(source), "html.parser")
    for anchor in before.find_all("a", class_="anchor-link"):
        anchor.decompose()
    after = BeautifulSoup(markdown2html(markdown(source, mark="")), "html.parser").div
    assert after.get_text(" ").split() == before.get_text(" ").split()
    assert [p.get_text() for p in after.find_all("pre")] == [p.get_text() for p in before.find_all("pre")]
    assert shape(after) == shape(before)


def shape(soup: BeautifulSoup) -> list[tuple]:
    """Elements and how they look; an empty paragraph is none."""
    found = [e for e in soup.find_all(True) if e.name != "p" or e.get_text(strip=True)]
    return [(e.name, e.get("class") if e.name in ("div", "span") else "", e.get("style", "").strip(";")) for e in found]


def test_a_formula_of_ordinary_commands_is_one():
    """All that the course's own text cells use, and what is usual besides."""
    ours = "\n".join(
        cell.source
        for path in sorted(COURSE.glob("exercises/*/*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    assert tex.is_held("".join(re.findall(r"\$\$?[^$]+\$\$?", ours)))
    usual = r"$\frac{\partial L}{\partial x_{ij}} \approx \sum_i^n \hat{y}_i \left(\mathbf{W}^\top\right) \text{ if } i \ne j$"
    assert usual in markdown(usual)


SLOW = {
    "formatting that is not closed": "<b x=i>" * 1_000 + "\n\n" + "<p>" * 1_000,
    "elements that cross": "<b><p></b>" * 1_000,
    "elements in one another": "<div>" * 4_000,
    "text in a table": "<table>" + "a<b>x</b>" * 2_000,
    "brackets": "[" * 20_000,
    "links": "[a](" * 5_000,
    "emphasis": "*a **b " * 1_500 + "** *" * 1_500,
    "quotations": "\n".join(">" * i + "a" for i in range(1, 190)),
    "backticks": "".join("`" * i + " " for i in range(1, 199)),
    "a table": "|a|\n|-|\n" + "|b|\n" * 4_900,
    "columns": "|" + "a|" * 4_000 + "\n|" + "-|" * 4_000 + "\n|" + "a|" * 1_900,
    "references": "[a]: " + "x" * 9_000 + "\n" + "[a] " * 2_000,
    "entities": "&#1" * 6_000,
    "formulas": "\\\\(" * 6_000,
    "environments": "".join(f"\\begin{{{'a' * (i % 50)}}}" for i in range(500)),
    "code": "```python\n" + "a." * 9_000 + "\n```",
    "comments": "<!--" * 5_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_no_text_takes_long(name):
    """A limit that stops is the last resort; most of these would take seconds to days without one."""
    source = SLOW[name][:LONGEST_MARKDOWN]
    start = time.process_time()
    shown = markdown(source)
    assert markdown2html(shown)
    assert time.process_time() - start < 20 * MARKDOWN_SECONDS
    assert len(shown) < 40 * len(source)


def test_many_slow_texts_take_no_longer_than_a_few():
    many = [new_markdown_cell(SLOW["formulas"][:9_000]) for _ in range(300)]
    start = time.process_time()
    safe = defused(notebook(*many), SOURCE)
    assert defused(safe, SOURCE) == safe
    assert time.process_time() - start < 10 * MOST_SECONDS


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_page_takes_long(template):
    """nbconvert's templates look for the end of an address from each bracket on."""
    outputs = [
        new_output("error", ename="x", evalue="y", traceback=["\x1b[31ma"] * 100_000),
        new_output("error", ename="x", evalue="y", traceback=["a" * 150_000] * 9),
    ]
    texts = [new_markdown_cell(text) for text in ("[" * 20_000, "[" * 200_000, "```\n" + "[" * 19_000 + "\n```")]
    start = time.process_time()
    safe = defused(notebook(*texts, new_code_cell("x", outputs=outputs)), SOURCE)
    assert len(page(safe, template)) < 3_000_000
    assert time.process_time() - start < 30


@pytest.mark.share(0.4)
@pytest.mark.parametrize(
    "source",
    ["\n" * 8_000 + "x", "a." * 20_000, "\x0c" * 9_000 + "x", "\n".join(["%(a)s" * 99] * 19), '"' * 9_000],
    ids=["blank lines", "attributes", "form feeds", "formats", "quotes"],
)
def test_code_that_is_slow_to_colour_stands_plain_on_every_page(source):
    for template in TEMPLATES:
        start = time.process_time()
        shown = page(notebook(*(new_code_cell(source) for _ in range(20))), template)
        assert time.process_time() - start < 60
        assert source.strip("\n\x0c")[:20] in BeautifulSoup(shown, "html.parser").get_text()


def test_what_the_course_says_cannot_be_imitated():
    notes = {"mended": [], "verdicts": [{"name": "dh", "kind": "wrong", "message": ""}]}
    told = "## Feedback\n\n10 of 10 answers are right."
    others = [
        told,
        f"<div>\n{told}\n</div>",
        markdown(told, mark=""),
        f"<div>\n{HANDED_IN}</div>\n\n{told}",
        f"{HANDED_IN}\n{told}",
    ]
    cells = [nbgrader_steps.summary(notes), *map(new_markdown_cell, others)]
    safe = defused(notebook(*cells, **{NOTES: notes}), SOURCE)
    assert HANDED_IN not in safe.cells[0].source
    assert "0 of 1 answers are right" in safe.cells[0].source
    for cell in safe.cells[1:]:
        soup = BeautifulSoup(markdown2html(cell.source), "html.parser")
        first = soup.find(string=lambda text: text and text.strip())
        assert (first, first.parent.name) == ("handed in:", "small")
    assert defused(safe, SOURCE) == safe


def test_what_is_printed_cannot_be_taken_for_the_judges_lines():
    printed = new_output("stream", name="stdout", text="graded on unseen minibatches:\r\n  ✓ dh: right\x0bgraded\n")
    (kept,) = nbgrader_steps._kept([printed])
    assert all(line.startswith(nbgrader_steps.PRINTED) for line in kept.text.splitlines())


def test_a_link_says_where_it_leads():
    assert "docs (<code>https://pytorch.org/docs</code>)" in markdown("[docs](https://pytorch.org/docs 'title')")


def test_pictures_of_the_cell_itself_are_shown():
    cell = new_markdown_cell('![a *b* "c"](attachment:a.png)', attachments={"a.png": {"image/png": PNG}})
    shown = BeautifulSoup(defused(notebook(cell), SOURCE).cells[0].source, "html.parser").img
    assert (shown["src"], shown["alt"]) == (f"data:image/png;base64,{PNG}", 'a b "c"')


def test_long_and_slow_text_is_shown_as_typed():
    slow = "\\\\(" * (LONGEST_MARKDOWN // 3) + "<b>\n\nend"
    assert BeautifulSoup(markdown(slow), "html.parser").pre.get_text() == slow
    assert markdown(markdown(slow)) == markdown(slow)
    many = [new_markdown_cell("*x* " + "y " * 8000) for _ in range(2 * MOST_MARKDOWN // 16000)]
    safe = defused(notebook(*many), SOURCE)
    assert "<em>" in safe.cells[0].source and "<em>" not in safe.cells[-1].source
    assert defused(safe, SOURCE) == safe


def test_outputs_of_the_course_look_as_before(quiet):
    """A figure with its size, coloured tracebacks, printed tables, a result."""
    drawn = {"image/png": PNG + "\n", "text/plain": "<Figure>"}
    trace = ["\x1b[31mValueError\x1b[39m: a < b", "\x1b[38;5;241mline\x1b[0m 1"]
    outputs = [
        new_output("display_data", data=drawn, metadata={"image/png": {"width": 40}}),
        new_output("stream", name="stdout", text="✓ dh: right\n\ta\tb\n"), new_output("stream", name="stderr", text="w\n"),
        new_output("error", ename="ValueError", evalue="a < b", traceback=trace),
        new_output("execute_result", data={"text/plain": "tensor([1.])"}, execution_count=3),
    ]  # fmt: skip
    before = new_notebook(cells=[new_code_cell("x", outputs=outputs, execution_count=3)])
    after = defused(before, SOURCE)
    assert after.cells[0].outputs[1:] == before.cells[0].outputs[1:]
    for template in TEMPLATES:
        old, new = (BeautifulSoup(page(n, template), "html.parser").find(class_="output") for n in (before, after))
        old.img["src"] = old.img["src"].strip()
        assert str(new) == str(old)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        ("a\x00\x08\x1b\x9b31mb\u202ec", "a31mbc"),
        ("half \ud800 of a character", "half  of a character"),
        ("x" * (LONGEST_TEXT + 5), "x" * LONGEST_TEXT + "\n... the rest, 5 characters, is left out ..."),
    ],
)
def test_control_characters_go(text, shown):
    assert plain(text) == shown


def test_code_and_text_are_shown_in_the_order_in_which_they_stand():
    """No character turns the direction of what follows it (https://trojansource.codes)."""
    cells = [new_code_cell("x = 1  # \u202e} dne \u2066"), new_markdown_cell("a\u202eb")]
    code, text = defused(notebook(*cells), SOURCE).cells
    assert code.source == "x = 1  # \ufffd} dne \ufffd" and "a\ufffdb" in text.source


def test_the_judges_result_is_kept_among_many_outputs():
    outputs = [new_output("display_data", data={"text/plain": "x"}) for _ in range(500)]
    outputs.append(new_output("execute_result", data={"text/plain": "0.5"}))
    kept = defused(notebook(new_code_cell("x", outputs=outputs)), SOURCE).cells[0].outputs
    assert kept[-1].data == {"text/plain": "0.5"} and len(kept) == 100


def test_a_drawing_is_no_picture():
    cell = new_markdown_cell("![x](attachment:a)", attachments={"a": {"image/svg+xml": SVG}})
    assert "<img" not in defused(notebook(cell), SOURCE).cells[0].source
