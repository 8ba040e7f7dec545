r"""Numbers in, numbers out: prediction of a series, and a system to identify."""

import numpy as np

from rnn._checks import require_in_range, require_positive, require_shape, require_size
from rnn.tasks._common import require_common
from rnn.tasks.batch import Batch

__all__ = ["narma", "sines", "windows"]

ESCAPED = 2.0
ATTEMPTS = 100


def narma(rng, tau, batch, *, order=10, dtype=np.float64):
    r"""Drive a nonlinear system with noise and ask for its output: NARMA.

    .. math:: y(t+1) = 0.3\,y(t) + 0.05\,y(t) \sum_{i=0}^{9} y(t-i) + 1.5\,u(t-9)\,u(t) + 0.1

    with u uniform in [0, 0.5] and everything zero before the first step. Source: Atiya and
    Parlos (2000), in the form that work on reservoirs uses. There is no washout, so each target
    follows from the inputs of its own row.

    The system is not bounded: about one row of 2000 steps in 110 runs away. A row that exceeds 2,
    from where none was seen to return, is drawn anew: inputs that drive it away do not occur.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and sequences.
    order : int
        Terms of the sum, 1 to 10, and 1 more than the lag of u. With the same coefficients, from
        11 on most rows run away.

    Returns
    -------
    Batch
        x is (tau, B, 1) with x[t] = u(t); y is (tau, B, 1) with y[t] = y(t + 1), which u(t) is
        the last input to act on. ``memoryless_loss`` is measured on the batch itself: u(t) is
        independent of all the rest, so the best predictor from u(t) is a straight line, and its
        mean squared error is that of the least-squares line.

    Raises
    ------
    ValueError
        For an order outside [1, 10], or when some row runs away 100 times (tau near a million).
    """
    dtype, batch = require_common(rng, dtype, batch)
    tau = require_size("tau", tau, 0)
    order = int(require_in_range("order", require_size("order", order), 1, 10))
    u, y = np.empty((tau, batch)), np.empty((tau, batch))
    rows = np.arange(batch)
    for _ in range(ATTEMPTS):
        u[:, rows] = rng.uniform(0, 0.5, (tau, len(rows)))
        y[:, rows] = _narma(u[:, rows], order)
        rows = rows[~(y[:, rows] <= ESCAPED).all(axis=0)]
        if not len(rows):
            x, targets = (a[..., None].astype(dtype) for a in (u, y))
            return Batch(x, targets, None, _line_loss(u, y))
    raise ValueError(f"tau: expected fewer steps, got {tau}: {len(rows)} rows always run away")


def sines(rng, tau, batch, *, periods=(7.0, 11.3, 19.7), noise=0.0, dtype=np.float64):
    r"""Add K sines of known periods and unknown phases, and ask for the next value.

    .. math:: x(t) = \sqrt{2/K} \sum_k \sin(2\pi t / p_k + \varphi_k) + \epsilon(t),
        \qquad y(t) = x(t+1)

    The phases are uniform, so the sum has variance 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau, batch : int
        Steps and sequences.
    periods : sequence of float
        In steps; K of them.
    noise : float
        Standard deviation of the normal noise, also on the targets: no net does better than
        its square.

    Returns
    -------
    Batch
        x and y are (tau, B, 1). With :math:`\rho` the mean of :math:`\cos(2\pi/p_k)` the best
        straight line from x(t) to y(t) has the mean squared error
        :math:`1 + \sigma^2 - \rho^2 / (1 + \sigma^2)`. Without noise no other predictor does
        better (given the sum, all K terms are expected to be equal); with noise, one that did
        better by 0.5 % was the best measured.
    """
    dtype, batch = require_common(rng, dtype, batch)
    tau = require_size("tau", tau, 0)
    turn = 2 * np.pi / np.array([require_positive("periods", p) for p in periods], float)
    if not len(turn):
        raise ValueError("periods: expected at least one, got none")
    noise = require_in_range("noise", noise, 0, np.finfo(float).max)
    phase = rng.uniform(0, 2 * np.pi, (batch, len(turn)))
    angles = np.arange(tau + 1)[:, None, None] * turn + phase
    series = np.sqrt(2 / len(turn)) * np.sin(angles).sum(axis=-1)
    series = (series + noise * rng.standard_normal(series.shape))[..., None].astype(dtype)
    variance, rho = 1 + noise**2, np.cos(turn).mean()
    return Batch(series[:-1], series[1:], None, float(variance - rho**2 / variance))


def windows(rng, series, tau, batch, horizon=1, dtype=np.float64):
    r"""Cut random windows out of a series for the prediction `horizon` steps ahead.

    Parameters
    ----------
    rng : numpy.random.Generator
    series : array, (n,)
        Finite numbers, more than tau + horizon - 1 of them.
    tau, batch : int
        Length of a window and number of windows.
    horizon : int
        How many steps the target lies ahead; at least 1.

    Returns
    -------
    Batch
        x and y are (tau, B, 1); ``y[t]`` stands `horizon` places after ``x[t]`` in the series.
        ``memoryless_loss`` is the mean squared error of the best straight line from now to
        then, over the whole series; a bent curve may do better.

    Examples
    --------
    >>> x, y, *_ = windows(np.random.default_rng(0), np.arange(9.0), tau=3, batch=1, horizon=2)
    >>> x.ravel(), y.ravel()
    (array([4., 5., 6.]), array([6., 7., 8.]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    tau = require_size("tau", tau, 0)
    horizon = require_size("horizon", horizon)
    series = _finite(series)
    if len(series) < tau + horizon:
        wanted = f"tau + horizon = {tau + horizon}"
        raise ValueError(f"series: expected at least {wanted} values, got {len(series)}")
    starts = rng.integers(0, len(series) - tau - horizon + 1, batch)
    places = starts + np.arange(tau)[:, None]
    x, y = (series[places + ahead, None].astype(dtype) for ahead in (0, horizon))
    return Batch(x, y, None, _line_loss(series[:-horizon], series[horizon:]))


def _narma(u, order):
    r"""Return y(1) ... y(tau) for inputs (tau, B)."""
    tau, batch = u.shape
    u, y = (np.concatenate([np.zeros((order - k, batch)), part]) for k, part in ((1, u), (0, u)))
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(tau):
            past = y[t : t + order]
            drive = 1.5 * u[t] * u[t + order - 1] + 0.1
            y[t + order] = past[-1] * (0.3 + 0.05 * past.sum(axis=0)) + drive
    return y[order:]


def _line_loss(x, y):
    r"""Return the mean squared error of the least-squares line from x to y."""
    x, y = np.ravel(x).astype(float), np.ravel(y).astype(float)
    if not x.size:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    explained = (x @ y) ** 2 / (x @ x) if x.any() else 0.0
    return float((y @ y - explained) / x.size)


def _finite(series):
    series = np.asarray(series)
    if series.dtype.kind not in "iuf":
        raise TypeError(f"series: expected numbers, got dtype {series.dtype}")
    require_shape("series", series, "n")
    if not np.isfinite(series).all():
        first = int(np.argmin(np.isfinite(series)))
        raise ValueError(f"series: expected finite numbers, got {series[first]} at {first}")
    return series
