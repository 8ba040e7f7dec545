r"""Keep a whole sequence and say it again: copying, once or several times, after a delay."""

import numpy as np

from rnn._checks import require_size
from rnn.tasks._common import entropy, random_lengths, require_common
from rnn.tasks.batch import Batch, one_hot

__all__ = ["copy", "copy_memory", "repeat_copy"]

MEAN_REPEATS, DEVIATION_OF_REPEATS = 5.5, 8.25**0.5  # of whole numbers from 1 to 10


def copy(rng, length, batch, *, bits=8, min_length=None, dtype=np.float64):
    r"""Show random bit vectors, then a delimiter, and ask for all of them in the same order.

    .. math:: y^{(n + 1 + t)} = x^{(t)}, \quad t = 1, \dots, n

    where the delimiter stands at step n + 1 and the input is 0 after it. Source: Graves, Wayne &
    Danihelka (2014), section 4.1: ``length=20, min_length=1, bits=8``.

    Parameters
    ----------
    rng : numpy.random.Generator
    length, batch : int
        Vectors to copy, n, and sequences.
    bits : int
        Width of a vector.
    min_length : int, optional
        If given, each sequence has its own n from [min_length, length].
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (2 length + 1, B, bits + 1), the last channel the delimiter; y is
        (2 length + 1, B, bits), bits, counted in the recall phase only; lengths are 2 n + 1, or
        None without `min_length`. In the recall phase x is 0 and every bit is fair: without a
        memory a predictor pays ln 2 nats a bit.

    Examples
    --------
    >>> x, y, *_ = copy(np.random.default_rng(0), length=5, batch=1)
    >>> bool((y[6:] == x[:5, :, :8]).all())
    True
    """
    dtype, batch = require_common(rng, dtype, batch)
    length, bits = require_size("length", length), require_size("bits", bits)
    n = random_lengths(rng, "min_length", min_length, 1, length, batch)
    x, y, counted = _said_again(rng, n, np.ones(batch, int), length, 1, bits, dtype)
    lengths = None if min_length is None else 2 * n + 1
    return Batch(x, y, lengths, np.log(2), counted)


def repeat_copy(
    rng, length, repeats, batch, *, bits=8, min_length=None, min_repeats=None, dtype=np.float64
):
    r"""Show random bit vectors and a number, and ask for that many copies and an end marker.

    .. math:: y^{(n + 1 + t)} = x^{(1 + (t - 1) \bmod n)}, \quad t = 1, \dots, R n

    Source: Graves, Wayne & Danihelka (2014), section 4.2: ``length=10, repeats=10, min_length=1,
    min_repeats=1, bits=8``. The number stands at step n + 1 in a channel of its own, as
    :math:`(R - 5.5)/\sqrt{8.25}`: mean 0 and variance 1 for R from 1 to 10, the paper's range.
    The scale does not depend on `repeats`, so that a net can be tested on more.

    Parameters
    ----------
    rng : numpy.random.Generator
    length, repeats, batch : int
        Vectors to copy, n, copies R, and sequences.
    bits : int
        Width of a vector.
    min_length, min_repeats : int, optional
        If given, each sequence has its own n from [min_length, length], or its own R from
        [min_repeats, repeats].
    dtype : float32 or float64

    Returns
    -------
    Batch
        With tau = length (1 + repeats) + 2: x is (tau, B, bits + 1), the last channel the
        number; y is (tau, B, bits + 1), bits, the last one the end marker, counted from the first
        copy to the marker. There x is 0, and one step in E[n] E[R] + 1 is the marker's, where
        all other bits are 0: with q the inverse of that number and H(p) the entropy of a bit, a
        predictor without a memory pays (bits H((1 - q)/2) + H(q)) / (bits + 1) nats a bit.
    """
    dtype, batch = require_common(rng, dtype, batch)
    length, repeats = require_size("length", length), require_size("repeats", repeats)
    bits = require_size("bits", bits)
    n = random_lengths(rng, "min_length", min_length, 1, length, batch)
    R = random_lengths(rng, "min_repeats", min_repeats, 1, repeats, batch)
    x, y, counted = _said_again(rng, n, R, length, repeats, bits, dtype, markers=1)
    rows = np.arange(batch)
    x[n, rows, bits] = (R - MEAN_REPEATS) / DEVIATION_OF_REPEATS
    y[n * (1 + R) + 1, rows, bits] = 1
    fixed = min_length is None and min_repeats is None
    mean_n = ((min_length or length) + length) / 2
    mean_R = ((min_repeats or repeats) + repeats) / 2
    q = 1 / (mean_n * mean_R + 1)
    loss = (bits * entropy((1 - q) / 2) + entropy(q)) / (bits + 1)
    return Batch(x, y, None if fixed else n * (1 + R) + 2, loss, counted)


def _said_again(rng, n, R, length, repeats, bits, dtype, markers=0):
    r"""Return x with a 1 as delimiter, y with the copies, and the steps that are counted.

    With `markers=1`, one step and one channel of y are kept for an end marker.
    """
    rows, step = np.arange(len(n)), np.arange(length * (1 + repeats) + 1 + markers)[:, None]
    shown = rng.integers(0, 2, (length, len(n), bits))
    x = np.zeros((len(step), len(n), bits + 1), dtype)
    y = np.zeros((len(step), len(n), bits + markers), dtype)
    x[:length, :, :bits] = shown * (step[:length] < n)[..., None]
    x[n, rows, bits] = 1
    copied = (step > n) & (step <= n * (1 + R))
    y[..., :bits] = shown[(step - n - 1) % n, rows] * copied[..., None]
    return x, y, (step > n) & (step <= n * (1 + R) + markers)


def copy_memory(rng, lag, batch, *, n_symbols=8, n_recall=10, dtype=np.float64):
    r"""Show some symbols, then blanks, and ask for the symbols when the signal comes.

    .. math:: y^{(\mathrm{lag} + n + t)} = x^{(t)}, \quad t = 1, \dots, n

    Variant: the memorisation task of the generator published with Pascanu, Mikolov & Bengio
    (2013), which has 2 or 5 symbols: n symbols, `lag` blanks, the signal in place of the first of
    n more blanks. In Arjovsky, Shah & Bengio (2016), who have 8 symbols and n = 10, the signal
    comes one step earlier. Both trace the task to Hochreiter & Schmidhuber (1997).

    Parameters
    ----------
    rng : numpy.random.Generator
    lag, batch : int
        Blanks between the last symbol and the signal, and sequences.
    n_symbols, n_recall : int
        Different symbols, and how many are shown, n.
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (lag + 2 n, B, n_symbols + 2), one-hot: the symbols, then the blank, then the
        signal. y is (lag + 2 n, B): the class `n_symbols` (blank) before the recall, and only
        the last n steps are counted. There x is a blank or the signal: without a memory a
        predictor pays ln(n_symbols) nats. (Papers that count all steps divide n ln(n_symbols) by
        lag + 2 n, which is what a net pays that knows the time but no symbol.)

    Examples
    --------
    >>> x, y, *_ = copy_memory(np.random.default_rng(0), lag=3, batch=1, n_symbols=4, n_recall=2)
    >>> x[:, 0].argmax(-1), y[:, 0]
    (array([3, 2, 4, 4, 4, 5, 4]), array([4, 4, 4, 4, 4, 3, 2]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    lag, k = require_size("lag", lag, 0), require_size("n_symbols", n_symbols)
    n = require_size("n_recall", n_recall)
    classes = np.full((lag + 2 * n, batch), k)
    y = classes.copy()
    classes[:n] = y[lag + n :] = rng.integers(0, k, (n, batch))
    classes[lag + n] = k + 1
    counted = np.zeros(y.shape, bool)
    counted[lag + n :] = True
    return Batch(one_hot(classes, k + 2, dtype), y, None, np.log(k), counted)
