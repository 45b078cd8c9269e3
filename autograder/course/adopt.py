"""``make adopt``: what was edited in a source notebook, in Jupyter, goes back into the text that it is built from."""

from pathlib import Path

import jupytext

from autograder.course.build import BuildError, assignments, source_notebook, write_source
from autograder.course.edited import (
    as_text,
    has_tag,
    header,
    is_edited,
    is_signed,
    made_cells,
    pictures,
    text_has_changed,
)
from autograder.course.exercise import COURSE
from autograder.course.typed import NoNotebook, read
from autograder.files import keep_copy, set_aside, write


def adopt(course: Path, name: str) -> str:
    """Take an assignment's edited source notebook into its text; a sentence on what was done, nothing if nothing was.

    The former text is in ``kept/``, and so is the notebook where not all of it could be taken.

    Raises:
        BuildError: it is not known which of the two is newer, or the notebook cannot be read.
    """
    path = course / "source" / name / f"{name}.ipynb"
    source = path.with_suffix(".py")
    try:
        if not path.exists() or not is_edited(path, fresh := source_notebook(course, name)):
            return ""
        notebook = read(path)
    except NoNotebook as error:
        raise BuildError(f"{error} Mend it or delete it; `make build` makes a new one from {name}.py.") from None
    old = source.read_text(encoding="utf-8")
    setup = next((c.source for c in jupytext.reads(old, fmt="py:percent").cells if has_tag(c, "setup")), "")
    new = header(old) + as_text(notebook, setup)
    shown = path.relative_to(course)
    if not is_signed(path) or text_has_changed(notebook, old):
        other = source.with_name(f"{name}.from_notebook.py")
        if other.exists() and other.read_text(encoding="utf-8") != new:
            set_aside(course, other)
        write(other, new)
        raise BuildError(
            f"{shown} was edited, and {name}.py has changed since the notebook was built from it. The notebook's text is "
            f"in {other.relative_to(course)}: take over what you want from there, then delete it and the notebook"
            f"{', which alone has the pictures that were pasted into it' if pictures(notebook) else ''}."
        )
    said = []
    if new != old:
        kept = keep_copy(course, source)
        write(source, new)
        said.append(f"{shown}: the edits are in {name}.py now (its former text is {kept.relative_to(course)}).")
    left = []
    if made_cells(notebook) != made_cells(fresh):
        left.append(
            "the setup cell is made from toolkit/ and the cell for instructors by autograder/course/build.py, so edits "
            "of these were not taken"
        )
    if pictures(notebook):
        left.append(
            f"{name}.py is a text, so pictures that were pasted into cells were not taken: put each as a file into "
            f"source/{name}/, and link to it"
        )
    if left:
        kept = set_aside(course, path)
        said.append(f"{shown}: {'; '.join(left)}; the notebook is {kept.relative_to(course)}.")
    write_source(course, name)
    return " ".join([*said, "Run `make build`."])


def main() -> int:
    """``python -m autograder adopt``: take over what was edited, whatever the assignment; returns the exit status."""
    problems = 0
    done = False
    for name in assignments(COURSE):
        try:
            said = adopt(COURSE, name)
        except BuildError as error:
            said, problems = str(error), problems + 1
        if said:
            print(said)
            done = True
    if not done:
        print("no source notebook was edited")
    return int(bool(problems))
