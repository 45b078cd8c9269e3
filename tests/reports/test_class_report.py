"""The class report: equal mistakes are one, what to teach again, who; without names if asked; for everybody in a browser."""

import csv
import io
import re
from collections.abc import Mapping

import pytest
from bs4 import BeautifulSoup

from autograder.browsers.browser import browser
from autograder.course.build import assignments
from autograder.course.exercise import Exercise
from autograder.handed_in.found import Left
from autograder.reports import class_report
from autograder.reports.alike import alike
from autograder.reports.class_report import class_pages, teach_again
from autograder.reports.principles import OTHERS, PRINCIPLES, mistake_of, principle_of
from autograder.reports.report import NOTHING, Row
from tests.browser import look
from tests.hostile import SCRIPT
from tests.reports.test_page import NAME, WRONG

EXERCISES = {name: Exercise.from_assignment(name) for name in assignments()}
SIGN = ("wrong", "The sign is wrong: look at how probs enters logprobs.")
FACTOR = ("wrong", "All is right but for the constant factor n. Where does it come from?")


def row(
    student: str, wrong: Mapping[str, tuple] | None = None, answers: Mapping[str, str] | None = None, **more
) -> Row:
    """A graded row of exercise 1; what is not among the wrong is right."""
    verdicts = []
    for cell in EXERCISES[NAME].graded:
        for name in cell.names():
            kind, message = (wrong or {}).get(f"d{name}", ("right", ""))[:2]
            points = {"right": 1.0, "right value, wrong shape": 0.5, "right for these sizes only": 0.5}.get(kind, 0.0)
            verdicts.append({
                "name": f"d{name}", "kind": kind, "message": message, "points": points, "of": 1.0, "cell": cell.grade_id,
                "answer": cell.after, "named": True, "places": [],
            })  # fmt: skip
    text = {"cell probs": "dprobs = dlogprobs / probs"} if answers is None else answers
    return Row(student, NAME, sum(v["points"] for v in verdicts), 26.0, verdicts, answers=text, **more)


CLASS = [
    row("ada"),
    row("bob", {"dprobs": SIGN}, {"cell probs": "dprobs = -dlogprobs / probs  # bob was here"}),
    row("cid", {"dprobs": SIGN, "dh": SIGN}, mended=("cid's file was mended.",)),
    row("dora", WRONG, seconds_late=7200.0, late_penalty=1.0),
    row("eve", {"dh": ("uses autograd", ".grad is autograd, and autograd is not an answer.")}),
    row("f<b>$x$", {f"d{n}": ("not attempted", f"there is no d{n}.") for n in EXERCISES[NAME].expected}, {}),
    Row("gil", NAME, 0.0, 26.0, problems=(NOTHING,)), Row("hal", NAME, None, 26.0, problems=("hal.pdf is a PDF.",)),
    row(SCRIPT, {"dlogprobs": FACTOR}),
]  # fmt: skip
LEFT = [Left("", "submitted/x.pdf is in nobody's folder.")]


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return class_pages(CLASS, EXERCISES, LEFT, pages=lambda student, _: student == "bob")


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def test_there_is_a_page_for_each_exercise_that_was_handed_in_and_one_for_the_course(files):
    assert set(files) == {f"{NAME}.html", "index.html", "verdicts.csv"}
    facts = soup(files[f"{NAME}.html"]).find(class_="facts").get_text(" ", strip=True)
    assert facts.startswith("7 of 9 have handed in median 25 of 26 points 1 late 1 used autograd")
    course = soup(files["index.html"]).get_text()
    assert "7 of 9 have handed in something" in course and "submitted/x.pdf is in nobody's folder." in course


def test_equal_mistakes_are_one_with_who_made_it_and_an_example(files):
    rows = soup(files[f"{NAME}.html"]).find("table", class_="mistakes").tbody.find_all("tr")
    found = {tr.b.get_text(): [td.get_text(" ", strip=True) for td in tr.find_all("td")] for tr in rows}
    assert next(iter(found)) == "The sign is wrong"
    _, students, lost, gradients, example, who = found["The sign is wrong"]
    assert (students, lost) == ("3", "4") and gradients.startswith("dprobs ×3") and who.split(" , ")[0] == "bob"
    assert "dprobs" in example
    assert found["Used autograd"][5] == "eve" and found["Raised NameError"][5] == "dora"
    link = next(a for a in rows[0].find_all("a") if a.get_text() == "bob")
    assert link["href"] == f"../feedback/bob/{NAME}/{NAME}.html"


def test_what_to_teach_again_is_behind_most_lost_points():
    from autograder.reports.class_report import Assignment

    again = teach_again([Assignment(NAME, EXERCISES[NAME], CLASS)])
    assert len(again) == 3
    assert again[0].principle.title == "A minus in front of a variable turns its gradient round"
    assert again[0].students == ["bob", "cid", "dora"] and again[0].section == "The chain rule, and its words"
    assert [one.lost for one in again] == sorted((one.lost for one in again), reverse=True)


def test_every_sentence_of_the_diagnosis_belongs_to_a_principle_or_is_shown_as_it_is():
    for message in (
        "The share through probs has the wrong sign.", "Yours is transposed. Which factor comes first in the product?",
        "A row of C that was picked several times keeps only its last gradient: you overwrite, it must add up.",
        "The upstream gradient dprobs is left out: this is the local derivative alone.", "The small constant 1e-05 is left out.",
        "The slope is taken at h, the output of the line, and not at hpreact, its input.", "The exponent -1 has lost its sign.",
        "The sum over the copies is missing: b2 (5,) is used 7 times in logits, so 7 gradients add up.",
    ):  # fmt: skip
        assert principle_of({"kind": "wrong", "message": message}) is not OTHERS, message
    strange = {"kind": "wrong", "message": "Nobody has ever said this.", "named": True}
    assert principle_of(strange) is OTHERS and mistake_of(strange, ()) == "Nobody has ever said this"


def test_equal_words_for_equal_mistakes_whatever_the_numbers():
    names = {"b2", "logits", "bnmeani", "hprebn", "n"}
    one = "The sum over the copies is missing: b2 (5,) is used 7 times in logits, so 7 gradients add up."
    other = "The sum over the copies is missing: bnmeani (1, 9) is used 32 times in hprebn, so 32 gradients add up."
    places = [
        f"Cell {c}, line {n}, at `a * {n}`: the sign is wrong. Count the minus signs."
        for c, n in (("h", 1), ("emb", 12))
    ]
    assert len({mistake_of({"kind": "wrong", "message": m}, names) for m in (one, other)}) == 1
    assert {mistake_of({"kind": "wrong", "message": m}, names) for m in places} == {"The sign is wrong"}
    factors = {
        mistake_of({"kind": "wrong", "message": FACTOR[1].replace("factor n", f"factor {f}")}, names)
        for f in ("2", "1/n")
    }
    assert len(factors) == 2


def test_a_mistake_is_called_by_what_it_is():
    names = {"n", "h", "W2", "dh", "counts"}
    for kind, message, title in (
        ("wrong", "Cell mended, line 3, at `n - 1`: n and n - 1 are different constants.", "n and n - 1 are different constants"),
        ("wrong", "dW2: Cell mended, line 9, at `dh`: a gradient stands where a value of the forward pass is meant. Why?",
         "A gradient stands where a value of the forward pass is meant"),
        ("wrong", "W2 and h are the first to leave the path of autograd's loop, in step 3.",
         "The loop leaves the path of autograd's"),
        ("right line, another kind", "line 8 it is, but 'sign' is not what is wrong with it. What would make it right?",
         "The right line, and another word than for what is wrong with it"),
        ("wrong", "dW2 is all zeros: nothing has come back to it yet.", "A gradient is all zeros"),
        ("wrong", "for a tensor of 4,000 elements it fails everything, right or wrong.",
         "For a tensor of … elements it fails everything, right or wrong"),
    ):  # fmt: skip
        assert mistake_of({"kind": kind, "message": message}, names) == title


def test_a_name_of_any_script_stands_beside_its_row_and_leaves_the_sentence_in_order():
    name = "محمد بن موسى"
    rows = [row(name, {"dh": SIGN}, seconds_late=7200.0, late_penalty=1.0), row("Nguyễn <王小明>"), row("x" * 120)]
    page = soup(class_pages(rows, EXERCISES)[f"{NAME}.html"])
    beside = [text.get_text() for text in page.find_all("svg")[-1].find_all("text")]
    assert {name, "Nguyễn <王小明>", "x" * 31 + "…"} <= {*beside}
    (late,) = page.find("ul", class_="names").find_all("li")
    assert late.bdi.get_text() == name and late.get_text() == f"{name}: 2.0 hours, 1 point off"


def test_a_principles_section_is_one_that_an_exercise_has():
    titles = "\n".join(
        cell.source
        for exercise in EXERCISES.values()
        for cell in exercise.notebook.cells
        if cell.cell_type == "markdown"
    ).casefold()
    for principle in PRINCIPLES:
        assert any(words.casefold() in titles for words in principle.headings), principle
        assert principle.board and re.compile(principle.words)


def test_the_table_has_no_formula(files):
    rows = list(csv.DictReader(io.StringIO(files["verdicts.csv"])))
    assert len(rows) == 7 * 26
    assert {r["verdict"] for r in rows if r["student"] == "eve"} == {"right", "uses autograd"}
    text = class_pages([row("=cmd()", {"dh": ("wrong", "=1+1 is wrong")})], EXERCISES)["verdicts.csv"]
    (wrong,) = (r for r in csv.DictReader(io.StringIO(text)) if r["gradient"] == "dh")
    assert wrong["student"] == "'=cmd()" and wrong["message"] == "'=1+1 is wrong"


def test_anonymous_says_nobodys_name():
    files = class_pages(CLASS, EXERCISES, LEFT, anonymous=True, pages=lambda *_: True)
    text = "\n".join(files.values())
    for name in ("ada", "bob", "cid", "dora", "eve", "hal"):
        assert not re.search(rf"\b{name}\b", text), name
    assert "student 1" in text and "dlogprobs / probs" in soup(text).get_text()
    assert "feedback/" not in text and "x.pdf" not in text


@pytest.mark.parametrize(
    "code",
    [
        "x = 1  # Ada Lovelace's idea", "# don't: Ada\nx = '#' + y  # \"Ada", "z = 3# Ada", 'x = """\n#"""  # Ada\n',
        "x = (1  # Ada's",
        "%time x = 1  # Ada's\n!echo it's  # Ada", 'x = """ # Ada\'s', "if x:\n        y\n    z  # Ada's", "x\r\n# Ada's\r\ny",
    ],
)  # fmt: skip
def test_anonymous_answers_have_no_comment(code):
    files = class_pages([row("bob", {"dprobs": SIGN}, {"cell probs": code})], EXERCISES, anonymous=True)
    (anonymous,) = class_report._without_names([row("bob", {"dprobs": SIGN}, {"cell probs": code})])
    (left,) = anonymous.answers.values()
    assert "Ada" not in left and "Ada" not in "".join(files.values())
    assert left.count("\n") == code.count("\n")
    if "'#'" in code:
        assert left.endswith("\nx = '#' + y  ")


def test_nothing_that_a_student_has_named_or_written_acts(files):
    for name in (f"{NAME}.html", "index.html"):
        page = soup(files[name])
        assert not page.find_all("script") and not page.find_all("b", string="$x$") and SCRIPT in page.get_text()
        assert not [e for e in page.find_all(True) if any(key.startswith("on") for key in e.attrs)]


def test_answers_that_are_alike_are_found_and_ordinary_ones_are_not():
    own = "tmp = dlogits.sum(1)\nweird = (h * 3) / 3\ndh = weird * 0 + dlogits @ W2.T\ndW2 = (dlogits.T @ h).T\nq = tmp + 1"
    renamed = own.replace("tmp", "zzz").replace("weird", "u").replace("\n", "  # mine\n\n")
    solution = "dh = dlogits @ W2.T\ndW2 = h.T @ dlogits\ndb2 = dlogits.sum(0)"
    answers = {f"s{i}": [solution, f"dlogits = dlogits * {i}"] for i in range(10)}
    (pair,) = alike(answers | {"a": [own], "b": [renamed], "c": ["broken ("]}, EXERCISES[NAME])
    assert (pair.first, pair.second) == ("a", "b") and len(pair.shared) == 5
    assert alike({f"s{i}": [own] for i in range(60)}, EXERCISES[NAME]) == []  # all of them have it


@pytest.mark.parametrize("odd", ["x = 0x" + "f" * 9_000, "x = 1" + " + 1" * 5_000, "x = 1;" * 200_000])
def test_answers_that_are_alike_are_found_beside_one_that_cannot_be_written_out(odd: str):
    own = "a = dlogits.sum(1)\nb = (h * 3) / 3\nc = b * 0 + a"
    assert len(alike({"a": [own, odd], "b": [own], "c": [odd]}, EXERCISES[NAME])) == 1


def test_a_class_without_due_date_or_mistakes_has_its_page():
    page = soup(class_pages([row("ada")], EXERCISES)[f"{NAME}.html"]).get_text()
    assert "No mistake of a known kind was made." in page and "hours from the due date" not in page


@pytest.mark.share(0.15)
@pytest.mark.needs("chromium")
def test_the_report_is_for_everybody_everywhere(files, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with browser() as opened:
        for name in (f"{NAME}.html", "index.html"):
            for seen in look(opened, tmp_path / name):
                assert not seen.loaded and not seen.errors and not seen.violations, seen
                assert seen.sticks_out <= 0, seen
