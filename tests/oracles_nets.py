"""Nets once more: what walks over a row, and what is wired to what.

A layer maps (xp, state, x, theta) to the list of outputs and the last state.
"""

from collections.abc import Callable
from typing import NamedTuple

import oracles_cells as of

from rnn.reference.cells import Attended, Fed, InContext
from rnn.reference.nets import BothWays


class LayerOracle(NamedTuple):
    """A walk over one row, what the last state shows, and the state to begin with."""

    run: Callable  # (xp, state, x, theta) -> outputs, state
    show: Callable  # (xp, state) -> h
    zero: Callable  # (xp, theta) -> state


def steps(x):
    """Count the steps of a row: those of the first thing that it reads."""
    return steps(x[0]) if isinstance(x, tuple) else len(x)


def layer(cell):
    def run(xp, state, x, theta):
        state, outputs = cell.start(xp, state, x, theta), []
        for t in range(steps(x)):
            state = cell.step(xp, state, x, t, theta, 0)
            outputs.append(cell.show(state))
        return outputs, state

    return LayerOracle(run, lambda xp, state: cell.show(state), cell.zero)


def stack(*layers):
    def run(xp, state, x, theta):
        lasts = []
        for one, before, own in zip(layers, state, theta, strict=True):
            x, last = one.run(xp, before, x, own)
            lasts.append(last)
        return x, tuple(lasts)

    def zero(xp, theta):
        return tuple(one.zero(xp, own) for one, own in zip(layers, theta, strict=True))

    return LayerOracle(run, lambda xp, state: layers[-1].show(xp, state[-1]), zero)


def bidirectional(h, g):
    def run(xp, state, x, theta):
        rightward, last_h = h.run(xp, state.h, x, theta.h)
        leftward, last_g = g.run(xp, state.g, [x[t] for t in range(len(x))][::-1], theta.g)
        both = zip(rightward, leftward[::-1], strict=True)
        return [xp.concatenate(pair) for pair in both], BothWays(last_h, last_g)

    def show(xp, state):
        return xp.concatenate([h.show(xp, state.h), g.show(xp, state.g)])

    def zero(xp, theta):
        return BothWays(h.zero(xp, theta.h), g.zero(xp, theta.g))

    return LayerOracle(run, show, zero)


def output(inner):
    def run(xp, state, x, theta):
        outputs, last = inner.run(xp, state, x, theta.layer)
        return [theta.c + theta.V @ h for h in outputs], last  # (10.10)

    return inner._replace(run=run)


def last_output(inner):
    def run(xp, state, x, theta):
        _, last = inner.run(xp, state, x, theta.layer)
        return [theta.c + theta.V @ inner.show(xp, last)], last

    return inner._replace(run=run)


def four_directions(along, across):
    def sweep(xp, axis, x, theta):
        return axis.run(xp, axis.zero(xp, theta), x, theta)[0]

    def run(xp, state, x, theta):
        grid = x.grid
        height, width = grid.shape[:2]
        of_row = [sweep(xp, along, grid[i], theta[0]) for i in range(height)]
        of_column = [sweep(xp, across, grid[:, j], theta[1]) for j in range(width)]
        places = [(i, j) for i in range(height) for j in range(width)]
        return [xp.concatenate([of_row[i][j], of_column[j][i]]) for i, j in places], ()

    return LayerOracle(run, None, None)


def encoder_decoder(encoder, cell, at, own):
    decoder = layer(of.context(of.feedback(cell, own), at))

    def reads(xp, fed, encoded, last):
        return InContext(fed, encoder.show(xp, last))

    return _translate(encoder, decoder, reads)


def attention_decoder(encoder, cell, own):
    decoder = layer(of.feedback(of.attention(cell), own))

    def reads(xp, fed, encoded, last):
        return fed._replace(x=Attended(fed.x, encoded, [True] * len(encoded)))

    return _translate(encoder, decoder, reads)


def _translate(encoder, decoder, reads):
    def run(xp, state, x, theta):
        zero = encoder.zero(xp, theta.encoder)
        encoded, last = encoder.run(xp, zero, x.x[: x.x_lengths], theta.encoder)
        tau = len(x.y)
        fed = Fed(xp.zeros((tau, 0), dtype=xp.float64), x.y, x.forced, [0] * tau)
        before = decoder.zero(xp, theta.decoder)
        return decoder.run(xp, before, reads(xp, fed, encoded, last), theta.decoder)

    return LayerOracle(run, None, None)
