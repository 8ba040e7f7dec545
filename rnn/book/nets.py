r"""The recurrent graphs of the chapter's figures, as data: a node a line, an edge a line."""

from itertools import count

from rnn.graph import Edge, Node, RecurrentGraph, Symbol, Tracer, Unfolded

__all__ = ["FIGURES", "figure_graph", "figure_unfolded"]

X, H, O = Node("x", "input"), Node("h", "state"), Node("o", "output")
L, Y = Node("L", "loss"), Node("y", "target")
O_END, L_END, Y_END = (Node(n.name, n.role, at="last") for n in (O, L, Y))
LAYER_IN, LAYER_STATE, LAYER_OUT = (Node(name, "hidden") for name in "uwv")
Y_OUT = Node("y", "output")

U, W, V = Edge("x", "h", label="U"), Edge("h", "h", delay=1, label="W"), Edge("h", "o", label="V")
LOSS = Edge("o", "L"), Edge("y", "L")
DEEP = [
    *(Edge("x", "u"), Edge("u", "h")),
    *(Edge("h", "w", delay=1), Edge("w", "h")),
    *(Edge("h", "v"), Edge("v", "y")),
]

_GRAPHS = {
    # an autonomous system (10.1), and one that is driven by an input (10.4)
    "10.1": ([Node("s", "state")], [Edge("s", "s", delay=1, label="f")]),
    "10.2": ([X, H], [Edge("x", "h"), Edge("h", "h", delay=1, label="f")]),
    # three patterns: hidden recurrence, output recurrence, one output at the end
    "10.3": ([X, H, O, L, Y], [U, W, V, *LOSS]),
    "10.4": ([X, H, O, L, Y], [U, Edge("o", "h", delay=1, label="W"), V, *LOSS]),
    "10.5": ([X, H, O_END, L_END, Y_END], [U, W, V, *LOSS]),
    # teacher forcing: the target is fed back in training, the output when the net runs freely
    "10.6 train": ([X, H, O, L, Y], [U, Edge("y", "h", delay=1, label="W"), V, *LOSS]),
    "10.6 free": ([X, H, O], [U, Edge("o", "h", delay=1, label="W"), V]),
    # a graphical model whose state summarises all earlier y: the parents of a node do not grow
    "10.8": (
        [H, Y_OUT],
        [Edge("h", "h", delay=1), Edge("y", "h", delay=1), Edge("h", "y")],
    ),
    # conditioned on one vector, and on a sequence; y(t) is the target of step t and the input of
    # step t + 1 (the book draws the same graph of 10.9 with h numbered one step later)
    "10.9": (
        [Node("x", "input", at="once"), H, O, L, Y],
        [Edge("x", "h", label="R"), Edge("y", "h", delay=1, label="U"), W, V, *LOSS],
    ),
    "10.10": ([X, H, O, L, Y], [U, Edge("y", "h", delay=1, label="R"), W, V, *LOSS]),
    # two walks, one from each end
    "10.11": (
        [X, H, Node("g", "state"), O, L, Y],
        [
            *(Edge("x", "h"), Edge("h", "h", delay=1), Edge("h", "o")),
            *(Edge("x", "g"), Edge("g", "g", delay=-1), Edge("g", "o")),
            *LOSS,
        ],
    ),
    # three ways to go deeper: stacked states; layers inside the three maps; a skip past one
    "10.13a": (
        [X, H, Node("z", "state"), Y_OUT],
        [
            *(Edge("x", "h"), Edge("h", "h", delay=1)),
            *(Edge("h", "z"), Edge("z", "z", delay=1)),
            Edge("z", "y"),
        ],
    ),
    "10.13b": ([X, LAYER_IN, LAYER_STATE, H, LAYER_OUT, Y_OUT], DEEP),
    "10.13c": (
        [X, LAYER_IN, LAYER_STATE, H, LAYER_OUT, Y_OUT],
        [*DEEP, Edge("h", "h", delay=1)],
    ),
}


def figure_graph(figure: str) -> RecurrentGraph:
    r"""Return the recurrent graph of a figure, e.g. ``figure_graph("10.3")``.

    Raises
    ------
    ValueError
        If the figure has none; `figure_unfolded` knows those that exist only unfolded.
    """
    if figure not in _GRAPHS:
        raise ValueError(f"figure: expected one of {', '.join(_GRAPHS)}; got {figure!r}")
    return RecurrentGraph(*_GRAPHS[figure])


def figure_unfolded(figure: str, tau: int) -> Unfolded:
    r"""Return the graph of a figure, unfolded for `tau` steps.

    Besides the recurrent graphs: the complete graph of fig 10.7, the encoder-decoder of fig 10.12
    (`tau` steps each), and the balanced tree over `tau` leaves of fig 10.14.
    """
    if figure in _BUILDERS:
        return _BUILDERS[figure](tau)
    return figure_graph(figure).unfold(tau)


def _complete(tau: int) -> Unfolded:
    tracer, past = Tracer(), [Symbol()]
    for t in range(1, tau + 1):
        past.append(tracer.name("y", t, sum(past[1:], past[0]), "output"))
    return tracer.unfolded


def _encoder_decoder(tau: int) -> Unfolded:
    encoder = RecurrentGraph([X, H], [Edge("x", "h"), Edge("h", "h", delay=1)])
    context, s, y = Node("C", "context", at="once"), Node("s", "state"), Node("y", "output")
    links = [Edge("C", "s"), Edge("s", "s", delay=1), Edge("s", "y")]
    decoder = RecurrentGraph([context, s, y], links)
    return encoder.unfold(tau).join(decoder.unfold(tau), [(("h", tau), ("C", None))])


def _tree(tau: int) -> Unfolded:
    tracer, numbers = Tracer(), count(1)
    theta = tracer.theta("U", "V", "W")
    x = tracer.inputs("x", tau)
    level = [tracer.name("h", next(numbers), leaf @ theta.V) for leaf in x]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        parents = [left @ theta.U + right @ theta.W for left, right in pairs]
        odd = level[2 * len(parents) :]
        level = [tracer.name("h", next(numbers), parent) for parent in parents] + odd
    o = tracer.name("o", None, sum(level, Symbol()), "output")
    tracer.name("L", None, o + tracer.node("y", role="target"), "loss")
    return tracer.unfolded


_BUILDERS = {"10.7": _complete, "10.12": _encoder_decoder, "10.14": _tree}

FIGURES = tuple(
    sorted([*_GRAPHS, *_BUILDERS], key=lambda name: int(name[3:].split()[0].strip("abc")))
)
