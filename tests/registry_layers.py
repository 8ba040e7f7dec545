"""Layers that the transversal tests walk through: stacks, both directions, and readouts of them."""

import oracles_cells as of
import oracles_nets as nets_of
from problems import (
    D_X,
    D_Y,
    Case,
    Out,
    attended,
    back,
    in_context,
    maker,
    plain,
    sizes,
)

from rnn.reference import cells as c
from rnn.reference import nets as n

LSTM, GRU = of.lstm(), of.gru()


def net(name, one, oracle, tags="causal turns lengths state full empty", **own):
    draw = own.pop("draw", sizes(**own))
    return Case(name, maker(one, plain, draw), oracle.run, frozenset(tags.split()))


def walk_output(p, **options):
    run = p.net.forward(p.state, p.x, p.theta, p.lengths, **options)
    return Out(run.o, run.state, run)


def back_output(p, run):
    return back(p, run)._replace(h=None)


def walk_last(p, **options):
    out = walk_output(p, **options)
    return out._replace(h=out.h[None])


def back_last(p, run):
    return back_output(p._replace(grad_h=p.grad_h[0]), run)


def reader(name, layer, oracle, tags="causal lengths state empty", reads=plain, **own):
    """Return the cases of an output at every step and of one at the end of a layer."""
    each, last = n.Output(layer), n.LastOutput(layer)
    draw = sizes(d_y=D_Y, **own)
    tags = frozenset(tags.split())
    return [
        Case(
            f"output-{name}",
            maker(each, reads, draw, walk_output),
            nets_of.output(oracle).run,
            tags,
            walk_output,
            back_output,
        ),
        Case(
            f"last-output-{name}",
            maker(last, reads, draw, walk_last),
            nets_of.last_output(oracle).run,
            (tags | {"end"}) - {"causal"},
            walk_last,
            back_last,
        ),
    ]


RNN_LAYER, LSTM_LAYER, GRU_LAYER = (nets_of.layer(one) for one in (of.rnn(), LSTM, GRU))
BELOW, ABOVE = nets_of.layer(of.memoryless()), nets_of.layer(of.memoryless("sigmoid"))
THREE = n.Stack((c.RNN(), c.LSTM(), c.Clocked(c.GRU(), (2, 1))))
THREE_ORACLE = nets_of.stack(RNN_LAYER, LSTM_LAYER, nets_of.layer(of.clocked(GRU, (2, 1))))
TWO_WAYS, TWO_WAYS_ORACLE = n.Bidirectional(), nets_of.bidirectional(RNN_LAYER, RNN_LAYER)
GATED_WAYS = n.Bidirectional(c.LSTM(), c.GRU())
GATED_WAYS_ORACLE = nets_of.bidirectional(LSTM_LAYER, GRU_LAYER)
MIXED = n.Stack((GATED_WAYS, c.LSTM(), TWO_WAYS))
MIXED_ORACLE = nets_of.stack(GATED_WAYS_ORACLE, LSTM_LAYER, TWO_WAYS_ORACLE)


def of_13(skip):
    return n.Stack((c.Memoryless(), c.DeepTransition(skip), c.Memoryless("sigmoid")))


LAYERS = [
    net("stack", THREE, THREE_ORACLE),
    net(
        "stack-widths",
        n.Stack((c.GRU(), c.RNN())),
        nets_of.stack(GRU_LAYER, RNN_LAYER),
        draw=(lambda one, rng, dtype: one.init_theta(rng, D_X, (5, 3), dtype=dtype)),
    ),
    *[
        net(f"stack-13{letter}", of_13(skip), nets_of.stack(BELOW, nets_of.layer(of.deep()), ABOVE))
        for letter, skip in [("b", False), ("c", True)]
    ],
    net("bidirectional", TWO_WAYS, TWO_WAYS_ORACLE, "turns lengths state empty"),
    net("bidirectional-lstm-gru", GATED_WAYS, GATED_WAYS_ORACLE, "turns lengths state empty"),
    net("stack-bidirectional", MIXED, MIXED_ORACLE, "turns lengths state empty"),
    *reader("rnn", c.RNN(), RNN_LAYER),
    *reader("lstm", c.LSTM(), LSTM_LAYER),
    *reader(
        "attention", c.Attention(), nets_of.layer(of.attention(of.rnn())), reads=attended(), d_m=2
    ),
    *reader(
        "context",
        c.Context(c.RNN(), "both"),
        nets_of.layer(of.context(of.rnn(), "both")),
        "lengths state",
        in_context(),
        d_c=2,
    ),
    *reader("stack", THREE, THREE_ORACLE),
    *reader("bidirectional", GATED_WAYS, GATED_WAYS_ORACLE, "lengths state empty"),
    *reader("stack-bidirectional", MIXED, MIXED_ORACLE, "lengths state empty"),
]
