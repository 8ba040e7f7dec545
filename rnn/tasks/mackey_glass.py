r"""The Mackey-Glass equation: a chaotic series from one equation with a delay."""

import numpy as np

from rnn._checks import require_in_range, require_positive, require_size

__all__ = ["mackey_glass"]

BETA, GAMMA, POWER = 0.2, 0.1, 10


def mackey_glass(tau, *, delay=17, substeps=10, start=1.2, washout=1000):
    r"""Return one solution of the Mackey-Glass equation, sampled once a unit of time.

    .. math:: \dot x(t) = \frac{\beta\, x(t-d)}{1 + x(t-d)^n} - \gamma\, x(t),
        \qquad \beta = 0.2,\ \gamma = 0.1,\ n = 10

    Source: Mackey and Glass (1977); Jaeger and Haas (2004) predict it with an echo state network,
    84 steps ahead (after squashing, :math:`\tanh(x - 1)`, which is left to the caller). It is
    mildly chaotic for d = 17, more so for d = 30, and periodic for small d.

    Integrated by the classical Runge-Kutta method, which also needs the delayed value halfway
    between two grid points. There stands the cubic through the values and slopes at both; its
    error is of order 4 in the step, so the whole is of order 4. All kinks of the solution
    (multiples of d, because of the constant past) fall on the grid.

    Parameters
    ----------
    tau : int
        Number of values.
    delay : int
        d, in units of time.
    substeps : int
        Integration steps a unit of time. By default the error is 3e-9 over the first 200 units;
        chaos makes it grow, whatever the step.
    start : float
        The value at all times up to 0; positive, at most 10. Another value gives another piece
        of the same attractor, except 1, an equilibrium that only rounding errors could leave.
    washout : int
        Units of time that are dropped first.

    Returns
    -------
    array, (tau,)
        x(washout), x(washout + 1), ...; cut it with `windows`.

    Examples
    --------
    >>> mackey_glass(3, washout=0, start=1.2).round(3)
    array([1.2  , 1.118, 1.043])
    """
    tau, washout = require_size("tau", tau, 0), require_size("washout", washout, 0)
    delay, substeps = require_size("delay", delay), require_size("substeps", substeps)
    start = require_in_range("start", require_positive("start", start), 0, 10)
    steps = (washout + tau) * substeps
    return _solve(steps, delay * substeps, 1 / substeps, start)[washout * substeps : -1 : substeps]


def _solve(steps, lag, step, start):
    r"""Return x at 0, step, 2 step, ...: `steps` Runge-Kutta steps with a delay of `lag` steps."""
    on, halfway = [start] * (lag + 1), [start] * lag  # on[k + lag] is x(k step)
    now, slope = start, _f(start, start)
    for k in range(steps):
        k2 = _f(now + step / 2 * slope, halfway[k])
        k3 = _f(now + step / 2 * k2, halfway[k])
        k4 = _f(now + step * k3, on[k + 1])
        then = now + step / 6 * (slope + 2 * k2 + 2 * k3 + k4)
        next_slope = _f(then, on[k + 1])
        halfway.append((now + then) / 2 + step / 8 * (slope - next_slope))  # the cubic's middle
        on.append(then)
        now, slope = then, next_slope
    return np.array(on[lag:])


def _f(x, delayed):
    return BETA * delayed / (1 + delayed**POWER) - GAMMA * x
