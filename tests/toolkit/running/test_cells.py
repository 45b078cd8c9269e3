"""A student's cells read as Python: magics, what autograd is left out of, casts; and that reading takes one parse a cell."""

import ast
import sys

import pytest

from toolkit.running.autograd_words import autograd_uses
from toolkit.running.cells import MOST_STATEMENTS, StudentCell, screen
from toolkit.running.magics import LONGEST_CELL, MOST_LINES, cell_magic, is_too_long, plain_python
from toolkit.running.plans import typed_into
from toolkit.running.precisions import casts
from toolkit.running.statements import MOST_TRIED

MAGICS = {
    "%matplotlib inline\nx = 1": "pass\nx = 1",
    "%time x = f(\n    1)": "x = f(\n    1)",
    "%prun x = 1": "x = 1",
    "%prun -l 5 f(1)": "pass",
    "!ls 'it is (': {\nx = 1": "pass\nx = 1",
    "!ls \\\n  -la\nx = 1": "pass\n\nx = 1",
    "files = !ls\ntorch.sum?": "pass\npass",
    "if x:\n    %timeit f()": "if x:\n    pass",
    "x = (a\n% b)": "x = (a\n% b)",
    "x = a \\\n% b": "x = a \\\n% b",
    "x = '''\n%magic\n!ls\nname?\n'''": "x = '''\n%magic\n!ls\nname?\n'''",
    'x = "a(" # it\'s {\n%magic': 'x = "a(" # it\'s {\npass',
    'x = "\\"(" + \'"\'\n%magic': 'x = "\\"(" + \'"\'\npass',
    "%%time\nx = 1": "\nx = 1",
    "%%prun -q\nx = 1": "\nx = 1",
    "%%bash\nx = 1": "",
    "\n  x = 1\n  if x:\n\t  y": "\nx = 1\nif x:\n\t  y",
    "    %%time\n    x = 1": "\nx = 1",
    ">>> x = (\n...     1)\n>>>": "x = (\n    1)\n",
    "In [12]: for i in x:\n    ...:     y = i\n    ...:": "for i in x:\n    y = i\n",
    "x = '''\n  >>> y'''": "x = '''\n  >>> y'''",
}


@pytest.mark.parametrize("source", MAGICS)
def test_a_cell_without_its_magics(source: str):
    assert plain_python(source) == MAGICS[source]


def test_a_cell_that_writes_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for magic in ("%%writefile mine.txt", "%%file -a mine.txt"):
        exec(plain_python(f'{magic}\nit\'s "a" (text\n% x'), {})
    assert (tmp_path / "mine.txt").read_text() == 'it\'s "a" (text\n% x\n' * 2
    assert cell_magic("\n%%bash\nls") == "%%bash" and not cell_magic("%%writefile x.py") and not cell_magic("x = 1")


COSTLY = {
    "magics": "x = 1\n%magic\n!ls\n" * 300,
    "magics and no Python": "%magic\n" * 500 + "x = = 1",
    "autograd in blocks": "for t in y:\n    t.retain_grad()\n" * 250,
    "autograd in a deep block": "".join("  " * i + "if x:\n" for i in range(50)) + "  " * 50 + "loss.backward()\n",
    "no Python at the end": "x = 1\n" * 900 + "y = (",
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_cell_is_parsed_a_few_times_whatever_is_in_it(name: str, monkeypatch):
    count, parse = [], ast.parse
    monkeypatch.setattr(ast, "parse", lambda *args, **kwargs: (count.append(1), parse(*args, **kwargs))[1])
    screen([StudentCell("cell", COSTLY[name])], ["h"])
    assert len(count) <= 2 + MOST_TRIED


def test_what_asks_autograd_is_left_out_and_all_else_stays_where_it_was():
    source = (
        "for t in y: t.backward(); z = 1\nif x:\n    a = t.grad; b = 2\n    c = (t\n         .grad)\ndh = c\ndW2 = b"
    )
    (found,) = screen([StudentCell("cell", source)], ["h", "W2"])
    assert found.left_out and found.autograd == {"h": ".grad"}
    places = {"z = 1": 1, "b = 2": 3, "dW2 = b": 7}
    lines = found.source.split("\n")
    assert all(text in lines[line - 1] for text, line in places.items())
    assert "grad" not in found.source and "dh" not in found.source
    compile(found.source, "cell", "exec")
    (whole,) = screen([StudentCell("cell", source)], ["h", "W2"], leave_out=False)
    assert not whole.left_out and "t.grad" in whole.source


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x.float()", True),
        ("x.to(torch.float32)", True),
        ("torch.zeros(3, dtype=torch.half)", True),
        ("x.type('torch.FloatTensor')", True),
        ("a.astype('float32')", True),
        ("from numpy import float32 as f", True),
        ("x.to('cpu') # .float()", False),
        ("x.type(torch.float64)", False),
        ("float(n) * x", False),
        ("'a float32 would do'", False),
    ],
)
def test_a_cast_is_code_and_no_word(source: str, wanted: bool):
    assert casts(ast.parse(source)) is wanted


def test_an_f_string_of_a_newer_python_is_said_to_be_one(exercise_1):
    cell = "names = {'a': 1}\nprint(f'{names['a']}')\ndhpreact = (1 - h**2) * dh"
    verdict = exercise_1.judge({"hpreact": cell}, names=["hpreact"])["hpreact"]
    if sys.version_info >= (3, 12):
        assert verdict.kind == "right"
    else:
        assert verdict.kind == "raised" and "From 3.12 on, the quotes around an f-string" in verdict.message


def test_what_switches_gradients_off_hides_nothing_that_comes_after_it():
    lines = "torch.set_grad_enabled(False)", "W.grad = None", "del b.grad", "loss.backward()", "return W.grad"
    assert {*autograd_uses(ast.parse("def both():\n    " + "\n    ".join(lines)))} == {".backward", ".grad"}


def test_a_number_that_python_cannot_write_in_decimal_is_no_answer_and_stops_nothing(exercise_1):
    """It may be written in hexadecimal; whoever writes code out, to compare it, would fail."""
    number = f"x = 0x{'f' * 9_000}"
    assert screen([StudentCell("cell", number)], [])[0].syntax_error == "ValueError: a number in it has too many digits"
    assert typed_into(f"import torch\n{number}", exercise_1.exercise, "import torch") == number


def test_more_statements_than_anybody_writes_are_not_read():
    half = "x = 1;" * (MOST_STATEMENTS // 2)
    first, second, third = screen([StudentCell(name, half + name) for name in ("", "", "y")], [])
    assert first.statements and second.statements and not third.statements and "too long" in third.syntax_error


def test_a_cell_is_too_long_by_its_letters_or_by_its_lines():
    assert (
        is_too_long("x" * (LONGEST_CELL + 1))
        and is_too_long("\n" * (MOST_LINES + 1))
        and is_too_long("\r" * (MOST_LINES + 1))
    )
    assert not is_too_long("x" * LONGEST_CELL) and not is_too_long("\n" * MOST_LINES)
