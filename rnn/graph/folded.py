r"""The folded graph: a few nodes, and edges that may reach across time."""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx

from rnn._checks import require_choice, require_size
from rnn.graph.unfolded import Key, Unfolded

__all__ = ["ROLES", "STEPS", "Edge", "Node", "RecurrentGraph"]

ROLES = ("input", "context", "initial", "state", "hidden", "output", "loss", "target")
STEPS = ("every", "first", "last", "once")


@dataclass(frozen=True)
class Node:
    r"""Name one variable of a recurrent graph.

    Parameters
    ----------
    name : str
        How edges and questions refer to it.
    role : {"input", "context", "initial", "state", "hidden", "output", "loss", "target"}
        What it is for. A "state" that is asked for before the first step becomes an initial state;
        a "hidden" layer lies inside one step and is carried nowhere.
    formula : str, optional
        LaTeX without dollar signs and without time, e.g. ``\hat y``. Default: `name`.
    at : {"every", "first", "last", "once"}
        The steps at which it exists; "once" has no time index.
    """

    name: str
    role: str
    formula: str = ""
    at: str = "every"

    def __post_init__(self) -> None:
        require_choice("role", self.role, ROLES)
        require_choice("at", self.at, STEPS)
        object.__setattr__(self, "formula", self.formula or self.name)

    def steps(self, tau: int) -> Sequence[int | None]:
        """List the time indices at which the node exists in `tau` steps."""
        if self.at == "once":
            return [None]
        numbers = list(range(1, tau + 1))
        return {"every": numbers, "first": numbers[:1], "last": numbers[-1:]}[self.at]


@dataclass(frozen=True)
class Edge:
    r"""Say that `target` at step t is computed from `source` at step t - `delay`.

    Parameters
    ----------
    source, target : str
        Names of nodes.
    delay : int
        In steps. More than 1 skips through time (§10.9.1); negative looks ahead, as the walk that
        runs from right to left does (fig 10.11).
    label : str
        The parameter on the edge (``U``, ``W``, …) or the function (``f``), in LaTeX.
    """

    source: str
    target: str
    delay: int = 0
    label: str = ""


@dataclass(frozen=True)
class RecurrentGraph:
    r"""Describe a recurrent net by the graph of one step, s(t) = f(s(t-1), x(t); θ) (10.4).

    Parameters
    ----------
    nodes : sequence of Node
    edges : sequence of Edge

    Raises
    ------
    ValueError
        If a name is used twice or unknown, an edge is given twice, an edge at a node without time
        has a delay, or a cycle could not be unfolded into an order of computation.
    """

    nodes: Sequence[Node]
    edges: Sequence[Edge]

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(self.nodes))
        object.__setattr__(self, "edges", tuple(self.edges))
        _require_distinct("nodes", [node.name for node in self.nodes])
        _require_distinct("edges", [(e.source, e.target, e.delay) for e in self.edges])
        for edge in self.edges:
            _require_ends(edge, self._by_name())
        _require_order(self)

    def __getitem__(self, name: str) -> Node:
        return self._by_name()[name]

    def unfold(self, tau: int) -> Unfolded:
        r"""Write the graph out for `tau` steps, t = 1, …, τ, as (10.3) does.

        A state that is needed before step 1 (or, by a negative delay, after step τ) appears as an
        initial state, e.g. ``("h", 0)``. Other variables that would be needed there are left out.

        Raises
        ------
        TypeError, ValueError
            If `tau` is not a whole number, or negative.
        """
        tau = require_size("tau", tau, minimum=0)
        graph = nx.DiGraph()
        for node in self.nodes:
            for t in node.steps(tau):
                graph.add_node((node.name, t), role=node.role, formula=node.formula, step=t)
        for edge in self.edges:
            for t in self[edge.target].steps(tau):
                for source in self._sources(edge, t, tau):
                    _add_initial(graph, source, self[edge.source])
                    graph.add_edge(source, (edge.target, t), label=edge.label)
        return Unfolded(graph)

    def _sources(self, edge: Edge, t: int | None, tau: int) -> list[Key]:
        source = self[edge.source]
        steps = source.steps(tau)
        if t is None or source.at == "once":
            return [(source.name, s) for s in steps]
        s = t - edge.delay
        before_or_after = source.role == "state" and not 1 <= s <= tau
        return [(source.name, s)] if s in steps or before_or_after else []

    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}


def _add_initial(graph: nx.DiGraph, key: Key, node: Node) -> None:
    if key not in graph:
        graph.add_node(key, role="initial", formula=node.formula, step=key[1])


def _require_distinct(argument: str, values: list) -> None:
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{argument}: expected each once, got {twice[0]!r} twice")


def _require_ends(edge: Edge, nodes: dict[str, Node]) -> None:
    for name in (edge.source, edge.target):
        if name not in nodes:
            raise ValueError(f"edges: expected names among {', '.join(nodes)}, got {name!r}")
        if edge.delay and nodes[name].at == "once":
            raise ValueError(f"edges: expected no delay at {name!r}, which has no time: {edge}")


def _require_order(net: RecurrentGraph) -> None:
    """Refuse cycles that no order of computation serves.

    A cycle is fine if its delays add up to more than 0 steps (it is walked forward in time) or to
    less (backward). Two cycles that share nodes must agree on the direction: walked in turn, they
    would come back to where and when they began.
    """
    folded = nx.DiGraph((edge.source, edge.target) for edge in net.edges)
    for component in nx.strongly_connected_components(folded):
        cycles = list(nx.simple_cycles(folded.subgraph(component)))
        sums = [_delays_round(net, cycle) for cycle in cycles]
        if sums and not (min(map(min, sums)) > 0 or max(map(max, sums)) < 0):
            worst = cycles[min(range(len(sums)), key=lambda i: min(sums[i]))]
            raise ValueError(
                f"edges: the cycle {' -> '.join([*worst, worst[0]])} needs itself at the same step"
                " (its delays, or those of a cycle that it meets, add up to 0 in turn)"
            )


def _delays_round(net: RecurrentGraph, cycle: list[str]) -> tuple[int, int]:
    """Add up the smallest and the largest delays round a cycle; 0 if it leaves time."""
    if any(net[name].at == "once" for name in cycle):
        return 0, 0
    pairs = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
    delays = [[e.delay for e in net.edges if (e.source, e.target) == pair] for pair in pairs]
    return sum(map(min, delays)), sum(map(max, delays))
