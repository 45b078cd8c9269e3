"""The nearest right line: what is tried, what is found, what is said of it, and where nothing is claimed."""

import inspect
import random
import re

import pytest
import torch

from tests.bank import Bench, bench, runner
from toolkit.judge import Judge
from toolkit.mistakes.draws import SIZES
from toolkit.mistakes.edits import RULES, edits
from toolkit.mistakes.leading import Lead, leading_to, statement
from toolkit.mistakes.nearest import Finding, Search
from toolkit.mistakes.sentences import FAMILIES, SENTENCES
from toolkit.mistakes.why import lead_of
from toolkit.running.in_this_process import run_here
from toolkit.running.runs import Job
from toolkit.running.trials import Trials
from toolkit.verdict import Place, underlined

FUSED = "3_fused_batchnorm"
LINE = "dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))"


def search_for(made: Bench, name: str, edits: dict[str, str], seconds: float = 20.0) -> Search:
    judge = Judge(made.exercise, made.submission(edits), run_here, 7)
    lead = lead_of(made.exercise, judge.graph, name, judge.plans.by_statement)
    return Search(made.exercise, frozenset(judge.graph.steps), lead, run_here, seconds=seconds)


def found(name: str, old: str, new: str, assignment: str = "1_chunked_backprop") -> tuple[Search, Finding | None]:
    made = bench(assignment)
    cell = made.cell_of[name]
    assert made.solution_cells[cell].count(old) == 1
    search = search_for(made, name, {cell: made.solution_cells[cell].replace(old, new)})
    return search, search.one() or search.two()


# --- one change -------------------------------------------------------------------------------------------------------------

ONE = [
    (FUSED, "hprebn", "(dhpreact * bnraw)", "(hpreact * bnraw)", "value for gradient", "hpreact"),
    (FUSED, "hprebn", "n / (n - 1)", "n / n - 1", "brackets", "n / n - 1"),
    (FUSED, "hprebn", " - dhpreact.sum(0)", " + dhpreact.sum(0)", "sign", "+"),
    (FUSED, "hprebn", " / n *", " *", "constant missing", None),
    ("1_chunked_backprop", "hpreact", "h**2", "hpreact**2", "input for output", "hpreact"),
    ("1_chunked_backprop", "hpreact", "h**2", "h**3", "exponent", "3"),
    ("1_chunked_backprop", "probs", " * dlogprobs", "", "upstream missing", None),
    ("1_chunked_backprop", "bnvar", "bnvar + 1e-5", "bnvar - 1e-5", "epsilon sign", "bnvar - 1e-5"),
    ("1_chunked_backprop", "bndiff2", "(n - 1)", "n", "number", "n"),
    ("1_chunked_backprop", "W2", "h.T @ dlogits", "h.T @ dlogits * 2", "factor too much", "2"),
    ("1_chunked_backprop", "b2", "dlogits.sum(0)", "dlogits.mean(0)", "mean for sum", "dlogits.mean(0)"),
    ("1_chunked_backprop", "counts", "dcounts += ", "dcounts = ", "overwritten", None),
    ("1_chunked_backprop", "logits", "logits.max(1)", "logits.max(0)", "dimension", "0"),
    ("2_fused_cross_entropy", "logits", "range(n), Yb", ":, Yb", "index", ":, Yb"),
    ("2_fused_cross_entropy", "logits", "F.softmax(logits, 1)", "F.softmax(logits, 0)", "dimension", "0"),
    ("1_chunked_backprop", "bnvar", "** -1.5", "** (-2 / 3)", "exponent", None),
    (
        "1_chunked_backprop",
        "probs",
        "(1.0 / probs) * dlogprobs",
        "dlogprobs.div(logprobs)",
        "output for input",
        "logprobs",
    ),
    ("1_chunked_backprop", "h", "dlogits @ W2.T", 'torch.einsum("ij,kl->ik", dlogits, W2)', "letters", '"ij,kl->ik"'),
    ("1_chunked_backprop", "W2", "h.T @", "h.view(h.shape[1], -1) @", "arrangement", "h.view(h.shape[1], -1)"),
    ("1_chunked_backprop", "logits", "F.one_hot(logits.max(1).indices,", "F.one_hot(Yb,", "index", "Yb"),
]
"""Exercise, gradient, what is replaced by what; kind of the finding and the piece that is underlined."""


@pytest.mark.parametrize(("assignment", "name", "old", "new", "kind", "piece"), ONE)
def test_the_smallest_change_is_found_and_is_right_when_it_is_graded(assignment, name, old, new, kind, piece):
    search, finding = found(name, old, new, assignment)
    (edit,) = finding.edits
    assert edit.kind == kind
    assert piece is None or [place.piece for place in finding.places] == [piece]
    made, cell = bench(assignment), bench(assignment).cell_of[name]
    wrong = made.solution_cells[cell].replace(old, new)
    line = search.lead.texts[edit.number]
    assert line in wrong
    edited = made.submission({cell: wrong.replace(line, edit.applied(line))})
    assert Judge(made.exercise, edited, run_here, 8).verdict(name).kind == "right"


def test_a_wrong_helper_lines_above_is_where_the_mistake_is():
    made = bench(FUSED)
    cell = "\n".join([
        "scale = bngain * bnvar_inv / n",
        "total = (dhpreact * bnraw).sum(1, keepdim=True)",
        "dhprebn = scale * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * total)",
    ])  # fmt: skip
    finding = search_for(made, "hprebn", {"hprebn": cell}).one()
    (place,) = finding.places
    assert (place.line, place.text[: place.start]) == (2, "total = (dhpreact * bnraw).sum(")


def test_where_a_change_in_another_line_is_as_small_both_are_pointed_at():
    made = bench(FUSED)
    cell = "\n".join([
        "xc = hprebn - bnmeani",
        "dvar = (0.5 * (bnvar + eps) ** -1.5 * bngain * dhpreact * xc).sum(0, keepdim=True)",
        "dxc = bngain * dhpreact * bnvar_inv + 2 / (n - 1) * xc * dvar",
        "dhprebn = dxc - dxc.mean(0, keepdim=True)",
    ])  # fmt: skip
    finding = search_for(made, "hprebn", {"hprebn": cell}).one()
    assert [place.line for place in (*finding.places, *finding.elsewhere)] == [3, 2]


def test_every_kind_of_change_has_a_sentence_and_a_family():
    kinds = {
        kind
        for rule in RULES
        for kind in re.findall(r'"([a-z][a-z /-]*)", \d\.\d', inspect.getsource(inspect.getmodule(rule)))
    }
    assert len(kinds) > 30
    assert kinds - {"sum", "mean"} <= {*SENTENCES}  # these are the names of functions
    assert {*SENTENCES} - {"exchanged"} == {*FAMILIES}


def test_what_is_right_given_its_upstream_gradient_is_not_blamed():
    made = bench("1_chunked_backprop")
    wrong = {"hpreact": "dhpreact = (1 - hpreact**2) * dh"}
    assert search_for(made, "bnraw", wrong).is_right
    assert not search_for(made, "hpreact", wrong).is_right


def test_an_upstream_gradient_that_is_not_complete_is_told_from_a_wrong_line():
    made = bench("1_chunked_backprop")
    late = "\n".join([
        "dhprebn = dbndiff.clone()",
        "dbnmeani = (-dbndiff).sum(0, keepdim=True)",
        "dhprebn += dbnmeani / n",
        "dbndiff += (2 * bndiff) * dbndiff2",
    ])  # fmt: skip
    search = search_for(made, "hprebn", {"bndiff": late})
    assert search.lead.early == {"dbndiff"} and search.is_right


# --- several ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0)",
         "dhpreact - n / (n - 1) * bnraw * (dhpreact * bnraw)", {"sum missing"}),
        ("n / (n - 1) * bnraw * (dhpreact * bnraw)", "bnraw * (hpreact * bnraw)", {"constant missing", "value for gradient"}),
    ],
)  # fmt: skip
def test_two_changes(old, new, kinds):
    _, finding = found("hprebn", old, new, FUSED)
    assert len(finding.edits) == 2
    assert {edit.kind for edit in finding.edits} == kinds


def test_equally_small_changes_share_a_message():
    """A minus may be missing at several places of a product: the whole of it is marked, and no place is named alone."""
    _, finding = found("logprobs", "-1.0 / n", "1.0 / n")
    assert {edit.kind for group in (finding.edits, *finding.others) for edit in group} == {"sign"}
    (place,) = finding.places
    assert {*"1.0 / n"} <= {*place.piece}


# --- nothing is claimed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["probs", "hpreact", "bnvar", "hprebn", "C"])
def test_random_numbers_are_not_explained(name):
    made = bench("1_chunked_backprop")
    search = search_for(made, name, {made.cell_of[name]: f"d{name} = torch.rand({name}.shape, dtype={name}.dtype)"})
    assert (search.one(), search.one_and_a_share(), search.two()) == (None, None, None)


@pytest.mark.share(0.5)
def test_what_is_found_in_randomly_broken_lines_mends_them():
    """One or two random changes: whatever is claimed of the result is right at sizes that no draw has."""
    chooser = random.Random(5)
    made = bench(FUSED)
    scope = search_for(made, "hprebn", {}).scope
    claimed = 0
    for _ in range(25):
        line = LINE
        for _ in range(chooser.choice([1, 2])):
            line = chooser.choice(edits(line, scope, "dhprebn")[:200]).applied(line)
        search = search_for(made, "hprebn", {"hprebn": line})
        if search.is_right or not (finding := search.one()):
            continue
        claimed += 1
        mended = finding.edits[0].applied(line)
        judge = Judge(made.exercise, made.submission({"hprebn": mended}), run_here, 9)
        assert judge.verdict("hprebn").points, mended
    assert claimed


def test_without_time_nothing_is_said():
    made = bench(FUSED)
    search = search_for(made, "hprebn", {"hprebn": LINE.replace("dhpreact.sum", "hpreact.sum")}, seconds=0.0)
    assert search.one() is None and search.out_of_time


# --- what is tried ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ["1_chunked_backprop", "2_fused_cross_entropy", FUSED])
def test_every_change_of_a_solution_can_be_read_as_python(assignment):
    made = bench(assignment)
    for name in made.exercise.expected:
        search = search_for(made, name, {})
        assert search.is_right
        for edit in search.single:
            line = search.lead.texts[edit.number]
            compile(edit.applied(line), "<an edit>", "exec")
            assert 0 <= edit.mark[0] < edit.mark[1] <= len(line)


def test_sizes_of_a_draw_differ():
    assert len(SIZES) == 3 and all(len({*sizes}) == len(sizes) for sizes in SIZES)


def test_the_sandbox_tries_the_same():
    statements = ("y = x.clone()", "y[0] = 0", "z = y.sum() * torch.ones(2)")
    changes = ((), ((1, "y[0] = 5"),), ((2, "raise SystemExit"),), ((1, "x += 1"), (2, "z = x")), ((3, "z = [z]"),))
    trials = Trials(statements, changes, "z")
    job = Job((), {"x": torch.arange(3.0)}, {}, (), imports="import torch", dtype=torch.float64, trials=trials)
    here, there = run_here(job).trials, runner().run(job).trials
    assert [None if value is None else value.tolist() for value in here] == [[3, 3], [8, 8], None, [1, 2, 3], None]
    assert all(a is b is None or torch.equal(a, b) for a, b in zip(here, there, strict=True))


def test_a_trial_finds_everything_as_it_was():
    """In-place changes, two names for one tensor, views, lists: each trial starts from the same."""
    statements = ("a = x", "v = x[0]", "kept = [x]", "a += 1", "v += 1", "kept[0] += 1", "z = x * 1")
    again = tuple(((number, text),) for number, text in enumerate(statements))
    trials = Trials(statements, ((), *again, ()), "z")
    job = Job((), {"x": torch.zeros(2)}, {}, (), imports="import torch", dtype=torch.float64, trials=trials)
    assert [value.tolist() for value in run_here(job).trials] == [[3, 2]] * 9


# --- which lines ------------------------------------------------------------------------------------------------------------


def lead(*texts: str, name: str = "h") -> Lead | None:
    return leading_to(name, [statement(text, "cell") for text in texts], {"dh", "dx", "dy"}, {"h", "x", "y"})


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (("a = dx * 2", "b = 3", "dh = a + y"), [0, 2]),
        (("dx = y", "dh = dx"), [1]),  # judged by itself
        (("dh = y", "c = dh", "dh += c"), [0, 1, 2]),
        (("dh = y", "dh = x"), [0, 1]),  # the first was perhaps to be added to
        (("a = 1", "a = 2", "dh = a"), [1, 2]),
        (("def f(t):\n    return t * k", "k = 2", "dh = f(dx)", "k = 3"), [0, 1, 2]),
        (("a = y", "for i in range(2):\n    a[i] = x[i]", "dh = a", "a += 1"), [0, 1, 2]),
        (("x = 5", "dh = x"), [0, 1]),  # a forward variable that the cell has bound anew
    ],
)
def test_the_lines_that_lead_to_a_gradient(texts, chosen):
    assert lead(*texts).texts == tuple(texts[i] for i in chosen)


def test_no_lines_lead_to_what_is_not_there():
    assert lead("dx = 1") is None
    assert lead("dh = (") is None


# --- what is shown ----------------------------------------------------------------------------------------------------------


def test_pieces_of_one_line_are_underlined_together():
    text = "    dh = a * b + c"
    places = [Place("cell", 1, 9, 10, text), Place("cell", 1, 17, 18, text)]
    assert underlined(places) == ["dh = a * b + c", "     ~       ~"]


def test_of_a_long_line_what_is_around_the_piece_is_shown():
    text = f"dh = {'a + ' * 40}b{' + c' * 40}"
    (shown, below) = underlined([Place("cell", 1, text.index("b"), text.index("b") + 1, text)], width=60)
    assert len(shown) <= 60 and shown.startswith("…") and shown.endswith("…")
    assert shown[below.index("~")] == "b" and below.count("~") == 1


def test_the_place_in_a_line_that_is_not_ascii_and_in_a_loop():
    made = bench("1_chunked_backprop")
    cell = "\n".join([
        "demb = dembcat.view(emb.shape)",
        "dC = torch.zeros_like(C)",
        "for ä, (ö, ü) in enumerate(zip(Xb, demb)):",
        "    dC[ö] = ü",
    ])  # fmt: skip
    finding = search_for(made, "C", {"emb": cell}).one()
    (place,) = finding.places
    assert (place.line, place.piece) == (4, "dC[ö] = ü")
