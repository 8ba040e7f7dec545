r"""What a picture of a graph shows, before it is painted: circles, formulas, arrows, emphasis."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import networkx as nx
import numpy as np

from rnn.book.curves import Arrow, label_arrows, loop, points, route
from rnn.book.layout import RADIUS, place_folded, place_unfolded
from rnn.graph import RecurrentGraph, Unfolded

__all__ = ["Scene", "beside", "excerpt", "folded", "whole"]

_MARGIN, _SMALL = 0.06, 0.12  # inches; half the size of a label or a square


@dataclass(frozen=True)
class Scene:
    r"""Hold one picture in inches, each dictionary by node.

    `faint` nodes say that the graph goes on. Where `lit` nodes and arrows are emphasised, the
    others step back, except those at `steady` nodes.
    """

    places: dict
    formulas: dict
    roles: dict
    arrows: list[Arrow]
    faint: set = field(default_factory=set)
    lit_nodes: set = field(default_factory=set)
    lit_arrows: set = field(default_factory=set)
    steady: set = field(default_factory=set)

    @property
    def extent(self) -> np.ndarray:
        """Return [[left, right], [bottom, top]] round everything that is drawn."""
        s = np.linspace(0, 1, 41)
        centres = np.reshape(list(self.places.values()), (-1, 2))
        curves = [points(arrow.control, s) for arrow in self.arrows]
        small = [a.label_at[None] for a in self.arrows if a.label_at is not None]
        small += [points(a.control, s[20:21]) for a in self.arrows if a.square]
        low = np.vstack([centres - RADIUS, *curves, *(at - _SMALL for at in small)]).min(axis=0)
        high = np.vstack([centres + RADIUS, *curves, *(at + _SMALL for at in small)]).max(axis=0)
        return np.stack([low - _MARGIN, high + _MARGIN], axis=1)


def folded(net: RecurrentGraph) -> Scene:
    """Show one step, with a black square on every edge through time."""
    places = place_folded(net)
    arrows = [_arrow_of(edge) for edge in net.edges]
    straight = route([a for a in arrows if a.source != a.target], places)
    loops = _lead_round([a for a in arrows if a.source == a.target], places)
    return Scene(
        places=places,
        formulas={node.name: node.formula for node in net.nodes},
        roles={node.name: node.role for node in net.nodes},
        arrows=label_arrows(loops + straight, places),
    )


def _arrow_of(edge) -> Arrow:
    kind = (edge.source, edge.target, edge.delay)
    return Arrow(edge.source, edge.target, edge.label, kind=kind, square=edge.delay)


def _lead_round(loops: list[Arrow], places: dict) -> list[Arrow]:
    """Put a node's first loop on its left; a second one, or one that looks ahead, on its right."""
    first = {arrow.source: arrow for arrow in reversed(loops)}
    sides = [-1 if first[a.source] is a and a.square > 0 else 1 for a in loops]
    return [loop(a, places[a.source], side) for a, side in zip(loops, sides, strict=True)]


def whole(unfolded: Unfolded, highlight: Iterable = (), path: Iterable = ()) -> Scene:
    """Show every node of an unfolded graph under its own number."""
    highlight, path = set(highlight), list(path)
    scene = _unfolded(unfolded.graph, {key: unfolded.formula(key) for key in unfolded.graph})
    inner = {(a, b) for a, b in unfolded.graph.edges if {a, b} <= highlight}
    lit = inner | set(pairwise(path))
    _require_known("highlight", highlight, scene.places)
    _require_known("path", path, scene.places)
    _require_known("path", set(pairwise(path)), unfolded.graph.edges)
    return replace(scene, lit_nodes=highlight | set(path), lit_arrows=lit)


def _require_known(argument: str, wanted: Iterable, known) -> None:
    for item in wanted:
        if item not in known:
            raise ValueError(f"{argument}: expected nodes and edges of the graph, got {item!r}")


def excerpt(net: RecurrentGraph, tau: int) -> Scene:
    """Show `tau` steps of a longer sequence: around t, or up to its end or from its beginning."""
    reach = max((abs(edge.delay) for edge in net.edges), default=0)
    at = {node.at for node in net.nodes}
    before, after = (0 if "first" in at else reach), (0 if "last" in at else reach)
    graph = net.unfold(before + tau + after).graph
    shown = {k for k, s in graph.nodes(data="step") if s is None or before < s <= before + tau}
    faint = {k for k in nx.node_boundary(graph.to_undirected(), shown) if _is_timed(graph, k)}
    part = nx.DiGraph(graph.subgraph(shown | faint))
    formulas = {k: _symbolic(graph, k, k in faint, before, tau, at) for k in part}
    return replace(_unfolded(part, formulas), faint=faint)


def _is_timed(graph: nx.DiGraph, key) -> bool:
    return graph.nodes[key]["step"] is not None


def _symbolic(graph: nx.DiGraph, key, faint: bool, before: int, tau: int, at: set) -> str:
    base, step = graph.nodes[key]["formula"], graph.nodes[key]["step"]
    if step is None:
        return base
    if faint:
        return rf"{base}^{{(\cdots)}}"
    k = step - before
    if "first" in at:
        return f"{base}^{{({k})}}"
    index = _offset(r"\tau", k - tau) if "last" in at else _offset("t", k - (tau + 1) // 2)
    return f"{base}^{{({index})}}"


def _offset(index: str, steps: int) -> str:
    sign = "-" if steps < 0 else "+"
    return f"{index}{{{sign}}}{abs(steps)}" if steps else index


def _unfolded(graph: nx.DiGraph, formulas: dict) -> Scene:
    places = place_unfolded(graph)
    arrows = [
        Arrow(a, b, label, kind=_kind(graph, a, b, label))
        for a, b, label in graph.edges(data="label", default="")
    ]
    return Scene(
        places=places,
        formulas=formulas,
        roles=dict(graph.nodes(data="role")),
        arrows=label_arrows(route(arrows, places), places),
    )


def _kind(graph: nx.DiGraph, source, target, label: str) -> tuple:
    steps = graph.nodes[source]["step"], graph.nodes[target]["step"]
    if None in steps:
        return source, target
    return source[0], target[0], steps[1] - steps[0], label


def beside(left: Scene, right: Scene, gap: float) -> Scene:
    """Set two pictures side by side on a common base line."""
    by = np.array([left.extent[0, 1] + gap - right.extent[0, 0], 0.0])
    places = {("right", key): tuple(by + at) for key, at in right.places.items()}
    return Scene(
        places=left.places | places,
        formulas=left.formulas | _renamed(right.formulas),
        roles=left.roles | _renamed(right.roles),
        arrows=left.arrows + [_moved(arrow, by) for arrow in right.arrows],
        faint={("right", key) for key in right.faint},
        lit_nodes={("right", key) for key in right.lit_nodes},
        lit_arrows={(("right", a), ("right", b)) for a, b in right.lit_arrows},
        steady=set(left.places),
    )


def _renamed(by_node: dict) -> dict:
    return {("right", key): value for key, value in by_node.items()}


def _moved(arrow: Arrow, by: np.ndarray) -> Arrow:
    return replace(
        arrow,
        source=("right", arrow.source),
        target=("right", arrow.target),
        control=arrow.control + by,
        label_at=None if arrow.label_at is None else arrow.label_at + by,
    )
