"""Make docs/class_of_five/ anew: ``python -m tests.lms.class_of_five``.

Of exercise 2, only answers and checks are in the notebooks, so that the files are small; grading puts the rest back.
"""

import json
from datetime import datetime

import nbformat
from nbgrader import utils

from autograder.course.answered import answered, read_answers
from autograder.course.exercise import COURSE
from tests.lms.downloads import CLASS, canvas_name, moodle_name, roster, zipped

NAME = "2_fused_cross_entropy"
FOLDER = COURSE / "docs" / "class_of_five"
ANSWERS = {
    "ada": "class/ada", "blaise": "class/blaise", "carl": "wrong/{}/sign", "emilie": "wrong/{}/size_32",
    "juergen": "wrong/{}/no_mean",
}  # fmt: skip
"""Files of tests/submissions/."""
FILES = {
    "ada": f"{NAME}.ipynb", "blaise": f"Copy_of_{NAME}.ipynb", "carl": f"{NAME} (1).ipynb", "emilie": f"{NAME}-1.ipynb",
    "juergen": "homework.ipynb",
}  # fmt: skip


def notebook(answers: str) -> bytes:
    """The cells of a student's notebook that are theirs, and the checks."""
    path = COURSE / "tests" / "submissions" / answers.format(NAME)
    path = path / f"{NAME}.py" if path.is_dir() else path.with_suffix(".py")
    released = nbformat.read(COURSE / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    source = nbformat.read(COURSE / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    directives, edits = read_answers(path.read_text(encoding="utf-8"))
    made = answered(released, source, edits, start=directives.get("start", "solution"))
    made.cells = [cell for cell in made.cells if utils.is_solution(cell) or utils.is_grade(cell)]
    return json.dumps(made, indent=1, ensure_ascii=False).encode()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "roster.csv").write_text(roster(), encoding="utf-8")
    when = datetime(2026, 3, 2, 9, 0)
    data = {student: notebook(answers) for student, answers in ANSWERS.items()}
    moodle = {f"{moodle_name(s)}/{FILES[s.id]}": data[s.id] for s in CLASS}
    canvas = {f"{canvas_name(s, late=s.id == 'emilie')}{FILES[s.id]}": data[s.id] for s in CLASS}
    (FOLDER / "moodle.zip").write_bytes(zipped(moodle | {"__MACOSX/._x": b"\0"}, when))
    (FOLDER / "canvas.zip").write_bytes(zipped(canvas, when))


if __name__ == "__main__":
    main()
