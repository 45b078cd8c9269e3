"""The picture of the graph: complete, readable (nothing overlaps), the same every time."""

import ast
import io
from itertools import pairwise
from pathlib import Path

import matplotlib
import matplotlib.style
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from toolkit.network.graph import Graph
from toolkit.picture import ACCENT, FORK, draw_network

SOURCE = Path(__file__).resolve().parents[2] / "source" / "1_chunked_backprop" / "1_chunked_backprop.py"
CELLS = SOURCE.read_text().split("\n# %% ")
EXERCISE_1 = next(cell.split("\n", 1)[1] for cell in CELLS if 'tags=["forward"]' in cell.splitlines()[0])
FUSED_BATCHNORM = """
hpreact = bngain * (hprebn - hprebn.mean(0, keepdim=True)) * (hprebn.var(0, keepdim=True) + 1e-5) ** -0.5 + bnbias
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = torch.nn.functional.cross_entropy(logits, Yb)
"""
FUSED_LOSS = "loss = torch.nn.functional.cross_entropy(logits, Yb)"
ONE_LINE = FUSED_BATCHNORM.splitlines()[1]
ATTENTION = """
q = x @ Wq
k = x @ Wk
v = x @ Wv
scores = q @ k.transpose(-2, -1)
counts = (scores - scores.max(-1, keepdim=True).values).exp()
att = counts / counts.sum(-1, keepdim=True)
out = att @ v
res = x + out
mu = res.mean(-1, keepdim=True)
diff = res - mu
var = (diff**2).mean(-1, keepdim=True)
ln = gain * diff * (var + 1e-5) ** -0.5
logits = (res + ln) @ Wq
loss = torch.nn.functional.cross_entropy(logits, Yb[:8])
"""
FORTY = "s0 = x * 1\n" + "\n".join(
    f"s{i} = s{i - 1} + s{max(0, i - 2 - i * i % 7)}" + " + x" * (i % 13 == 0) for i in range(1, 40)
)
TEXTS = {
    "exercise 1": EXERCISE_1,
    "fused batchnorm": FUSED_BATCHNORM,
    "fused loss": FUSED_LOSS,
    "one line": ONE_LINE,
    "attention": ATTENTION,
    "forty steps": FORTY,
}


def inputs() -> dict[str, object]:
    g = torch.Generator().manual_seed(0)
    shapes = {"C": (27, 10), "W1": (30, 64), "b1": (64,), "W2": (64, 27), "b2": (27,)}
    shapes |= {"bngain": (1, 64), "bnbias": (1, 64), "hprebn": (32, 64), "logits": (32, 27)}
    shapes |= {"x": (8, 16), "Wq": (16, 16), "Wk": (16, 16), "Wv": (16, 16), "gain": (16,)}
    tensors = {name: torch.randn(shape, generator=g) for name, shape in shapes.items()}
    batch = {"Xb": torch.randint(0, 27, (32, 3), generator=g), "Yb": torch.randint(0, 16, (32,), generator=g)}
    return {**tensors, **batch, "n": 32, "torch": torch}


@pytest.fixture(params=TEXTS, ids=lambda name: name.replace(" ", "-"))
def drawn(request):
    """A graph, its tensors by name, and its figure, drawn."""
    graph = Graph.from_source(TEXTS[request.param])
    values = graph.forward(inputs())
    figure = draw_network(graph, values)
    figure.canvas.draw()
    names = [n for n in (*graph.inputs, *graph.steps) if isinstance(values[n], torch.Tensor)]
    return graph, {name: values[name] for name in names}, figure


def box_extents(figure) -> dict[str, object]:
    return {p.get_gid(): p.get_window_extent() for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)}


def arrows(figure) -> dict[str, FancyArrowPatch]:
    return {p.get_gid(): p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)}


def overlap(a, b, slack: float = 0.5) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack


def pairs(items):
    items = list(items)
    return [(a, b) for i, a in enumerate(items) for b in items[:i]]


def test_every_variable_is_named_with_its_shape_in_its_own_box(drawn):
    _, tensors, figure = drawn
    boxes = box_extents(figure)
    assert list(boxes) == list(tensors)
    for name, value in tensors.items():
        inside = {t.get_text() for t in figure.axes[0].texts if boxes[name].contains(*t.get_window_extent().p0)}
        assert inside == {name, str(tuple(value.shape))}


def test_every_reading_is_an_arrow(drawn):
    graph, tensors, figure = drawn
    assert set(arrows(figure)) == {f"{name} -> {reader}" for name in tensors for reader in graph.readers(name)}


def test_nothing_overlaps(drawn):
    _, _, figure = drawn
    boxes, texts = box_extents(figure), [t for t in figure.axes[0].texts if t.get_text()]
    extents = [t.get_window_extent() for t in texts]
    assert not [pair for pair in pairs(boxes.items()) if overlap(pair[0][1], pair[1][1])]
    assert not [pair for pair in pairs(extents) if overlap(*pair)]
    for text, extent in zip(texts, extents, strict=True):
        for name, box in boxes.items():
            within = box.x0 <= extent.x0 and extent.x1 <= box.x1 and box.y0 <= extent.y0 and extent.y1 <= box.y1
            assert within or not overlap(extent, box), f"{text.get_text()} runs over the edge of {name}"


def test_no_arrow_runs_through_a_box_or_a_text(drawn):
    _, _, figure = drawn
    obstacles = [*box_extents(figure).items()]
    obstacles += [(t.get_text(), t.get_window_extent()) for t in figure.axes[0].texts if t.get_text()]
    obstacles += [("legend", figure.legends[0].get_window_extent())]
    for arrow_name, arrow in arrows(figure).items():
        corners = figure.axes[0].transData.transform(arrow._path_original.vertices)
        for (x0, y0), (x1, y1) in pairwise(corners):
            assert abs(x0 - x1) < 1e-6 or abs(y0 - y1) < 1e-6, f"{arrow_name} is slanted"
            for name, box in obstacles:
                across = max(x0, x1) > box.x0 + 1 and min(x0, x1) < box.x1 - 1
                along = max(y0, y1) > box.y0 + 1 and min(y0, y1) < box.y1 - 1
                assert not (across and along), f"{arrow_name} runs through {name}"


def test_different_variables_never_share_a_line(drawn):
    _, _, figure = drawn
    verticals = []
    for name, arrow in arrows(figure).items():
        corners = arrow._path_original.vertices
        for (x0, y0), (x1, y1) in pairwise(corners):
            if abs(x0 - x1) < 1e-6:
                verticals.append((name, x0, min(y0, y1), max(y0, y1)))
    for (a, xa, top_a, low_a), (b, xb, top_b, low_b) in pairs(verticals):
        if a.split()[0] != b.split()[0] and abs(xa - xb) < 0.02:
            assert min(low_a, low_b) - max(top_a, top_b) < 1e-6, f"{a} and {b}"


def test_fits_a_notebook_and_the_figure(drawn):
    _, _, figure = drawn
    assert figure.get_figwidth() <= 11.5
    extents = [*box_extents(figure).values(), *(t.get_window_extent() for t in figure.axes[0].texts)]
    extents.append(figure.legends[0].get_window_extent())
    for extent in extents:
        assert extent.x0 >= 0 and extent.y0 >= 0
        assert extent.x1 <= figure.bbox.x1 and extent.y1 <= figure.bbox.y1


def test_a_variable_that_two_steps_read_is_marked():
    graph = Graph.from_source(EXERCISE_1)
    figure = draw_network(graph, graph.forward(inputs()))
    boxes = [p for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)]
    marked = {p.get_gid() for p in boxes if same_color(p.get_edgecolor(), FORK)}
    assert marked == {"hprebn", "bndiff", "logits", "counts"}


def test_without_forks_nothing_gives_away_what_is_read_twice():
    graph = Graph.from_source(EXERCISE_1)
    figure = draw_network(graph, graph.forward(inputs()), forks=False)
    assert not any(same_color(p.get_edgecolor(), FORK) for p in figure.axes[0].patches)
    assert len({p.get_linewidth() for p in arrows(figure).values()}) == 1
    assert not any("several" in t.get_text() for t in figure.legends[0].get_texts())
    marked = draw_network(graph, graph.forward(inputs()))
    assert box_extents(figure).keys() == box_extents(marked).keys()


def test_integer_data_read_twice_has_no_shares_of_gradient():
    graph = Graph.from_source("a = C[Xb]\nb = a * (Xb > 3)[:, :, None]")
    figure = draw_network(graph, graph.forward(inputs()))
    assert not any(same_color(p.get_edgecolor(), FORK) for p in figure.axes[0].patches)


def test_highlight_colours_a_variable_its_readers_and_the_arrows_between():
    graph = Graph.from_source(EXERCISE_1)
    figure = draw_network(graph, graph.forward(inputs()), highlight="counts")
    accent = {p.get_gid() for p in figure.axes[0].patches if same_color(p.get_edgecolor(), ACCENT)}
    assert accent == {"counts", "counts_sum", "probs", "counts -> counts_sum", "counts -> probs"}


def test_highlight_of_an_unknown_variable_says_which_there_are():
    graph = Graph.from_source(FUSED_LOSS)
    with pytest.raises(KeyError, match=r"No variable 'dlogits'.*logits, Yb, loss"):
        draw_network(graph, graph.forward(inputs()), highlight="dlogits")


def test_expressions_stand_as_written():
    graph = Graph.from_source(EXERCISE_1)
    figure = draw_network(graph, graph.forward(inputs()))
    texts = " ".join(" ".join(t.get_text().split()) for t in figure.axes[0].texts)
    for line in ast.parse(EXERCISE_1).body:
        assert ast.get_source_segment(EXERCISE_1, line.value) in texts


def test_the_same_picture_every_time(drawn):
    graph, _, figure = drawn
    again = draw_network(graph, graph.forward(inputs()))
    assert png(figure) == png(again) == again._repr_png_()


@pytest.mark.parametrize("style", ["dark_background", "Solarize_Light2", "grayscale"])
def test_dark_on_white_whatever_the_style(style):
    graph = Graph.from_source(EXERCISE_1)
    values = graph.forward(inputs())
    expected = draw_network(graph, values)._repr_png_()
    with matplotlib.style.context(style):
        matplotlib.rcParams["figure.dpi"] = 100  # the size is the reader's own choice
        assert draw_network(graph, values)._repr_png_() == expected


def png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def test_can_be_inlined_in_a_raw_string():
    assert "'" * 3 not in (SOURCE.parents[2] / "toolkit" / "picture.py").read_text()
