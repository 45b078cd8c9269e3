"""Cells of an exercise that only show something to whoever reads on: figures, timings.

Drawing takes longer than all else that a notebook does, and what comes back to a student holds no cell of the exercise's own
(``reports.outline``). So these cells, which carry a tag, are left out when a notebook is graded, unless a cell of the
student's reads what they bind. ``missed`` keeps the tag true.
"""

import symtable
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode
from nbgrader import utils

from toolkit.running.magics import plain_python
from toolkit.running.statements import read_statements

TAG = "only-shown"


def left_out(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells of a whole notebook that need not be run to grade it."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [cell for cell in code if _is_tagged(cell) and _is_the_exercises(cell)]
    others = [_names(cell) for cell in code if not _is_the_exercises(cell)]
    while kept := [cell for cell in found if _needed(cell, others)]:
        found = [cell for cell in found if cell not in kept]
        others += map(_names, kept)
    return found


def missed(notebook: NotebookNode) -> Iterator[str]:
    """A sentence for each cell of a source notebook that has the tag and must not: others read what it alone binds, or it is
    graded or a student's."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    others = [_names(cell) for cell in code if not _is_tagged(cell)]
    for cell in filter(_is_tagged, code):
        called = cell.metadata.get("nbgrader", {}).get("grade_id", cell.source.strip()[:40])
        if not _is_the_exercises(cell):
            yield f"the cell {called} has the tag {TAG!r} and is no locked cell without points. Take the tag off."
        elif names := _needed(cell, others):
            yield (
                f"the cell {called} has the tag {TAG!r}, which leaves it out when a notebook is graded, but other cells read "
                f"{', '.join(sorted(names))}, which it binds. Take the tag off, or bind that elsewhere."
            )


def _is_tagged(cell: NotebookNode) -> bool:
    return TAG in cell.metadata.get("tags", [])


def _is_the_exercises(cell: NotebookNode) -> bool:
    return utils.is_locked(cell) and not utils.is_grade(cell)


def _needed(cell: NotebookNode, others: Sequence[symtable.SymbolTable]) -> set[str]:
    """What a cell binds, others do not, and some of them read."""
    return (_binds(_names(cell)) & set().union(*map(_reads, others))).difference(*map(_binds, others))


def _names(cell: NotebookNode) -> symtable.SymbolTable:
    """What the names are in a cell, up to what is no Python in it; that is said where it is run."""
    try:
        return symtable.symtable(read_statements(plain_python(cell.source))[0], "cell", "exec")
    except SyntaxError:  # a tree can be made of it, and it means nothing
        return symtable.symtable("", "cell", "exec")


def _binds(table: symtable.SymbolTable) -> set[str]:
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}


def _reads(table: symtable.SymbolTable) -> set[str]:
    """Names of the notebook that are read, in functions and comprehensions, too."""
    everywhere = table.get_type() == "module"
    own = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (everywhere or s.is_global())}
    return own.union(*map(_reads, table.get_children()))
