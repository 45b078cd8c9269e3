"""Recording as a step of nbgrader's own pipeline; ``make grade`` records by ``Book``."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades

from autograder.handed_in.mend import NOTES


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
