r"""Put a scene on paper: circles, arrows, black squares, formulas."""

import re
from collections.abc import Hashable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from rnn.book.curves import Arrow, cut, points
from rnn.book.layout import RADIUS
from rnn.book.scenes import Scene
from rnn.book.style import COLOURS, tint

__all__ = ["paint", "paint_sign"]

_FORMULA, _LABEL, _SQUARE = 13.5, 12, 0.15  # points, points, inches
_FILL = {"hidden": 0.08}
_CURVES = {3: [Path.CURVE3] * 2, 4: [Path.CURVE4] * 3}


def paint(scene: Scene, ax: Axes | None = None) -> Axes:
    """Paint a scene into `ax`, or into new axes made to measure."""
    (left, right), (bottom, top) = scene.extent
    ax = ax or _axes_to_measure(right - left, top - bottom)
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.set_axis_off()
    scale = _inches_per_unit(ax, right - left, top - bottom)
    for arrow in scene.arrows:
        _paint_arrow(ax, scene, arrow, scale)
    for node in scene.places:
        _paint_node(ax, scene, node, scale)
    return ax


def _axes_to_measure(width: float, height: float) -> Axes:
    figure = plt.figure(figsize=(width, height), layout="none")
    return figure.add_axes((0, 0, 1, 1))


def _inches_per_unit(ax: Axes, width: float, height: float) -> float:
    return min(ax.bbox.width / width, ax.bbox.height / height) / ax.figure.dpi


def _paint_node(ax: Axes, scene: Scene, node: Hashable, scale: float) -> None:
    at, role = scene.places[node], scene.roles[node]
    faint, lit = node in scene.faint, node in scene.lit_nodes
    strength = _strength(scene, lit, node)
    edge = "gradient" if lit else "faint" if faint else role
    circle = Circle(
        at,
        RADIUS,
        facecolor="white" if faint else tint(COLOURS[role], _FILL.get(role, 0.25) * strength),
        edgecolor=tint(COLOURS[edge], strength),
        linestyle=(0, (2, 2)) if faint else "solid",
        linewidth=(2.4 if lit else 1.5) * scale,
        zorder=2,
    )
    ax.add_patch(circle)
    ink = COLOURS["initial" if faint else "ink"]
    _write(ax, at, scene.formulas[node], _FORMULA * scale, tint(ink, strength))


def _strength(scene: Scene, lit: bool, node: Hashable) -> float:
    return 0.35 if scene.lit_nodes and not lit and node not in scene.steady else 1.0


def _write(ax: Axes, at, formula: str, size: float, colour: str) -> Text:
    tight = re.sub(r"^(\w)\^{\(", r"\1^{\!(", formula)
    text = ax.text(at[0], at[1], f"${tight}$", size=size, color=colour, zorder=4)
    text.set(ha="center", va="center_baseline")
    return text


def _paint_arrow(ax: Axes, scene: Scene, arrow: Arrow, scale: float) -> None:
    lit = (arrow.source, arrow.target) in scene.lit_arrows
    faint = {arrow.source, arrow.target} & scene.faint
    colour = COLOURS["gradient" if lit else "faint" if faint else "parameter"]
    colour = tint(colour, _strength(scene, lit, arrow.source))
    _paint_curve(ax, scene, arrow, colour, (2.4 if lit else 1.1) * scale, 14 * scale)
    if arrow.square:
        _paint_square(ax, arrow, scale)
    if arrow.label_at is not None:
        label = _write(ax, arrow.label_at, arrow.label, _LABEL * scale, colour)
        label.set_path_effects([withStroke(linewidth=3 * scale, foreground="white")])


def _paint_curve(
    ax: Axes, scene: Scene, arrow: Arrow, colour: str, width: float, head: float
) -> None:
    centres = [scene.places[arrow.source], scene.places[arrow.target]]
    control = cut(arrow.control, centres, RADIUS + 0.02)
    curve = FancyArrowPatch(
        path=Path(control, [Path.MOVETO, *_CURVES[len(control)]]),
        arrowstyle="-|>,head_length=0.42,head_width=0.18",
        mutation_scale=head,
        linewidth=width,
        color=colour,
        joinstyle="miter",
        zorder=1,
    )
    ax.add_patch(curve)


def _paint_square(ax: Axes, arrow: Arrow, scale: float) -> None:
    x, y = points(arrow.control, np.array([0.5]))[0]
    half = _SQUARE / 2 if arrow.square == 1 else _SQUARE * 0.75
    corner = (x - half, y - half)
    ax.add_patch(Rectangle(corner, 2 * half, 2 * half, color=COLOURS["ink"], zorder=3, lw=0))
    if arrow.square != 1:
        _write(ax, (x, y), str(arrow.square), 9 * scale, "white")


def paint_sign(ax: Axes, x: float, y: float) -> None:
    """Write "unfold" above an arrow to the right."""
    grey = COLOURS["initial"]
    arrow = FancyArrowPatch((x - 0.38, y), (x + 0.38, y), arrowstyle="->", mutation_scale=14)
    arrow.set(color=grey, linewidth=1.4)
    ax.add_patch(arrow)
    ax.text(x, y + 0.08, "unfold", ha="center", va="bottom", size=10, style="italic", color=grey)
