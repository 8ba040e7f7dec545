r"""Powers of one matrix: what grows, what fades, and how fast (§10.7, (10.36)-(10.39))."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_shape, require_size
from rnn._unfold import unfold

__all__ = [
    "PowerRun",
    "closed_form",
    "largest_singular_value",
    "linear_recurrence",
    "power_iteration",
    "spectral_radius",
]


def spectral_radius(W):
    r"""Return the largest magnitude of an eigenvalue, :math:`\rho(W) = \max_i |\lambda_i|`.

    It decides how :math:`W^t` grows in the end, also where eigenvalues are complex; what a
    single step can do is `largest_singular_value`. Below 1 it does not make W a contraction,
    unless W is normal.

    Parameters
    ----------
    W : array, (n, n)

    Returns
    -------
    float

    Examples
    --------
    >>> round(spectral_radius(np.array([[0.0, -2.0], [2.0, 0.0]])), 12)  # eigenvalues 2i and -2i
    2.0
    """
    return float(np.abs(np.linalg.eigvals(_square(W))).max(initial=0))


def largest_singular_value(W):
    r"""Return the largest factor by which W stretches a vector, :math:`\max \|Wv\| / \|v\|`.

    Below 1 the map is a contraction: whatever differs gets closer at every step.

    Parameters
    ----------
    W : array, (m, n)

    Returns
    -------
    float

    Examples
    --------
    >>> W = np.array([[0.9, 5.0], [0.0, 0.9]])
    >>> spectral_radius(W), round(largest_singular_value(W), 2)
    (0.9, 5.16)
    """
    require_shape("W", W, "m n")
    return float(np.linalg.svd(np.asarray(W, float), compute_uv=False).max(initial=0))


def linear_recurrence(W, h, steps):
    r"""Walk through :math:`h^{(t)} = W h^{(t-1)}`, the recurrence without input and without phi.

    The book prints (10.36) with :math:`W^\top`, for the rest of its section; here W has the
    orientation of (10.8), so this is an `RNN("linear")` that hears nothing.

    Parameters
    ----------
    W : array, (n, n)
    h : array, (..., n)
        :math:`h^{(0)}`.
    steps : int

    Returns
    -------
    array, (steps, ..., n)
        Entry t is :math:`h^{(t+1)} = W^{t+1} h^{(0)}` (10.37).
    """
    W, h, steps = _checked(W, h, steps)
    states = unfold(lambda h, _, W: h @ W.T, h, range(steps), W)  # (10.36)
    return np.array(states).reshape(steps, *h.shape)


def closed_form(W, h, steps):
    r"""Compute all steps of `linear_recurrence` at once, for a symmetric W.

    .. math:: W = Q \Lambda Q^\top \quad (10.38), \qquad
        h^{(t)} = Q \Lambda^t Q^\top h^{(0)} \quad (10.39)

    The columns of Q are the eigenvectors: they turn :math:`h^{(0)}` into coordinates, each of
    which is multiplied by its own eigenvalue. (10.39) as printed in the copies we checked has Q and
    :math:`Q^\top` the other way round, which does not follow from (10.38).

    Parameters and result are those of `linear_recurrence`.

    Raises
    ------
    ValueError
        If W is not symmetric.
    """
    W, h, steps = _checked(W, h, steps)
    if not np.allclose(W, W.T, rtol=0, atol=1e-12 * np.abs(W).max(initial=0)):
        raise ValueError(f"W: expected a symmetric matrix, got one off by {np.abs(W - W.T).max()}")
    eigenvalues, Q = np.linalg.eigh(W)  # (10.38)
    t = np.arange(1, steps + 1).reshape(-1, *[1] * h.ndim)
    return (eigenvalues**t * (h @ Q)) @ Q.T  # (10.39)


class PowerRun(NamedTuple):
    r"""Hold what the power method computed.

    Attributes
    ----------
    h : array, (steps, n)
        The directions, each of norm 1.
    growth : array, (steps,)
        By how much each step stretched the one before.
    """

    h: np.ndarray
    growth: np.ndarray


def power_iteration(W, h, steps):
    r"""Walk through the linear recurrence, and rescale h to norm 1 after each step.

    With one eigenvalue larger in magnitude than all others, the direction becomes its eigenvector
    (up to sign) and the growth its magnitude: everything else that h held is lost (§10.7).

    Parameters
    ----------
    W : array, (n, n)
    h : array, (n,)
    steps : int

    Returns
    -------
    PowerRun

    Raises
    ------
    ValueError
        If h is, or becomes, zero.

    Examples
    --------
    >>> power_iteration(np.diag([2.0, 1.0]), np.ones(2), 9).growth.round(3)[[0, -1]]
    array([1.581, 2.   ])
    """
    W, h, steps = _checked(W, h, steps)
    require_shape("h", h, "n")

    def f(carry, _, W):
        after = W @ carry[0]  # (10.36)
        norm = np.linalg.norm(after)
        if not norm > 0:
            raise ValueError("h: expected a vector that W never maps to zero, got one that it does")
        return after / norm, norm

    walked = unfold(f, (h / max(np.linalg.norm(h), np.finfo(float).tiny), 1.0), range(steps), W)
    directions = np.array([h for h, _ in walked]).reshape(steps, len(h))
    return PowerRun(directions, np.array([norm for _, norm in walked]))


def _square(W):
    W = np.asarray(W, float)
    require_shape("W", W, "n n", n=len(W) if W.ndim else 0)
    if not np.isfinite(W).all():
        raise ValueError("W: expected finite numbers, got NaN or infinity")
    return W


def _checked(W, h, steps):
    W, h, steps = _square(W), np.asarray(h, float), require_size("steps", steps, minimum=0)
    if not h.ndim or h.shape[-1] != len(W):
        raise ValueError(f"h: expected shape (..., {len(W)}), got {h.shape}")
    return W, h, steps
