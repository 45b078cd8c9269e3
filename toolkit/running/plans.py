"""What is run: a submission's cells cut into chunks, and after which of them which gradients are replaced.

- ``by cell``: after each graded cell its gradients are replaced by random ones, so that an early mistake costs nothing
  further on, and a gradient that is zero in a true backward pass is really tested;
- ``by statement``: the same after each statement, for who writes everything in one cell, or two names for one tensor;
- ``plain``: nothing is replaced, for who takes a shortcut that only holds on a true backward pass.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from toolkit.network.exercise import Exercise
from toolkit.network.graph import Graph
from toolkit.running.cells import Screened, StudentCell
from toolkit.running.magics import is_too_long, plain_python
from toolkit.running.runs import Chunk
from toolkit.running.statements import read_statements, written


@dataclass(frozen=True)
class GradedPlace:
    """Where in a submission a graded cell stands, and which gradients are complete there."""

    grade_id: str
    names: tuple[str, ...]


NOT_RUN = "# not run: "
"""Begins a line that was typed into a cell of the exercise's own and would change what the exercise gives."""
Submission = Sequence[StudentCell | GradedPlace]
"""A student's cells in their order, with the graded cells between them."""


def typed_into(source: str, exercise: Exercise, given: str = "") -> str:
    """What somebody has typed into a cell of the exercise's own, as a cell that can be run beside it; nothing if nothing was.

    What would bind the exercise's own names to something else, or change their values, becomes a comment (``NOT_RUN``): an
    answer is judged with those that the exercise gives.

    Args:
        given: the cell's text as it was handed out, as far as it is known.
    """
    known = {line.strip() for line in given.split("\n")}
    statements = {ast.dump(node) for node in _statements(given)}
    own = {*exercise.graph.inputs, *exercise.graph.steps}
    own = own.union(*map(_binds, [exercise.imports, *exercise.inputs, given]))
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if is_too_long(source):  # the setup cell, with others merged into it
        lines = [line for line in lines if line.strip() not in known]
        source = "\n".join(lines)
    kept = {i: line for i, line in enumerate(lines) if line.strip() not in known and line.strip("# \t") not in known}
    nodes = [(node, range(node.lineno - 1, node.end_lineno or node.lineno)) for node in _statements(source)]
    for number in (i for node, here in nodes if ast.dump(node) in statements for i in here):
        kept.pop(number, None)
    for node, here in nodes:
        if ast.dump(node) not in statements:
            held = written(node) & own or any(kept.get(i, "").startswith(NOT_RUN) for i in here)
            kept |= {i: f"{NOT_RUN}{lines[i]}" if held else lines[i] for i in here}
    return "\n".join(kept[number] for number in sorted(kept))


def _statements(source: str) -> list[ast.stmt]:
    return read_statements(plain_python(source))[1]


def _binds(source: str) -> set[str]:
    return set().union(*map(written, _statements(source)), set())


@dataclass(frozen=True)
class Plan:
    """The chunks of one kind of run."""

    chunks: tuple[Chunk, ...]
    writes: tuple[frozenset[str], ...]
    """For each chunk the names that its cell or statement writes."""

    def replaces(self) -> bool:
        """Whether any gradient is replaced."""
        return any(chunk.replace for chunk in self.chunks)

    def replaced_at(self, name: str) -> int | None:
        """Number of the chunk after which a gradient is replaced."""
        return next((i for i, chunk in enumerate(self.chunks) if name in chunk.replace), None)

    def written_at(self, name: str) -> int | None:
        """Number of the last chunk that writes a gradient, as far as the syntax tree shows it."""
        return max((i for i, writes in enumerate(self.writes) if "d" + name in writes), default=None)


class Plans:
    """The kinds of runs of one submission.

    Args:
        parts: its cells without their uses of autograd, and the places of the graded cells.
        graph: of the forward pass; the gradients of its steps may be replaced.
    """

    def __init__(self, parts: Sequence[Screened | GradedPlace], graph: Graph):
        self.parts, self.graph = parts, graph

    def __getitem__(self, mode: str) -> Plan:
        """``by cell``, ``by statement``, ``plain``, or ``readers of h``: by statement, but only what ``h`` comes from."""
        return getattr(self, mode.replace(" ", "_"), None) or self._by_statement(
            self.graph.readers(mode.removeprefix("readers of "))
        )

    @cached_property
    def by_cell(self) -> Plan:
        return self._by_cell(replacing=True)

    @cached_property
    def plain(self) -> Plan:
        return self._by_cell(replacing=False)

    @cached_property
    def by_statement(self) -> Plan:
        return self._by_statement(self.graph.steps)

    def completed(self, name: str, mode: str) -> int:
        """Number of the chunk after which a gradient is complete."""
        plan, last = self[mode], len(self[mode].chunks) - 1
        if mode == "plain":
            return last
        if mode == "by statement":
            written = plan.written_at(name)
            written = plan.replaced_at(name) if written is None else written
            return last if written is None else written
        graded = [i for i, part in enumerate(self.parts) if isinstance(part, GradedPlace) and name in part.names]
        return graded[0] if graded else last

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that any cell writes."""
        return frozenset().union(*(part.bound() for part in self.parts if isinstance(part, Screened)))

    def _by_cell(self, replacing: bool) -> Plan:
        chunks, writes = [], []
        for part in self.parts:
            if isinstance(part, Screened):
                chunks.append(Chunk(part.source, part.cell.label))
                writes.append(frozenset(part.bound()))
            else:
                chunks.append(Chunk("", part.grade_id, replace=self._replaceable(part.names) if replacing else ()))
                writes.append(frozenset())
        return Plan(tuple(chunks), tuple(writes))

    def _by_statement(self, replaced: Iterable[str]) -> Plan:
        replaced = tuple(replaced)
        pieces: list[tuple[Chunk, frozenset[str]]] = []
        for part in self.parts:
            if isinstance(part, Screened):
                for number, (source, names) in enumerate(zip(part.statements, part.writes, strict=True)):
                    pieces.append((Chunk(source, part.cell.label, number == 0), frozenset(names)))
        earlier: set[str] = set()
        for place in (part for part in self.parts if isinstance(part, GradedPlace)):
            if missing := [n for n in place.names if n in replaced and "d" + n not in self.bound]:
                # left out by the student: what comes after it can be judged all the same, but nothing that comes before it
                at = max((i + 1 for i, (_, names) in enumerate(pieces) if names & earlier), default=0)
                pieces.insert(at, (Chunk("", place.grade_id, False, self._replaceable(missing)), frozenset()))
            earlier |= {"d" + name for name in place.names}
        last = {name: i for i, (_, names) in enumerate(pieces) for name in names}
        chunks = [
            Chunk(chunk.source, chunk.label, chunk.fresh, replace=here)
            if (
                here := self._replaceable(n for n in replaced if last.get("d" + n) == i and not self._goes_on(n, names))
            )
            else chunk
            for i, (chunk, names) in enumerate(pieces)
        ]
        return Plan(tuple(chunks), tuple(names for _, names in pieces))

    def _goes_on(self, name: str, bound: Iterable[str]) -> bool:
        """Whether a statement that binds a gradient has taken it further back already: what it binds besides comes from the
        student's own, and not from what would take its place (``dlogits = (dnorm_logits := ...).clone()``)."""
        return any(name in self.graph.readers(other[1:]) for other in bound if other[1:] in self.graph.steps)

    def _replaceable(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those whose gradient may be replaced: steps, but no parameters, which a fair answer may use again."""
        return tuple(name for name in names if name in self.graph.steps)
