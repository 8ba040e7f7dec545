"""Drawings: measured, since nobody looks at every figure after every change."""

import warnings
from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

pytest.importorskip("networkx", reason="needs networkx")
pytest.importorskip("IPython", reason="the figures stand in rnn.book, which needs IPython")

from rnn.book.curves import cut, points
from rnn.book.draw import draw_both, draw_folded, draw_graph, draw_unfolded
from rnn.book.layout import RADIUS
from rnn.book.nets import FIGURES, figure_graph, figure_unfolded
from rnn.book.scenes import excerpt, folded, whole
from rnn.book.style import COLOURS, tint, use_style
from rnn.graph import Edge, Node, RecurrentGraph, Tracer
from rnn.reference import tanh_cell, unfold

RECURRENT = [figure for figure in FIGURES if figure not in ("10.7", "10.12", "10.14")]
SKIP = RecurrentGraph(
    [Node("x", "input"), Node("h", "state"), Node("y", "output", r"\hat y")],
    [
        *(Edge("x", "h", label="U"), Edge("h", "y", label="V")),
        *(Edge("h", "h", 1, "W"), Edge("h", "h", 3, "W_3")),
    ],
)


@pytest.fixture(autouse=True)
def quiet_canvas():
    """Draw without a window, in the style of the book, and leave no figure and no setting."""
    with matplotlib.rc_context():
        plt.switch_backend("Agg")
        use_style()
        yield
        plt.close("all")


def circles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def patches(ax, kind):
    return [patch for patch in ax.patches if isinstance(patch, kind)]


def gaps_between_circles(ax):
    centres = [np.array(circle.center) for circle in circles(ax)]
    return [np.linalg.norm(a - b) - 2 * RADIUS for a, b in combinations(centres, 2)]


def texts_outside(ax):
    """List the texts that stick out of the axes, measured by the renderer."""
    renderer = ax.figure.canvas.get_renderer()
    frame = ax.get_window_extent(renderer).padded(1)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in ax.texts]
    return [t for t, b in boxes if not (frame.contains(b.x0, b.y0) and frame.contains(b.x1, b.y1))]


def texts_that_overlap(ax):
    renderer = ax.figure.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in ax.texts]
    return [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)]


def wide_formulas(ax):
    """List the formulas that do not fit into their circle."""
    renderer = ax.figure.canvas.get_renderer()
    diameter = 2 * RADIUS * ax.transData.get_matrix()[0, 0]
    at = {tuple(np.round(circle.center, 6)) for circle in circles(ax)}
    inside = [t for t in ax.texts if tuple(np.round(t.get_position(), 6)) in at]
    return [t.get_text() for t in inside if t.get_window_extent(renderer).width > diameter]


def check(ax, n_circles):
    ax.figure.canvas.draw()
    assert len(circles(ax)) == n_circles
    assert min(gaps_between_circles(ax), default=1) > 0.01
    assert texts_outside(ax) == []
    assert texts_that_overlap(ax) == []
    assert wide_formulas(ax) == []


def test_the_measurements_notice_a_bad_drawing():
    ax = draw_graph(figure_unfolded("10.2", 2))
    ax.add_patch(Circle(circles(ax)[0].center, RADIUS))
    ax.text(*circles(ax)[1].center, "$WWWWWWWWWWWW$", size=14, ha="center")
    ax.text(-5, 0, "away")
    ax.figure.canvas.draw()
    assert min(gaps_between_circles(ax)) < 0
    assert "away" in texts_outside(ax)
    assert len(texts_that_overlap(ax)) >= 1
    assert wide_formulas(ax) == ["$WWWWWWWWWWWW$"]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("tau", [1, 3, 8])
def test_every_graph_of_the_chapter_is_drawn_whole(figure, tau):
    graph = figure_unfolded(figure, tau)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = draw_graph(graph)
        check(ax, graph.n_nodes)
    assert len(patches(ax, FancyArrowPatch)) == graph.n_edges


@pytest.mark.parametrize("figure", RECURRENT)
@pytest.mark.parametrize("tau", [1, 4])
def test_every_recurrent_graph_is_drawn_folded_beside_an_excerpt(figure, tau):
    net = figure_graph(figure)
    ax = draw_both(net, tau).axes[0]
    check(ax, len(net.nodes) + len(excerpt(net, tau).places))
    assert len(patches(ax, Rectangle)) == sum(edge.delay != 0 for edge in net.edges)


@pytest.mark.parametrize("tau", [1, 3, 12])
def test_skips_through_time_arc_over_what_they_skip(tau):
    net = SKIP
    check(draw_both(net, tau).axes[0], 3 + len(excerpt(net, tau).places))
    check(draw_unfolded(net, tau, numbers=True), net.unfold(tau).n_nodes)


@pytest.mark.parametrize("figure", ["10.3", "10.9", "10.10", "10.13c"])
def test_twelve_steps_still_fit(figure):
    graph = figure_unfolded(figure, 12)
    check(draw_graph(graph), graph.n_nodes)


def rooms(scene):
    """Measure how far each arrow stays off the circles at neither of its ends."""
    s = np.linspace(0, 1, 101)
    for arrow in scene.arrows:
        others = [at for k, at in scene.places.items() if k not in (arrow.source, arrow.target)]
        curve = points(arrow.control, s)
        yield min((np.linalg.norm(curve - at, axis=1).min() - RADIUS for at in others), default=1.0)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("tau", [3, 8])
def test_no_arrow_runs_through_a_circle(figure, tau):
    assert min(rooms(whole(figure_unfolded(figure, tau))), default=1) > 0
    if figure in RECURRENT:
        assert min(rooms(folded(figure_graph(figure)))) > 0
        assert min(rooms(excerpt(figure_graph(figure), tau))) > 0


def test_a_traced_graph_is_drawn_like_any_other():
    tracer = Tracer()
    f = tracer.watch(tanh_cell, "h")
    unfold(f, tracer.node("h", 0), tracer.inputs("x", 4), tracer.theta("U", "W", "b"))
    ax = draw_graph(tracer.unfolded)
    check(ax, 9)
    assert sorted(text.get_text() for text in ax.texts).count("$W$") == 4


def test_time_runs_to_the_right_and_a_step_is_built_upward():
    places = whole(figure_unfolded("10.3", 3)).places
    heights = [places[name, 2][1] for name in ("x", "h", "o", "L", "y")]
    assert heights == sorted(heights)
    assert len(set(heights)) == 5
    assert [places["h", t][0] for t in range(4)] == sorted(places["h", t][0] for t in range(4))
    assert len({places["h", t][1] for t in range(4)}) == 1


def test_an_arrow_of_negative_delay_points_to_the_left():
    scene = whole(figure_unfolded("10.11", 3))
    backward = next(a for a in scene.arrows if (a.source, a.target) == (("g", 3), ("g", 2)))
    assert backward.control[0][0] > backward.control[-1][0]


def test_an_excerpt_names_its_steps_around_t_and_fades_out():
    scene = excerpt(figure_graph("10.3"), 3)
    inner = {f for key, f in scene.formulas.items() if key not in scene.faint}
    assert {"h^{(t{-}1)}", "h^{(t)}", "h^{(t{+}1)}"} <= inner
    assert [scene.formulas[key] for key in scene.faint] == [r"h^{(\cdots)}"] * 2


def test_an_excerpt_of_a_net_with_one_output_ends_at_tau():
    scene = excerpt(figure_graph("10.5"), 2)
    assert sorted(f for f in scene.formulas.values() if f[0] in "hL") == [
        r"L^{(\tau)}",
        r"h^{(\cdots)}",
        r"h^{(\tau)}",
        r"h^{(\tau{-}1)}",
    ]


def test_an_excerpt_of_a_net_with_a_first_step_counts_from_one():
    net = RecurrentGraph(
        [Node("i", "input", at="first"), Node("h", "state")],
        [Edge("i", "h"), Edge("h", "h", 1)],
    )
    formulas = excerpt(net, 2).formulas.values()
    assert {"i^{(1)}", "h^{(1)}", "h^{(2)}"} <= set(formulas)


def test_one_black_square_a_delay_and_a_number_where_it_is_not_one():
    ax = draw_folded(SKIP)
    assert len(patches(ax, Rectangle)) == 2
    assert "$3$" in [text.get_text() for text in ax.texts]
    assert "$1$" not in [text.get_text() for text in ax.texts]


def in_colour(ax, role):
    return [c for c in circles(ax) if to_hex(c.get_edgecolor()) == COLOURS[role].lower()]


def test_a_path_is_drawn_in_the_colour_of_gradients_and_the_rest_steps_back():
    graph = figure_unfolded("10.3", 4)
    ax = draw_graph(graph, path=graph.shortest_path(("x", 1), ("o", 3)))
    assert len(in_colour(ax, "gradient")) == 5
    assert in_colour(ax, "state") == []
    arrows = [to_hex(arrow.get_edgecolor()) for arrow in patches(ax, FancyArrowPatch)]
    assert arrows.count(COLOURS["gradient"].lower()) == 4


def test_a_highlighted_set_lights_the_edges_inside_it():
    graph = figure_unfolded("10.3", 4)
    ax = draw_graph(graph, highlight=graph.ancestors(("o", 2)) | {("o", 2)})
    arrows = [to_hex(arrow.get_edgecolor()) for arrow in patches(ax, FancyArrowPatch)]
    assert arrows.count(COLOURS["gradient"].lower()) == 5


def test_beside_a_highlighted_unfolding_the_folded_graph_keeps_its_colours():
    net = figure_graph("10.3")
    ax = draw_both(net, 3, numbers=True, path=[("h", 1), ("h", 2)]).axes[0]
    assert len(in_colour(ax, "state")) == 1
    assert len(in_colour(ax, "gradient")) == 2


def test_a_highlight_that_is_not_in_the_graph_is_refused():
    graph = figure_unfolded("10.3", 3)
    with pytest.raises(ValueError, match=r"highlight: .* got \('h', 9\)"):
        draw_graph(graph, highlight=[("h", 9)])
    with pytest.raises(ValueError, match="path: expected nodes and edges"):
        draw_graph(graph, path=[("h", 1), ("h", 3)])
    with pytest.raises(ValueError, match="numbers: expected True"):
        draw_both(figure_graph("10.3"), 3, path=[("h", 1)])


def test_nothing_to_draw_is_refused():
    net = figure_graph("10.3")
    for draw in (draw_both, draw_unfolded):
        with pytest.raises(ValueError, match="tau: expected a whole number >= 1, got 0"):
            draw(net, 0)
    with pytest.raises(ValueError, match="unfolded: expected at least one node"):
        draw_graph(net.unfold(0))


def test_given_axes_are_drawn_into_and_the_formulas_shrink_with_them():
    figure, (small, large) = plt.subplots(1, 2, figsize=(6, 3), width_ratios=[1, 3])
    net = figure_graph("10.3")
    assert draw_unfolded(net, 3, small, numbers=True) is small
    draw_unfolded(net, 3, large, numbers=True)
    assert small.texts[0].get_size() < large.texts[0].get_size()
    assert plt.get_fignums() == [figure.number]


def test_the_same_graph_gives_the_same_picture_twice(tmp_path):
    for name in ("one.png", "two.png"):
        draw_both(figure_graph("10.10"), 3).savefig(tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.png").stat().st_size < 150_000


# ---------------------------------------------------------------- curves


def test_the_points_of_a_quadratic_curve_are_those_of_its_formula():
    control = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 0.0]])
    assert np.allclose(points(control, np.array([0.0, 0.5, 1.0])), [[0, 0], [1, 1], [2, 0]])


@pytest.mark.parametrize("degree", [2, 3])
def test_a_cut_curve_starts_and_ends_on_the_circles_and_lies_on_the_whole_one(degree, rng):
    control = np.linspace([0.0, 0.0], [3.0, 0.0], degree + 1) + rng.normal(size=(degree + 1, 2)) / 5
    control[0], control[-1] = 0, [3, 0]
    piece = cut(control, [control[0], control[-1]], 0.5)
    assert np.linalg.norm(piece[0] - control[0]) == pytest.approx(0.5, abs=0.01)
    assert np.linalg.norm(piece[-1] - control[-1]) == pytest.approx(0.5, abs=0.01)
    curve = points(control, np.linspace(0, 1, 4001))
    for at in points(piece, np.linspace(0, 1, 9)):
        assert np.linalg.norm(curve - at, axis=1).min() < 1e-3


# ---------------------------------------------------------------- colours

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB
SEEN_BY = {
    "all": np.eye(3),
    "deuteranopes": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
    "protanopes": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, seen):
    """Return CIE L*a*b* of a colour as it is seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(seen @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen", SEEN_BY.values(), ids=SEEN_BY.keys())
def test_roles_can_be_told_apart_by_their_colours(seen):
    roles = ["input", "state", "output", "loss", "target", "gradient", "parameter", "context"]
    colours = [lab(COLOURS[role], seen) for role in roles]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 15


def test_letters_have_the_colour_of_their_role():
    assert COLOURS["h"] == COLOURS["s"] == COLOURS["state"]
    assert COLOURS["grad"] == COLOURS["gradient"]


def test_tint_mixes_with_white():
    assert tint("#123456", 1) == "#123456"
    assert tint("#123456", 0) == "#ffffff"
    with pytest.raises(ValueError, match=r"strength: expected a number in \[0, 1\], got 2"):
        tint("#123456", 2)
