r"""The even process: random zeros and ones, except that ones come in runs of even length.

It is an automaton with two states, inside a pair of ones and outside. That one bit about the past
is all that the next symbol depends on, yet no fixed number of past symbols always shows it.
"""

import numpy as np

from rnn.reference import cross_entropy, unfold

__all__ = ["blind_guess", "even_process", "excess_loss", "memoryless"]


def even_process(rng, tau, batch):
    r"""Draw tau + 1 symbols, and whether each was free; an odd number of ones forces another."""

    def step(before, drawn, _):
        symbol, free = before
        free = (symbol == 0) | ~free
        return np.where(free, drawn, 1), free

    start = (np.zeros(batch, int), np.ones(batch, bool))
    walk = unfold(step, start, rng.integers(0, 2, (tau + 1, batch)))
    symbols, free = map(np.array, zip(*walk, strict=True))
    return symbols, free


def blind_guess(symbols):
    r"""Return the fraction of symbols that the likelier one at each place gets right."""
    ones = symbols.mean(axis=1)
    return np.maximum(ones, 1 - ones).mean()


def memoryless(symbols):
    r"""Return the outputs of the best predictor that sees only the present symbol."""
    now, following = symbols[:-1], symbols[1:]
    ones = np.array([following[now == symbol].mean() for symbol in (0, 1)])
    return np.log(np.stack([1 - ones, ones], axis=-1))[now]


def excess_loss(o, symbols, free):
    r"""Return nats a step above the best predictor, which knows whether the next is free."""
    return cross_entropy(o, symbols[1:], reduction="mean") - np.log(2) * free[1:].mean()
