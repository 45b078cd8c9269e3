"""Recording and feedback as steps of nbgrader's own pipeline; ``make grade`` records by ``Book``."""

import filecmp
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades

from autograder.classroom.gradebook import Book
from autograder.files import WRITTEN, note
from autograder.handed_in.mend import NOTES
from autograder.handed_in.submitted import regular_files
from autograder.reports import feedback
from autograder.reports.feedback import Page, signed


class FeedbackExporter(feedback.FeedbackExporter):
    """The feedback page as nbgrader makes it, signed with what it was made from: so ``make grade`` need not make it again."""

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kwargs: object) -> tuple:
        made: tuple = super().from_filename(filename, resources=resources, **kwargs)
        html, resources = made
        student, assignment = (resources["nbgrader"][key] for key in ("student", "assignment"))
        coursedir = self.parent.coursedir
        with Book(coursedir.db_url, coursedir.course_id, self.config) as book:
            recorded = book.recorded(assignment).get(student)
        if recorded is not None:
            text = Path(filename).read_text(encoding="utf-8")
            html = signed(html, Page(student, assignment, text, recorded.scores))
        return html, resources


def note_pages(assignment: str, student: str, notebooks: list[str]) -> None:
    """Note which files ``generate_feedback`` made, so that ``make grade`` may replace them; called after each submission."""
    assignment, student = (part.name for part in list(Path(notebooks[0]).parents)[:2])  # those given may be patterns
    folder, beside = Path("feedback", student, assignment), Path("autograded", student, assignment)
    pages = [page.name for name in notebooks for page in folder.glob(f"{Path(name).stem}.html")]
    copied = [name for name, _ in regular_files(folder, [WRITTEN]) if (beside / name).is_file()]
    note(folder, [*pages, *(n for n in copied if filecmp.cmp(folder / n, beside / n, shallow=False))])


class SaveGrades(SaveAutoGrades):
    """nbgrader's step; what could not be read gets no points and waits for a human's."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        self._unread = "unreadable" in nb.metadata.get(NOTES, {})
        return super().preprocess(nb, resources)

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._add_score(cell, resources)
        if self._unread:
            names = (resources["nbgrader"][key] for key in ("notebook", "assignment", "student"))
            grade = self.gradebook.find_grade(cell.metadata.nbgrader.grade_id, *names)
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()
