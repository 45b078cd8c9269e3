"""``make lab`` and ``make update``: the working copy ``work/`` of the exercises, which belongs to whoever types in it.

An exercise is copied there once. A newer release arrives beside it as ``<name>.new.ipynb``; ``make update`` takes what was
typed over into it and keeps the former file under a number.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import nbformat

from autograder.course.build import BuildError, assignments, source_notebook
from autograder.course.exercise import COURSE, Exercise
from autograder.course.release import is_nobodys, known_cells
from autograder.course.typed import NoNotebook, digest_of_file, read, signature, typed_in
from autograder.files import refused, write, write_new
from autograder.working_copy.carry import carry

WORK = "work"
TAKEN = "taken_from"
"""Key of a notebook's metadata: which file of ``exercises/`` it is a copy of."""


class Refusal(str):
    """A sentence on what the file system does not let one do."""


def prepare(course: Path, beside: bool = True) -> Iterator[str]:
    """Copy into ``work/`` what is not there yet, newer releases and answers typed in ``exercises/`` beside it.

    Args:
        beside: whether newer releases are put beside what was typed.

    Yields:
        A sentence for each file that holds more than the exercise, or arrives beside one of the student's.
    """
    for name in assignments(course):
        released = course / "exercises" / name / f"{name}.ipynb"
        if released.exists():
            try:
                yield from _prepare(course, name, released, beside)
            except OSError as error:  # the other exercises are made all the same
                yield Refusal(refused(error))


def _prepare(course: Path, name: str, released: Path, beside: bool) -> Iterator[str]:
    mine = course / WORK / name / f"{name}.ipynb"
    _copy_files(released.parent, mine.parent)
    known = known_cells(source_notebook(course, name))
    if what := typed_in(released, known):
        if place := _take(released, mine):
            yield f"{_shown(released)} {what}; a copy of it is {_shown(place)}."
    elif not mine.exists():
        write(mine, released.read_bytes())
    elif _same_release(mine, released):
        return
    elif not typed_in(mine, known):
        write(mine, released.read_bytes())
        yield f"There is a new release of {name}. You had typed nothing into yours, so it is in its place."
    elif beside and (place := _put_beside(mine, released, known)):
        yield (
            f"There is a new release of {name}: it is {_shown(place)}, and your {_shown(mine)} is as it was. "
            "`make update` carries your answers over into the new one."
        )


def _copy_files(released: Path, mine: Path) -> None:
    """Copy what belongs to an exercise beside its notebook, and notebooks of people's own, where nothing of the name is."""
    for path in sorted(released.rglob("*")):
        relative = path.relative_to(released)
        own = relative.name == f"{released.name}.ipynb" or is_nobodys(relative)
        if path.is_file() and not own and not (mine / relative).exists():
            write(mine / relative, path.read_bytes())


def update(course: Path) -> Iterator[str]:
    """Carry what was typed in ``work/`` over into newer releases; a sentence on each exercise."""
    yield from prepare(course, beside=False)
    for name in assignments(course):
        released = course / "exercises" / name / f"{name}.ipynb"
        if released.exists():
            try:
                yield from _update(course, name, released)
            except OSError as error:
                yield Refusal(refused(error))


def _update(course: Path, name: str, released: Path) -> Iterator[str]:
    mine = course / WORK / name / f"{name}.ipynb"
    source = source_notebook(course, name)
    known = known_cells(source)
    if _same_release(mine, released):
        yield f"{_shown(mine)} is of the newest release."
        return
    if typed_in(released, known):
        yield (
            f"{_shown(released)} is not as it was released, so nothing was carried over. "
            f"Delete it, get it again (`git checkout {released.relative_to(course)}` or `make build`), and update again."
        )
        return
    try:
        former = read(mine)
    except NoNotebook as error:
        yield Refusal(
            f"{error} Nothing was carried over. Mend it, or give it another name: `make lab` makes a new one."
        )
        return
    fresh = read(released)
    left = carry(former, fresh, Exercise.from_notebook(source, name), known)
    kept = write_new(_numbered(mine, "old"), mine.read_bytes())
    write(mine, nbformat.writes(fresh) + "\n")
    sentence = f"{_shown(mine)} is the new release with your answers; your former file is {_shown(kept)}."
    yield f"{sentence} Did not fit and stands beside its place: {'; '.join(left)}." if left else sentence
    for path in sorted(mine.parent.glob(f"{name}.new*.ipynb")):
        if what := typed_in(path, known):
            yield f"{_shown(path)} {what}, too; it stays as it is, and nothing of it was carried over."
        else:
            path.unlink()


def _same_release(mine: Path, released: Path) -> bool:
    """Whether a student's notebook is of the release that is out; one that says nothing is, if its cells are."""
    try:
        notebook, release = read(mine), read(released)
    except NoNotebook:
        return False
    if mark := signature(notebook):
        return mark == (signature(release) or mark)
    built = {cell.source for cell in release.cells if not cell.metadata.get("nbgrader", {}).get("solution")}
    return built <= {cell.source for cell in notebook.cells}


def _take(released: Path, mine: Path) -> Path | None:
    """Copy a notebook with answers from ``exercises/``, once, as the student's own or beside it.

    Returns:
        Where it is; None if this very file was copied before.
    """
    data = released.read_bytes()
    mark = digest_of_file(data)
    for path in (path for path in mine.parent.glob("*.ipynb") if path.is_file()):
        try:
            if path.read_bytes() == data or read(path).metadata.get(TAKEN) == mark:
                return None
        except NoNotebook:
            continue
    places = _numbered(mine, "exercises")
    try:
        notebook = read(released)
        notebook.metadata[TAKEN] = mark  # it will be worked in, so its bytes will change
        data = (nbformat.writes(notebook) + "\n").encode()
        places = itertools.chain([mine], places)
    except NoNotebook:
        pass  # nobody can work in it
    return write_new(places, data)


def _put_beside(mine: Path, released: Path, known: set[str]) -> Path | None:
    """Put a new release beside the student's notebook, over nothing that was typed; None if it is there already."""
    release = signature(read(released))
    for number in itertools.count(1):
        place = mine.with_name(f"{mine.stem}.new{'' if number == 1 else f'-{number}'}.ipynb")
        if place.exists() and release and _signature_of(place) == release:
            return None
        if not typed_in(place, known):
            write(place, released.read_bytes())
            return place
    raise AssertionError


def _signature_of(path: Path) -> tuple[str, ...]:
    try:
        return signature(read(path))
    except NoNotebook:
        return ()


def _numbered(path: Path, why: str) -> Iterator[Path]:
    """Names for a file beside another."""
    return (path.with_name(f"{path.stem}.{why}-{number}.ipynb") for number in itertools.count(1))


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])


def main(newest: bool = False) -> int:
    """``python -m autograder work``: make the working copy, or carry answers over; returns the exit status."""
    status = 0
    try:
        for sentence in (update if newest else prepare)(COURSE):
            print(sentence)
            status |= isinstance(sentence, Refusal)
    except BuildError as error:
        print(error)
        status = 1
    return status
