"""What ``check`` takes for the student's notebook: cells that were run again, in another order, nested, edited, without ids."""

from types import SimpleNamespace

import pytest
from nbgrader import utils

from tests.bank import bench
from toolkit.history import History
from toolkit.network.exercise import digest
from toolkit.running.cells import StudentCell
from toolkit.running.plans import GradedPlace

EXERCISE = bench("1_chunked_backprop").exercise


@pytest.fixture
def history() -> History:
    found = History()
    found.exercise = EXERCISE
    found.course = {
        grade_id: "" if utils.is_solution(cell) else digest(EXERCISE.released[grade_id])
        for grade_id, cell in EXERCISE.trusted_cells.items()
    }
    return found


def run(history: History, source: str, cell_id: str | None = None, success: bool = True) -> None:
    history.before(SimpleNamespace(raw_cell=source, cell_id=cell_id))
    history.after(SimpleNamespace(success=success))


def sources(submission) -> list[str]:
    return [part.source if not isinstance(part, GradedPlace) else f"<{part.grade_id}>" for part in submission]


def test_a_cell_that_is_run_again_keeps_its_place_and_its_last_text(history):
    run(history, "dlogprobs = 1", "logprobs")
    run(history, EXERCISE.released["logprobs-check"], "logprobs-check")
    run(history, "dprobs = 2", "probs")
    run(history, "dlogprobs = 3", "logprobs")
    first, *others = history.submissions()
    assert sources(first) == ["dlogprobs = 3", "<logprobs-check>", "dprobs = 2", "<probs-check>"]
    assert sources(others[0]) == ["<logprobs-check>", "dprobs = 2", "<probs-check>", "dlogprobs = 3"]


def test_a_helper_that_was_added_later_comes_before_the_cell_that_failed_without_it(history):
    run(history, "dlogprobs = helper()", "logprobs", success=False)
    run(history, "def helper(): ...", "new")
    run(history, "dlogprobs = helper()", "logprobs")
    assert any(sources(found)[:2] == ["def helper(): ...", "dlogprobs = helper()"] for found in history.submissions())


def test_solution_cells_stand_in_the_order_of_the_exercise_whichever_was_run_first(history):
    run(history, "dprobs = 2", "probs")
    run(history, "dlogprobs = 1", "logprobs")
    found = sources(next(history.submissions()))
    assert found == ["dlogprobs = 1", "<logprobs-check>", "dprobs = 2", "<probs-check>"]  # though no check was run


def test_without_ids_a_solution_cell_is_known_by_the_check_after_it(history):
    run(history, "dlogprobs = 1")
    run(history, EXERCISE.released["logprobs-check"])
    parts = next(history.submissions())
    assert parts[0].grade_id == "logprobs"
    assert parts[1] == GradedPlace("logprobs-check", ("logprobs",))


@pytest.mark.parametrize("ids", [True, False])
def test_what_is_typed_into_a_check_cell_is_an_answer(history, ids):
    text = "dlogprobs = 1\nlogprobs = 2\n" + EXERCISE.released["logprobs-check"]
    run(history, text, "logprobs-check" if ids else None)
    parts = next(history.submissions())
    assert parts[0].source.startswith("dlogprobs = 1\n# not run: logprobs = 2\n")
    assert parts[1] == GradedPlace("logprobs-check", ("logprobs",))


def test_a_cell_of_ones_own_that_calls_check_is_an_answer(history):
    run(history, EXERCISE.released["logprobs-check"])
    run(history, 'dlogprobs = 1\ncheck("logprobs")')
    assert any(isinstance(part, StudentCell) for part in next(history.submissions()))


def test_what_capture_runs_is_the_same_cell(history):
    history.before(SimpleNamespace(raw_cell="%%capture\ndcounts += 1", cell_id=None))
    run(history, "dcounts += 1")
    history.after(SimpleNamespace(success=True))
    assert sources(next(history.submissions())) == ["%%capture\ndcounts += 1", "<counts_sum-check>"]
    assert history.ran[0].worked


def test_silent_and_empty_cells_and_the_setup_are_none(history):
    history.before(SimpleNamespace(raw_cell="x = 1", silent=True))
    run(history, "  \n")
    run(history, "# @title Setup: run this cell\n...")
    assert not history.ran


def test_the_last_text_of_a_cell_by_its_first_words(history):
    run(history, "# The forward pass\na = 1")
    run(history, "%%time\n# The forward pass\na = 2")
    assert history.last_text("# The forward pass") == "# The forward pass\na = 2"
    assert history.last_text("# Something else") == ""


EDITED = [  # a cell; the next; whether that takes its place where no ids are told, and whether nothing else can be
    ("dprobs = 1", "dprobs = 2", True, True),
    ("dcounts = dcounts + 1", "dcounts = dcounts + 2", True, False),
    ("dcounts += 1", "dcounts += 2", True, False),
    ("dcounts = 1", "dcounts_sum_inv = 2\ndcounts = 1", True, True),
    ("for i in range(3):\n    dC = 1\n    dW1 = dC", "for i in range(3):\n    dC = 2\n    dW1 = dC", True, True),
    ("for i in r:\n    dC = 1\n    C += dC", "for i in r:\n    dC = 2\n    C += dC", True, True),
    ("dC = torch.zeros(3).index_add_(0, Xb, demb)", "dC = demb", True, True),
    ("t = 1\ndprobs = t", "dprobs = 2", True, False),
    ("dcounts = 1", "dcounts = dcounts + 2", False, False),
    ("dcounts = 1", "dcounts += 2", False, False),
    ("dC = torch.zeros_like(C)", "dC[Xb] += demb", False, False),
    ("dC = torch.zeros_like(C)", "dC.index_add_(0, Xb, demb)", False, False),
    ("dcounts_sum_inv = 1\ndcounts = 1", "dcounts = 2", False, False),
    ("helper = 1", "helper = 2", False, False),
]


@pytest.mark.parametrize("earlier,later,edited,lost", EDITED)
def test_without_ids_a_cell_that_was_edited_takes_its_own_place(history, earlier, later, edited, lost):
    for source in (earlier, EXERCISE.released["logprobs-check"], later):
        run(history, source)
    guesses = [sources(found) for found in history.submissions()]
    assert (guesses[0] == [later, "<logprobs-check>"]) == edited
    assert any(earlier in guess for guess in guesses) != lost


def test_without_ids_of_two_training_loops_the_last_counts(history):
    """Each makes gradients on the way that the other has not, and the later one needs a list that stands before both."""
    first = "log = []\nfor i in range(9):\n    dlogits = 1\n    dh = 2\n    dW1 = dh\n    dC = dh\n    log.append(dC)"
    second = "for i in range(9):\n    dprobs = 3\n    dW1 = dprobs\n    dC = dprobs\n    log.append(dC)"
    run(history, first)
    run(history, EXERCISE.released["emb-check"], "emb-check")
    run(history, second)
    for found in history.submissions():
        assert first not in sources(found)
    assert sources(next(history.submissions())) == [second, "<emb-check>"]


def test_a_frontend_with_ids_of_its_own_tells_edited_cells_apart(history):
    run(history, "dlogprobs = 1", "vscode-notebook-cell:#W3")
    run(history, EXERCISE.released["logprobs-check"], "vscode-notebook-cell:#W4")
    run(history, "dlogprobs = 2", "vscode-notebook-cell:#W3")
    (only, *_) = history.submissions()
    assert sources(only) == ["dlogprobs = 2", "<logprobs-check>"] and only[0].grade_id == "logprobs"
    text = "dprobs = 1\n" + EXERCISE.released["probs-check"]
    run(history, text, "vscode-notebook-cell:#W6")
    assert GradedPlace("probs-check", ("probs",)) in next(history.submissions())
