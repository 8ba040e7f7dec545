"""How the axes of what is read lie: so that a test can take a row, cut, turn, permute and spoil it.

"time" is (tau, B, ...), "place" (N, B, ...), "row" (B, ...), "grid" (height, width, B, ...);
what is "whole" is handed over as it is: a loss takes all rows together.
"""

from typing import Any, NamedTuple

import numpy as np

from rnn._tree import tree_map
from rnn.reference.cells import Attended, InContext


class Grid(NamedTuple):
    """Hold what `FourDirections` reads."""

    grid: Any


class Translate(NamedTuple):
    """Hold what an encoder and its decoder read."""

    x: Any
    x_lengths: Any
    y: Any
    forced: Any


class Trees(NamedTuple):
    """Hold one tree a row: its inputs by leaf, its nodes by number, and the number of its root."""

    x: Any
    left: Any
    right: Any
    leaf: Any
    root: Any


class Owed(NamedTuple):
    """Hold all that a loss is computed from beside the parameters; `ended` is of sequences."""

    state: Any
    reads: Any
    y: Any
    lengths: Any
    counted: Any
    ended: Any = None


# None looks inside; what is not listed reads everything in time.
LAYOUTS = {
    Attended: (None, "place", "place"),
    InContext: (None, "row"),
    Grid: ("grid",),
    Translate: ("place", "row", "time", "time"),
    Trees: ("place", "place", "place", "place", "row"),
    Owed: ("whole",) * 6,
}


def layout(x):
    """Say for each array that is read how its axes lie."""
    if not isinstance(x, tuple):
        return "time"
    kinds = LAYOUTS.get(type(x), (None,) * len(x))
    return type(x)(*(_of(kind, part) for part, kind in zip(x, kinds, strict=True)))


def _of(kind, part):
    return tree_map(lambda _: kind, part) if kind else layout(part)


def _each(x, like=None, **by_kind):
    """Apply to each array what its kind asks for; x may be a gradient at something `like` it."""

    def one(leaf, kind):
        return by_kind[kind](leaf) if kind in by_kind and leaf is not None else leaf

    return tree_map(one, x, layout(x if like is None else like))


def row(x, b, length=None):
    """Return what row b reads, up to its length."""
    return _each(
        x,
        time=lambda leaf: leaf[:length, b],
        place=lambda leaf: leaf[:, b],
        row=lambda leaf: leaf[b],
        grid=lambda leaf: leaf[:, :, b],
    )


def chosen(x, order, like=None):
    """Return some rows of x, or of a gradient at what is `like`, in this order."""
    return _each(
        x,
        like,
        time=lambda leaf: leaf[:, order],
        place=lambda leaf: leaf[:, order],
        row=lambda leaf: leaf[order],
        grid=lambda leaf: leaf[:, :, order],
    )


def cut(x, start, stop):
    """Return the steps from start up to stop."""
    return _each(x, time=lambda leaf: leaf[start:stop])


def at(x, t):
    """Return what a single step reads, (B, ...)."""
    return _each(x, time=lambda leaf: leaf[t])


def turned(x, like=None):
    """Return x, or a gradient at what is `like`, with time turned round."""
    return _each(x, like, time=lambda leaf: leaf[::-1].copy())


def spoiled(x, lengths):
    """Return x with NaN wherever nothing may be read."""
    if isinstance(x, Attended):
        memory = np.where(x.present[..., None], x.memory, np.nan).astype(x.memory.dtype)
        return Attended(spoiled(x.x, lengths), memory, x.present)
    if isinstance(x, InContext):
        return InContext(spoiled(x.x, lengths), x.context)
    if isinstance(x, Translate):
        y = spoiled(x.y, lengths)
        return Translate(spoiled(x.x, x.x_lengths), x.x_lengths, y, x.forced)
    if isinstance(x, tuple):
        return type(x)(*(spoiled(part, lengths) for part in x))
    beyond = np.arange(len(x))[:, None] >= lengths
    return x if x.dtype == bool else np.where(beyond[..., None], np.nan, x).astype(x.dtype)
