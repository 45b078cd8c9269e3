"""Made-up submissions and their verdicts, for every test that asks the judge.

The exercises and the answers are those of ``autograder.authoring``, which an author asks of a new exercise; here they are judged
as submissions are, in a sandbox.
"""

import functools
from collections.abc import Mapping, Sequence

import jupytext

from autograder.authoring import workbench
from autograder.authoring.answers import BANK, Answer, answers, notebook_with, read_answer, read_answers_of
from autograder.authoring.workbench import PATIENCE
from autograder.course.exercise import COURSE, Exercise
from autograder.judging.hidden_tests import judge_submission, unseen_judge
from autograder.sandbox.runner import Runner
from toolkit.verdict import Verdict

__all__ = ["BANK", "PATIENCE", "Answer", "Bench", "answers", "bench", "notebook_with", "read_answer", "read_answers_of"]


class Bench(workbench.Bench):
    """An exercise and its solution, and the judge that grades."""

    def judge(
        self,
        edits: Mapping[str, str],
        start: str = "solution",
        seconds: float = 10.0,
        names: Sequence[str] | None = None,
    ) -> dict[str, Verdict]:
        """The verdict on every gradient of such a notebook, or on those named.

        Args:
            seconds: the longest time for one cell.
        """
        submission = self.submission(edits, start)
        if names is not None:
            judge = unseen_judge(self.exercise, submission, runner(seconds))
            return {name: judge.verdict(name) for name in names}
        judged = judge_submission(self.exercise, submission, runner(seconds), seconds=PATIENCE)
        return {verdict.name: verdict for verdicts, _ in judged.values() for verdict in verdicts}


@functools.cache
def bench(name: str) -> Bench:
    """The bench of one assignment, read from its source once."""
    path = COURSE / "source" / name / f"{name}.py"
    return Bench(Exercise.from_notebook(jupytext.read(path), name))


@functools.cache
def runner(seconds: float = 10.0) -> Runner:
    """One warm process for each time limit, shared by all tests."""
    return Runner(chunk_seconds=seconds)


def surprises(answer: Answer) -> list[str]:
    """One line for each verdict on an answer that is not the expected one."""
    lines = []
    verdicts = bench(answer.assignment).judge(answer.edits, answer.start, answer.seconds)
    for name, verdict in verdicts.items():
        kind, words = answer.expected.get(name, ("right", ""))
        if verdict.kind not in kind.split(" or ") or words not in verdict.message:
            wanted = f"{kind} ({words})" if words else kind
            lines.append(f"d{name}: {verdict.kind} ({verdict.message}), wanted {wanted}")
    return lines
