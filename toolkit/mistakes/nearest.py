"""The nearest right line: the smallest change to a student's own lines that makes a gradient right is what is wrong with them.

Each small change (``edits``) is tried on a few random numbers (``draws``) and compared with what is right for these. One
that is right there is tried on two more draws, of other sizes; only what all three confirm is a finding. Where several
changes are equally small, what they share is said, and not one of them. Nothing is run here: whoever asks says where student
code runs (``outcome.RunJob``).

After R. Singh, S. Gulwani and A. Solar-Lezama, Automated feedback generation for introductory programming assignments, PLDI
2013. There a solver asks whether a changed program is right on all small inputs; here autograd says so, on random ones.
"""

import ast
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from toolkit.mistakes.draws import LOCAL, SHARE, SIZES, Draw, draw_for, steps_above
from toolkit.mistakes.edits import edits
from toolkit.mistakes.leading import Lead, Statement
from toolkit.mistakes.line import Edit, Scope, Source
from toolkit.network.compare import fit, tolerance
from toolkit.network.exercise import Exercise, fused
from toolkit.network.graph import Graph
from toolkit.network.minibatches import Minibatch
from toolkit.running.outcome import STUBS, RunJob
from toolkit.running.runs import Job, cast
from toolkit.running.trials import Change, Trials
from toolkit.verdict import Place

SECONDS = 0.4
"""Longest time for one gradient, computing time of one core: what else goes on makes no difference to what is found."""
CONFIRMING = 0.25
"""Longest time for what is found to be tried on another draw, as a share of that."""
EQUALLY_SMALL = 0.06
"""By how much two changes may differ in size and still count as equally small."""
MOST_SINGLE, MOST_PAIRS, MOST_CONFIRMED = 3000, 1200, 40
"""Most changes that are tried, most pairs of them, and most that are tried on other draws."""
MOST_ELSEWHERE = 2
"""Most other statements that are pointed at, where a change there is as small."""
PAIRED = 1.5
"""Largest size of a change that is tried together with another."""
UNLIKELY = frozenset(["brackets", "function missing", "start", "operator"])
"""Kinds of changes that are not taken for one of two mistakes where a whole share is the other."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with the lines that lead to a gradient."""

    lead: Lead
    edits: tuple[Edit, ...]
    """One change or two, that make it right; of several equally small ones those that come first."""
    others: tuple[tuple[Edit, ...], ...] = ()
    """The changes that are as small."""
    missing: str = ""
    """The reader whose share is not in it besides."""
    only: str = ""
    """The reader whose share alone is in it besides."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The pieces to point at. Where equally small changes concern several pieces of one statement: all from the first to
        the last."""
        found: list[Place] = []
        for number, edit in enumerate(self.edits):
            same = [other[number] for other in self.others if other[number].number == edit.number] + [edit]
            found.append(self._around(same))
        return tuple(dict.fromkeys(found))

    @property
    def elsewhere(self) -> tuple[Place, ...]:
        """Where else a single change that is as small may be meant, in other statements. (What is left out can be put in
        anywhere along a product, and the last place is as good as any.)"""
        if len(self.edits) > 1 or _is_left_out(self.edits[0]):
            return ()
        changes = [other[0] for other in self.others if not _is_left_out(other[0])]
        numbers = sorted({e.number for e in changes} - {self.edits[0].number})[-MOST_ELSEWHERE:]
        return tuple(self._around([e for e in changes if e.number == number]) for number in numbers)

    def _around(self, same: Sequence[Edit]) -> Place:
        """The piece that several changes of one statement concern."""
        start, end = min(e.mark[0] for e in same), max(e.mark[1] for e in same)
        if (start, end) not in (e.mark for e in same):
            start, end = Source(self.lead.texts[same[0].number]).around(start, end)
        return place(self.lead.statements[same[0].number], start, end)


def _is_left_out(edit: Edit) -> bool:
    return edit.kind.endswith("missing") or (edit.kind == "sign" and edit.about == ("",))


def place(statement: Statement, start: int, end: int) -> Place:
    """Where a piece of a statement stands in its cell; of a piece of several lines, the first."""
    before = statement.text[:start].split("\n")
    line = statement.text.split("\n")[len(before) - 1]
    column, last = len(before[-1]), len(before[-1]) + end - start
    return Place(statement.label, statement.line + len(before) - 1, column, min(last, len(line)), line)


class Search:
    """Looks for the smallest change that makes a gradient right.

    Args:
        steps: steps of the forward pass whose gradients are judged by themselves.
        run: runs a job.
        seconds: longest time for all that is asked of it.
    """

    def __init__(
        self,
        exercise: Exercise,
        steps: frozenset[str],
        lead: Lead,
        run: RunJob,
        dtype: torch.dtype = torch.float64,
        seconds: float = SECONDS,
    ):
        self.exercise, self.steps, self.lead, self.run, self.dtype = exercise, steps, lead, run, dtype
        self.deadline = time.thread_time() + seconds
        self.confirming = CONFIRMING * seconds
        self.graph: Graph = fused(exercise.graph.text, steps)
        self.wanted = "d" + lead.name
        self.out_of_time = False

    def draw(self, number: int) -> Draw:
        read = frozenset(name[1:] for name in self.lead.reads if name[:1] == "d" and name[1:] in self.variables)
        return draw_for(self.exercise, self.steps, self.lead.name, read, number, self.dtype)

    @cached_property
    def variables(self) -> frozenset[str]:
        """Everything that has a gradient."""
        return frozenset({*self.graph.steps, *self.graph.inputs})

    # --- what is tried ------------------------------------------------------------------------------------------------------

    def tried(
        self,
        number: int,
        changes: Sequence[Change],
        given: Mapping[str, Tensor] | None = None,
        seconds: float | None = None,
    ) -> list[Tensor | None]:
        """What each change gives on a draw.

        Args:
            given: gradients that are others than the draw's, by variable.
            seconds: longest time for it, if not what is left.
        """
        left = seconds or self.deadline - time.thread_time()
        if not changes or left <= 0:
            self.out_of_time |= bool(changes)
            return [None] * len(changes)
        draw = self.draw(number)
        values, gradients = {**draw.values, **draw.known}, {**draw.gradients, **(given or {})}
        return self._run(draw.batch, values, gradients, changes, left)

    def tried_on(self, batch: Minibatch, changes: Sequence[Change]) -> list[Tensor | None]:
        """What each change gives on another minibatch, whose upstream gradients are random numbers."""
        gradients = {n: g for n, g in cast(batch.upstream, self.dtype).items() if n != self.lead.name}
        return self._run(batch, cast(batch.values, self.dtype), gradients, changes, self.confirming)

    def _run(
        self,
        batch: Minibatch,
        values: Mapping[str, Any],
        gradients: Mapping[str, Tensor],
        changes: Sequence[Change],
        seconds: float,
    ) -> list[Tensor | None]:
        graph = self.exercise.graph
        job = Job(
            (), values, gradients, (), given=sorted(gradients), lists=batch.lists, generators=batch.generators,
            imports=self.exercise.imports, stubs=STUBS, dtype=self.dtype, restored=(*graph.inputs, *graph.steps),
            trials=Trials(self.lead.texts, tuple(changes), self.wanted, seconds),
        )  # fmt: skip
        found = self.run(job, {}).trials
        self.out_of_time |= time.thread_time() > self.deadline
        return found or [None] * len(changes)

    @cached_property
    def base(self) -> Tensor | None:
        """What the lines give as they stand."""
        return self._first[0]

    @cached_property
    def _first(self) -> list[Tensor | None]:
        at_the_end = len(self.lead.statements)
        return self.tried(0, [(), *(((at_the_end, f"{self.wanted} = {name}"),) for name in self._helpers)])

    @cached_property
    def _helpers(self) -> list[str]:
        """Names of the student's own that the lines bind."""
        names: dict[str, None] = {}
        for text in self.lead.texts:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != self.wanted:
                    names[node.id] = None
        return [name for name in names if name not in self.exercise.graph.steps]

    @property
    def is_right(self) -> bool:
        """Whether the lines are right as they stand, given right upstream gradients."""
        return self.base is not None and self._right(0, [self.base]) == [0]

    def _right(self, number: int, values: Sequence[Tensor | None], target: Tensor | None = None) -> list[int]:
        """Numbers of those that are what is right for a draw."""
        draw = self.draw(number)
        wanted = draw.truth if target is None else target
        fitted = [(i, self._fitted(v, wanted.shape)) for i, v in enumerate(values)]
        known = [(i, v) for i, v in fitted if v is not None]
        if not known:
            return []
        stack = torch.stack([v for _, v in known]).reshape(len(known), -1)
        off = (stack - wanted.reshape(-1)).abs() <= tolerance(draw.scale).reshape(-1)
        return [known[i][0] for i in off.all(1).nonzero()[:, 0].tolist()]

    @staticmethod
    def _fitted(value: Tensor | None, shape: torch.Size) -> Tensor | None:
        if value is None or value.shape == shape:
            return value
        return fit(value, shape)

    # --- one change ---------------------------------------------------------------------------------------------------------

    @cached_property
    def scope(self) -> Scope:
        """What the lines may speak of."""
        draw = self.draw(0)
        graph, values = self.exercise.graph, draw.values
        above = steps_above(self.graph, self.lead.name)
        tensors = {
            n: tuple(v.shape) for n, v in values.items() if _is_float(v) and (n in graph.steps or n in graph.inputs)
        }
        indices = {n: tuple(v.shape) for n, v in values.items() if isinstance(v, Tensor) and not _is_float(v)}
        indices = {n: shape for n, shape in indices.items() if n in graph.inputs or n in self.lead.reads}
        for name, gradient in draw.gradients.items():
            if name in above or "d" + name in self.lead.reads:
                tensors["d" + name] = tuple(gradient.shape)
        for name, value in zip(self._helpers, self._first[1:], strict=True):
            if value is not None:
                tensors[name] = tuple(value.shape)
        outputs = {n: frozenset(graph.readers(n)) for n in tensors if n in graph.steps or n in graph.inputs}
        near = {n: frozenset({*out, *(graph.steps[n].reads if n in graph.steps else ())}) for n, out in outputs.items()}
        functions = {
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for step in graph.steps.values()
            for node in ast.walk(step.tree)
            if isinstance(node, ast.Call)
        }
        first = next((u for u in draw.upstream.values() if u.dim()), draw.truth)
        rows = int(first.shape[0]) if first.dim() else 0
        return Scope(
            tensors, indices, self._sizes(rows), near, outputs, dict(_epsilons(graph, values)), frozenset(functions),
            [*_picks(graph)], LOCAL if draw.local is not None else "",
            {reader: SHARE + reader for reader in draw.shares if len(draw.shares) > 1}, rows, self.lead.reads,
            [n for n in indices if values[n].dtype == torch.bool], self._divisors(rows),
        )  # fmt: skip

    def _divisors(self, rows: int) -> list[str]:
        """Sizes by which the lines that read the variable may divide: those that they name; that of the minibatch; and where
        there are more dimensions than two, the last."""
        values, graph = self.draw(0).values, self.exercise.graph
        sizes = [name for name, value in values.items() if type(value) is int]
        named = [n for reader in graph.readers(self.lead.name) for n in graph.steps[reader].reads if n in sizes]
        truth = self.draw(0).truth
        last = [n for n in self.draw(0).batch.sizes if truth.dim() > 2 and values[n] == truth.shape[-1]]
        return [*dict.fromkeys([*named, *self._sizes(rows)[:1], *last])]

    def _sizes(self, rows: int) -> list[str]:
        """Names of sizes, that of the minibatch first."""
        values, reads = self.draw(0).values, self.lead.reads
        known = {*self.draw(0).batch.sizes, *reads, *self.exercise.graph.inputs}
        sizes = [n for n, v in values.items() if type(v) is int and (v == rows or n in known)]
        return sorted(sizes, key=lambda n: (values[n] != rows, n not in reads, len(n)))[:6]

    @cached_property
    def single(self) -> list[Edit]:
        """All single changes, the smallest first."""
        found: list[Edit] = []
        for number, text in reversed([*enumerate(self.lead.texts)]):  # of many, the last are the likelier ones
            if time.thread_time() > self.deadline:
                self.out_of_time = True
                break
            bound = frozenset().union(*(_bound(before) for before in self.lead.texts[:number]))
            found += edits(text, self.scope, self.wanted, bound, number)
        return sorted(found, key=lambda edit: edit.cost)[:MOST_SINGLE]

    @cached_property
    def _singly(self) -> list[Tensor | None]:
        """What each single change gives on the first draw."""
        return self.tried(0, [self._change(edit) for edit in self.single])

    def _change(self, *chosen: Edit) -> Change:
        texts: dict[int, str] = {}
        for edit in sorted(chosen, key=lambda e: -e.span[0]):
            texts[edit.number] = edit.applied(texts.get(edit.number, self.lead.texts[edit.number]))
        return tuple(sorted(texts.items()))

    def one(self) -> Finding | None:
        """The smallest single change that makes it right."""
        if self.is_right:
            return None
        hits = [(self.single[i],) for i in self._right(0, self._singly)]
        return self._finding(self._confirmed(hits))

    def _confirmed(
        self, hits: Sequence[tuple[Edit, ...]], target: Callable[[Draw], Tensor] | None = None
    ) -> list[tuple[Edit, ...]]:
        """Those that are right on all other draws, too, where the lines as they stand are not."""
        left = [*hits[:MOST_CONFIRMED]]
        for number in range(1, len(SIZES)):
            if not left:
                break
            values = self.tried(number, [(), *(self._change(*hit) for hit in left)], seconds=self.confirming)
            if self._right(number, values[:1]):
                return []
            right = self._right(number, values[1:], target and target(self.draw(number)))
            left = [left[i] for i in right]
        return left

    def _finding(self, hits: Sequence[tuple[Edit, ...]], **besides: str) -> Finding | None:
        if not hits:
            return None
        smallest = min(map(_size, hits))
        same = sorted((hit for hit in hits if _size(hit) <= smallest + EQUALLY_SMALL), key=_size)
        return Finding(self.lead, same[0], tuple(same[1:]), **besides)

    # --- two --------------------------------------------------------------------------------------------------------------------

    def one_and_a_share(self) -> Finding | None:
        """A single change after which one reader's share is all that is missing, or all that is there."""
        shares = self.draw(0).shares
        if len(shares) < 2 or self.base is None:
            return None

        def missing(draw: Draw) -> Tensor:
            return draw.truth - draw.shares[reader]

        def only(draw: Draw) -> Tensor:
            return draw.shares[reader]

        for reader in shares:
            for target in (missing, only):
                hits = [(self.single[i],) for i in self._right(0, self._singly, target(self.draw(0)))]
                hits = [hit for hit in hits if hit[0].cost <= PAIRED and hit[0].kind not in UNLIKELY]
                if finding := self._finding(self._confirmed(hits, target), **{target.__name__: reader}):
                    return finding
        return None

    def two(self) -> Finding | None:
        """The smallest pair of changes that makes it right."""
        if self.is_right:
            return None
        small = [(i, edit) for i, edit in enumerate(self.single) if edit.cost <= PAIRED]
        foreseen = sorted(self._foreseen(small), key=_size)[: 5 * MOST_CONFIRMED]
        if finding := self._tried_pairs(foreseen):
            return finding
        pairs = sorted(self._likely(small), key=_size)[:MOST_PAIRS]
        return self._tried_pairs(pairs)

    def _tried_pairs(self, pairs: Sequence[tuple[Edit, ...]]) -> Finding | None:
        values = self.tried(0, [self._change(*pair) for pair in pairs])
        return self._finding(self._confirmed([pairs[i] for i in self._right(0, values)]))

    def _foreseen(self, small: Sequence[tuple[int, Edit]]) -> Iterator[tuple[Edit, ...]]:
        """Pairs whose effects add up to what is wrong, as those of changes in two terms do, or multiply to it, as those in two
        factors do. (It is only a guess until it is tried.)"""
        draw = self.draw(0)
        base = self._fitted(self.base, draw.truth.shape)
        if base is None or not torch.isfinite(base).all():
            return
        known = [(edit, self._fitted(self._singly[i], draw.truth.shape)) for i, edit in small]
        known = [(edit, value) for edit, value in known if value is not None and torch.isfinite(value).all()]
        known = [(edit, value) for edit, value in known if not torch.equal(value, base)]
        if not known:
            return
        chosen = [edit for edit, _ in known]
        values, base, truth = torch.stack([v for _, v in known]).flatten(1), base.flatten(), draw.truth.flatten()
        tested = torch.argsort((truth - base).abs(), descending=True)[:: max(1, truth.numel() // 3)][:3]
        near = 1e-7 if self.dtype == torch.float64 else 1e-3
        for combine, parts, wanted in (
            (torch.add, values - base, truth - base),
            (torch.mul, values / base, truth / base),
        ):
            both = torch.ones(len(chosen), len(chosen), dtype=torch.bool).triu(1)
            for k in tested.tolist():
                part = parts[:, k]
                off = (combine(part[:, None], part[None]) - wanted[k]).abs()
                both &= off <= near * (part.abs()[:, None] + wanted[k].abs())
            for i, j in both.nonzero()[:2000].tolist():
                if _apart(chosen[i], chosen[j]):
                    yield chosen[i], chosen[j]
        # a constant factor c of a term in which something else is changed: the effects are c times the one, and the other
        for i, edit in enumerate(chosen):
            if edit.kind == "constant missing" and (c := self._constant(edit.about[0])):
                off = (c * (values - base)[:, tested] + (values[i] - base)[tested] - (truth - base)[tested]).abs()
                fits = (off <= near * (values[:, tested].abs() + truth[tested].abs())).all(1)
                yield from ((edit, chosen[j]) for j in fits.nonzero()[:50, 0].tolist() if _apart(edit, chosen[j]))

    def _constant(self, text: str) -> float:
        """The number that such a text as ``n/(n-1)`` stands for in the first draw."""
        sizes = {name: value for name, value in self.draw(0).values.items() if type(value) is int}
        return float(eval(text, {"__builtins__": {}}, sizes))

    def _likely(self, small: Sequence[tuple[int, Edit]]) -> Iterator[tuple[Edit, ...]]:
        cheap = [edit for _, edit in small if edit.cost <= 1.2][:120]
        for i, one in enumerate(cheap):
            for other in cheap[i + 1 :]:
                if _apart(one, other):
                    yield one, other

    # --- a share by itself ------------------------------------------------------------------------------------------------------

    def right_shares(self) -> dict[str, bool]:
        """For each reader whether its share is right: the gradients of all others are set to zero."""
        draw = self.draw(0)
        read = {name[1:] for name in self.lead.reads if name.startswith("d")}
        if len(draw.shares) < 2 or not read.issuperset(draw.shares):
            return {}
        found: dict[str, bool] = {}
        for reader in draw.shares:
            rights = []
            for number in range(2):
                here = self.draw(number)
                zeros = {other: torch.zeros_like(here.gradients[other]) for other in here.shares if other != reader}
                value = self.tried(number, [()], zeros)
                rights.append(bool(self._right(number, value, here.shares[reader])))
            found[reader] = all(rights)
        return found


def _bound(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _size(hit: Sequence[Edit]) -> float:
    return sum(edit.cost for edit in hit)


def _apart(one: Edit, other: Edit) -> bool:
    """Whether two changes concern different pieces."""
    if one.number != other.number:
        return True
    return one.span[1] <= other.span[0] or other.span[1] <= one.span[0]


def _is_float(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _picks(graph: Graph) -> Iterator[str]:
    """Expressions for the indices of the maxima that the forward pass takes."""
    for step in graph.steps.values():
        for node in ast.walk(step.tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="max" | "amax", value=of), args=[dim]):
                    yield f"{ast.unparse(of)}.argmax({ast.unparse(dim)})"


def _epsilons(graph: Graph, values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Variables, or '' for what has no name, to which the forward pass adds a small constant, and that constant."""
    for step in graph.steps.values():
        for node in ast.walk(step.tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                text = ast.unparse(node.right)
                value = node.right.value if isinstance(node.right, ast.Constant) else values.get(text)
                if isinstance(value, float) and 0 < value < 1e-2:
                    yield (node.left.id if isinstance(node.left, ast.Name) else ""), text
