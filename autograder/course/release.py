"""The course's steps of nbgrader's ``generate_assignment`` and ``generate_solution``, and the first word in them.

nbgrader removes the whole folder of an assignment before it writes a new release. The exporters here are made just before
that, and stop it where the folder holds what a person typed. The command line and the formgrader's buttons go this way;
``make build`` does, too, in an empty folder.
"""

import copy
import fnmatch
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveCells

from autograder.course.exercise import released_text, without_markers
from autograder.course.gradebook_cells import other_cells
from autograder.course.published import unpublished
from autograder.course.typed import BUILT, NoNotebook, digest, digest_of_file, read, sign, typed_in

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
    "colab": {"provenance": [], "toc_visible": True},
}
"""All that the notebooks say of themselves, whatever the program adds that they were opened in."""
BUILT_FROM = "built_from"
"""Key of the metadata of a solution: which source it was run from."""
PASSING = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "vscode", "outputId", "executionInfo")
"""Metadata of cells that comes and goes with running and showing them."""
NOBODYS = (".ipynb_checkpoints", "__pycache__", ".DS_Store", "Thumbs.db", ".writing*")
"""Patterns of names of files and folders that programs leave behind."""


class Typed(NbGraderException):
    """A folder holds what a person typed, so nothing is written there; the message says what and what to do."""


class ReleaseExporter(NotebookExporter):
    """Writes an exercise, but never over what a person typed, and only if there is something to put in its place.

    Raises:
        Typed: when it is made, which nbgrader does before it removes anything.
    """

    solutions = False

    def __init__(self, **options: object):
        super().__init__(**options)
        for folder, source in self._folders():
            ignored = self.parent.coursedir.ignore
            if found := obstacles(folder, source, ignored, self.solutions):
                self._stop(" ".join(found))
        for path in (path for paths in getattr(self.parent, "assignments", {}).values() for path in paths):
            if said := self._cannot_be_made(path):
                self._stop(said)

    def _stop(self, sentence: str) -> None:
        self.parent.log.error(sentence)
        raise Typed(sentence)

    def _cannot_be_made(self, path: str) -> str:
        """Why nbgrader would fail at a source, and leave nothing of what was there, tried aside; nothing if it would not."""
        try:
            notebook, name = read(Path(path)), Path(path).stem
            if not self.solutions and (said := other_cells(name, notebook, self.parent.coursedir)):
                return said
            resources = self.parent.init_single_notebook_resources(path)
            for step in self.parent.preprocessors:
                if step not in (SaveCells, Execute):  # these write to the gradebook, and take minutes
                    notebook, resources = step(parent=self)(notebook, resources)
        except Exception as error:  # whatever is wrong with it
            return f"{Path(path).name} cannot be released ({type(error).__name__}: {error}). Nothing was changed."
        return ""

    def _folders(self) -> list[tuple[Path, Path]]:
        """Of each assignment that is to be converted: where it goes, and its source."""
        converter = self.parent
        student = getattr(getattr(converter, "coursedir", None), "student_id", ".")
        sources = [Path(path) for path in getattr(converter, "assignments", {})]
        return [(Path(converter._format_dest(source.name, student)).resolve(), source) for source in sources]


class SolutionExporter(ReleaseExporter):
    """Writes a solution; one that was run from the same cells is kept, since running it again gives other figures."""

    solutions = True

    def __init__(self, **options: object):
        super().__init__(**options)
        there = {path.name: path for folder, _ in self._folders() for path in folder.glob("*.ipynb")}
        self._there = {name: path.read_text(encoding="utf-8") for name, path in there.items()}

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kwargs: object) -> tuple:
        there = self._there.get(Path(filename).name)
        if there and built_from(there) == fingerprint(read(Path(filename))):
            return there, self._init_resources(resources)
        return super().from_filename(filename, resources=resources, **kwargs)


class NoteSource(NbGraderPreprocessor):
    """Writes down which source a solution is made from; the first step."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        nb.metadata[BUILT_FROM] = fingerprint(nb)
        return nb, resources


NOT_RELEASED = ("instructor", "for-authors")
"""Tags of cells that are in no exercise and no solution: what the build puts there for instructors, and authors' own notes."""


class RemoveTagged(NbGraderPreprocessor):
    """Leaves out the cells that are for instructors and authors only."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        nb.cells = [cell for cell in nb.cells if is_released(cell)]
        return nb, resources


def is_released(cell: NotebookNode) -> bool:
    """Whether a cell of the source is in what students get."""
    return not any(tag in cell.metadata.get("tags", []) for tag in NOT_RELEASED)


class LeaveUnpublished(NbGraderPreprocessor):
    """Leaves out of a solution where the course is published: that is for exercises."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        return unpublished(nb), resources


class ClearSolutionMarkers(NbGraderPreprocessor):
    """Takes nbgrader's BEGIN and END SOLUTION lines out of the solutions that are published."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        cell.source = without_markers(cell.source)
        return cell, resources


class Finish(NbGraderPreprocessor):
    """Takes out what differs from run to run and signs what was built, by which it is known again; the last step."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        source = nb.metadata.get(BUILT_FROM)
        nb.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
        if source:
            nb.metadata[BUILT_FROM] = source
        nb.cells = [without_passing(cell) for cell in nb.cells]
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        folder = resources.get("metadata", {}).get("path")
        sign(nb, files_beside(Path(folder), coursedir.ignore) if coursedir and folder else None)
        return nb, resources


def without_passing(cell: NotebookNode) -> NotebookNode:
    """A copy of a cell without what programs note in it about one run or one window."""
    cell = copy.deepcopy(cell)
    for key in PASSING:
        cell.metadata.pop(key, None)
    if isinstance(cell.metadata.get("jupyter"), dict):
        cell.metadata["jupyter"].pop("outputs_hidden", None)
        if not cell.metadata["jupyter"]:
            del cell.metadata["jupyter"]
    for output in cell.get("outputs", []):
        output.get("metadata", {}).pop("needs_background", None)
    return cell


def fingerprint(source: NotebookNode) -> str:
    """Of the cells of a source notebook: a solution that was run from the same need not be run again."""
    cells = unpublished(source).cells
    text = "\0".join(f"{cell.cell_type}\0{cell.source}\0{_told(cell)}" for cell in cells)
    return hashlib.sha256(text.encode()).hexdigest()


def _told(cell: NotebookNode) -> list[object]:
    """What a cell's metadata say of how it is shown and run; what a person folds while looking at it is not meant."""
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    return [folded, *(cell.metadata.get(key) for key in ("cellView", "_kg_hide-input", "tags"))]


def built_from(text: str) -> str | None:
    """The fingerprint that a solution carries, if it can be read."""
    try:
        return nbformat.reads(text, as_version=4).metadata.get(BUILT_FROM)
    except Exception:  # see typed.read
        return None


def files_beside(source: Path, ignore: Sequence[str]) -> dict[str, bytes]:
    """What a release holds beside its notebooks, by path."""
    found = map(Path, utils.find_all_files(str(source), [*ignore, "*.ipynb"]))
    return {path.relative_to(source).as_posix(): path.read_bytes() for path in found}


def known_cells(source: NotebookNode, solutions: bool = False) -> set[str]:
    """Digests of the cells of a source notebook as exercises show them, or as solutions do.

    An answer in an exercise may be the solution to the letter, and was typed all the same.
    """
    found = set()
    for cell in source.cells:
        shown = [released_text(cell, hidden_tests=False)]
        if solutions:
            shown.append(without_markers(released_text(cell, hidden_tests=False, keep_solution=True)))
        for text in shown:
            variant = copy.deepcopy(cell)
            variant.source = text
            found.add(digest(variant))
    return found | {digest(cell) for cell in unpublished(source).cells if "setup" in cell.metadata.get("tags", [])}


def obstacles(folder: Path, source: Path, ignore: Sequence[str], solutions: bool = False) -> list[str]:
    """One sentence for each file of a released folder that would be lost with it and is not a build's."""
    if not folder.is_dir():
        return []
    sources = {path.name: read(path) for path in source.glob("*.ipynb")}
    beside = files_beside(source, ignore)
    signed: set[str] = set()
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        known = known_cells(sources[path.name], solutions) if path.name in sources else ()
        if what := typed_in(path, known):
            found.append(typed_sentence(path, what))
        else:
            signed |= signed_files(path)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            continue
        if is_nobodys(name):
            continue
        if len(name.parts) == 1 and path.suffix == ".ipynb":
            continue
        data = path.read_bytes() if path.is_file() else b""
        if data != beside.get(name.as_posix()) and digest_of_file(data) not in signed:
            found.append(
                f"{name} is no part of the exercise and would be removed. Move it to another place, work/ say."
            )
    return found


def is_nobodys(path: Path) -> bool:
    """Whether a program has left a file of this path behind, below an exercise's folder."""
    return any(fnmatch.fnmatch(part, pattern) for part in path.parts for pattern in NOBODYS)


def signed_files(path: Path) -> set[str]:
    """Digests of the files that the build of a notebook put beside it."""
    try:
        built = read(path).metadata.get(BUILT)
    except (NoNotebook, OSError):
        return set()
    files = built.get("files") if isinstance(built, dict) else None
    return set(files.values()) if isinstance(files, dict) else set()


def typed_sentence(path: Path, what: str) -> str:
    """What is said of a built notebook that a build must leave alone, and what to do."""
    way = "Move it away, to work/ say"
    if path.parts[-3] == "exercises":
        way = "`make lab` (or `make update`) takes a copy of it into work/; then delete it here"
    return f"{'/'.join(path.parts[-3:])} {what}, so it was left as it is. {way}, and build again."
