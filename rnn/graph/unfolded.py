r"""The unfolded graph: an ordinary directed acyclic graph whose nodes are pairs (name, t)."""

from collections.abc import Iterable

import networkx as nx
import numpy as np
from numpy.typing import NDArray

__all__ = ["Key", "Unfolded"]

Key = tuple[str, int | None]


class Unfolded:
    r"""Answer questions about a graph without recurrence, as (10.3) or (10.7) spell it out.

    A node is a pair ``(name, t)``, and ``t`` is ``None`` for a node that has no time index, such as
    the context of an encoder-decoder. Two unfolded graphs are equal if they have the same nodes and
    the same edges; roles, formulas and labels are for the eye and are not compared.

    Parameters
    ----------
    graph : networkx.DiGraph
        A node may carry ``role`` ("state" by default), ``formula`` (LaTeX without time, by default
        its name) and ``step`` (the moment at which it is computed, by default t); an edge may carry
        ``label``. A frozen copy is kept, and may be read as the attribute ``graph``.

    Raises
    ------
    ValueError
        If the graph has a cycle: nothing could compute it.
    """

    def __init__(self, graph: nx.DiGraph):
        if not nx.is_directed_acyclic_graph(graph):
            cycle = " -> ".join(_show(source) for source, _ in nx.find_cycle(graph))
            raise ValueError(f"graph: expected no cycle, got {cycle} -> …")
        self.graph = nx.freeze(_with_defaults(graph))

    @classmethod
    def from_edges(cls, edges: Iterable[tuple], nodes: Iterable = ()) -> "Unfolded":
        r"""Build the graph from pairs of (name, t), e.g. a tree or the complete graph of fig 10.7.

        Parameters
        ----------
        edges : iterable of (source, target) or (source, target, label)
            Each end is a pair (name, t).
        nodes : iterable of Node, optional
            Role and formula of each name; a name that is not listed is a state.
        """
        graph, known = nx.DiGraph(), {node.name: node for node in nodes}
        for source, target, *label in edges:
            graph.add_edge(source, target, label="".join(label))
        for key in graph:
            if node := known.get(key[0]):
                graph.add_node(key, role=node.role, formula=node.formula)
        return cls(graph)

    @property
    def n_nodes(self) -> int:
        """Count the nodes."""
        return self.graph.number_of_nodes()

    @property
    def n_edges(self) -> int:
        """Count the edges."""
        return self.graph.number_of_edges()

    @property
    def depth(self) -> int:
        """Count the edges of the longest path: how many steps no parallel machine can save."""
        return max(len(nx.dag_longest_path(self.graph)) - 1, 0)

    def times(self, name: str) -> list[int | None]:
        """List the steps at which `name` is computed; initial states are given, not computed."""
        found = [key for key in self.graph if key[0] == name]
        if not found:
            names = sorted({name for name, _ in self.graph})
            raise ValueError(f"name: expected one of {names}, got {name!r}")
        return sorted(t for n, t in found if self.graph.nodes[n, t]["role"] != "initial")

    def formula(self, node: Key) -> str:
        r"""Typeset a node in LaTeX without dollar signs, e.g. ``h^{(3)}``."""
        name, t = self._known(node)
        base = self.graph.nodes[name, t]["formula"]
        return base if t is None else f"{base}^{{({t})}}"

    def reachable(self, source: Key, target: Key) -> bool:
        """Tell whether `target` depends on `source`. Every node depends on itself."""
        return nx.has_path(self.graph, self._known(source), self._known(target))

    def support(self, of: str, by: str) -> NDArray[np.bool_]:
        r"""Tell which entries of the Jacobian of `of` with respect to `by` may differ from zero.

        Returns
        -------
        ndarray of bool, shape (tau_of, tau_by)
            Entry [i, j] is True if there is a path to ``(of, times(of)[i])`` from
            ``(by, times(by)[j])``.
        """
        rows, columns = self.times(of), self.times(by)
        below = [nx.descendants(self.graph, (by, s)) | {(by, s)} for s in columns]
        found = [[(of, t) in nodes for nodes in below] for t in rows]
        return np.array(found, dtype=bool).reshape(len(rows), len(columns))

    def shortest_path(self, source: Key, target: Key) -> list[Key]:
        """List the nodes of one shortest path, both ends included."""
        self._require_path(source, target)
        return nx.shortest_path(self.graph, source, target)

    def longest_path(self, source: Key, target: Key) -> list[Key]:
        """List the nodes of one longest path, both ends included."""
        return nx.dag_longest_path(self._between(source, target))

    def shortest_path_length(self, source: Key, target: Key) -> int:
        """Count the edges of the shortest path from `source` to `target`."""
        return len(self.shortest_path(source, target)) - 1

    def longest_path_length(self, source: Key, target: Key) -> int:
        """Count the edges of the longest path from `source` to `target`."""
        return len(self.longest_path(source, target)) - 1

    def n_paths(self, source: Key, target: Key) -> int:
        """Count the different paths: the terms of the sum that is the total derivative."""
        between = self._between(source, target)
        count = {source: 1}
        for node in list(nx.topological_sort(between))[1:]:
            count[node] = sum(count[parent] for parent in between.predecessors(node))
        return count[target]

    def ancestors(self, node: Key) -> set[Key]:
        """Collect every node on which `node` depends, without itself."""
        return nx.ancestors(self.graph, self._known(node))

    def join(self, other: "Unfolded", edges: Iterable[tuple]) -> "Unfolded":
        r"""Set `other` after this graph and connect the two, as fig 10.12 does.

        Parameters
        ----------
        other : Unfolded
            Shares no node with this graph. Its steps come after the last step of this one.
        edges : iterable of (source, target) or (source, target, label)
            The links between the two; each end is a pair (name, t).

        A node in both graphs, an end in neither, or a cycle raises ValueError.
        """
        if shared := sorted(map(_show, set(self.graph) & set(other.graph))):
            raise ValueError(f"other: expected new nodes, got {', '.join(shared)} again")
        graph = nx.compose(self.graph, _after(self.graph, other.graph))
        for source, target, *label in edges:
            if missing := {source, target} - set(graph):
                raise ValueError(f"edges: expected nodes of the two graphs, got {missing.pop()!r}")
            graph.add_edge(source, target, label="".join(label))
        return Unfolded(graph)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Unfolded):
            return NotImplemented
        same_nodes = set(self.graph) == set(other.graph)
        return same_nodes and set(self.graph.edges) == set(other.graph.edges)

    def __repr__(self) -> str:
        return f"Unfolded({self.n_nodes} nodes, {self.n_edges} edges, depth {self.depth})"

    def _known(self, node: Key) -> Key:
        if node not in self.graph:
            raise ValueError(f"node: expected one of this graph's (name, t), got {node!r}")
        return node

    def _require_path(self, source: Key, target: Key) -> None:
        if not self.reachable(source, target):
            raise ValueError(f"target: {_show(target)} does not depend on {_show(source)}")

    def _between(self, source: Key, target: Key) -> nx.DiGraph:
        self._require_path(source, target)
        after = nx.descendants(self.graph, source) | {source}
        before = nx.ancestors(self.graph, target) | {target}
        return self.graph.subgraph(after & before)


def _show(node: Key) -> str:
    name, t = node
    return name if t is None else f"{name}^({t})"


def _with_defaults(graph: nx.DiGraph) -> nx.DiGraph:
    full = nx.DiGraph()
    for name, t in graph:
        full.add_node((name, t), role="state", formula=name, step=t)
    full.update(graph)
    return full


def _after(earlier: nx.DiGraph, later: nx.DiGraph) -> nx.DiGraph:
    steps = [step for _, step in earlier.nodes(data="step") if step is not None]
    moved = nx.DiGraph(later)
    for _, data in moved.nodes(data=True):
        if data["step"] is not None:
            data["step"] += max(steps, default=0)
    return moved
