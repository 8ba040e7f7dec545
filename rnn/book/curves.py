r"""How the arrows of a drawn graph run, so that none crosses a circle and no label is covered."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from rnn.book.layout import COLUMN, RADIUS

__all__ = ["Arrow", "cut", "label_arrows", "loop", "points", "route"]

_BENDS = [0.0] + [sign * bend for bend in (0.2, 0.3, 0.4, 0.5, 0.65, 0.9) for sign in (1, -1)]
_ALONG = (0.5, 0.44, 0.56, 0.38, 0.62, 0.3, 0.7)
_GAP, _LABEL, _LOOP, _SQUARE_OUT = 0.08, 0.15, 1.12, 0.4  # inches


@dataclass(frozen=True, eq=False)
class Arrow:
    r"""Describe one arrow by the control points of a Bézier curve, from centre to centre.

    Arrows of one `kind` (the same edge at another time) bend alike and carry their label in the
    same place. `square` is the delay that the arrow shows as a black square, if any.
    """

    source: Hashable
    target: Hashable
    label: str = ""
    kind: Hashable = None
    square: int = 0
    control: np.ndarray = field(default_factory=lambda: np.zeros((3, 2)))
    label_at: np.ndarray | None = None


def points(control: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Evaluate a Bézier curve at the parameters s, (n,); return (n, 2)."""
    curve = np.repeat(control[:, None], len(s), axis=1)
    while len(curve) > 1:
        curve = curve[:-1] + s[:, None] * np.diff(curve, axis=0)
    return curve[0]


def cut(control: np.ndarray, centres: Iterable, radius: float) -> np.ndarray:
    """Return the control points of the piece of a curve that lies outside two circles."""
    s = np.linspace(0, 1, 801)
    distance = [np.linalg.norm(points(control, s) - centre, axis=1) for centre in centres]
    outside = s[(distance[0] > radius) & (distance[1] > radius)]
    low, high, n = outside[0], outside[-1], len(control) - 1
    return np.array([_blossom(control, [low] * (n - i) + [high] * i) for i in range(n + 1)])


def _blossom(control: np.ndarray, parameters: list[float]) -> np.ndarray:
    for s in parameters:
        control = control[:-1] + s * np.diff(control, axis=0)
    return control[0]


def route(arrows: list[Arrow], places: dict) -> list[Arrow]:
    """Bend every arrow just as much as it must be bent to clear the circles of other nodes."""
    bend = {}
    for kind, alike in _by_kind(arrows).items():
        bends = _bends(alike[0], places)
        bend[kind] = _first_clear([(_clearance(alike, b, places), b) for b in bends])
    return [replace(a, control=_bent(a, bend[a.kind], places)) for a in arrows]


def _bends(arrow: Arrow, places: dict) -> list[float]:
    """List the bends to be tried; along a row of circles, an arc that grows with its span."""
    (x, y), (to_x, to_y) = places[arrow.source], places[arrow.target]
    columns = abs(to_x - x) / COLUMN
    return [0.85 - 0.8 / columns, *_BENDS] if y == to_y and columns > 1.5 else _BENDS


def _by_kind(arrows: list[Arrow]) -> dict:
    kinds: dict = {}
    for arrow in arrows:
        kinds.setdefault(arrow.kind, []).append(arrow)
    return kinds


def _first_clear(options: list[tuple]):
    """Return the first of (room, option) that leaves a gap, or else the one with most room."""
    clear = [option for room, option in options if room >= _GAP]
    return clear[0] if clear else max(options, key=itemgetter(0))[1]


def _bent(arrow: Arrow, bend: float, places: dict) -> np.ndarray:
    start, end = np.array(places[arrow.source]), np.array(places[arrow.target])
    middle, (dx, dy) = (start + end) / 2, end - start
    return np.array([start, middle + bend * np.array([-dy, dx]), end])


def _clearance(alike: list[Arrow], bend: float, places: dict) -> float:
    return min(_room(arrow, _bent(arrow, bend, places), places) for arrow in alike)


def _room(arrow: Arrow, control: np.ndarray, places: dict) -> float:
    """Measure how far an arrow stays off other circles, and its square off the straight line."""
    others = [at for key, at in places.items() if key not in (arrow.source, arrow.target)]
    room = _distance(points(control, np.linspace(0, 1, 31)), others) - RADIUS
    height = float(np.linalg.norm(control[1] - (control[0] + control[2]) / 2)) / 2
    return min(room, height - _SQUARE_OUT + _GAP) if arrow.square else room


def _distance(curve: np.ndarray, others: Iterable) -> float:
    array = np.reshape(list(others), (-1, 2))
    gaps = np.linalg.norm(curve[:, None] - array[None], axis=2)
    return float(gaps.min(initial=np.inf))


def loop(arrow: Arrow, centre, side: int) -> Arrow:
    """Lead an arrow from a circle back into it, on the right (side 1) or on the left (-1)."""
    out = side * np.array([[0, 0], [_LOOP, _LOOP], [_LOOP, -_LOOP], [0, 0]])
    return replace(arrow, control=np.array(centre) + out)


def label_arrows(arrows: list[Arrow], places: dict) -> list[Arrow]:
    """Give each label a place beside its arrow, off the circles, arrows and labels of others."""
    spots: dict = {}
    for kind, alike in _by_kind([a for a in arrows if a.label]).items():
        others = [a for a in arrows if a.kind != kind]
        tries = [_spots(alike, along, side) for along in _ALONG for side in (1, -1)]
        rooms = [_label_room(spot, others, places, spots.values()) for spot in tries]
        spots[kind] = _first_clear(list(zip(rooms, tries, strict=True)))
    where = {kind: iter(spot) for kind, spot in spots.items()}
    return [replace(a, label_at=next(where[a.kind])) if a.label else a for a in arrows]


def _spots(alike: list[Arrow], along: float, side: int) -> np.ndarray:
    return np.array([_beside(arrow, along, side) for arrow in alike])


def _label_room(spots: np.ndarray, arrows: list[Arrow], places: dict, labels: Iterable) -> float:
    ink = [at for a in arrows for at in points(a.control, np.linspace(0.1, 0.9, 25))]
    written = [at for label in labels for at in label]
    off_circles = _distance(spots, places.values()) - RADIUS
    return min([off_circles, _distance(spots, ink), _distance(spots, written) - _LABEL])


def _beside(arrow: Arrow, along: float, side: int) -> np.ndarray:
    before, at, after = points(arrow.control, np.array([along - 0.01, along, along + 0.01]))
    dx, dy = (after - before) / np.linalg.norm(after - before)
    width = 0.02 * (len(arrow.label.replace("_", "")) - 1)
    square = 0.1 + 0.03 * (arrow.square != 1) if arrow.square else 0.0
    return at + side * (_LABEL + width + square) * np.array([-dy, dx])
