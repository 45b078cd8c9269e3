"""Questions to a submission: its cells are run, then a chunk of the judge's own that asks what they have defined.

What comes back are tensors, as from any run; a plain Python value comes as the bytes of its text and is read as a literal.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from toolkit.judge import Judge
from toolkit.not_right import failure_sentence, syntax_sentence
from toolkit.running.cells import Screened
from toolkit.running.outcome import STUBS
from toolkit.running.runs import Chunk, Job, Result, cast

LABEL = "the judge's questions"
LONGEST = 20_000
"""Most characters of a value that are read."""
NAMED = """
def _judge_named(names):
    import torch
    known = {name: repr(globals()[name])[:%d] for name in names if name in globals()}
    return torch.tensor(list(repr(known).encode()), dtype=torch.uint8)
_judge_said = _judge_named(%r)
"""


@dataclass(frozen=True)
class Answer:
    """What came of a question."""

    found: Mapping[str, Tensor]
    """The tensors that were asked for, as far as there are any."""
    failure: str
    """What of the solution cell, or of the question, did not run; empty if all did."""
    kind: str = ""
    """Of the verdict, if that is to blame: ``raised`` or ``timed out``."""


def ask(judge: Judge, grade_id: str, question: str, wanted: Sequence[str], tensors: Mapping[str, Tensor]) -> Answer:
    """Run the cells before a graded cell, as they are in a notebook (numbers are float32 there), then a question. They are run
    statement by statement: one that calls a tool of the notebook, which is not there, costs no other.

    Args:
        question: code; it finds the student's names, and ``tensors`` by name.
        wanted: names that it binds to tensors.
    """
    pieces = [
        (cell, Chunk(text, cell.cell.label, fresh=number == 0))
        for cell in judge.cells_before(grade_id)
        for number, text in enumerate(cell.statements)
    ]
    chunks = [*(chunk for _, chunk in pieces), Chunk(question, LABEL, True, (), tuple(wanted))]
    batch, exercise = judge.batches[0], judge.exercise
    values: dict[str, Any] = cast(batch.values, torch.float32)
    job = Job(
        chunks, {**values, **tensors}, {}, [], imports=exercise.imports, stubs=STUBS, dtype=torch.float32, seed=judge.seed,
        restored=(*exercise.graph.inputs, *exercise.graph.steps, *tensors), lists=batch.lists, generators=batch.generators,
    )  # fmt: skip
    result = judge.outcomes.run(job)
    found = {k: v for k, v in result.snapshots.get(len(pieces), {}).items() if isinstance(v, Tensor)}
    kind, said = _failed(judge, grade_id, [cell for cell, _ in pieces], result)
    return Answer(found, said, kind)


def _failed(judge: Judge, grade_id: str, cells: Sequence[Screened], result: Result) -> tuple[str, str]:
    place = judge.solution_of(grade_id)
    for number, cell in enumerate(cells):
        if cell.cell.grade_id == place and (failure := result.failures.get(number)):
            kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
            return kind, failure_sentence(failure, judge.all_cells)
    for cell in judge.cells_before(grade_id):
        if cell.cell.grade_id == place and cell.syntax_error:
            return "raised", syntax_sentence(cell)
    if failure := result.failures.get(len(cells)):
        if failure.kind == "timed out":
            return "timed out", "what was asked of it did not end in time."
        return "raised", f"what was asked of it ended with {failure.text}"
    return "", ""


def plain_values(judge: Judge, grade_id: str, names: Sequence[str]) -> tuple[dict[str, Any], Answer]:
    """Values that the cells before a graded cell bind, if they are plain Python (numbers, texts, lists, dictionaries); and how
    that went. What is not plain is not there."""
    answer = ask(judge, grade_id, NAMED % (LONGEST, tuple(names)), ("_judge_said",), {})
    return read_plain(answer.found.get("_judge_said")), answer


def read_plain(said: Tensor | None) -> dict[str, Any]:
    """Values by name from the bytes of a dictionary of their texts; each that is no literal is left out."""
    if said is None or said.dtype != torch.uint8 or said.dim() != 1:
        return {}
    texts = _literal(bytes(said.tolist()).decode("utf-8", "replace"))
    if not isinstance(texts, dict):
        return {}
    read = {name: _literal(text) for name, text in texts.items() if isinstance(name, str) and isinstance(text, str)}
    return {name: value for name, value in read.items() if value is not _NONE}


_NONE = object()


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _NONE
