"""Judging as steps of nbgrader's own pipeline: verdicts (``JudgeNotebook``), and what they are on (``SignNotebook``)."""

import os
from dataclasses import asdict
from logging import Logger
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course.exercise import Exercise
from autograder.handed_in.mend import NOTES
from autograder.handed_in.nbgrader_steps import exercise_of, task_of
from autograder.judging.hidden_tests import judge_submission
from autograder.sandbox.execute import files_beside, shared_server
from autograder.sandbox.runner import Runner
from toolkit.running.cells import StudentCell
from toolkit.running.plans import GradedPlace, Submission
from toolkit.verdict import Verdict, underlined

PRINTED = "│ "
"""Begins each line that was printed while the notebook was run: the judge's own begin otherwise."""


class JudgeNotebook(NbGraderPreprocessor):
    """Runs the hidden tests of the source against the submission; each graded cell gets its points and the reasons."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        exercise = exercise_of(self, resources)
        notes = nb.metadata.setdefault(NOTES, {})
        notes["verdicts"] = verdicts = []
        if "unreadable" in notes:
            for cell in filter(utils.is_grade, nb.cells):
                cell.outputs = [new_output("stream", name="stdout", text="? points: a human has to look at this.\n")]
            nb.cells.insert(0, summary(notes))
            return nb, resources
        files = files_beside(Path(resources.get("metadata", {}).get("path") or os.devnull))
        judged = judge_submission(exercise, submission_of(nb, exercise), shared_runner(), files)
        graded = {cell.grade_id: cell for cell in exercise.graded}
        for cell in nb.cells:
            if utils.is_grade(cell) and (place := graded.get(cell.metadata.nbgrader.grade_id)):
                found, points = judged[place.grade_id]
                cell.outputs = [*_kept(cell.outputs), *_said(found), _result(points)]
                share = place.points / max(1, len(found))
                verdicts += [
                    {
                        "name": v.label, "kind": v.kind, "message": v.message, "points": v.points * share, "of": share,
                        "named": v.named, "cell": place.grade_id, "answer": place.after,
                        "places": [asdict(piece) for piece in v.places],
                    }
                    for v in found
                ]  # fmt: skip
        nb.cells.insert(0, summary(notes))
        return nb, resources


class SignNotebook(NbGraderPreprocessor):
    """Writes down what was graded, and by which grader: ``make grade`` leaves alone what has the key of its files."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        if task := task_of(self, resources):
            notes = nb.metadata.setdefault(NOTES, {})
            notes["key"] = task.key
            notes["points"] = points_of(nb, self.log)
        return nb, resources


_runner: Runner | None = None


def shared_runner() -> Runner:
    """One warm process for all submissions that this program judges."""
    global _runner
    _runner = _runner or Runner(server=shared_server())
    return _runner


def points_of(nb: NotebookNode, log: Logger) -> dict[str, float | None]:
    """Points of each graded cell, by grade_id; None where a human has to give them."""
    unread = "unreadable" in nb.metadata.get(NOTES, {})
    return {
        cell.metadata.nbgrader.grade_id: None if unread else utils.determine_grade(cell, log)[0]
        for cell in nb.cells
        if utils.is_grade(cell)
    }


def submission_of(nb: NotebookNode, exercise: Exercise) -> Submission:
    """What the judge needs of a mended notebook: the student's code cells and the places of the graded cells."""
    graded = {cell.grade_id: cell for cell in exercise.graded}
    parts: list[StudentCell | GradedPlace] = []
    extra = 0
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if utils.is_solution(cell):
            parts.append(StudentCell(f"cell {grade_id}", cell.source, grade_id))
        elif grade_id in graded:
            parts.append(GradedPlace(grade_id, graded[grade_id].names()))
        elif not utils.is_locked(cell) and "instructor" not in cell.metadata.get("tags", []):
            extra += 1
            parts.append(StudentCell(f"extra cell {extra}", cell.source))
    return parts


def _kept(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Printed lines of the visible check; its error and its warnings must not decide the points."""
    printed = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    marked = "".join(f"{PRINTED}{line}\n" for line in printed.splitlines())
    return [new_output("stream", name="stdout", text=marked)] if marked else []


def verdict_line(verdict: Verdict) -> str:
    """A verdict as one line: mark, name, kind, and why."""
    message = f". {verdict.message}" if verdict.message else ""
    return f"{verdict.mark} {verdict.label}: {verdict.kind}{message}"


def _said(verdicts: list[Verdict]) -> list[NotebookNode]:
    lines = ["graded on unseen minibatches:"]
    for verdict in verdicts:
        lines += [f"  {verdict_line(verdict)}", *(f"        {line}" for line in underlined(verdict.places))]
    lines.append("")
    return [new_output("stream", name="stdout", text="\n".join(lines))]


def _result(points: float) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": f"{points:g}"}, execution_count=None)


def summary(notes: dict) -> NotebookNode:
    """A first cell that says in one place what was found."""
    if "unreadable" in notes:
        lines = [
            f"## Feedback\n\n**? points**: this could not be read, so nothing of it was graded. {_plain(notes['unreadable'])}"
        ]
        lines += [f"- *{_plain(sentence)}*" for sentence in notes.get("mended", [])]
        return new_markdown_cell("\n".join(lines), id="feedback")
    lost = [v for v in notes["verdicts"] if v["kind"] != "right"]
    right = len(notes["verdicts"]) - len(lost)
    lines = [f"## Feedback\n\n{right} of {len(notes['verdicts'])} answers are right."]
    lines += [f"- `{v['name']}`: **{v['kind']}**. {_plain(v['message'])}" for v in lost]
    lines += [f"- *{_plain(sentence)}*" for sentence in [*notes.get("mended", []), *filter(None, [notes.get("run")])]]
    return new_markdown_cell("\n".join(lines), id="feedback")


def _plain(text: str) -> str:
    """Text of a verdict inside markdown: nothing in it is markup."""
    return "".join(f"\\{c}" if c in "\\*_#[]<>|$`&~" else " " if c == "\n" else c for c in text)
