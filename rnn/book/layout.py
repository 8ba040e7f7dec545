r"""Where the circles of a drawn graph stand: time runs to the right, a step is built upward.

Coordinates are inches, so that circles, formulas and distances keep their proportions.
"""

from statistics import mean

import networkx as nx

from rnn.graph import RecurrentGraph

__all__ = ["COLUMN", "RADIUS", "ROW", "Point", "place_folded", "place_unfolded"]

COLUMN, ROW, RADIUS = 1.18, 0.95, 0.3
_ASIDE = 0.52  # of a column: how far names that share a level stand apart
_BEFORE = -0.5  # of a column: where a layer of the transition stands

Point = tuple[float, float]


def place_folded(net: RecurrentGraph) -> dict[str, Point]:
    """Place each variable of a folded graph in one column."""
    roles = {node.name: node.role for node in net.nodes}
    now = nx.DiGraph()
    now.add_nodes_from(roles)
    now.add_edges_from((e.source, e.target) for e in net.edges if e.delay == 0)
    places = _rows(now, roles)
    return {name: (_folded_x(shift) * COLUMN, row * ROW) for name, (row, shift) in places.items()}


def _folded_x(shift: float) -> float:
    return 0.9 if shift == _BEFORE else shift


def place_unfolded(graph: nx.DiGraph) -> dict:
    """Place each (name, t): in its step's column and its name's row, or as a tree."""
    if _is_tree(graph):
        return _place_tree(graph)
    roles = {name: role for (name, _), role in graph.nodes(data="role") if role != "initial"}
    roles = {name: "state" for name, _ in graph} | roles
    places = _rows(_links_of_one_step(graph), roles)
    x = {k: s + places[k[0]][1] for k, s in graph.nodes(data="step") if s is not None}
    for key in nx.topological_sort(graph):
        if key not in x:
            x[key] = _between(graph, key, x)
    width = COLUMN * (1.7 if _BEFORE in (shift for _, shift in places.values()) else 1)
    row = {key: places[key[0]][0] + _fan(graph, key) for key in graph}
    return {key: (x[key] * width, row[key] * ROW) for key in graph}


def _fan(graph: nx.DiGraph, key) -> float:
    """Move a node without time away from the many steps that it feeds or gathers, in rows."""
    if key[1] is not None or graph.degree(key) <= 2:
        return 0.0
    many, away = max((graph.in_degree(key), 1), (graph.out_degree(key), -1))
    return away * max(0.45, 0.25 * many - 1)


def _between(graph: nx.DiGraph, key, x: dict) -> float:
    """Return the middle of a node's neighbours, on the side where it has more of them."""
    before = [x[parent] for parent in graph.predecessors(key) if parent in x]
    after = [x[child] for child in graph.successors(key) if child in x]
    return mean((before if len(before) > len(after) else after) or [1])


def _links_of_one_step(graph: nx.DiGraph) -> nx.DiGraph:
    """Return which name is computed from which within a step."""
    step = dict(graph.nodes(data="step"))
    links = nx.DiGraph()
    links.add_nodes_from(name for name, _ in graph)
    for source, target in graph.edges:
        if step[source] == step[target] or None in (step[source], step[target]):
            links.add_edge(source[0], target[0])
    return links


def _rows(links: nx.DiGraph, roles: dict[str, str]) -> dict[str, tuple[int, float]]:
    """Give every name a row of its own, and a shift (in columns) if it shares its level.

    A layer of the transition, which sees earlier steps only, stands half a column before the state
    that it leads to. A target stands on top.
    """
    transitions = {n: s for n, s in _heirs(links).items() if roles[n] == "hidden"}
    level = _levels(links)
    top = max(level.values(), default=0) + 1
    level |= {n: top for n in links if roles[n] == "target" and not links.in_degree(n)}
    own_row = sorted((n for n in links if n not in transitions), key=level.__getitem__)
    row = {name: i for i, name in enumerate(own_row)}
    places = {n: (row[n], _shift(n, [m for m in own_row if level[m] == level[n]])) for n in own_row}
    return places | {n: (row[s], _BEFORE) for n, s in transitions.items()}


def _heirs(links: nx.DiGraph) -> dict[str, str]:
    first = [name for name in links if links.out_degree(name) and not links.in_degree(name)]
    return {name: next(links.successors(name)) for name in first}


def _shift(name: str, peers: list[str]) -> float:
    middle = (len(peers) - 1) / 2
    return (peers.index(name) - middle) * _ASIDE / max(len(peers) - 1, 1)


def _levels(graph: nx.DiGraph) -> dict:
    level: dict = {}
    for node in nx.topological_sort(graph):
        level[node] = 1 + max((level[parent] for parent in graph.predecessors(node)), default=-1)
    return level


def _is_tree(graph: nx.DiGraph) -> bool:
    """Tell whether f is applied to several results of f, and each result is used once."""
    once = all(degree <= 1 for _, degree in graph.out_degree)
    return once and any(
        sum(parent[0] == key[0] for parent in graph.predecessors(key)) > 1 for key in graph
    )


def _place_tree(graph: nx.DiGraph) -> dict:
    """Place leaves side by side and every other node above the middle of what it is made of."""
    level = _levels(graph)
    x: dict = {}
    for key in nx.topological_sort(graph):
        parents = [x[parent] for parent in graph.predecessors(key) if parent in x]
        if parents or key[1] is not None:
            x[key] = mean(parents or [key[1]])
    top = max(level.values())
    for key in (key for key in graph if key not in x):
        x[key], level[key] = x[next(graph.successors(key))], top + 1
    return {key: (x[key] * COLUMN, level[key] * ROW) for key in graph}
