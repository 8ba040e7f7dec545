r"""From the state to the loss: readout, softmax, cross-entropy (10.10-10.14)."""

import torch

from rnn._checks import require_choice, require_shape
from rnn.pytorch.boundary import checked_targets, inside

__all__ = ["REDUCTIONS", "cross_entropy", "readout", "softmax"]

REDUCTIONS = ("sum", "mean", "none")


def readout(h, theta):
    r"""Compute the outputs :math:`o^{(t)} = c + V h^{(t)}` (10.10), (..., d_h) -> (..., d_y)."""
    return theta.c + h @ theta.V.T  # (10.10)


def softmax(o):
    r"""Compute :math:`\hat y = \mathrm{softmax}(o)` over the last axis (10.11)."""
    return torch.softmax(o, dim=-1)  # (10.11)


def cross_entropy(o, y, *, reduction, lengths=None):
    r"""Compute the negative log-likelihood of the targets, in nats (10.12)-(10.14).

    Parameters
    ----------
    o : tensor, (tau, B, d_y)
        Unnormalised log probabilities.
    y : integer tensor, (tau, B)
    reduction : {"sum", "mean", "none"}
        "sum" is the book's, over t and the batch; "mean" divides by the steps that count.
    lengths : sequence of B ints, optional

    Returns
    -------
    tensor
        A scalar, or (tau, B) for "none".

    Raises
    ------
    ValueError, TypeError
        If a class is out of range, the shapes disagree, or a length is impossible.
    """
    require_choice("reduction", reduction, REDUCTIONS)
    require_shape("o", o, "tau B d_y")
    counted = inside(lengths, *o.shape[:2], o.device)
    y = checked_targets(y, counted, o.shape[-1])
    picked = torch.log_softmax(o, -1).gather(-1, y[..., None])[..., 0]
    L_t = torch.where(counted, -picked, 0)  # (10.14)
    if reduction == "none":
        return L_t
    L = L_t.sum()  # (10.13)
    return L if reduction == "sum" else L / max(int(counted.sum()), 1)
