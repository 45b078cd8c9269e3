"""The class report's figures: SVG by matplotlib, to stand inside a page. Colours are the page's own, light or dark."""

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.handed_in.naming import printable

INK = "#010203"
COLOURS = {"right": "#010204", "half": "#010205", "wrong": "#010206", "none": "#010207"}
"""What matplotlib is told; in the page the colours of these names stand for them."""
FIXED = {"right": "#3f9e5a", "half": "#e0a526", "wrong": "#c8404a", "none": "#aab2bb", "absent": "#ffffff00"}
"""In the heat map, which is a picture; they hold on light and on dark."""
LONGEST_NAME = 32
"""Letters of a name beside a row of the heat map."""
PIXELS = 1.55
"""Of the page, for a point of a figure, at most."""
_SETTINGS: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "figure", "font.size": 9, "text.color": INK, "axes.edgecolor": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "text.parse_math": False, "savefig.transparent": True,
}  # fmt: skip
_MARKS = {"right": "✓", "half": "½", "wrong": "✗", "none": "·"}


def distribution(points: Sequence[float], highest: float, label: str) -> Markup:
    """How many students have how many points."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(5.2, 2.3), layout="constrained")
        axes = figure.add_subplot()
        bins = min(20, max(5, round(highest)))
        counts, edges = numpy.histogram(points, bins=bins, range=(0, max(highest, *points, 1e-9)))
        axes.bar(edges[:-1], counts, width=numpy.diff(edges) * 0.92, align="edge", color=COLOURS["right"])
        axes.set_xlabel("points")
        axes.set_ylabel("students")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        if len(points):
            middle = float(numpy.median(points))
            axes.axvline(middle, color=INK, linewidth=1.2, linestyle="--")
            side = "right" if middle > highest / 2 else "left"
            axes.annotate(f" median {middle:g} ", (middle, counts.max(initial=1)), ha=side, va="bottom")
        said = f"{label}: distribution of the points of {len(points)} students"
        return _inline(figure, said, "points")


def shares(counts: Mapping[str, Mapping[str, int]], label: str) -> Markup:
    """For each gradient, how many have it right, half, wrong or not at all.

    Args:
        counts: by name of the gradient, then by ``right``, ``half``, ``wrong`` and ``none``.
    """
    with matplotlib.rc_context(_SETTINGS):
        names = [*counts]
        figure = Figure(figsize=(5.6, 0.55 + 0.21 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        left = numpy.zeros(len(names))
        for kind, colour in COLOURS.items():
            width = numpy.array([counts[name].get(kind, 0) for name in names], dtype=float)
            axes.barh(
                range(len(names)), width, left=left, height=0.74, color=colour, label=f"{_MARKS[kind]} {_WORDS[kind]}"
            )
            left += width
        for row, name in enumerate(names):
            said = f"{counts[name].get('right', 0)} of {left[row]:g}"
            axes.annotate(said, (left[row], row), (4, 0), textcoords="offset points", va="center", fontsize=8)
        _rows(axes, names)
        axes.set_xlim(0, max(left.max(initial=1) * 1.14, 1))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=8)
        return _inline(figure, f"{label}: for each gradient, how many students have it right", "gradients")


_WORDS = {"right": "right", "half": "half", "wrong": "not right", "none": "not there"}


def heat_map(rows: Sequence[Sequence[str]], columns: Sequence[str], names: Sequence[str], label: str) -> Markup:
    """Students by gradients, each in the colour of its verdict.

    Args:
        rows: for each student, the kinds in the order of ``columns``; ``absent`` where nothing was handed in.
        names: of the students; none to leave them out.
    """
    with matplotlib.rc_context(_SETTINGS):
        shown = [_short(name) for name in names]
        high = 0.5 + 0.067 * max(map(len, columns)) + min(7.5, 0.17 * len(rows))  # a letter of 8 points is so wide
        figure = Figure(figsize=(min(11.0, 3.0 + 0.26 * len(columns)), high), layout="constrained")
        axes = figure.add_subplot()
        kinds = [*FIXED]
        picture = numpy.array([[kinds.index(kind) for kind in row] for row in rows], dtype=float)
        colours = ListedColormap([*FIXED.values()])
        axes.imshow(picture, cmap=colours, vmin=-0.5, vmax=len(kinds) - 0.5, aspect="auto", interpolation="none")
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8, family="DejaVu Sans Mono")
        axes.xaxis.tick_top()
        if names and len(names) <= 45:
            axes.set_yticks(
                range(len(names)), [_stand_in(name, number) for number, name in enumerate(shown)], fontsize=8
            )
        else:
            axes.set_yticks([])
            axes.set_ylabel(f"{len(rows)} students, the most points on top")
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_xticks(numpy.arange(len(columns) - 1) + 0.5, minor=True)
        axes.grid(which="minor", axis="x", color="#ffffff", linewidth=0.6)
        axes.tick_params(which="both", length=0)
        drawn = _inline(figure, f"{label}: {len(rows)} students by {len(columns)} gradients", "heat")
        return Markup(_STAND_IN.sub(lambda found: escape(shown[int(found[1])]), drawn))


def hours(late: Sequence[float], label: str) -> Markup:
    """When it was handed in, in hours from the due date; negative is in time."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(5.2, 1.9), layout="constrained")
        axes = figure.add_subplot()
        edges = numpy.histogram_bin_edges([*late, 0.0], bins=24)
        edges -= edges[numpy.abs(edges).argmin()]  # one of them is the due date, which is in time
        edges += 1e-6
        step = edges[1] - edges[0]
        edges = numpy.array([edges[0] - step, *edges, edges[-1] + step])
        counts = numpy.histogram(late, bins=edges)[0]
        colours = [COLOURS["wrong"] if edge >= 0 else COLOURS["right"] for edge in edges[:-1]]
        axes.bar(edges[:-1], counts, width=step * 0.92, align="edge", color=colours)
        axes.axvline(0, color=INK, linewidth=1.2)
        axes.set_xlabel("hours from the due date")
        axes.set_ylabel("students")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _inline(figure, f"{label}: when {len(late)} students handed in, from the due date", "hours")


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=8, family="DejaVu Sans Mono")
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.04, y=0.01)


def _short(name: str) -> str:
    """A name as it stands beside a row."""
    name = printable(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


_STAND_IN = re.compile(r"(?<=>)name(\d+)m*(?=<)")


def _stand_in(name: str, number: int) -> str:
    """Letters about as wide as a name. The layout is made here, by matplotlib's font; the page's browser has all letters."""
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in name)
    return f"name{number}".ljust(round(wide * 0.65), "m")


def _inline(figure: Figure, label: str, key: str) -> Markup:
    """A figure as an ``<svg>`` for a page: without ids that nothing refers to, colours by the page's names."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([\w-]+)', text))
    text = re.sub(r' id="([\w-]+)"', lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r'(url\(#|href="#)([\w-]+)', rf"\1{key}-\2", text)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    text = text.replace(INK, "currentColor").replace("font-family: 'DejaVu Sans'", "font-family: inherit")
    opening, text = text.split(">", 1)
    wide, high = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', opening).groups()
    return Markup(
        '<svg class="figure" role="img" aria-label="{}" viewBox="0 0 {} {}" style="max-width: {}px">{}'
    ).format(label, wide, high, round(float(wide) * PIXELS), Markup(text.strip()))
