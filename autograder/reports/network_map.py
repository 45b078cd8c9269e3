"""A map of the network for a page: every gradient with its verdict in colour and sign, in the order of the backward pass.

Drawn from the graph of the forward cell as SVG. The loss is at the top; the gradient follows the arrows. Parameters stand
left of the step that reads them; a share that passes by steps takes a lane on their right. A long column is folded into two.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from toolkit.network.graph import Graph

LETTER, HIGH, ROW, GAP, LANE = 7.9, 23.0, 33.0, 16.0, 9.0
"""In pixels: width of a letter of 13, height of a box, of a row, space between a parameter and its step, and of a lane."""
LONGEST = 9
"""Steps that make one column."""


@dataclass(frozen=True)
class Sign:
    """How a gradient stands in the map."""

    css: str
    """Class: ``right``, ``half``, ``wrong``, ``none`` or ``open``."""
    mark: str
    words: str
    link: str


@dataclass
class _Node:
    name: str
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    inputs: list["_Node"] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


def network_map(graph: Graph, signs: Mapping[str, Sign]) -> Markup:
    """The map as an ``<svg>``; nothing if there is nothing to see, as with one gradient.

    Args:
        signs: of each judged gradient, by the name of its variable.
    """
    judged = [name for name in (*graph.steps, *graph.inputs) if name in signs]
    if len(judged) < 2:
        return Markup("")
    layout = _Layout(graph, signs)
    parts = [layout.arrow(reader, name) for reader, name in layout.edges]
    for node in layout.nodes.values():
        parts.append(_box(node, signs.get(node.name)))
    return Markup(
        '<svg class="map" viewBox="0 0 {} {}" style="max-width: {}px" role="group" aria-label="Map of the network: each gradient '
        'and its verdict, from the loss downwards"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" '
        'markerHeight="6" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>{}</svg>'
    ).format(math.ceil(layout.width), math.ceil(layout.height), math.ceil(layout.width * 1.1), Markup("").join(parts))


def _box(node: _Node, sign: Sign | None) -> Markup:
    css = sign.css if sign else "way"
    text = f"{sign.mark} d{node.name}" if sign else f"d{node.name}"
    box = Markup(
        '<g class="{}"><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="4"/><text x="{:.1f}" y="{:.1f}">{}</text></g>'
    )
    drawn = box.format(css, node.left, node.y - HIGH / 2, node.width, HIGH, node.x, node.y + 4.5, text)
    if sign is None:
        return drawn
    return Markup('<a href="#{}" aria-label="d{}: {}">{}</a>').format(sign.link, node.name, sign.words, drawn)


class _Layout:
    """Where everything is."""

    def __init__(self, graph: Graph, signs: Mapping[str, Sign]):
        self.nodes: dict[str, _Node] = {}
        for name in reversed(graph.steps):  # those from which a way leads to the loss
            if name == graph.output or any(reader in self.nodes for reader in graph.readers(name)):
                self.nodes[name] = _Node(name)
        self.steps = [*self.nodes]
        for name in graph.inputs:  # beside the step that is met first on the way back
            if name in signs and (readers := [r for r in graph.readers(name) if r in self.nodes]):
                node = self.nodes[name] = _Node(name)
                self.nodes[readers[-1]].inputs.append(node)
        self.edges = [(reader, name) for name in self.nodes for reader in graph.readers(name) if reader in self.nodes]
        following = dict(pairwise(self.steps))
        self.passing = [
            (reader, name) for reader, name in self.edges if name in self.steps and following.get(reader) != name
        ]
        self._fold()
        self._place()

    def _fold(self) -> None:
        """Cut a long column near its middle, where few shares pass by."""
        count, at = len(self.steps), {name: number for number, name in enumerate(self.steps)}
        self.cut = count
        if count > LONGEST:

            def cost(cut: int) -> float:
                return sum(at[reader] < cut <= at[name] for reader, name in self.passing) * 3 + abs(cut - count / 2)

            self.cut = min(range(2, count - 1), key=cost)
        for number, name in enumerate(self.steps):
            self.nodes[name].column = int(number >= self.cut)

    def _place(self) -> None:
        ends: list[float] = []
        offset = 2.0
        self.lane_x: dict[tuple[str, str], float] = {}
        self.height = 0.0
        for column in (0, 1):
            names = [name for name in self.steps if self.nodes[name].column == column]
            if not names:
                break
            steps = [self.nodes[name] for name in names]
            inputs = [node for step in steps for node in step.inputs]
            width, side = _width(steps), _width(inputs)
            left = offset + (side + GAP if inputs else 0)
            y = 16.0 if column else 2.0  # the way from the first column comes in from above
            for step in steps:
                rows = max(1.0, len(step.inputs) * 0.82)
                step.x, step.width, step.y = left + width / 2, width, y + ROW * rows / 2
                for number, node in enumerate(step.inputs):
                    node.column, node.width = column, _width([node])
                    node.x = offset + side - node.width / 2
                    node.y = step.y + (number - (len(step.inputs) - 1) / 2) * (HIGH + 4)
                y += ROW * rows
            lanes = self._assign_lanes(column)
            for edge, lane in lanes.items():
                self.lane_x[edge] = left + width + LANE * (lane + 1)
            ends.append(left + width + LANE * (max(lanes.values(), default=-1) + 1))
            offset = ends[-1] + 26
            self.height = max(self.height, y + 2)
        self.width = ends[-1] + 4

    def _assign_lanes(self, column: int) -> dict[tuple[str, str], int]:
        """Short ways lie inside."""
        spans = sorted(
            (abs(self.nodes[name].y - self.nodes[reader].y), reader, name)
            for reader, name in self.passing
            if self.nodes[reader].column == column
        )
        found: dict[tuple[str, str], int] = {}
        for _, reader, name in spans:
            top, low = self.nodes[reader].y, self._end(reader, name)
            blocked = {lane for (r, n), lane in found.items() if self.nodes[r].y < low and top < self._end(r, n)}
            found[reader, name] = min(set(range(len(blocked) + 1)) - blocked)
        return found

    def _end(self, reader: str, name: str) -> float:
        same = self.nodes[reader].column == self.nodes[name].column
        return self.nodes[name].y if same else math.inf

    def arrow(self, reader: str, name: str) -> Markup:
        """The way of a share of gradient, from a reader to the variable that it reads."""
        start, end = self.nodes[reader], self.nodes[name]
        if end in start.inputs:
            points = [(start.left, start.y + (end.y - start.y) * 0.3), (end.right + 1, end.y)]
        elif name not in self.steps:  # a parameter that another step reads, too
            points = [(start.left, start.y + 6), (end.right + 1, end.y + 6)]
        elif (reader, name) not in self.lane_x:
            points = [(start.x, start.y + HIGH / 2), (end.x, end.y - HIGH / 2 - 1)]
            if start.column != end.column:
                points = self._over(start, end)
        elif start.column == end.column:
            lane = self.lane_x[reader, name]
            points = [(start.right, start.y + 4), (lane, start.y + 4), (lane, end.y - 4), (end.right + 1, end.y - 4)]
        else:
            points = self._over(start, end)
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return Markup('<polyline class="arrow" points="{}" marker-end="url(#tip)"/>').format(way)

    def _over(self, start: _Node, end: _Node) -> list[tuple[float, float]]:
        """From the first column to the second one, up between the two."""
        between = min(n.left for n in self.nodes.values() if n.column == 1) - 12
        points = [(start.right, start.y), (between, start.y)]
        if end.name == self.steps[self.cut]:
            return [*points, (between, 7.0), (end.x, 7.0), (end.x, end.y - HIGH / 2 - 1)]
        return [*points, (between, end.y), (end.left - 1, end.y)]


def _width(nodes: list[_Node]) -> float:
    return max((LETTER * (len(node.name) + 3) + 12 for node in nodes), default=0.0)
