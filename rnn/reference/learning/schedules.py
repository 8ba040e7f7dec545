r"""How often to tell a net the truth: the schedules of scheduled sampling (§10.2.1).

A net that was always told the true outputs meets its own for the first time when it runs freely.
Bengio et al. (2015) tell it the truth less and less often while it learns. The three functions give
the probability, `forced_mask` tosses the coins; the mask is the field ``forced`` of `Fed`.
"""

import math

from rnn._checks import require_in_range, require_positive, require_rng, require_size

__all__ = ["linear_decay", "exponential_decay", "inverse_sigmoid_decay", "forced_mask"]


def linear_decay(update, *, slope, start=1.0, floor=0.0):
    r"""Return a probability that falls on a line, :math:`\max(\epsilon, k - c\, i)`.

    Parameters
    ----------
    update : int
        The number i of updates made so far.
    slope : float
        The paper's c: how much less at each update, positive.
    start, floor : float
        The paper's k and epsilon: where it begins and where it stays, floor <= start.

    Returns
    -------
    float
        The probability of being told the truth.

    Examples
    --------
    >>> [linear_decay(i, slope=0.25, floor=0.5) for i in (0, 1, 2, 3)]
    [1.0, 0.75, 0.5, 0.5]
    """
    update, slope = require_size("update", update, 0), require_positive("slope", slope)
    start = require_in_range("start", start, 0, 1)
    return max(require_in_range("floor", floor, 0, start), start - slope * update)


def exponential_decay(update, *, base):
    r"""Return a probability that falls by the same factor at each update, :math:`k^i`.

    Parameters
    ----------
    update : int
        The number i of updates made so far.
    base : float
        The paper's k, in [0, 1].

    Returns
    -------
    float
    """
    return require_in_range("base", base, 0, 1) ** require_size("update", update, 0)


def inverse_sigmoid_decay(update, *, scale):
    r"""Return a probability that stays high, falls, and stays low, :math:`k / (k + e^{i / k})`.

    It starts at k / (k + 1) and is one half at update k log k.

    Parameters
    ----------
    update : int
        The number i of updates made so far.
    scale : float
        The paper's k, at least 1: the larger, the later and the slower the fall.

    Returns
    -------
    float
    """
    scale = require_in_range("scale", scale, 1, float("inf"))
    scale, update = require_positive("scale", scale), require_size("update", update, 0)
    return 0.5 - 0.5 * math.tanh((update / scale - math.log(scale)) / 2)


def forced_mask(rng, tau, batch, probability):
    r"""Draw at which steps a net is told the truth: one coin a step and row.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
    probability : float
        Of the truth, in [0, 1]: at 1 every step is told it, at 0 none.

    Returns
    -------
    boolean array, (tau, B)

    Examples
    --------
    >>> import numpy as np
    >>> forced_mask(np.random.default_rng(0), 3, 1, 1).tolist()
    [[True], [True], [True]]
    """
    require_rng(rng)
    tau, batch = require_size("tau", tau, 0), require_size("batch", batch, 0)
    return rng.random((tau, batch)) < require_in_range("probability", probability, 0, 1)
