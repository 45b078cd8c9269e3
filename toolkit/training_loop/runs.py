"""What is run for a training loop: the student's cells up to the graded one, in which the loop is watched."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from toolkit.judge import Judge
from toolkit.network.minibatches import Minibatch, large_numbers
from toolkit.not_right import failure_sentence
from toolkit.running.cells import Screened
from toolkit.running.outcome import STUBS
from toolkit.running.precisions import in_double
from toolkit.running.runs import Chunk, Failure, Job
from toolkit.running.statements import read, written
from toolkit.running.watched_loop import counting_loops, find_loop
from toolkit.training_loop.step import STEPS, Said

_FUNCTIONS = ast.FunctionDef | ast.Lambda
_BINDS_BY_NAME = {"globals", "locals", "vars", "exec", "eval"}


def chunks_up_to(
    judge: Judge,
    grade_id: str,
    snapshot: tuple[str, ...],
    watched: Sequence[str] = (),
    loop: Sequence[str] = (),
) -> tuple[list[Chunk], int]:
    """The student's cells up to a graded cell, with a snapshot at the last one that matters; and the number of that one.

    Args:
        watched: gradients that are reported, if there is a loop to watch.
        loop: gradients by which the loop is known.
    """
    before, wanted = judge.cells_before(grade_id), judge.solution_of(grade_id)
    numbers = [i for i, cell in enumerate(before) if cell.cell.grade_id == wanted]
    chosen = numbers[-1] if numbers else len(before) - 1
    if loop and before and not find_loop(before[chosen].nodes, STEPS, loop):
        # the loop may stand in a cell of the student's own
        counting = [counting_loops(cell.nodes, STEPS) for cell in before]
        loops = [i for i, found in enumerate(counting) if any(written(one) & {*loop} for one in found)]
        loops = loops or [i for i, found in enumerate(counting) if found]
        loops = loops or [
            i for i, cell in enumerate(before) if cell not in judge.cells and find_loop(cell.nodes, STEPS, loop)
        ]
        chosen = loops[-1] if loops else chosen
    large = large_numbers(judge.exercise)
    chunks = []
    for i, cell in enumerate(before):
        here: dict[str, Any] = {"snapshot": snapshot} if i == chosen else {}
        # the cells before it, too: the loop may call a function that stands there
        watch: dict[str, Any] = {"watched": tuple(watched), "steps_name": STEPS, "numbers": large} if watched else {}
        chunks.append(Chunk(in_double(cell.source), cell.cell.label, **here, **watch))
    return chunks, chosen


def of_before(judge: Judge, here: Sequence[Screened], gradients: Sequence[str]) -> list[str]:
    """Gradients that a loop reads and never makes: those that a cell before it has left, of another minibatch, are none of the
    loop's. What a function may make or fill out of sight is not among them, nor what autograd was asked for.

    Args:
        here: the cell with the loop, and others of its name.
    """
    reads = set().union(*(read(node) for cell in here for node in cell.nodes), set())
    if any(cell.left_out for cell in here) or reads & _BINDS_BY_NAME:
        return []
    makes = set().union(*(names for cell in here for names in cell.writes), set())
    nodes = [node for cell in judge.all_cells for tree in cell.nodes for node in ast.walk(tree)]
    functions = (inner for node in nodes if isinstance(node, _FUNCTIONS) for inner in ast.walk(node))
    given = (
        part for node in nodes if isinstance(node, ast.Call) for part in (*node.args, *(k.value for k in node.keywords))
    )
    out_of_sight = {node.id for node in (*functions, *given) if isinstance(node, ast.Name)}
    return [name for name in gradients if name in reads - makes - out_of_sight]


def loop_job(
    judge: Judge, batch: Minibatch, chunks: Sequence[Chunk], replacements: Mapping[str, Tensor] | None = None
) -> Job:
    graph = judge.exercise.graph
    return Job(
        chunks, batch.values, replacements or {}, (), imports=judge.exercise.imports, stubs=STUBS, seed=judge.seed,
        restored=(*graph.inputs, *graph.steps), lists=batch.lists, generators=batch.generators,
    )  # fmt: skip


def cells_of(judge: Judge, grade_id: str) -> list[Screened]:
    wanted = judge.solution_of(grade_id)
    return [cell for cell in judge.all_cells if cell.cell.grade_id == wanted]


def guarded(judge: Judge, name: str, decide: Callable[..., Any], *args: object) -> Any:
    """What is said of one name, whatever is raised meanwhile."""
    said = judge.outcomes.guarded(lambda: decide(*args))
    return ("wrong", f"{name}: {said}") if isinstance(said, str) else said


def stopped(failure: Failure, judge: Judge) -> Said:
    kind = failure.kind if failure.kind in ("raised", "timed out") else "raised"
    sentence = failure_sentence(failure, judge.all_cells)
    if "NoneType" in failure.text:
        sentence += " (Does the loop read .grad? Nothing in it fills that.)"
    return kind, sentence
