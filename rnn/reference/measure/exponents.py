r"""How fast small changes of a state grow: Lyapunov exponents (§10.8)."""

import numpy as np

from rnn._checks import require_in_range, require_size
from rnn._unfold import unfold
from rnn.reference.measure.carried import carried, identity_rows, walked

__all__ = ["lyapunov_exponents"]


def lyapunov_exponents(cell, state, x, theta, k=None, *, washout=0):
    r"""Estimate the Lyapunov exponents: mean rates, in nats a step, at which small changes grow.

    Exponent i is :math:`\lim_{t} \frac1t \log \sigma_i(t)`, with the i-th singular value of the
    product of t Jacobians. That product is never formed: k gradients are carried back through the
    steps, and made orthonormal again after each by a QR decomposition, whose diagonal holds what
    each grew by (Benettin et al., 1980, who carry perturbations forward: a matrix and its transpose
    have the same singular values). The largest is positive where the walk is chaotic, and negative
    where it forgets its start. All n sum to the mean of :math:`\log |\det J|`.

    Parameters
    ----------
    cell, state, x, theta
        As for `jacobian_product`. With a constant x it is a property of the autonomous system,
        with a random one of the system and the law of its input. A state of None starts at 0,
        which without input and bias is a fixed point: there, give a random state.
    k : int, optional
        How many, from the largest down; all n if not given. The cost is that of k gradients.
    washout : int
        Steps that are not averaged, so many at each end: at the start the state still moves to its
        attractor, at the end the gradients still turn to where growth is largest. Without it, the
        error is of order 1/tau.

    Returns
    -------
    array, (B, k)
        In descending order. A direction that is wiped out within one step has -inf, or, after
        rounding, about -36 (float64).

    Examples
    --------
    >>> from rnn.reference import RNN, CellTheta
    >>> theta = CellTheta(U=np.zeros((2, 0)), W=np.diag([0.5, 2.0]), b=np.zeros(2))
    >>> lyapunov_exponents(RNN("linear"), None, np.zeros((90, 1, 0)), theta, washout=30) / np.log(2)
    array([[ 1., -1.]])
    """
    first, steps = walked(cell, state, x, theta)
    require_size("washout", washout, 0)
    if 2 * washout >= len(steps):
        raise ValueError(f"washout: expected less than half of tau={len(steps)}, got {washout}")
    start = identity_rows(first, theta)
    n = start.shape[-1]
    k = n if k is None else int(require_in_range("k", require_size("k", k), 1, n))
    generic = np.random.default_rng(0).normal(size=(n, n))[:, :k]  # no special direction of any W

    def f(carry, step, theta):
        rows = carried(cell, carry[0], step, theta)
        Q, R = np.linalg.qr(rows.swapaxes(-2, -1))
        return Q.swapaxes(-2, -1), np.abs(np.diagonal(R, axis1=-2, axis2=-1))

    begin = np.linalg.qr(start @ generic)[0].swapaxes(-2, -1)
    walk = unfold(f, (begin, None), steps, theta, reverse=True)
    with np.errstate(divide="ignore"):
        rates = np.log([grown for _, grown in walk[washout : len(steps) - washout]])
    return -np.sort(-rates.mean(axis=0), axis=-1)
