r"""The unfolded graph obtained from the code that computes it: symbols in place of arrays."""

from collections.abc import Callable, Iterable
from itertools import count
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

from rnn.graph.unfolded import Key, Unfolded

__all__ = ["Symbol", "Tracer"]

_PRODUCTS = {"matmul", "multiply", "dot", "einsum", "tensordot"}
_SPLITS = {"split", "array_split"}


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    r"""Stand in place of an array and remember on which named nodes it depends.

    Operators, NumPy functions, ``.T``, indexing and the usual methods of an array give a new
    symbol. What needs a number (``if a > 0``, ``float(a)``, ``np.asarray(a)``, writing in place)
    raises a TypeError, because a wrong graph would be the price of an answer.

    Parameters
    ----------
    sources : dict
        Named nodes, each with the label of the edge that leads from it.
    parameter : str
        Set if the symbol is a parameter: it leaves no node, but labels the products it is in.
    """

    def __init__(self, sources: dict[Key, str] | None = None, parameter: str = ""):
        self.sources = sources or {}
        self.parameter = parameter

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if out is not None:
            raise TypeError("a Symbol cannot be written in place: say a = a + b, not a += b")
        return _combine(ufunc.__name__, (inputs, options))

    def __array_function__(self, function, types, inputs, options):
        result = _combine(function.__name__, (inputs, options))
        if function.__name__ not in _SPLITS:
            return result
        where = [*inputs[1:], *options.values()][0]
        return [result] * (where if isinstance(where, int) else len(where) + 1)

    def __array__(self, *args, **options):
        raise TypeError("a Symbol holds no numbers: trace code that leaves arrays as they come")

    def __bool__(self):
        raise TypeError("a Symbol is neither true nor false: a branch on values leaves no graph")

    def __getitem__(self, key):
        return Symbol(self.sources, self.parameter)

    __iter__ = None

    @property
    def T(self) -> "Symbol":
        """Return the transpose: the same dependencies."""
        return self[...]

    def _method(self, *args, **options):
        return _combine("", (self, args, options))

    sum = mean = max = min = clip = copy = astype = _method
    reshape = transpose = swapaxes = ravel = squeeze = _method

    def dot(self, other) -> "Symbol":
        """Return the product with `other`."""
        return self @ other


class Tracer:
    r"""Record the graph of a computation while it runs on symbols.

    Examples
    --------
    >>> tracer = Tracer()
    >>> x, h = tracer.inputs("x", 2), tracer.node("h", 0)
    >>> theta = tracer.theta("U", "W")
    >>> f = tracer.watch(lambda h, x, theta: np.tanh(h @ theta.W.T + x @ theta.U.T), "h")
    >>> f(f(h, x[0], theta), x[1], theta) is not None and tracer.unfolded
    Unfolded(5 nodes, 4 edges, depth 2)
    """

    def __init__(self) -> None:
        self._graph = nx.DiGraph()

    @property
    def unfolded(self) -> Unfolded:
        """Return what has been recorded so far."""
        return Unfolded(self._graph)

    def inputs(self, name: str, tau: int, formula: str = "") -> list[Symbol]:
        """Make the inputs ``(name, 1)`` … ``(name, tau)``."""
        return [self.node(name, t, "input", formula) for t in range(1, tau + 1)]

    def node(
        self, name: str, t: int | None = None, role: str = "initial", formula: str = ""
    ) -> Symbol:
        """Make one node that depends on nothing: an initial state, a context."""
        return self.name(name, t, Symbol(), role, formula)

    def theta(self, *names: str) -> SimpleNamespace:
        """Make parameters, which leave no nodes: ``theta.W`` labels the edges of its products."""
        return SimpleNamespace(**{name: Symbol(parameter=name) for name in names})

    def name(
        self, name: str, t: int | None, value: Symbol, role: str = "state", formula: str = ""
    ) -> Symbol:
        """Make a node of a computed `value`, with an edge from every node that went into it."""
        if not isinstance(value, Symbol):
            raise TypeError(f"value: expected a Symbol for {name!r}, got {type(value).__name__}")
        if (name, t) in self._graph:
            raise ValueError(f"name: expected a new node, got {(name, t)!r} again")
        self._graph.add_node((name, t), role=role, formula=formula or name, step=t)
        for source, label in value.sources.items():
            self._graph.add_edge(source, (name, t), label=label)
        return Symbol({(name, t): ""})

    def watch(
        self, f: Callable, *names: str, role: str = "state", times: Iterable[int] | None = None
    ) -> Callable:
        """Wrap a cell so that its results are named, call after call.

        Parameters
        ----------
        f : callable
            Returns a symbol, or a NamedTuple of symbols.
        *names : str
            One for the symbol, or one for each field of the NamedTuple, in its order.
        role : str
            Of the nodes that are made.
        times : iterable of int, optional
            The step of each call; 1, 2, 3, … by default. ``range(tau, 0, -1)`` walks backward.
        """
        steps = iter(count(1) if times is None else times)

        def watched(*args: Any, **options: Any) -> Any:
            result, t = f(*args, **options), next(steps)
            if isinstance(result, Symbol):
                return self.name(names[0], t, result, role)
            pairs = zip(names, result, strict=True)
            return type(result)(*(self.name(name, t, value, role) for name, value in pairs))

        return watched


def _combine(operation: str, arguments: Any) -> Symbol:
    symbols = list(_symbols_in(arguments))
    sources: dict[Key, str] = {}
    for key, label in (item for symbol in symbols for item in symbol.sources.items()):
        sources[key] = label if sources.get(key, label) == label else ""
    parameter = "".join(symbol.parameter for symbol in symbols)
    if operation in _PRODUCTS and parameter:
        sources = {key: label or parameter for key, label in sources.items()}
    return Symbol(sources)


def _symbols_in(value: Any) -> Iterable[Symbol]:
    if isinstance(value, Symbol):
        yield value
    elif isinstance(value, dict):
        yield from _symbols_in(tuple(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _symbols_in(item)
