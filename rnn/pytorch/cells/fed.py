r"""What a `Feedback` cell reads."""

from typing import Any, NamedTuple

import torch

from rnn._checks import require_dtype, require_instance, require_shape
from rnn.pytorch.boundary import checked_targets, inside

__all__ = ["Fed", "Told", "feed", "largest"]


class Fed(NamedTuple):
    r"""Hold what a `Feedback` cell reads.

    Attributes
    ----------
    x : tensor, (tau, B, d_x), or whatever the inner cell reads
    y : tensor, (tau, B, d_y)
        What step t + 1 is told about step t where it is told the truth.
    forced : boolean tensor, (tau, B), or bool for all steps
        Where it is told the truth; elsewhere it reads the net's own output.
    noise : tensor, (tau, B, d_y)
        Added to o before the net's own output is taken.
    """

    x: Any
    y: torch.Tensor
    forced: Any
    noise: torch.Tensor


class Told(NamedTuple):
    r"""Hold what is read where the truth is told at every step that counts."""

    x: Any
    y: torch.Tensor


def feed(y, x=None, *, d_y, forced=True, noise=None, lengths=None, dtype=None):
    r"""Prepare what a `Feedback` cell reads.

    Parameters
    ----------
    y : integer tensor, (tau, B), or tensor (tau, B, d_y)
        Classes, which become one-hot vectors, or numbers. Where nothing is told only the shape
        is used.
    x : tensor, (tau, B, d_x), or whatever the inner cell reads, optional
        None stands for d_x = 0.
    d_y : int
    forced : bool, or boolean tensor (tau, B)
        Where the cell is told y. A bool is kept as it is: it says without a look at the device
        that all steps are told, or none.
    noise : tensor, (tau, B, d_y), optional
    lengths : sequence of B ints, optional
        Classes beyond them are not looked at.
    dtype : optional
        Of one-hot vectors; by default `torch.get_default_dtype`.

    Returns
    -------
    Fed
    """
    require_instance("y", y, torch.Tensor, "use torch.as_tensor")
    y = _vectors(y, d_y, dtype, lengths)
    x = y.new_zeros(*y.shape[:2], 0) if x is None else x
    noise = y.new_zeros(()).expand(y.shape) if noise is None else noise
    return Fed(x, y, _mask(forced, y), noise)


def largest(o):
    r"""Return the one-hot vector of the largest entry, through which no gradient passes."""
    return torch.zeros_like(o).scatter_(-1, o.argmax(-1, keepdim=True), 1)


def _vectors(y, d_y, dtype, lengths):
    if y.dim() != 2:
        require_shape("y", y, "tau B d_y", d_y=d_y)
        if dtype is not None:
            require_dtype("y", y, dtype, f".to({dtype})")
        return y
    classes = checked_targets(y, inside(lengths, *y.shape, y.device), d_y)
    zeros = torch.zeros(*y.shape, d_y, device=y.device, dtype=dtype)
    return zeros.scatter_(-1, classes[..., None], 1)


def _mask(forced, y):
    if type(forced).__name__ in ("bool", "bool_"):
        return bool(forced)
    got = f"dtype {forced.dtype}" if isinstance(forced, torch.Tensor) else type(forced).__name__
    if got != "dtype torch.bool":
        advice = "forced_mask draws one from a probability"
        raise TypeError(f"forced: expected booleans, got {got}; {advice}")
    if not forced.dim():
        return forced.expand(y.shape[:2])
    require_shape("forced", forced, "tau B", tau=len(y), B=y.shape[1])
    return forced
