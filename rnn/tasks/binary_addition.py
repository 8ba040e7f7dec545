r"""Long addition of two binary numbers: one bit of memory, the carry."""

import numpy as np

from rnn._checks import require_size
from rnn.tasks._common import entropy, require_common
from rnn.tasks.batch import Batch

__all__ = ["binary_addition"]


def binary_addition(rng, bits, batch, *, dtype=np.float64):
    r"""Draw two numbers, present them from their lowest digit on, and ask for their sum.

    .. math::
        y^{(t)} = a^{(t)} \oplus b^{(t)} \oplus c^{(t)}, \qquad
        c^{(t+1)} = [a^{(t)} + b^{(t)} + c^{(t)} \ge 2], \qquad c^{(1)} = 0

    The carry c is all there is to remember, and a net that has found it adds numbers of any
    length. One more step than `bits`, with two zeros as input, brings out the last carry.
    A folklore task; this order of digits makes it a finite automaton.

    Parameters
    ----------
    rng : numpy.random.Generator
    bits, batch : int
        Digits of each number, and sequences.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (bits + 1, B, 2) with entries 0 and 1, y is (bits + 1, B) with classes 0 and 1.
        Without a memory a predictor has to guess the carry, which is 1 with probability
        :math:`(1 - 2^{1-t})/2`. It pays the entropy of its mean over the first `bits` steps
        where the digits are not both 0, and where they are, of the mean in which the last step
        weighs as much as four others.

    Examples
    --------
    >>> x, y, *_ = binary_addition(np.random.default_rng(7), bits=4, batch=1)
    >>> x[:, 0].T.astype(int), y[:, 0]
    (array([[1, 1, 1, 1, 0],
           [1, 1, 1, 0, 0]]), array([0, 1, 1, 0, 1]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    bits = require_size("bits", bits)
    x = np.zeros((bits + 1, batch, 2), dtype)
    x[:-1] = rng.integers(0, 2, (bits, batch, 2))
    y, carry = np.zeros((bits + 1, batch), int), np.zeros(batch, int)
    for t, digits in enumerate(x.astype(int).sum(axis=-1)):
        carry, y[t] = np.divmod(digits + carry, 2)
    return Batch(x, y, None, _guessed_carry(bits))


def _guessed_carry(bits):
    p = (1 - 0.5 ** np.arange(bits + 1)) / 2
    zeros = bits / 4 + 1
    mean, at_zeros = p[:-1].mean(), (p[:-1].sum() / 4 + p[-1]) / zeros
    return (0.75 * bits * entropy(mean) + zeros * entropy(at_zeros)) / (bits + 1)
