"""The judge in an instructor's own kernel: ``expect_gradients`` for a source notebook that is run by hand."""

from collections.abc import Callable
from pathlib import Path

from IPython import get_ipython

from autograder.cells import StudentCell
from autograder.exercise import Exercise, hidden_tests
from autograder.judge import GradedPlace, Judge, Submission
from autograder.steps import MARKS, shared_runner


def judge_this_notebook(name: str, course: Path) -> Callable[..., float]:
    """An ``expect_gradients`` that judges the cells run so far in this kernel, as the autograder would.

    What was run counts, saved or not; of two runs of the same cell the last. The forward pass and the sizes are those of
    the source notebook on disk.

    Returns:
        A function of the names of gradients that prints a verdict a line and returns the points, one a gradient.
    """
    exercise = Exercise.from_assignment(name, course / "source")

    def expect_gradients(*names: str, **_options: object) -> float:
        judge = Judge(exercise, _history(exercise), shared_runner())
        verdicts = [judge.verdict(name) for name in names]
        for v in verdicts:
            print(f"{MARKS.get(v.kind, '✗')} {v.label}: {v.kind}{'. ' + v.message if v.message else ''}")
        return sum(v.points for v in verdicts)

    return expect_gradients


def _history(exercise: Exercise) -> Submission:
    """The cells run in this kernel that are not the exercise's own, with the graded cells among them."""
    texts = [text.strip() for text in get_ipython().user_ns["In"]]
    last = {text: number for number, text in enumerate(texts)}
    graded = {cell.hidden_tests.strip(): cell for cell in exercise.graded}
    trusted = {c.source.strip() for g, c in exercise.trusted_cells().items() if not c.metadata.nbgrader.solution}
    parts: list[StudentCell | GradedPlace] = []
    for number, text in enumerate(texts):
        if last[text] != number or not text:
            continue
        if (found := graded.get(hidden_tests(text).strip())) is not None:
            parts.append(GradedPlace(found.grade_id, found.names()))
        elif text not in trusted and "judge_this_notebook" not in text:
            parts.append(StudentCell(f"In[{number}]", text))
    return parts
