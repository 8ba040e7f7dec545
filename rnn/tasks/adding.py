r"""Two marked numbers among many: add them, or multiply them, after the last step."""

import numpy as np

from rnn._checks import require_choice, require_size
from rnn.tasks._common import random_lengths, require_common
from rnn.tasks.batch import Batch

__all__ = ["adding", "multiplication"]


def adding(rng, tau, batch, *, variant="2013", dtype=np.float64):
    r"""Draw numbers, mark two of them, and ask for their sum (or mean) after the last step.

    .. math::
        y = (X_1 + X_2) / 2 \quad \text{(2013)}, \qquad
        y = 0.5 + (X_1 + X_2) / 4 \quad \text{(1997)}

    Variant "2013" (the generator published with Pascanu, Mikolov & Bengio): values uniform in
    [0, 1), marker 1 at one of the steps [0, tau/10) and at one of [tau/10, tau/2), else 0. There
    all sequences of a batch share a length drawn from [tau, 1.1 tau); here it is tau.

    Variant "1997" (Hochreiter & Schmidhuber, experiment 4): values uniform in [-1, 1), marker 1
    at one of the first ten steps and at one of the first tau/2 - 1 others; the first and the last
    step have the marker -1 if they are not marked, all others 0. A marked first step has the
    value 0. Each length is drawn from [tau, tau + tau/10].

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps (at least 10; in 1997 the shortest length, at least 20) and sequences.
    variant : {"2013", "1997"}
    dtype : float32 or float64

    Returns
    -------
    Batch
        x is (tau, B, 2), value and marker ((tau + tau // 10, B, 2) in 1997, zeros after the
        lengths); y is (B, 1), numbers. The last step is never a marked one: its value has no
        part in y and its marker is the same in all sequences. So the best predictor without a
        memory says the mean, and its mean squared error is the variance of y. In 2013 that is
        (1/12 + 1/12)/4 = 1/24. In 1997 it is (1/3 + 1/3)/16 = 1/24 too, but half as much in those
        sequences whose first step is marked, a fraction p = 1/10 + (9/10)/(tau/2 - 1), with
        tau/2 rounded down: together (1 - p/2)/24.

    Examples
    --------
    >>> x, y, *_ = adding(np.random.default_rng(0), tau=20, batch=1)
    >>> bool(x[x[..., 1] == 1][:, 0].mean() == y[0, 0])
    True
    """
    x, lengths, first = _marked(rng, tau, batch, variant, (-1, 1), 0, dtype)
    total = (x[..., 0] * (x[..., 1] == 1)).sum(axis=0)
    if variant == "2013":
        return Batch(x, total[:, None] / 2, lengths, 1 / 24)
    return Batch(x, 0.5 + total[:, None] / 4, lengths, (1 - first / 2) / 24)


def multiplication(rng, tau, batch, *, variant="2013", dtype=np.float64):
    r"""Draw numbers, mark two of them, and ask for their product after the last step.

    .. math:: y = X_1 X_2

    As `adding`, with the same two variants, but values are uniform in [0, 1) in both, and a
    marked first step has the value 1 in "1997" (experiment 5).

    Parameters
    ----------
    rng, tau, batch, variant, dtype
        As for `adding`.

    Returns
    -------
    Batch
        As for `adding`. Without a memory the mean squared error is the variance of y: 1/9 - 1/16
        = 7/144 in 2013. In 1997 a fraction p of the sequences has :math:`y = X_2` alone (p as
        for `adding`), so it is :math:`(1 + 2p)/9 - ((1 + p)/4)^2`.
    """
    x, lengths, first = _marked(rng, tau, batch, variant, (0, 1), 1, dtype)
    y = np.where(x[..., 1] == 1, x[..., 0], 1).prod(axis=0, dtype=x.dtype)[:, None]
    return Batch(x, y, lengths, (1 + 2 * first) / 9 - ((1 + first) / 4) ** 2)


def _marked(rng, tau, batch, variant, bounds, neutral, dtype):
    r"""Return x, the lengths, and the probability that the first step is marked and neutral."""
    dtype, batch = require_common(rng, dtype, batch)
    old = require_choice("variant", variant, ("2013", "1997")) == "1997"
    tau = require_size("tau", tau, 20 if old else 10)
    return (_marked_1997 if old else _marked_2013)(rng, tau, batch, bounds, neutral, dtype)


def _marked_2013(rng, tau, batch, _bounds, _neutral, dtype):
    x = np.zeros((tau, batch, 2), dtype)
    x[..., 0] = rng.random((tau, batch))
    x[rng.integers(0, tau // 10, batch), np.arange(batch), 1] = 1
    x[rng.integers(tau // 10, tau // 2, batch), np.arange(batch), 1] = 1
    return x, None, 0.0


def _marked_1997(rng, tau, batch, bounds, neutral, dtype):
    rows, others = np.arange(batch), tau // 2 - 1
    longest = tau + tau // 10
    lengths = random_lengths(rng, "tau", tau, 1, longest, batch)
    x = np.zeros((longest, batch, 2), dtype)
    x[..., 0] = rng.uniform(*bounds, (longest, batch)) * (np.arange(longest)[:, None] < lengths)
    first, second = rng.integers(0, 10, batch), rng.integers(0, others, batch)
    second += second >= first  # the steps that are not marked yet, counted in order
    x[0, :, 1] = x[lengths - 1, rows, 1] = -1
    x[first, rows, 1] = x[second, rows, 1] = 1
    x[0, x[0, :, 1] == 1, 0] = neutral
    return x, lengths, 0.1 + 0.9 / others
