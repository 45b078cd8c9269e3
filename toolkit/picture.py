"""A picture of the forward graph, drawn from the graph itself: every variable, its shape, and who reads it.

Steps stand under one another in forward order, as in the code; an input stands left of the first step that reads it.
What the next step reads comes straight down; what a later step reads takes a lane beside the steps, so that no arrow
runs through a box. All is laid out as one column, in inches, y downwards; a long column is then folded into two.
"""

import ast
import io
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path
from torch import Tensor

from toolkit.network.graph import Graph

FONT, SIZE, SMALL = "DejaVu Sans Mono", 9, 7.5  # the font comes with matplotlib: the same picture everywhere
LETTER = 0.602 / 72  # width of a character in inches, for each point of its size
WIDTH, ROW, GAP, SLOT, LANE = 11.0, 0.36, 0.18, 0.25, 0.13  # inches
LONGEST = 9  # steps that make one column
LABELS = {
    "parameter": "parameter (float input)",
    "data": "data (no gradient)",
    "step": "step",
    "loss": "last step",
    "fork": "read by several steps: shares of gradient add up",
}
FILLS = {"parameter": "#cfe3f7", "data": "#e2e2e2", "step": "#fbf7ea", "loss": "#f8cccc", "fork": "white"}
EDGE, FORK, INK, SOFT = "#7a7a7a", "#e07b00", "#1a1a1a", "#5c5c5c"
ACCENT, ACCENT_FILL, DIM, DIM_INK = "#b5125f", "#fbdbe9", "#cacaca", "#a8a8a8"


def draw_network(
    graph: Graph, values: Mapping[str, Any], *, highlight: str | None = None, forks: bool = True
) -> Figure:
    """Draw a forward graph with the name and shape of every variable; a notebook shows it as a cell's result.

    Args:
        values: every input and step by name, as ``graph.forward`` returns them; only types and shapes are looked at.
        highlight: a variable to show in colour with its readers and the arrows between them, the rest pale.
        forks: whether to mark the variables that several steps read, and the arrows from them.

    Returns:
        A figure at most about 11 inches wide, and the higher the more steps there are. pyplot does not know of it. It is
        dark on white whatever the style of the notebook's own figures or the colours of the page.

    Raises:
        KeyError: a step has no value, or no variable is called ``highlight``.
    """
    boxes = _boxes(graph, values, forks and highlight is None)
    if highlight is not None and highlight not in boxes:
        raise KeyError(f"No variable {highlight!r} in this network. It has {', '.join(boxes)}.")
    layout = _Layout(boxes)
    layout.place_rows()
    layout.assign_lanes()
    layout.choose_fold()
    layout.place_columns()
    return _draw(layout, highlight)


class Picture(Figure):
    """A figure that shows once as a cell's result, also before the notebook's first plot has set up pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", facecolor=self.get_facecolor())  # a dark style would put its own there
        return buffer.getvalue()


@dataclass
class _Box:
    """One variable; x and y are the centre of its box."""

    kind: str
    shape: str
    text: str
    """The expression of a step, as it is written."""
    readers: tuple[str, ...]
    is_fork: bool
    """Whether to mark that several shares of gradient come back to it."""
    near: str | None
    """The reader that gets a straight arrow: the next step, or an input's first reader."""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.21
    ports: dict[str, float] = field(default_factory=dict)
    """The y at which the way of each source (itself too) meets the side of this box."""

    @property
    def is_input(self) -> bool:
        return self.kind in ("parameter", "data")


def _boxes(graph: Graph, values: Mapping[str, Any], forks: bool) -> dict[str, _Box]:
    """Tensor inputs, then steps."""
    inputs = {name: values[name] for name in graph.inputs if isinstance(values.get(name), Tensor)}
    kinds = {name: "parameter" if value.is_floating_point() else "data" for name, value in inputs.items()}
    kinds |= dict.fromkeys(graph.steps, "step") | {graph.output: "loss"}
    following = dict(pairwise(graph.steps))
    lines: list[Any] = ast.parse(graph.text).body
    text = {line.targets[0].id: ast.get_source_segment(graph.text, line.value) for line in lines}
    boxes = {}
    for name, kind in kinds.items():
        readers = graph.readers(name)
        near = readers[0] if name in inputs else following.get(name)
        shape = str(tuple(getattr(values[name], "shape", ())))
        fork = forks and kind != "data" and len(readers) > 1
        boxes[name] = _Box(kind, shape, text.get(name, ""), readers, fork, near if near in readers else None)
    return boxes


class _Layout:
    """Where everything is. Each method settles one thing; ``boxes`` stay in the unfolded column."""

    def __init__(self, boxes: dict[str, _Box]) -> None:
        self.boxes = boxes
        self.inputs = {name: box for name, box in boxes.items() if box.is_input}
        self.steps = {name: box for name, box in boxes.items() if not box.is_input}

    def place_rows(self) -> None:
        """Set y, height and ports of every box."""
        top = 0.0
        for name, box in self.steps.items():
            left = [s for s in self.inputs if name in self.inputs[s].readers]
            right = [s for s in self.steps if name in self.steps[s].readers and self.steps[s].near != name]
            right += [name] * bool(set(box.readers) - {box.near})
            box.height = max(ROW, SLOT * len(left), 0.11 * (len(right) + 1))
            box.y = top + box.height / 2
            top += box.height + GAP
            box.ports |= {s: box.y + (k - (len(left) - 1) / 2) * SLOT for k, s in enumerate(left)}
            box.ports |= {s: box.y + ((k + 1) / (len(right) + 1) - 0.5) * box.height for k, s in enumerate(right)}
            for s in left:
                if self.inputs[s].near == name:
                    self.inputs[s].y = self.inputs[s].ports[s] = box.ports[s]

    def assign_lanes(self) -> None:
        """Give each variable with readers further on a lane, counted outwards; short ways lie inside."""
        spans, self.lanes = [], {}
        taken: list[tuple[int, bool, float, float]] = []
        for name, box in self.boxes.items():
            ends = [self.boxes[reader].ports[name] for reader in box.readers if reader != box.near]
            if ends:
                spans.append((max(ends) - box.ports[name], box.ports[name], max(ends), name))
        for _, top, low, name in sorted(spans):
            side = self.boxes[name].is_input
            blocked = {lane for lane, s, t, b in taken if s == side and t < low and top < b}
            self.lanes[name] = min(set(range(len(blocked) + 1)) - blocked)
            taken.append((self.lanes[name], side, top, low))

    def choose_fold(self) -> None:
        """Cut a long column near its middle, where few variables are read across the cut."""
        edges = [(box.y - box.height / 2, box.y + box.height / 2) for box in self.steps.values()]
        self.cut, self.depth, self.across = math.inf, edges[-1][1], []
        if len(edges) > LONGEST:
            tops = [top - 0.01 for top, _ in edges]
            self.cut = min(tops, key=lambda y: len(self.read_across(y)) + abs(y - self.depth / 2))
            self.depth = max(self.cut - GAP, self.depth - self.cut)
            self.across = self.read_across(self.cut)

    def read_across(self, cut: float) -> list[str]:
        """Variables above the cut that a step below it reads."""
        return [k for k, b in self.boxes.items() if b.y < cut and any(self.boxes[r].y > cut for r in b.readers)]

    def place_columns(self) -> None:
        """Set x and width of every box, the x of lanes and notes, and how much of an expression fits."""
        for name, box in self.boxes.items():
            sizes = len(name) * SIZE * LETTER, len(box.shape) * SMALL * LETTER
            box.width = 0.2 + (sum(sizes) + 0.1 if box.is_input else max(sizes))
        inputs = max((box.width for box in self.inputs.values()), default=-GAP) + 0.1
        steps = max(box.width for box in self.steps.values())
        lanes = [[lane for name, lane in self.lanes.items() if name in side] for side in (self.inputs, self.steps)]
        left = inputs + GAP + LANE * (1 + max(lanes[0], default=-1))
        self.lane_x = {
            name: left + (-LANE * (lane + 1.2) if name in self.inputs else steps + LANE * (lane + 1.2))
            for name, lane in self.lanes.items()
        }
        self.note_x = left + steps + LANE * (1 + max(lanes[1], default=-1)) + 0.15
        for box in self.boxes.values():
            box.x = inputs - 0.1 - box.width / 2 if box.is_input else left + steps / 2
            box.width = box.width if box.is_input else steps
        columns, between = (1, 0.0) if self.cut == math.inf else (2, 0.35 + LANE * len(self.across))
        room = int(((WIDTH - between) / columns - self.note_x) / (SMALL * LETTER))
        self.notes = {}
        for name, box in self.steps.items():
            lines = textwrap.wrap(
                box.text, max(1, min(room, 70)), max_lines=2, placeholder=" …", break_on_hyphens=False
            )
            self.notes[name] = lines if room >= 12 else []
        longest = max(len(line) for lines in [*self.notes.values(), [""]] for line in lines)
        self.width = self.note_x + longest * SMALL * LETTER
        self.pitch = self.width + between
        self.width += (columns - 1) * self.pitch

    def folded(self, x: float, y: float) -> tuple[float, float]:
        """A point's place in the picture."""
        return (x + self.pitch, y - self.cut) if y > self.cut else (x, y)

    def way(self, name: str, reader: str) -> list[tuple[float, float]]:
        """Corners of the arrow from a variable to a reader; at the cut it goes below, between and above the columns."""
        box, to = self.boxes[name], self.boxes[reader]
        if reader == box.near and not box.is_input:
            points = [(box.x, box.y + box.height / 2), (to.x, to.y - to.height / 2)]
        else:
            start, end = box.ports[name], to.ports[name]
            lane = [] if reader == box.near else [(self.lane_x[name], start), (self.lane_x[name], end)]
            side = -0.5 if box.is_input else 0.5
            points = [(box.x + box.width / 2, start), *lane, (to.x + side * to.width, end)]
        corners = [self.folded(*points[0])]
        for (_, before), (x, y) in pairwise(points):
            if before < self.cut < y:
                track = LANE * (1 + self.across.index(name))
                middle, low = self.pitch - 0.25 - LANE * len(self.across) + track, self.depth + track
                corners += [(x, low), (middle, low), (middle, -track), (x + self.pitch, -track)]
            corners.append(self.folded(x, y))
        return corners


def _draw(layout: _Layout, highlight: str | None) -> Figure:
    boxes, margin = layout.boxes, 0.12 + LANE * len(layout.across)
    handles = _legend(boxes, highlight)
    width = max(layout.width, 6.6)
    rows = 1 if width > 9 or len(handles) < 5 else 2
    height = layout.depth + 2 * margin + 0.15 + 0.17 * rows
    figure = Picture(figsize=(width + 0.2, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.1, width + 0.1), ylim=(height - margin, -margin))
    axes.set_axis_off()
    # all is placed already, so patches come in by add_artist: add_patch would measure each for the limits of the axes
    for name, box in boxes.items():
        _draw_box(axes, layout, name, highlight)
        color, line = (FORK, 1.7) if box.is_fork else (EDGE, 1.2)
        if highlight is not None:
            color, line = (ACCENT, 1.7) if name == highlight else (DIM, 1.0)
        for reader in box.readers:
            axes.add_artist(
                FancyArrowPatch(
                    path=Path(layout.way(name, reader)), arrowstyle="-|>", color=color, lw=line, mutation_scale=9,
                    zorder=1 + (color != DIM), gid=f"{name} -> {reader}",
                )
            )  # fmt: skip
    font = {"family": FONT, "size": SMALL}
    columns = math.ceil(len(handles) / rows)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 0), "ncols": columns, "frameon": False}
    figure.legend(handles=handles, prop=font, labelcolor=INK, **place)
    return figure


def _legend(boxes: dict[str, _Box], highlight: str | None) -> list[Patch]:
    if highlight is not None:
        return [Patch(fc=ACCENT_FILL, ec=ACCENT, lw=1.5, label=f"{highlight} and what reads it")]
    kinds = {box.kind for box in boxes.values()} | {"fork" for box in boxes.values() if box.is_fork}
    style: dict[str, dict[str, Any]] = {"fork": {"ec": FORK, "lw": 2.2}}
    drawn = [kind for kind in LABELS if kind in kinds]
    return [Patch(fc=FILLS[k], label=LABELS[k], **style.get(k, {"ec": EDGE, "lw": 1})) for k in drawn]


def _draw_box(axes: Axes, layout: _Layout, name: str, highlight: str | None) -> None:
    box = layout.boxes[name]
    fill, edge, line, ink, soft = FILLS[box.kind], EDGE, 1.0, INK, SOFT
    if highlight is None:
        edge, line = (FORK, 2.2) if box.is_fork else (EDGE, 1.0)
    elif name == highlight:
        fill, edge, line = ACCENT_FILL, ACCENT, 2.2
    elif name in layout.boxes[highlight].readers:
        edge, line = ACCENT, 1.4
    else:
        fill, edge, ink, soft = "white", DIM, DIM_INK, DIM_INK
    (x, y), half = layout.folded(box.x, box.y), box.width / 2
    rounded: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.05", "fc": fill, "ec": edge, "lw": line}
    axes.add_artist(
        FancyBboxPatch((x - half, y - box.height / 2), box.width, box.height, gid=name, zorder=3, **rounded)
    )
    large: dict[str, Any] = {
        "size": SIZE,
        "color": ink,
        "weight": "bold",
        "family": FONT,
        "va": "center_baseline",
        "zorder": 4,
    }
    small = large | {"size": SMALL, "color": soft, "weight": "normal"}
    if box.is_input:
        axes.text(x - half + 0.08, y, name, ha="left", **large)
        axes.text(x + half - 0.08, y, box.shape, ha="right", **small)
    else:
        axes.text(x, y - 0.075, name, ha="center", **large)
        axes.text(x, y + 0.085, box.shape, ha="center", **small)
        note_x, note_y = layout.folded(layout.note_x, box.y)
        axes.text(note_x, note_y, "\n".join(layout.notes[name]), ha="left", **small | {"va": "center"})
