r"""Reber's grammar and its embedded and continual forms: predict the next symbol."""

import numpy as np

from rnn._checks import require_choice, require_shape, require_size
from rnn.tasks._automaton import automaton, follow, memoryless_loss, walk
from rnn.tasks._common import one_hot_or_zero, require_common
from rnn.tasks.batch import Batch

__all__ = ["SYMBOLS", "reber", "embedded_reber", "continual_reber", "legal_next"]

SYMBOLS = "BTPSXVE"

REBER = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)


def _embedded(end):
    r"""Put the grammar between B, T or P, and the same T or P, E; the last E leads to `end`."""
    upper, lower = (tuple(tuple((s, n + k) for s, n in way) for way in REBER) for k in (2, 10))
    middle = (*upper, (("T", 18),), *lower, (("P", 18),))
    return ((("B", 1),), (("T", 2), ("P", 10)), *middle, (("E", end),))


GRAMMARS = {
    "reber": automaton(REBER, SYMBOLS),
    "embedded": automaton(_embedded(end=19), SYMBOLS),
    "continual": automaton(_embedded(end=0), SYMBOLS),
}


def reber(rng, batch, *, dtype=np.float64):
    r"""Draw strings of Reber's grammar and ask, at every step, for the next symbol.

    In extended regular expressions, with the alphabet B T P S X V E:
    ``B(TS*X|PT*VP)(XT*VP)*(S|XT*VV)E`` or ``BPT*VVE``; wherever two symbols may follow, each has
    probability 1/2. Source: Reber (1967); Cleeremans, Servan-Schreiber & McClelland (1989) gave
    it to recurrent nets.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch : int
        Sequences.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 7), one-hot symbols: each string without its last; y is (tau, B), the
        string without its first, as indices into `SYMBOLS`; tau belongs to the longest string
        drawn, and after the lengths x is 0. `legal_next` gives the symbols that might have
        followed; all are equally likely. `memoryless_loss` is the entropy of a symbol given the
        one before, over all steps of all strings, from the expected visits of each state.

    Examples
    --------
    >>> x, y, *_ = reber(np.random.default_rng(0), batch=1)
    >>> "".join(SYMBOLS[k] for k in x[:, 0].argmax(-1)), SYMBOLS[y[-1, 0]]
    ('BPVPXTTTTVV', 'E')
    """
    return _strings(rng, batch, "reber", dtype)


def embedded_reber(rng, batch, *, dtype=np.float64):
    r"""Draw strings of the embedded Reber grammar and ask for the next symbol.

    ``BT(reber)TE`` or ``BP(reber)PE``: the last symbol but one repeats the second, so it must be
    remembered through a whole Reber string of 5 or more symbols, which tell nothing about it.
    Source: Cleeremans, Servan-Schreiber & McClelland (1989); Hochreiter & Schmidhuber (1997),
    experiment 1.

    Parameters
    ----------
    rng, batch, dtype
        As for `reber`.

    Returns
    -------
    Batch
        As for `reber`.
    """
    return _strings(rng, batch, "embedded", dtype)


def _strings(rng, batch, grammar, dtype):
    dtype, batch = require_common(rng, dtype, batch)
    machine = GRAMMARS[grammar]
    classes = walk(rng, machine, batch)
    x, y = one_hot_or_zero(classes[:-1], 7, dtype), classes[1:]
    x *= (y >= 0)[..., None]
    return Batch(x, np.maximum(y, 0), (y >= 0).sum(axis=0), memoryless_loss(machine))


def continual_reber(rng, tau, batch, *, dtype=np.float64):
    r"""Draw a stream of embedded Reber strings without gaps and ask for the next symbol.

    Nothing but the grammar tells where a string ends, so a net must learn to forget. Source:
    Gers, Schmidhuber & Cummins (2000), who stop a stream at the first mistake; here it has a
    fixed length and may stop inside a string.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and streams; each begins with a new string.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 7), one-hot symbols; y is (tau, B), the symbols that follow. The loss
        without a memory is the entropy of a symbol given the one before, over the tau steps.
    """
    dtype, batch = require_common(rng, dtype, batch)
    machine, tau = GRAMMARS["continual"], require_size("tau", tau)
    classes = walk(rng, machine, batch, steps=tau + 1)
    x = one_hot_or_zero(classes[:-1], 7, dtype)
    return Batch(x, classes[1:], None, memoryless_loss(machine, tau))


def legal_next(x, grammar):
    r"""Return the set of symbols that may follow at every step of some strings.

    Parameters
    ----------
    x : array, (tau, B, 7)
        One-hot symbols from the beginning of each string; zeros after its end.
    grammar : {"reber", "embedded", "continual"}

    Returns
    -------
    legal : bool array, (tau, B, 7)
        Which symbols may come next. Nothing may after an end, so that the best possible loss at a
        step is the logarithm of how many may.

    Raises
    ------
    ValueError
        If a string breaks the grammar; it names the first symbol that does.

    Examples
    --------
    >>> x = np.eye(7)[[SYMBOLS.index(s) for s in "BTS"]][:, None]
    >>> ["".join(s for s, may in zip(SYMBOLS, step[0]) if may) for step in legal_next(x, "reber")]
    ['TP', 'SX', 'SX']
    """
    require_choice("grammar", grammar, tuple(GRAMMARS))
    require_shape("x", x, "tau B 7", **{"7": 7})
    return follow(GRAMMARS[grammar], np.where(x.any(axis=-1), x.argmax(axis=-1), -1))
