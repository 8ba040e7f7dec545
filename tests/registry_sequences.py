"""Likelihoods of sequences that the transversal tests walk through, with three ways to end."""

from typing import Any, NamedTuple

import numpy as np
import oracles_cells as of
import oracles_nets as nets_of
from axes import Owed, row
from oracles_losses import bill, paid
from oracles_memory import beside, stop_unit
from problems import D_X, D_Y, mixed
from problems_losses import bought, targets

from rnn.reference import cells as c
from rnn.reference import nets as n
from rnn.reference.nets import sequences as s

TAU_MAX = 50


class Told(NamedTuple):
    """A model that is told the truth: its own way to end, the law of y, what it walks by."""

    model: Any
    end: str  # "no", "symbol", "stop" or "length"
    law: str
    outputs: Any  # (xp, x, told, context, theta) -> list of what each step puts out


def walked(cell):
    """Walk through a row by the oracle of a cell that is told the truth."""
    one = nets_of.layer(cell)

    def outputs(xp, x, told, context, theta):
        reads = c.Fed(x, told, [True] * len(x), [0] * len(x))
        reads = reads if context is None else c.InContext(reads, context)
        return one.run(xp, one.zero(xp, theta), reads, theta)[0]

    return outputs


def untold(cell):
    """Walk through a row by the oracle of a cell below an `Output`, which is told nothing."""
    layer = nets_of.layer(cell)

    def outputs(xp, x, told, context, theta):
        return nets_of.output(layer).run(xp, layer.zero(xp, theta.layer), x, theta)[0]

    return outputs


def costs(xp, told, owed, b, theta):
    """List for one row what is paid for: a loss, an output, a target."""
    steps = len(owed.y) if owed.lengths is None else int(owed.lengths[b])
    ended = owed.ended is None or bool(owed.ended[b])
    y = owed.y[:steps, b]
    reads = row(owed.reads, b)
    context = getattr(reads, "context", None)
    x = reads if context is None else reads.x
    x = [x[t] for t in range(steps + (told.end == "symbol" and ended))]
    if told.end == "length":
        shares = [np.array([(steps - t) / TAU_MAX]) for t in range(1, steps + 1)]
        x = [beside(x_t, xp.asarray(share)) for x_t, share in zip(x, shares, strict=True)]
        yield "cross_entropy", theta.length, steps
        theta = theta.cell
    wide = D_Y + (told.end == "symbol")
    truth = y if told.law == "gaussian" else xp.asarray(np.eye(wide)[np.append(y, 0)])
    for t, o in enumerate(told.outputs(xp, x, truth, context, theta)):
        stop = float(ended and t == steps - 1)
        if told.end == "stop":
            yield "bernoulli", o[-1:], np.array([stop])
        o = o[:-1] if told.end == "stop" else o
        yield told.law, o, y[t] if t < steps else D_Y


def likely(name, told, reduction, context=False, **own):
    """Return the case of a likelihood, as a loss of all rows together."""

    def owes(rng, p, tau, batch, seed):
        dtype = p.grad_h.dtype
        x = rng.normal(size=(tau + (told.end == "symbol"), batch, D_X)).astype(dtype)
        reads = c.InContext(x, rng.normal(size=(batch, 2)).astype(dtype)) if context else x
        lengths = mixed(tau, batch) if seed % 2 else None
        ended = (rng.random(batch) < 0.6) & (lengths is None or lengths > 0)
        loss = "squared_error" if told.law == "gaussian" else told.law
        y = targets(rng, loss, (tau, batch), dtype)
        return Owed(
            None, reads, y, lengths, None, ended if told.end in ("symbol", "stop") else None
        )

    def call(p):
        owed, how = p.x, {"reduction": reduction, "x": p.x.reads}
        if told.end == "no":
            return s.likelihood_bptt(p.net, owed.y, p.theta, lengths=owed.lengths, **how)
        how |= {} if owed.ended is None else {"ended": owed.ended}
        return p.net.bptt(owed.y, p.theta, owed.lengths, **how)

    def oracle(xp, _, owed, theta):
        rows = range(owed.y.shape[1])
        paid_for = [cost for b in rows for cost in costs(xp, told, owed, b, theta)]
        total = sum(paid(xp, loss, [(o, y)]) for loss, o, y in paid_for)
        return bill(total / (max(len(rows), 1) if reduction == "mean" else 1), theta)

    def draw(net, rng, dtype):
        theta = net.init_theta(rng, d_x=D_X, d_h=4, d_y=D_Y, dtype=dtype, **own)
        if told.end == "length":
            return theta._replace(length=rng.normal(size=TAU_MAX + 1).astype(dtype))
        return theta

    return bought(name, told.model, oracle, call, owes, draw)


def laws(inner, oracle):
    """Return the two cells that have a law of y, with their oracles, by the name of the law."""
    return {
        "cross_entropy": (c.Feedback(inner, "argmax"), of.feedback(oracle, "argmax")),
        "gaussian": (c.Feedback(inner, "o"), of.feedback(oracle, "o")),
    }


RNN, LSTM = laws(c.RNN(), of.rnn()), laws(c.LSTM(), of.lstm())
STOPPED = stop_unit(of.rnn(), "o")
AROUND = c.Context(LSTM["cross_entropy"][0], "both")
IN_CONTEXT = of.context(LSTM["cross_entropy"][1], "both")
LONG = {"tau_max": TAU_MAX}
HOW = ("sum", "mean")

LIKELIHOODS = [
    *[
        likely(f"likelihood-{law}-{how}", Told(cell, "no", law, walked(oracle)), how)
        for law, (cell, oracle) in RNN.items()
        for how in HOW
    ],
    likely(
        "likelihood-output",
        Told(n.Output(c.GRU()), "no", "cross_entropy", untold(of.gru())),
        "sum",
    ),
    likely(
        "likelihood-context",
        Told(AROUND, "no", "cross_entropy", walked(IN_CONTEXT)),
        "mean",
        True,
        d_c=2,
    ),
    *[
        likely(
            f"end-symbol-{name}-{how}",
            Told(s.EndSymbol(cell), "symbol", "cross_entropy", outputs),
            how,
            "d_c" in own,
            **own,
        )
        for name, cell, outputs, own in [
            ("rnn", RNN["cross_entropy"][0], walked(RNN["cross_entropy"][1]), {}),
            ("output", n.Output(c.GRU()), untold(of.gru()), {}),
            ("context", AROUND, walked(IN_CONTEXT), {"d_c": 2}),
        ]
        for how in HOW
    ],
    *[
        likely(
            f"bernoulli-stop-{name}-{law}-{how}",
            Told(s.BernoulliStop(cell), "stop", law, walked(oracle)),
            how,
            "d_c" in own,
            **own,
        )
        for name, law, cell, oracle, own in [
            ("rnn", "gaussian", RNN["gaussian"][0], STOPPED, {}),
            ("lstm", "cross_entropy", LSTM["cross_entropy"][0], stop_unit(of.lstm()), {}),
            (
                "context",
                "cross_entropy",
                AROUND,
                of.context(stop_unit(of.lstm()), "both"),
                {"d_c": 2},
            ),
        ]
        for how in HOW
    ],
    *[
        likely(
            f"length-first-{name}-{law}-{how}",
            Told(s.LengthFirst(cell), "length", law, outputs),
            how,
            "d_c" in own,
            **own,
            **LONG,
        )
        for name, law, cell, outputs, own in [
            ("rnn", "gaussian", RNN["gaussian"][0], walked(RNN["gaussian"][1]), {}),
            ("output", "cross_entropy", n.Output(c.GRU()), untold(of.gru()), {}),
            ("context", "cross_entropy", AROUND, walked(IN_CONTEXT), {"d_c": 2}),
        ]
        for how in HOW
    ],
]
