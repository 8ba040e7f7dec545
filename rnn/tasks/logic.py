r"""A target that needs the future: exclusive or of the two neighbours."""

import numpy as np

from rnn._checks import require_size
from rnn.tasks._common import require_common
from rnn.tasks.batch import Batch

__all__ = ["xor_of_neighbours"]


def xor_of_neighbours(rng, tau, batch, *, dtype=np.float64):
    r"""Draw random bits and ask, at every step, whether the bits on both sides differ.

    .. math:: y^{(t)} = x^{(t-1)} \oplus x^{(t+1)}, \qquad x^{(0)} = x^{(\tau+1)} = 0

    The missing neighbour at either end is 0. No net that reads forward only can know
    :math:`x^{(t+1)}`: it stays at ln 2 nats at every step but the last, however good its memory.
    A bidirectional net needs to remember one step on each side. Variant: our own, for section
    10.3.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and sequences.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 1) with entries -1 and 1, y is (tau, B) with classes 0 and 1. A target is
        made of one or two fair bits, never of x(t), so without a memory a predictor pays ln 2
        nats (none for tau = 1, where the target is always 0).

    Examples
    --------
    >>> x, y, *_ = xor_of_neighbours(np.random.default_rng(1), tau=6, batch=1)
    >>> (x[:, 0, 0] > 0).astype(int), y[:, 0]
    (array([0, 1, 1, 1, 0, 0]), array([1, 1, 0, 1, 1, 0]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    tau = require_size("tau", tau, 0)
    bits = rng.integers(0, 2, (tau, batch))
    padded = np.pad(bits, ((1, 1), (0, 0)))
    y = padded[:-2] ^ padded[2:]
    return Batch((2 * bits[..., None] - 1).astype(dtype), y, None, np.log(2) * (tau > 1))
