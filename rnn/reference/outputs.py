r"""From the state to the output: readout and softmax (10.10), (10.11)."""

import numpy as np

__all__ = ["readout", "softmax"]


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
