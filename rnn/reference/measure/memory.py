r"""How much of its past a reservoir can be asked for (§10.8)."""

import numpy as np

from rnn._checks import require_in_range, require_shape, require_size

__all__ = ["memory_capacity"]


def memory_capacity(h, u, max_delay, *, washout=0, held_out=0.5):
    r"""Measure how well a linear readout of the states recalls each earlier input.

    .. math:: MC_k = \max_{v} \frac{\mathrm{cov}^2(u^{(t-k)}, v^\top h^{(t)})}
        {\mathrm{var}(u^{(t-k)})\, \mathrm{var}(v^\top h^{(t)})}

    Source: Jaeger (2001), who sums over k from 1 on. For an input that is independent from
    step to step, the sum over all k from 0 on is at most N, the number of units; linear units reach
    it. Both are statements about expectations. Estimated in sample, each delay has a bias of
    about N / T for T steps; on held-out steps one of about 1 / T.

    Parameters
    ----------
    h : array, (tau, B, N)
        The states: what a cell's `forward` returns as ``h``.
    u : array, (tau, B)
        The input to recall, such as ``x[..., 0]``; ``u[t]`` is what led to ``h[t]``.
    max_delay : int
        The largest k, in steps.
    washout : int
        Steps at the start that are left out; at least max_delay are, whatever it is.
    held_out : float
        Which part of the remaining steps, the last ones, measures the correlation while the others
        fit v. 0 fits and measures on all of them, in sample.

    Returns
    -------
    array, (max_delay + 1,)
        :math:`MC_k` for k = 0, 1, ..., each in [0, 1]. Their sum is the capacity.

    Raises
    ------
    ValueError
        If a part has fewer than two steps.
    """
    require_shape("h", h, "tau B N")
    require_shape("u", u, "tau B", tau=h.shape[0], B=h.shape[1])
    max_delay = require_size("max_delay", max_delay, 0)
    require_in_range("held_out", held_out, 0, 1)
    first, tau = max(max_delay, require_size("washout", washout, 0)), len(h)
    fitted = round(max(tau - first, 0) * (1 - held_out))
    if min(fitted, tau - first - fitted if held_out else fitted) < 2:
        raise ValueError(f"h: expected more than {first} steps, two for each part, got {tau}")
    states = np.asarray(h[first:], float)
    past = np.stack([u[first - k : tau - k] for k in range(max_delay + 1)], -1).astype(float)
    V = _best_readouts(_rows(states[:fitted]), _rows(past[:fitted]))
    measured = slice(fitted, None) if held_out else slice(None)
    return _squared_correlation(_rows(states[measured]) @ V, _rows(past[measured]))


def _best_readouts(states, past):
    return np.linalg.lstsq(states - states.mean(0), past - past.mean(0), rcond=None)[0]


def _squared_correlation(recalled, past):
    r"""Correlate column by column; what does not vary recalls nothing."""
    recalled, past = recalled - recalled.mean(0), past - past.mean(0)
    variances = (recalled**2).sum(0), (past**2).sum(0)
    varies = variances[0] > 1e-24 * variances[1]
    squares = (recalled * past).sum(0) ** 2
    return np.divide(squares, variances[0] * variances[1], out=np.zeros_like(squares), where=varies)


def _rows(array):
    return array.reshape(-1, array.shape[-1])
