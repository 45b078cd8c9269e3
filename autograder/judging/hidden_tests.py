"""The hidden tests of an exercise, run against a submission: the toolkit's judge on minibatches that nobody has seen."""

import hashlib
from collections.abc import Callable, Mapping

from autograder.course.exercise import Exercise, GradedCell, fingerprint
from autograder.sandbox.runner import Allowance, Runner
from toolkit.bug_hunt.findings import findings_verdicts, mended_verdicts
from toolkit.bug_hunt.gradient_checker import checker_verdicts
from toolkit.judge import Judge, one_thread
from toolkit.mistakes.nearest import SECONDS
from toolkit.network.exercise import Expectation
from toolkit.running.cells import StudentCell
from toolkit.running.plans import Submission
from toolkit.running.runs import Failure, Job, Result
from toolkit.training_loop.values import value_verdicts
from toolkit.training_loop.verdicts import training_verdicts
from toolkit.verdict import Verdict


def judge_submission(
    exercise: Exercise,
    submission: Submission,
    runner: Runner,
    files: Mapping[str, bytes] | None = None,
    seconds: float = SECONDS,
) -> dict[str, tuple[list[Verdict], float]]:
    """The verdicts on all that each graded cell expects, and its points, by grade_id.

    Runs share a process. Nothing can be learned there that would help, since the judge's own numbers are not in it; but what
    one run leaves behind, on a module or in a file, could make a difference to the next. So the last one is done again by
    itself, and if that says something else, all of them are.

    Args:
        files: what is in the folder where the cells are run, modules of the student's own say, by relative path.
        seconds: longest time to look for what is wrong with one gradient.
    """
    for alone in (False, True):
        allowance = Allowance(files=files or {})
        judge = unseen_judge(exercise, submission, runner, allowance, alone, seconds)
        graded = {cell.grade_id: grade(judge, cell) for cell in exercise.graded}
        if alone or runner.confirms(allowance):
            break
    return graded


def unseen_judge(
    exercise: Exercise,
    submission: Submission,
    runner: Runner,
    allowance: Allowance | None = None,
    alone: bool = True,
    seconds: float = SECONDS,
) -> Judge:
    """The judge of a submission. Its minibatches are drawn from a seed that depends on every letter of its code, comments and
    blanks included, and of the files beside it.

    Args:
        allowance: what all runs may take together.
        alone: whether each run has a process of its own.
        seconds: as for ``judge_submission``.
    """
    allowance = allowance or Allowance()

    def run(job: Job, skip: Mapping[int, Failure]) -> Result:
        return runner.run(job, skip, allowance, alone)

    # from all that the code can read: what does not count could hold answers for the minibatches that the rest leads to
    text = "\n".join(part.source for part in submission if isinstance(part, StudentCell))  # wherever cells begin
    beside = [(name, hashlib.sha256(data).hexdigest()) for name, data in sorted(allowance.files.items())]
    seed = fingerprint([text, *(word for file in beside for word in file)])
    return Judge(exercise, submission, run, seed, seconds=seconds)


def grade(judge: Judge, cell: GradedCell) -> tuple[list[Verdict], float]:
    """Run the hidden tests of a graded cell.

    Returns:
        The verdicts on all that it expects, and its points: each verdict has an equal part.
    """
    found: dict[str, Verdict] = {}

    def collecting(function: Callable[..., list[Verdict]]) -> Callable[..., None]:
        return lambda *names, **options: found.update({v.name: v for v in function(*names, **options)})

    with one_thread():
        cell.run({name: collecting(function) for name, function in expectations(judge, cell.grade_id).items()})
    share = cell.points / max(1, len(found))
    return list(found.values()), sum(verdict.points * share for verdict in found.values())


def expectations(judge: Judge, grade_id: str) -> dict[str, Callable[..., list[Verdict]]]:
    """The ``expect_...`` functions that hidden tests call, bound to a submission; each returns its verdicts.

    Args:
        grade_id: the graded cell that holds the hidden tests.
    """

    def expect_gradients(*names: str, scale: Mapping[str, float] | None = None) -> list[Verdict]:
        return [judge.verdict(name) for name in names]  # scaled minibatches are among all the others

    def expect_training(steps: int, **drawn_from: str) -> list[Verdict]:
        return training_verdicts(judge, grade_id, steps, **drawn_from)

    def expect_values(*names: str, **instead: str) -> list[Verdict]:
        return value_verdicts(judge, grade_id, names, instead)

    def expect_checker(function: str, tolerance: float) -> list[Verdict]:
        return checker_verdicts(judge, grade_id, function, tolerance)

    def expect_mended(*names: str, scale: Mapping[str, float] | None = None) -> list[Verdict]:
        return mended_verdicts(judge, grade_id)  # those of the lines that were wrong, which is another for each person

    def expect_findings(name: str, **options: str) -> list[Verdict]:
        return findings_verdicts(judge, grade_id, Expectation("findings", (name,), options))

    asked = (expect_gradients, expect_training, expect_values, expect_checker, expect_mended, expect_findings)
    return {f.__name__: f for f in asked}
