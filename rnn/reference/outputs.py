r"""From the state to the loss: readout, softmax, cross-entropy (10.10-10.14) and (10.18)."""

import numpy as np

from rnn._checks import require_choice, require_shape
from rnn.reference.boundary import checked_lengths, checked_targets, inside

__all__ = ["REDUCTIONS", "cross_entropy", "cross_entropy_adjoint", "readout", "softmax"]

REDUCTIONS = ("sum", "mean", "none")


def readout(h, theta):
    r"""Compute the outputs :math:`o^{(t)} = c + V h^{(t)}` (10.10).

    Parameters
    ----------
    h : array, (..., d_h)
    theta : any object with fields V (d_y, d_h) and c (d_y,)

    Returns
    -------
    array, (..., d_y)
        Unnormalised log probabilities.
    """
    return theta.c + h @ theta.V.T  # (10.10)


def softmax(o):
    r"""Compute :math:`\hat y = \mathrm{softmax}(o)` over the last axis (10.11).

    Parameters
    ----------
    o : array, (..., d_y)

    Returns
    -------
    array, (..., d_y)
        Positive numbers that sum to 1. A constant added to o changes nothing, so the
        largest entry is subtracted first and no exponential overflows.
    """
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)  # (10.11)


def cross_entropy(o, y, *, reduction, lengths=None):
    r"""Compute the negative log-likelihood of the targets, in nats.

    .. math:: L = \sum_t L^{(t)} = -\sum_t \log \hat y^{(t)}_{y^{(t)}} \qquad (10.12)-(10.14)

    Parameters
    ----------
    o : array, (tau, B, d_y)
        Unnormalised log probabilities: the softmax is inside the loss.
    y : integer array, (tau, B)
        Target classes.
    reduction : {"sum", "mean", "none"}
        "sum" is the book's, over t and over the batch; "mean" divides it by the number of
        steps that count, as `torch.nn.functional.cross_entropy` does; "none" returns
        :math:`L^{(t)}` for every step.
    lengths : sequence of B ints, optional
        Steps at or after a row's length do not count; targets there are never read.

    Returns
    -------
    float, or array (tau, B) for "none"

    Raises
    ------
    ValueError, TypeError
        If a class is out of range, the shapes disagree, or a length is impossible.
    """
    require_choice("reduction", reduction, REDUCTIONS)
    y, counted = _targets(o, y, lengths)
    shifted = o - o.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    picked = np.take_along_axis(shifted, y[..., None], axis=-1)[..., 0]
    L_t = np.where(counted, log_sum - picked, 0)  # (10.14)
    if reduction == "none":
        return L_t
    L = L_t.sum()  # (10.13)
    return L if reduction == "sum" else L / _count(counted)


def cross_entropy_adjoint(o, y, *, reduction, lengths=None):
    r"""Compute the gradient of `cross_entropy` at the outputs.

    .. math:: (\nabla_{o^{(t)}} L)_i = \hat y^{(t)}_i - \mathbf 1_{i, y^{(t)}} \qquad (10.18)

    Parameters are those of `cross_entropy`; "none" gives the gradient of each
    :math:`L^{(t)}` with respect to its own :math:`o^{(t)}`, which is that of the sum.

    Returns
    -------
    array, (tau, B, d_y)
        Zero at the steps that do not count.
    """
    require_choice("reduction", reduction, REDUCTIONS)
    y, counted = _targets(o, y, lengths)
    grad_o = softmax(np.where(counted[..., None], o, 0))
    here = y[..., None]
    np.put_along_axis(grad_o, here, np.take_along_axis(grad_o, here, -1) - 1, -1)  # (10.18)
    grad_o *= counted[..., None]
    return grad_o / _count(counted) if reduction == "mean" else grad_o


def _targets(o, y, lengths):
    require_shape("o", o, "tau B d_y")
    if not np.issubdtype(o.dtype, np.floating):
        raise TypeError(f"o: expected floats, got dtype {o.dtype}; o.astype(float)")
    tau, batch, d_y = o.shape
    counted = inside(checked_lengths(lengths, tau, batch), tau)
    return checked_targets(y, counted, d_y), counted


def _count(counted):
    return max(int(counted.sum()), 1)
