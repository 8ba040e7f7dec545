"""Nets that the transversal tests walk through: grids, and one sequence into another."""

import oracles_cells as of
import oracles_nets as nets_of
from axes import Grid, Translate
from problems import D_X, D_Y, FORCED, Case, Grads, Out, maker, mixed, sizes
from registry_layers import (
    GATED_WAYS,
    GATED_WAYS_ORACLE,
    GRU,
    GRU_LAYER,
    LAYERS,
    LSTM,
    MIXED,
    MIXED_ORACLE,
    RNN_LAYER,
    THREE,
    THREE_ORACLE,
    TWO_WAYS,
    TWO_WAYS_ORACLE,
)

from rnn.reference import cells as c
from rnn.reference import nets as n


def walk_grid(p):
    h, runs = p.net.forward(p.x.grid, p.theta)
    return Out(h.reshape(-1, *h.shape[2:]), (), (h.shape, runs))


def back_grid(p, run):
    shape, runs = run
    grad, grad_x = p.net.backward(p.grad_h.reshape(shape), runs, p.theta)
    return Grads(grad, Grid(grad_x), None, None)


def grid(rng, tau, batch, dtype):
    return Grid(rng.normal(size=(2, tau, batch, D_X)).astype(dtype))


def four(name, one, oracle):
    make = maker(one, grid, sizes(), walk_grid, stateful=False)
    return Case(name, make, oracle.run, frozenset(), walk_grid, back_grid)


def walk_translate(p):
    x = p.x
    run = p.net.forward(x.x, x.y, p.theta, x.x_lengths, p.lengths, forced=x.forced)
    return Out(run.o, run.decoder.state, run)


def back_translate(p, run):
    found = p.net.backward(p.grad_h, run, p.theta)
    return Grads(found.grad, Translate(found.grad_x, None, None, None), None, None)


def translation(forced):
    """Read sentences of lengths 0 to 4, and the truth at a part `forced` of the steps."""

    def reads(rng, tau, batch, dtype):
        x, y = rng.normal(size=(4, batch, D_X)), rng.normal(size=(tau, batch, D_Y))
        told = rng.random((tau, batch)) < forced
        return Translate(x.astype(dtype), mixed(4, batch), y.astype(dtype), told)

    return reads


def translator(name, one, oracle, forced):
    """Return a case in which the states are zero and no gradient arrives at the last ones."""
    make = maker(one, translation(forced), sizes(d_y=D_Y), walk_translate, stateful=False)
    tags = frozenset(["lengths", "empty"])
    return Case(name, make, oracle.run, tags, walk_translate, back_translate)


GRIDS = [
    four(
        "four-directions",
        n.FourDirections(),
        nets_of.four_directions(TWO_WAYS_ORACLE, TWO_WAYS_ORACLE),
    ),
    four(
        "four-directions-gated",
        n.FourDirections(TWO_WAYS, GATED_WAYS),
        nets_of.four_directions(TWO_WAYS_ORACLE, GATED_WAYS_ORACLE),
    ),
]

TRANSLATORS = [
    *[
        translator(
            f"encoder-decoder-{at}-{own}-{when}",
            n.EncoderDecoder(c.GRU(), c.LSTM(), at, own),
            nets_of.encoder_decoder(GRU_LAYER, LSTM, at, own),
            FORCED[when],
        )
        for at, own, when in [
            ("both", "argmax", "taught"),
            ("both", "softmax", "free"),
            ("steps", "o", "mixed"),
            ("start", "softmax", "mixed"),
            ("start", "argmax", "free"),
        ]
    ],
    translator(
        "encoder-decoder-layers",
        n.EncoderDecoder(MIXED, c.RNN(), "both", "softmax"),
        nets_of.encoder_decoder(MIXED_ORACLE, of.rnn(), "both", "softmax"),
        0.5,
    ),
    *[
        translator(
            f"attention-decoder-{name}-{own}-{when}",
            n.AttentionDecoder(encoder, one, own=own),
            nets_of.attention_decoder(encoder_oracle, inner, own),
            FORCED[when],
        )
        for name, encoder, encoder_oracle, one, inner, own, when in [
            ("rnn", c.RNN(), RNN_LAYER, c.RNN(), of.rnn(), "argmax", "taught"),
            ("rnn", c.RNN(), RNN_LAYER, c.RNN(), of.rnn(), "o", "mixed"),
            ("both-ways", TWO_WAYS, TWO_WAYS_ORACLE, c.GRU(), GRU, "softmax", "free"),
            ("stack", THREE, THREE_ORACLE, c.LSTM(), LSTM, "softmax", "mixed"),
        ]
    ],
]

NETS = [*LAYERS, *GRIDS, *TRANSLATORS]
