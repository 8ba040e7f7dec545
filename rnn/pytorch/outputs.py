r"""From the state to the loss: readout, softmax, and the losses of a sequence (10.10)-(10.14)."""

import torch

from rnn._checks import require_choice, require_instance, require_shape
from rnn.pytorch.boundary import checked_targets, inside

__all__ = ["REDUCTIONS", "bernoulli", "cross_entropy", "readout", "softmax", "squared_error"]

REDUCTIONS = ("sum", "mean", "none")


def readout(h, theta):
    r"""Compute the outputs :math:`o^{(t)} = c + V h^{(t)}` (10.10), (..., d_h) -> (..., d_y)."""
    return theta.c + h @ theta.V.T  # (10.10)


def softmax(o):
    r"""Compute :math:`\hat y = \mathrm{softmax}(o)` over the last axis (10.11)."""
    return torch.softmax(o, dim=-1)  # (10.11)


def cross_entropy(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the negative log-likelihood of the targets, in nats (10.12)-(10.14).

    Parameters
    ----------
    o : tensor, (tau, B, d_y)
        Unnormalised log probabilities. Not read, and without a gradient, where no step counts.
    y : integer tensor, (tau, B)
    reduction : {"sum", "mean", "none"}
        "sum" is the book's, over t and the batch; "mean" divides by the steps that count.
    lengths : sequence of B ints, optional
    counted : boolean tensor, (tau, B), optional
        Which of the steps inside the lengths count.

    Returns
    -------
    tensor
        A scalar, or (tau, B) for "none".

    Raises
    ------
    ValueError, TypeError
        If a class is out of range, the shapes disagree, or a length is impossible.
    """
    o, counted = _checked(o, y, reduction, lengths, counted)
    y = checked_targets(y, counted, o.shape[-1])
    picked = torch.log_softmax(o, -1).gather(-1, y[..., None])[..., 0]
    return _reduced(-picked, counted, reduction)  # (10.14)


def squared_error(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the squared distance of what is predicted from what is the case.

    As `rnn.reference.squared_error`. Parameters are those of `cross_entropy`, but y is a tensor of
    numbers like o. (`torch.nn.MSELoss` has a mean over the d_y numbers of a step where this has
    their sum.)
    """
    o, counted = _checked(o, y, reduction, lengths, counted)
    return _reduced((o - _like(o, y, counted)).square().sum(-1), counted, reduction)


def bernoulli(o, y, *, reduction, lengths=None, counted=None):
    r"""Compute the negative log-likelihood of independent bits, in nats.

    As `rnn.reference.bernoulli`; a step pays the sum over its bits of what
    `torch.nn.BCEWithLogitsLoss` computes. Parameters are those of `cross_entropy`, but y is a
    tensor like o of probabilities, as a rule 0 or 1; o are the log odds.
    """
    o, counted = _checked(o, y, reduction, lengths, counted)
    bits = torch.nn.functional.binary_cross_entropy_with_logits
    L_t = bits(o, _like(o, y, counted), reduction="none").sum(-1)
    return _reduced(L_t, counted, reduction)


def _checked(o, y, reduction, lengths, counted):
    r"""Check the arguments; return o with zeros where no step counts, and the steps that do."""
    require_choice("reduction", reduction, REDUCTIONS)
    for name, value in (("o", o), ("y", y)):
        require_instance(name, value, torch.Tensor, "use torch.as_tensor")
    require_shape("o", o, "tau B d_y")
    if not o.dtype.is_floating_point:
        raise TypeError(f"o: expected floats, got dtype {o.dtype}; o.float()")
    if y.device != o.device:
        raise ValueError(f"y: expected device {o.device}, got {y.device}; use .to(...)")
    counted = _which_count(o, lengths, counted)
    return torch.where(counted[..., None], o, 0), counted


def _which_count(o, lengths, counted):
    tau, batch, _ = o.shape
    inside_lengths = inside(lengths, tau, batch, o.device)
    if counted is None:
        return inside_lengths
    require_instance("counted", counted, torch.Tensor, "use torch.as_tensor")
    if counted.dtype != torch.bool:
        raise TypeError(f"counted: expected booleans, got dtype {counted.dtype}")
    require_shape("counted", counted, "tau B", tau=tau, B=batch)
    return counted & inside_lengths


def _like(o, y, counted):
    tau, batch, d_y = o.shape
    require_shape("y", y, "tau B d_y", tau=tau, B=batch, d_y=d_y)
    return torch.where(counted[..., None], y, 0).to(o.dtype)


def _reduced(L_t, counted, reduction):
    L_t = torch.where(counted, L_t, 0)
    if reduction == "none":
        return L_t
    L = L_t.sum()  # (10.13)
    return L if reduction == "sum" else L / counted.sum().clamp(min=1)
