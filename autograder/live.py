"""The judge in an instructor's own kernel, for a source notebook that is run by hand."""

import functools
from collections.abc import Callable
from pathlib import Path

from IPython import get_ipython

from autograder.course.exercise import EXPECTATIONS, Exercise, hidden_tests
from autograder.judging.hidden_tests import expectations, unseen_judge
from autograder.judging.nbgrader_steps import verdict_line
from autograder.sandbox import bubblewrap
from autograder.sandbox.runner import Runner
from autograder.sandbox.warm import Server
from toolkit.history import SETUP
from toolkit.judge import one_thread
from toolkit.running.cells import StudentCell
from toolkit.running.plans import GradedPlace, Submission
from toolkit.verdict import underlined


def judge_this_notebook(name: str, course: Path) -> dict[str, Callable[..., float]]:
    """The ``expect_...`` functions for a source notebook: they judge the cells run so far, as the autograder would.

    What was run counts, saved or not; of two runs of the same cell the last. The forward pass and the sizes are those of
    the source notebook on disk.

    Returns:
        Functions by name; each prints a verdict a line and returns the points, one a verdict.
    """
    exercise = Exercise.from_assignment(name, course / "source")

    def live(kind: str) -> Callable[..., float]:
        def expect(*names: str, **options: object) -> float:
            submission = _history(exercise)
            place = next(part for part in reversed(submission) if isinstance(part, GradedPlace))
            with one_thread():
                judge = unseen_judge(exercise, submission, _runner())
                verdicts = expectations(judge, place.grade_id)[kind](*names, **options)
            for verdict in verdicts:
                print("\n    ".join([verdict_line(verdict), *underlined(verdict.places)]))
            return sum(verdict.points for verdict in verdicts)

        return expect

    return {kind: live(kind) for kind in EXPECTATIONS}


@functools.cache
def _runner() -> Runner:
    """In a sandbox if there is one; what is run is the instructor's own."""
    return Runner(server=Server(confined=bubblewrap.wanted() and not bubblewrap.obstacle()))


def _history(exercise: Exercise) -> Submission:
    """The cells run in this kernel that are not the exercise's own, with the graded cells among them."""
    texts = [text.strip() for text in get_ipython().user_ns["In"]]
    last = {text: number for number, text in enumerate(texts)}
    graded = {cell.hidden_tests.strip(): cell for cell in exercise.graded}
    trusted = {c.source.strip() for g, c in exercise.trusted_cells.items() if not c.metadata.nbgrader.solution}
    parts: list[StudentCell | GradedPlace] = []
    for number, text in enumerate(texts):
        if last[text] != number or not text or text.startswith(SETUP):
            continue
        if (found := graded.get(hidden_tests(text).strip())) is not None:
            parts.append(GradedPlace(found.grade_id, found.names()))
        elif text not in trusted and "judge_this_notebook" not in text:
            parts.append(StudentCell(f"In[{number}]", text))
    return parts
