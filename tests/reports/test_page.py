"""The student's page: what stands on it, and in which order; and that anybody can read it, anywhere, in a browser."""

import copy
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import utils

from autograder.browsers.browser import browser
from autograder.course.answered import answered
from autograder.course.build import assignments
from autograder.course.exercise import COURSE, Exercise
from autograder.handed_in.mend import NOTES
from autograder.reports.code import Span, highlighted
from autograder.reports.feedback import Page, Scores, render
from autograder.reports.lines import own_lines
from autograder.reports.mathematics import mathml, with_mathematics
from autograder.reports.network_map import Sign, network_map
from autograder.reports.outline import Outline
from autograder.reports.page import MOST_STEPS, next_steps, prose
from autograder.reports.sanitize_notebook import defused
from tests.browser import look, printed_pages
from tests.hostile import PNG, cells
from tests.pages import active

NAME = "1_chunked_backprop"
LARGEST = 250_000
"""Bytes of a page without a student's figures."""
KINDS = {"right": 1.0, "half": 0.5}


def graded(
    name: str, verdicts: dict[str, tuple[str, str] | tuple[str, str, list]], edits=None, more=(), start="solution"
) -> NotebookNode:
    """A notebook as the judge leaves it, without judging: what is not among the verdicts is right.

    Args:
        verdicts: kind, message and places by name of the gradient.
        more: cells of the student's own, at the end.
    """
    exercise = Exercise.from_assignment(name)
    released = nbformat.read(COURSE / "exercises" / name / f"{name}.ipynb", as_version=4)
    notebook = answered(released, copy.deepcopy(exercise.notebook), edits or {}, start)
    notebook.cells = [cell for cell in notebook.cells if "instructor" not in cell.metadata.get("tags", [])]
    notebook.cells += copy.deepcopy(list(more))
    found, points = [], {}
    for cell in exercise.graded:
        names = [f"d{n}" for n in cell.names()] or ["the update", "the trajectory"]
        share, points[cell.grade_id] = cell.points / len(names), 0.0
        for n in names:
            kind, message, *places = verdicts.get(n, ("right", ""))
            gained = share if kind == "right" else share / 2 if "only" in kind or "shape" in kind else 0.0
            points[cell.grade_id] += gained
            found.append({
                "name": n, "kind": kind, "message": message, "points": gained, "of": share, "named": True,
                "cell": cell.grade_id, "answer": cell.after, "places": places[0] if places else [],
            })  # fmt: skip
    notebook.metadata[NOTES] = {"verdicts": found, "mended": [], "points": points}
    return defused(notebook, exercise.notebook)


def page_of(notebook: NotebookNode, name: str = NAME, student: str = "ada", **scores) -> str:
    exercise = Exercise.from_assignment(name)
    given = notebook.metadata[NOTES]["points"]
    points = {cell.grade_id: (given[cell.grade_id], cell.points) for cell in exercise.graded}
    return render(
        Page(
            student,
            name,
            nbformat.writes(notebook),
            Scores(points | scores.pop("points", {}), **({"comments": {}} | scores)),
        )
    )


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def blank(name: str = NAME) -> NotebookNode:
    every = {f"d{n}": ("not attempted", f"there is no d{n}.") for n in Exercise.from_assignment(name).expected}
    return graded(name, every, start="blank")


PLACE = {"label": "cell probs", "line": 1, "start": 9, "end": 19, "text": "dprobs = -dlogprobs / probs"}
WRONG: dict[str, tuple] = {
    "dprobs": ("wrong", "Cell probs, line 1, at `-dlogprobs`: the sign is wrong. Count the minus signs.", [PLACE]),
    "dcounts": (
        "wrong",
        "counts is read by 2 lines, counts_sum and probs. Your tensor is the share that comes back through probs only. "
        '(A variable that is used twice: section "Two branches".)',
    ),
    "db2": (
        "right value, wrong shape",
        "shape (1, 27), but b2 is (27,). A gradient has the shape of its variable: which argument of sum() keeps a dimension, "
        "and which leaves it out?",
    ),
    "dhpreact": ("raised", "cell hpreact, line 2 `dhpreact = hx * dh`: NameError: name 'hx' is not defined"),
    "dC": ("right for these sizes only", "it assumes vocab_size = 27."),
    "demb": ("wrong", "12 of 960 elements differ."),
}
EDITS = {"probs": "dprobs = -dlogprobs / probs", "hpreact": "# mine\ndhpreact = hx * dh"}


@pytest.fixture(scope="module")
def wrong() -> NotebookNode:
    return graded(NAME, WRONG, EDITS)


# --- what stands on it ----------------------------------------------------------------------------------------------------


def test_on_top_stand_exercise_student_and_points(wrong):
    page = soup(page_of(wrong, student="Zoë <b>", late_penalty=2.0))
    assert page.h1.get_text() == "Exercise 1: chunked backprop"
    assert (
        " ".join(page.find(class_="points").get_text().split())
        == "Zoë <b>: 19 of 26 points (2 off, since it came late)"
    )
    assert "20 right" in page.get_text()


def test_what_to_do_next_comes_in_the_order_of_the_backward_pass(wrong):
    steps, more = next_steps(Outline.of(wrong))
    assert [step.names for step in steps] == [["dprobs"], ["dcounts"], ["db2"], ["dhpreact"], ["demb"]]
    assert len(steps) == MOST_STEPS and more == 1
    assert [step.read.title for step in steps[:3]] == [
        "The chain rule, and its words", "Two branches", "The chain rule, and its words",
    ]  # fmt: skip
    first, second, third, fourth, _ = (soup(str(step.code)) for step in steps)
    assert first.mark.get_text() == "-dlogprobs" and first.get_text() == "dprobs = -dlogprobs / probs"
    assert "dcounts += torch.ones_like(counts) * dcounts_sum" in second.get_text()
    assert third.get_text() == "db2 = dlogits.sum(0)"
    assert fourth.get_text() == "dhpreact = hx * dh"
    assert str(steps[3].said) == "NameError: name &#39;hx&#39; is not defined"


def read(name: str, gradient: str, message: str) -> str:
    """The section that a student is sent to."""
    ((step,), _) = next_steps(Outline.of(graded(name, {gradient: ("wrong", message)})))
    return step.read.title


def test_what_is_to_be_read_leads_to_the_step_that_was_got_wrong():
    """Of several sections on a principle not the one on a later step, and no derivation of another step."""
    sign = "The sign is wrong: look at how x enters y."
    assert read("6_layernorm_attention", "dlngain", sign) == "Step 1: gain and bias"
    assert read("6_layernorm_attention", "dmasked", sign) == "Softmax in one expression, on paper"
    assert read("6_layernorm_attention", "dq", sign) == "Step 8: the scores"
    assert read("6_layernorm_attention", "demb", sign) == "Layer norm in one expression, on paper"
    assert read("2_fused_cross_entropy", "dlogits", sign) == "On paper: one row"
    factor = "All is right but for the constant factor 1/n. Where does it come from?"
    assert read(NAME, "dlogprobs", factor) == "Step 1: the loss"
    assert read(NAME, "dbndiff2", factor) == "Warm-up: why n − 1"


def test_a_cell_is_called_as_the_page_calls_it():
    """A student has never seen the name of a cell: above it stands the heading of its section."""
    other = {"label": "cell counts_sum_inv", "line": 2, "start": 10, "end": 24, "text": ""}
    verdicts = {
        "dprobs": ("wrong", "Cell probs, line 1, at `dlogprobs`: the sign is wrong.", []),
        "dcounts": ("wrong", "Cell counts_sum_inv, line 2, at `counts_sum_inv`: another tensor belongs here.", [other]),
        "dh": ("raised", "extra cell 1, line 1 `oops`: NameError: name 'oops' is not defined"),
    }
    page = soup(page_of(graded(NAME, verdicts, more=[new_code_cell("oops")])))
    assert page.find(id="on-dprobs").p.get_text() == "Line 1, at dlogprobs: the sign is wrong."
    assert page.find(id="on-dcounts").p.get_text().startswith("Line 2 of your cell in “Step 3: the normaliser”, at ")
    assert page.find(id="place-counts_sum_inv").mark.get_text() == "counts_sum_inv"
    assert page.find(id="on-dh").p.get_text().startswith("Extra cell 1, line 1")
    assert page.find_all(class_="place")[-1].h3.get_text().startswith("A cell of yours (extra cell 1), in ")


def test_what_the_exercise_gives_and_nobody_has_changed_is_no_cell_of_the_students():
    assert "A cell of yours" not in soup(page_of(graded("4_training_loop", {}), "4_training_loop")).get_text()
    changed = graded("4_training_loop", {}, more=[new_code_cell("predicted_ratio = 0.9")])
    assert "predicted_ratio = 0.9" in soup(page_of(changed, "4_training_loop")).get_text()


def test_what_one_mistake_has_done_to_several_gradients_is_one_entry():
    same = {
        f"d{n}": ("uses autograd", f".grad is autograd, and autograd is not an answer: derive d{n}.")
        for n in ("h", "W2", "b2")
    }
    steps, more = next_steps(Outline.of(graded(NAME, same)))
    assert [step.names for step in steps] == [["dh", "dW2", "db2"]] and not more


def test_a_blank_says_where_to_begin():
    steps, more = next_steps(Outline.of(blank()))
    assert [step.names for step in steps] == [["dlogprobs"]] and more == 25
    assert "Begin here" in steps[0].said and steps[0].read.title == "Step 1: the loss"


def test_the_map_shows_every_gradient_with_its_verdict_and_leads_to_it(wrong):
    page = soup(page_of(wrong))
    links = {a.get_text(): a for a in page.find("svg", class_="map").find_all("a")}
    assert len(links) == 26
    for text, kind in (("✗ dprobs", "wrong"), ("½ db2", "half"), ("✓ dh", "right")):
        assert links[text].g["class"] == [kind]
        there = page.find(id=links[text]["href"][1:])
        assert there.name == "li" and there.code.get_text() == text[2:]
    assert len(page.find("svg").find_all("polyline")) == 30  # every way of a share


def test_the_map_follows_any_graph():
    from toolkit.network.graph import Graph

    sign = Sign("right", "✓", "right", "on-x")
    deep = "\n".join(["x0 = w * x"] + [f"x{i} = x{i - 1} + x{max(0, i - 4)}" for i in range(1, 30)])
    drawn = network_map(Graph.from_source(deep), {f"x{i}": sign for i in range(29)} | {"w": sign})
    assert str(drawn).count("<a ") == 30
    assert str(network_map(Graph.from_source("y = x + w"), {"w": sign})) == ""


@pytest.mark.parametrize("name", assignments())
def test_every_exercise_has_its_page(name):
    text = page_of(graded(name, {}), name)
    page = soup(text)
    assert "Everything here is right" in page.get_text()
    assert len(page.find_all(class_="place")) >= len(Exercise.from_assignment(name).graded)
    assert len(text) < LARGEST / 2


def test_only_what_is_the_students_is_shown_and_the_exercises_text_is_folded(wrong):
    page = soup(page_of(wrong))
    for fold in page.find_all("details"):
        fold.extract()
    text = page.get_text()
    assert "dprobs = -dlogprobs / probs" in text
    for ours in ("check(", "def build_dataset", "_module(", "Difficulty", "requires_grad", "Hint 1"):
        assert ours not in text, ours


def test_no_hidden_test_and_no_solution_line_that_is_not_the_students():
    for name in assignments():
        exercise = Exercise.from_assignment(name)
        text = soup(page_of(blank(name), name)).get_text()
        assert "expect_" not in text and "HIDDEN" not in text
        for cell in filter(utils.is_solution, exercise.notebook.cells):
            for line in cell.source.split("\n"):
                if len(line.strip()) > 20 and line not in exercise.released[cell.metadata.nbgrader.grade_id]:
                    assert line.strip() not in text, (name, line)


def test_comments_and_points_by_hand_stand_where_they_belong(wrong):
    text = page_of(
        wrong,
        points={"probs-check": (0.75, 1.0)},
        comments={"probs": "A *good* idea: $a < b$, see [this](https://example.org)"},
    )
    place = soup(text).find(id="place-probs")
    assert "0.75 / 1 (points given by hand)" in place.find(class_="got").get_text()
    comment = place.find(class_="comment")
    assert comment.em.get_text() == "good" and comment.math and comment.a["href"] == "https://example.org"
    assert "points given by hand" not in page_of(wrong)


def test_what_is_for_a_human_is_a_question_mark():
    notebook = graded(NAME, {})
    notebook.metadata[NOTES] |= {"unreadable": "x.pdf is a PDF.", "verdicts": []}
    page = soup(page_of(notebook, open=True))
    assert " ".join(page.find(class_="points").get_text().split()).startswith("ada: ? of 26")
    assert "x.pdf is a PDF." in page.get_text()


def test_what_was_mended_is_said(wrong):
    notebook = copy.deepcopy(wrong)
    notebook.metadata[NOTES] |= {"mended": ["Cell h-check was missing and was put back."], "run": "the kernel died"}
    text = soup(page_of(notebook)).get_text()
    assert "Cell h-check was missing" in text and "the kernel died" in text


def test_what_a_cell_printed_and_drew_is_there_and_not_without_end():
    outputs = [
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n" + "y" * 100_000 + "THE END"),
        new_output("error", ename="ValueError", evalue="no", traceback=["a", "ValueError: no"]),
        new_output("display_data", data={"image/png": PNG}),
    ]
    page = soup(page_of(graded(NAME, {}, more=[new_code_cell("mine = 1", outputs=outputs)])))
    place = page.find_all(class_="place")[-1]
    assert "A cell of yours" in place.h3.get_text() and "mine = 1" in place.pre.get_text()
    assert "red\n" in place.get_text() and "THE END" in place.get_text() and len(place.get_text()) < 5_000
    assert place.summary.get_text() == "It raised ValueError: no" and place.img["src"].endswith(PNG)


# --- parts ----------------------------------------------------------------------------------------------------------------


def test_a_piece_of_a_line_is_marked_whatever_it_is_made_of():
    shown = soup(str(highlighted("if x:\n    y = f(1, 'a') + z  # so", (2, 2), [Span(2, 8, 18)])))
    assert shown.get_text() == "y = f(1, 'a') + z  # so"
    assert shown.mark.get_text() == "f(1, 'a') " and len(shown.find_all("mark")) == 1
    assert str(highlighted("a < b\r\n&")) == "a &lt; b\n&amp;"


@pytest.mark.parametrize("before", ["", "    ", ">>> ", "In [3]: "])
def test_a_piece_is_marked_where_it_was_typed(before):
    verdict = {"name": "dprobs", "kind": "wrong", "message": "", "places": [PLACE]}
    shown = soup(str(own_lines(verdict, {PLACE["label"]: before + PLACE["text"]})))
    assert shown.mark.get_text() == "-dlogprobs"


def test_all_formulas_of_the_exercises_are_mathml():
    for name in assignments():
        for cell in Exercise.from_assignment(name).notebook.cells:
            if cell.cell_type == "markdown":
                page = soup(prose(cell.source))
                assert not [code for code in page.find_all("code") if re.match(r"\$|\\begin", code.get_text())], (
                    name,
                    cell.source,
                )
                assert not re.search(r"\[\d+pt\]", page.get_text()), (name, cell.source)
                for code in page.find_all(["code", "pre"]):
                    code.extract()
                left = re.findall(r"\$[^$]+\$|\\[a-zA-Z]{2,}", page.get_text())
                assert not left, (name, cell.get("id"), left)


@pytest.mark.parametrize(
    "formula",
    [r"\href{http://HIT}{x}", r"\style{background: url(HIT)}{x}", r"\unknown{x}", r"\class{full-credit}{x}", "{" * 3000, ""],
)  # fmt: skip
def test_what_is_no_formula_stays_as_it_was_typed(formula):
    assert mathml(formula) == ""
    assert "<math" not in with_mathematics(f"<p>${formula}$</p>")


def test_a_function_stands_apart_from_what_it_is_of():
    for formula in (r"-\log p_y", r"\tanh z", r"q\log\frac12", r"\log_{10} x", r"x_\log^2", r"\frac\log x"):
        found = BeautifulSoup(mathml(formula), "html.parser")
        (name,) = found.find_all(string=re.compile("log|tanh"))
        assert name.parent.name == "mo" or not name.parent.find_next_sibling(), formula
        assert [len(m.find_all(recursive=False)) for m in found.find_all(["msub", "mfrac"])] in ([], [2]), formula
    assert "<mi>exp</mi><mo" in mathml(r"\exp(x)")
    assert "6pt" not in mathml(r"\begin{cases}a\\[6pt]b\end{cases}") and "ignore_index" in mathml(
        r"\texttt{ignore\_index}"
    )


def test_formulas_are_found_in_text_and_not_in_code():
    page = with_mathematics("<p>It costs 5$ or $x &lt; 1$, <code>$x$</code></p><pre>$y$</pre> $$z$$")
    assert page.count("<math") == 2 and "5$ or" in page and "<code>$x$</code>" in page and "<pre>$y$</pre>" in page
    assert "<mo>&#x0003C;</mo>" in page


# --- in a browser ---------------------------------------------------------------------------------------------------------


def pages(wrong: NotebookNode) -> dict[str, str]:
    hostile = [cell for name, cell in cells().items() if name not in ("id", "kind of a cell")]
    said = "A long comment with *words*, `code` and $\\frac{a}{b}$.\n\n- one\n- two\n\n" * 3
    comments = dict.fromkeys(("probs", "h", "hpreact", "emb"), said)
    wide = new_code_cell(
        "x = 1", outputs=[new_output("error", ename="NameError", evalue=f"name '{'x' * 300}'", traceback=["y" * 300])]
    )
    table = new_markdown_cell("# Mine\n\n| a | b |\n|---|---|\n| $x$ | " + "y" * 300 + " |")
    loop = graded("4_training_loop", {"the update": ("wrong", "the update goes up.")})
    return {
        "wrong": page_of(wrong), "blank": page_of(blank()), "perfect": page_of(graded(NAME, {})),
        "hostile": page_of(graded(NAME, WRONG, EDITS, more=hostile), student='"><script>fetch("http://HIT")</script>'),
        "commented": page_of(wrong, comments=comments, late_penalty=1.5, points={"probs-check": (0.5, 1.0)}),
        "loop": page_of(loop, "4_training_loop"),
        "text": page_of(graded(NAME, WRONG, EDITS, more=[table, wide]), student="محمد " + "x" * 120),
    }  # fmt: skip


@pytest.mark.share(0.15)
@pytest.mark.needs("chromium")
def test_a_page_is_for_everybody_everywhere(wrong, tmp_path):
    """On a wide screen and a phone, light and dark, offline, on paper, for axe-core; and no larger than it need be."""
    with browser() as opened:
        for name, text in pages(wrong).items():
            assert len(text.encode()) <= LARGEST, name
            path = tmp_path / f"{name}.html"
            path.write_text(text, encoding="utf-8")
            for seen in look(opened, path, links=True):
                assert not seen.loaded and not seen.errors, seen
                assert not seen.violations, seen
                assert seen.sticks_out <= 0, seen
                assert not seen.leads_nowhere, seen
            assert name in ("hostile", "text") or printed_pages(opened, path) <= 4, name


def test_nothing_hostile_acts(wrong):
    harmless = active(page_of(wrong))
    hostile = pages(wrong)["hostile"]
    assert hostile.count("HIT") > 40
    assert not [thing for thing in active(hostile) - harmless if "HIT" in thing or "evil" in thing]


def test_files_of_the_page_are_part_of_the_grader(tmp_path):
    """A page is made again when its template or its style changes."""
    files = (COURSE / "autograder" / "reports" / "templates").rglob("*")
    kinds = {path.suffix for path in files if path.is_file()}
    assert kinds == {".css", ".j2"}
    assert '("py", "j2", "css")' in Path(COURSE, "autograder/handed_in/submitted.py").read_text()
