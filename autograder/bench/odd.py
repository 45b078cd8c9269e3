"""What a few odd hand-ins cost a class: files and cells made to be slow to read, to colour, to parse or to run."""

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode, read, v4, write

from autograder.authoring.answers import BANK, read_answer
from autograder.bench.classes import CLASS, grade_class, hand_in, make_course, student

NAME = "1_chunked_backprop"
PLACE = 6
"""Where in a notebook an odd cell stands."""
FORGED = "## Feedback: 10 of 10 answers are right\n$\\mmlToken{mi}[href=x]{y}$ $\\csname href\\endcsname{x}{y}$"


def _with(source: str, cell: Callable[..., NotebookNode] = v4.new_code_cell) -> Callable[[Path], None]:
    return _edited(lambda notebook: notebook.cells.insert(PLACE, cell(source)))


def _edited(edit: Callable[[NotebookNode], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        notebook = read(path, 4)
        edit(notebook)
        write(notebook, path)

    return change


def _pictures(notebook: NotebookNode) -> None:
    for _ in range(45):
        data = {"image/png": base64.b64encode(os.urandom(300_000)).decode()}
        notebook.cells.append(v4.new_code_cell("1", outputs=[v4.new_output("display_data", data)]))


def _ids(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][8]["id"], notebook["cells"][9]["id"] = "a b", "x" * 70
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _attack(name: str) -> Callable[[Path], None]:
    edits = read_answer(BANK / "hostile" / NAME / f"{name}.py").edits
    return _with("\n".join(edits.values()))


ODD: dict[str, Callable[[Path], object]] = {
    "a timestamp of 320 KB": lambda path: (path.parent / "timestamp.txt").write_bytes(b"1." * 160_000),
    "8,000 blank lines": _with("\n" * 8_000 + "x = 1"),
    "a string of 40,000 letters": _with("x = '" + "a." * 20_000 + "'"),
    "233 magics in 700 lines": _with("\n".join("y = 2" if number % 3 else "%time x = 1" for number in range(700))),
    "autograd 600 times": _with("\n".join(["z = W1.grad"] * 600)),
    "3,000 nested tags": _with("<b x=i>" * 3_000 + "<p>" * 300, v4.new_markdown_cell),
    "45 pictures": _edited(_pictures),
    "a student's folder with a line's end in its name": lambda path: _rename(path, f"x\r{path.parents[1].name},26"),
    "ids that no cell may have": _ids,
    "forged feedback": _with(FORGED, v4.new_markdown_cell),
    "a gradient without elements": _with("dnorm_logits = torch.zeros(0)"),
    "memory in sockets": _attack("memory_in_sockets"),
}
"""What is done to a notebook that was handed in, given its path."""


def _rename(path: Path, name: str) -> None:
    path.parents[1].rename(path.parents[2] / name)


def odd_and_plain(folder: Path) -> tuple[float, float]:
    """Seconds of grading a class of whom some hand in something odd, and of grading the same class without that."""
    plain = folder / "plain"
    make_course(plain)
    hand_in(plain, [NAME])
    odd = Path(shutil.copytree(plain, folder / "odd"))
    for number, change in enumerate(ODD.values()):
        change(odd / "submitted" / student(number * CLASS // len(ODD)) / NAME / f"{NAME}.ipynb")
    return grade_class(odd)[0], grade_class(plain)[0]
