"""Losses that the transversal tests walk through: `bptt` as a net that puts out one number."""

import numpy as np
import oracles_cells as of
import oracles_nets as nets_of
from axes import Owed, Translate
from oracles_losses import owing
from oracles_trees import readout
from problems import D_X, D_Y, mixed, plain, sizes
from problems_losses import LOSSES, bought, stated, targets, whichever
from registry_chapter import draw_chapter, flat
from registry_layers import MIXED, MIXED_ORACLE, RNN_LAYER, TWO_WAYS, TWO_WAYS_ORACLE
from registry_trees import drawn as drawn_trees
from registry_trees import forest_of

from rnn import reference
from rnn.reference import cells as c
from rnn.reference import nets as n
from rnn.reference import plain as chapter_plain


def paying(name, net, oracle, loss, reduction):
    """Return the case of ``bptt`` of an `Output` at every step, or of a `LastOutput`."""
    last = isinstance(net, n.LastOutput)
    run = (nets_of.last_output if last else nets_of.output)(oracle).run

    def owes(rng, p, tau, batch, seed):
        x = plain(rng, tau, batch, p.grad_h.dtype)
        lengths, counted = whichever(rng, seed, tau, batch)
        y = targets(rng, loss, (1 if last else tau, batch), x.dtype)
        return Owed(stated(p, x, rng, seed), x, y, lengths, None if last else counted)

    def call(p):
        owed, how = p.x, {"reduction": reduction, "loss": loss, "lengths": p.x.lengths}
        if last:
            return p.net.bptt(owed.state, owed.reads, owed.y[0], p.theta, **how)
        return p.net.bptt(owed.state, owed.reads, owed.y, p.theta, counted=owed.counted, **how)

    def from_zero(xp, state, x, theta):
        return run(xp, oracle.zero(xp, theta.layer) if state is None else state, x, theta)

    return bought(name, net, owing(from_zero, loss, reduction), call, owes, sizes(d_y=D_Y))


def of_chapter(name, module, reduction):
    """Return the case of the chapter's ``bptt``, which `plain` has without lengths."""
    run = flat(nets_of.output(RNN_LAYER).run)

    def owes(rng, p, tau, batch, seed):
        x, y = plain(rng, tau, batch, p.grad_h.dtype), targets(rng, "cross_entropy", (tau, batch))
        lengths = whichever(rng, seed, tau, batch)[0] if module is reference else None
        return Owed(stated(p, x, rng, seed), x, y, lengths, None)

    def call(p):
        how = {"lengths": p.x.lengths} if module is reference else {}
        return module.bptt(p.x.state, p.x.reads, p.x.y, p.theta, reduction=reduction, **how)

    def from_zero(xp, state, x, theta):
        return run(xp, RNN_LAYER.zero(xp, theta) if state is None else state, x, theta)

    oracle = owing(from_zero, "cross_entropy", reduction)
    return bought(name, reference, oracle, call, owes, draw_chapter)


def feeding(name, net, oracle, loss, reduction):
    """Return the case of ``bptt`` of a `Feedback` cell, told the truth at half of the steps."""
    layer = nets_of.layer(oracle)

    def owes(rng, p, tau, batch, seed):
        dtype = p.grad_h.dtype
        x, y = plain(rng, tau, batch, dtype), targets(rng, loss, (tau, batch), dtype)
        told = np.eye(D_Y, dtype=dtype)[y] if loss == "cross_entropy" else y
        reads = c.Fed(x, told, rng.random((tau, batch)) < 0.5, np.zeros_like(told))
        lengths = whichever(rng, seed, tau, batch)[0]
        return Owed(stated(p, reads, rng, seed), reads, y, lengths, None)

    def call(p):
        how = {"forced": p.x.reads.forced, "lengths": p.x.lengths}
        how |= {"reduction": reduction, "loss": loss}
        return p.net.bptt(p.x.state, p.x.reads.x, p.x.y, p.theta, **how)

    def run(xp, state, x, theta):
        return layer.run(xp, layer.zero(xp, theta) if state is None else state, x, theta)

    return bought(name, net, owing(run, loss, reduction), call, owes, sizes(d_y=D_Y))


def translating(name, net, oracle, loss, reduction):
    """Return the case of ``bptt`` of an encoder and its decoder, told half of the truth."""

    def owes(rng, p, tau, batch, seed):
        dtype = p.grad_h.dtype
        x, y = plain(rng, 4, batch, dtype), targets(rng, loss, (tau, batch), dtype)
        told = np.eye(D_Y, dtype=dtype)[y] if loss == "cross_entropy" else y
        reads = Translate(x, mixed(4, batch), told, rng.random((tau, batch)) < 0.5)
        return Owed(None, reads, y, whichever(rng, seed, tau, batch)[0], None)

    def call(p):
        reads, how = p.x.reads, {"reduction": reduction, "loss": loss}
        how |= {"x_lengths": reads.x_lengths, "y_lengths": p.x.lengths, "forced": reads.forced}
        return p.net.bptt(reads.x, p.x.y, p.theta, **how)

    return bought(name, net, owing(oracle.run, loss, reduction), call, owes, sizes(d_y=D_Y))


def growing(name, net, loss, reduction):
    """Return the case of ``bptt`` of an output of trees."""
    at_every_node = isinstance(net, n.NodeOutput)

    def owes(rng, p, tau, batch, seed):
        reads = drawn_trees(rng, tau, batch, p.grad_h.dtype)
        shape = (len(reads.left) if at_every_node else 1), batch
        counted = rng.random(shape) < 0.7 if seed % 3 == 0 else None
        return Owed(None, reads, targets(rng, loss, shape, p.grad_h.dtype), None, counted)

    def call(p):
        owed = p.x
        x = owed.reads.x.reshape(-1, D_X)
        y, counted = (a if a is None else by_node(a) for a in (owed.y, owed.counted))
        how = {"reduction": reduction, "loss": loss, "counted": counted}
        return p.net.bptt(x, forest_of(owed.reads), y, p.theta, **how)

    run = readout(net, at_every_node)
    return bought(name, net, owing(run, loss, reduction), call, owes, sizes(d_y=D_Y))


def by_node(a):
    """Lay what belongs to (K, B, ...) in the order of the nodes of one forest."""
    return a.swapaxes(0, 1).reshape(-1, *a.shape[2:])


LSTM_LAYER = nets_of.layer(of.lstm())
BPTT = [
    *[
        paying(f"bptt-output-rnn-{loss}-{how}", n.Output(), RNN_LAYER, loss, how)
        for loss in LOSSES
        for how in ("sum", "mean")
    ],
    *[
        paying(f"bptt-{name}-{loss}", net, oracle, loss, how)
        for name, net, oracle in [
            ("output-lstm", n.Output(c.LSTM()), LSTM_LAYER),
            ("output-both-ways", n.Output(TWO_WAYS), TWO_WAYS_ORACLE),
            ("last-output-lstm", n.LastOutput(c.LSTM()), LSTM_LAYER),
            ("last-output-layers", n.LastOutput(MIXED), MIXED_ORACLE),
        ]
        for loss, how in LOSSES.items()
    ],
    *[
        of_chapter(f"bptt-{name}-{how}", module, how)
        for name, module in [("chapter", reference), ("chapter-plain", chapter_plain)]
        for how in ("sum", "mean")
    ],
    *[
        feeding(f"bptt-feedback-{name}-{own}-{loss}", c.Feedback(one, own), oracle, loss, how)
        for name, one, inner, own in [
            ("rnn", c.RNN(), of.rnn(), "softmax"),
            ("lstm", c.LSTM(), of.lstm(), "argmax"),
            ("memoryless", c.Memoryless(), of.memoryless(), "o"),
        ]
        for oracle in [of.feedback(inner, own)]
        for loss, how in LOSSES.items()
    ],
    *[
        translating(f"bptt-{name}-{loss}", net, oracle, loss, how)
        for name, net, oracle in [
            (
                "encoder-decoder",
                n.EncoderDecoder(c.GRU(), c.LSTM(), "both", "softmax"),
                nets_of.encoder_decoder(nets_of.layer(of.gru()), of.lstm(), "both", "softmax"),
            ),
            (
                "attention-decoder",
                n.AttentionDecoder(TWO_WAYS, c.GRU(), own="o"),
                nets_of.attention_decoder(TWO_WAYS_ORACLE, of.gru(), "o"),
            ),
        ]
        for loss, how in LOSSES.items()
    ],
    *[
        growing(f"bptt-{name}-{loss}", net, loss, how)
        for name, net in [
            ("root-output", n.RecursiveOutput(n.Recursive("tensor"))),
            ("node-output", n.NodeOutput(n.Recursive(leaf="linear"))),
        ]
        for loss, how in LOSSES.items()
    ],
]
