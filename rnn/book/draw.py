r"""Recurrent graphs: draw them, folded and unfolded. Circle = variable, black square = one step.

What is drawn comes from `rnn.graph`, so that a picture and the code it shows cannot disagree.
"""

from collections.abc import Iterable
from typing import cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnn._checks import require_size
from rnn.book.paint import paint, paint_sign
from rnn.book.scenes import beside, excerpt, folded, whole
from rnn.graph import RecurrentGraph, Unfolded

__all__ = ["draw_both", "draw_folded", "draw_graph", "draw_unfolded"]

_GAP = 1.3  # inches, for the word "unfold" and its arrow


def draw_folded(net: RecurrentGraph, ax: Axes | None = None) -> Axes:
    r"""Draw one step of a recurrent graph, each edge through time with its black square.

    A number in the square is a delay other than one step; a negative one looks ahead.
    """
    return paint(folded(net), ax)


def draw_unfolded(
    net: RecurrentGraph, tau: int = 3, ax: Axes | None = None, *, numbers: bool = False
) -> Axes:
    r"""Draw `tau` steps of a recurrent graph.

    Parameters
    ----------
    net : RecurrentGraph
    tau : int
        How many steps.
    ax : matplotlib Axes, optional
        Made to measure by default.
    numbers : bool
        Draw the whole of ``net.unfold(tau)``, t = 1, …, τ. Otherwise draw an excerpt around t
        (up to τ, if something happens only there), with dots where the rest goes on.
    """
    tau = require_size("tau", tau)
    return paint(whole(net.unfold(tau)) if numbers else excerpt(net, tau), ax)


def draw_graph(
    unfolded: Unfolded, ax: Axes | None = None, *, highlight: Iterable = (), path: Iterable = ()
) -> Axes:
    r"""Draw an unfolded graph, e.g. a traced one or a tree.

    Parameters
    ----------
    unfolded : Unfolded
    ax : matplotlib Axes, optional
        Made to measure by default.
    highlight : iterable of (name, t)
        Nodes to be drawn in the colour of gradients, with the edges between them.
    path : iterable of (name, t)
        The same for the nodes of a path, with the edges along it only.

    Raises
    ------
    ValueError
        If `highlight` or `path` has a node or an edge that the graph has not, or nothing is there
        to be drawn.
    """
    if not unfolded.n_nodes:
        raise ValueError("unfolded: expected at least one node to draw, got none")
    return paint(whole(unfolded, highlight, path), ax)


def draw_both(
    net: RecurrentGraph,
    tau: int = 3,
    *,
    numbers: bool = False,
    highlight: Iterable = (),
    path: Iterable = (),
) -> Figure:
    r"""Draw a recurrent graph folded and, beside it, unfolded.

    The arguments are those of `draw_unfolded` and `draw_graph`; `highlight` and `path` name steps,
    and so they need ``numbers=True``.
    """
    if (highlight or path) and not numbers:
        raise ValueError("numbers: expected True where highlight or path name steps, got False")
    left, tau = folded(net), require_size("tau", tau)
    right = whole(net.unfold(tau), highlight, path) if numbers else excerpt(net, tau)
    ax = paint(beside(left, right, gap=_GAP))
    x, y = left.extent[0, 1] + _GAP / 2, left.extent[1].mean()
    paint_sign(ax, x, y)
    return cast(Figure, ax.figure)
