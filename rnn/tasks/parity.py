r"""Running parity: the smallest task that cannot be solved without a memory."""

import numpy as np

from rnn._checks import require_rng, require_size
from rnn.tasks.batch import Batch

__all__ = ["parity"]


def parity(rng, tau, batch, *, min_length=None, dtype=np.float64):
    r"""Draw random bits and ask, at every step, whether the number of ones so far is odd.

    .. math:: y^{(t)} = x^{(1)} \oplus \dots \oplus x^{(t)} = y^{(t-1)} \oplus x^{(t)}

    It is the regular language of an automaton with two states, and one forgotten bit ruins all
    later targets. Variant: one target a step (the 1994 and 1997 papers ask only at the end).

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and sequences.
    min_length : int, optional
        If given, each sequence has a random length in [min_length, tau]; bits and targets after
        it are drawn too, but do not count.

    Returns
    -------
    Batch
        x is (tau, B, 1) with entries -1 and 1, y is (tau, B) with classes 0 and 1. Without a
        memory a predictor that does not know t can use only that :math:`y^{(1)} = x^{(1)}`: its
        loss is the entropy of a bit that equals x with probability 1/2 + 1/(2 tau).

    Examples
    --------
    >>> x, y, *_ = parity(np.random.default_rng(3), tau=6, batch=1)
    >>> (x[:, 0, 0] > 0).astype(int), y[:, 0]
    (array([1, 0, 0, 0, 0, 1]), array([1, 1, 1, 1, 1, 0]))
    """
    require_rng(rng)
    tau, batch = require_size("tau", tau, 0), require_size("batch", batch, 0)
    bits = rng.integers(0, 2, (tau, batch))
    lengths = None
    if min_length is not None:
        if require_size("min_length", min_length, 0) > tau:
            raise ValueError(f"min_length: expected at most tau={tau}, got {min_length}")
        lengths = rng.integers(min_length, tau + 1, batch)
    x = (2 * bits[..., None] - 1).astype(dtype)
    first = 1 / max(tau if lengths is None else lengths.mean(), 1)
    return Batch(x, bits.cumsum(axis=0) % 2, lengths, _entropy(0.5 + first / 2))


def _entropy(p):
    return float(-sum(q * np.log(q) for q in (p, 1 - p) if q > 0))
