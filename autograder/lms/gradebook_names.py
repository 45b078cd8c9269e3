"""Names for nbgrader's own pages: who is who, as far as collecting has told."""

import re
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.build import nbgrader_api
from autograder.lms.ledger import BadLedger, Ledger
from autograder.lms.roster import parted

_NAME = re.compile(r"[^\W\d_]+(?:(?:, |[ .'’-] ?)[^\W\d_]+)*\.?")
"""What is shown as a name on pages that also show whatever else a download may call a folder."""


def name_students(course: Path) -> None:
    """Give those in the gradebook who have no name there the one under which they were collected; a name, or an address, that
    stands there stays. Where the gradebook cannot be opened, or what was collected cannot be read, nothing is done: grading and
    collecting say so.
    """
    try:
        people = Ledger.read(course).people
        if not people:
            return
        coursedir = nbgrader_api(course).coursedir
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            for student in gradebook.students:
                known = people.get(student.id, {})
                name = known.get("name", "")
                if not (student.first_name or student.last_name) and _NAME.fullmatch(name):
                    student.first_name, student.last_name = parted(name)
                student.email = student.email or known.get("email")
            gradebook.db.commit()
    except (BadLedger, SQLAlchemyError, ImportError):
        return
