r"""Recurrent graphs as data (§10.1): folded, unfolded, and traced from the code that computes them.

>>> from rnn.graph import Edge, Node, RecurrentGraph
>>> net = RecurrentGraph(
...     nodes=[Node("x", "input"), Node("h", "state")],
...     edges=[Edge("x", "h", label="U"), Edge("h", "h", delay=1, label="W")],
... )
>>> net.unfold(3).shortest_path_length(("x", 1), ("h", 3))
3
"""

try:
    import networkx  # noqa: F401
except ImportError as error:
    raise ImportError('rnn.graph needs networkx: pip install "rnn-companion[graph]"') from error

from rnn.graph.folded import Edge, Node, RecurrentGraph
from rnn.graph.trace import Symbol, Tracer
from rnn.graph.unfolded import Unfolded

__all__ = ["Edge", "Node", "RecurrentGraph", "Symbol", "Tracer", "Unfolded"]
