r"""The chapter's net (figure 10.3) as pure functions, and its gradient by autograd."""

from typing import NamedTuple

import torch

from rnn._checks import require_choice
from rnn._unfold import unfold
from rnn.pytorch.boundary import checked_inputs, checked_theta
from rnn.pytorch.cells import tanh_cell
from rnn.pytorch.outputs import cross_entropy, readout, softmax

__all__ = ["PATHS", "Forward", "RNNTheta", "bptt", "explain", "forward", "walk"]

PATHS = ("auto", "loop")


class RNNTheta(NamedTuple):
    r"""Hold U (d_h, d_x), W (d_h, d_h), V (d_y, d_h), b (d_h,), c (d_y,) as tensors."""

    U: torch.Tensor
    W: torch.Tensor
    V: torch.Tensor
    b: torch.Tensor
    c: torch.Tensor


class Forward(NamedTuple):
    r"""Hold h (tau, B, d_h), o (tau, B, d_y) and the last state (B, d_h)."""

    h: torch.Tensor
    o: torch.Tensor
    state: torch.Tensor

    @property
    def y_hat(self):
        r"""Return the predictive distributions (10.11), (tau, B, d_y)."""
        return softmax(self.o)


def explain(path="auto"):
    r"""Say how a walk would be executed, and why.

    Returns
    -------
    str
    """
    require_choice("path", path, PATHS)
    why = "it is the only path so far" if path == "auto" else "you asked for it"
    return f"loop: one call of the cell for each step, because {why}"


def walk(state, x, theta, lengths=None, *, path="auto", check_finite=None):
    r"""Walk the tanh cell through time; return all states and each row's last one.

    The arguments are those of `forward`; theta needs only U, W and b.
    """
    require_choice("path", path, PATHS)
    state, x, counted = checked_inputs(state, x, theta, lengths, check_finite)
    states = unfold(tanh_cell, state, x, theta)
    h = torch.stack(states) if states else x.new_zeros(0, *state.shape)
    if counted is None:
        return h, (h[-1] if len(h) else state)
    ends = counted.sum(0)[None, :, None].expand(1, *state.shape)
    last = torch.cat([state[None], h]).gather(0, ends)[0]
    return torch.where(counted[..., None], h, 0), last


def forward(state, x, theta, lengths=None, *, path="auto", check_finite=None):
    r"""Compute states and outputs of the chapter's net, (10.8)-(10.10).

    Parameters
    ----------
    state : tensor, (B, d_h), or None for zeros
    x : tensor, (tau, B, d_x)
        Time first; dtype and device must be those of theta.
    theta : RNNTheta
    lengths : sequence of B ints in [0, tau], optional
        What stands in x at or after a row's length is never used; it may be NaN.
    path : {"auto", "loop"}
        How the walk is executed; `explain` says why.
    check_finite : bool, optional
        Refuse NaN and infinity; by default on the CPU only.

    Returns
    -------
    Forward

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.
    """
    h, last = walk(state, x, theta, lengths, path=path, check_finite=check_finite)
    return Forward(h=h, o=readout(h, theta), state=last)


def bptt(state, x, y, theta, *, reduction, lengths=None, path="auto"):
    r"""Compute the loss and its gradient; autograd walks back through time.

    Parameters are those of `forward`; y is an integer tensor (tau, B), and reduction is "sum"
    (the book's) or "mean".

    Returns
    -------
    L : tensor, a scalar
        In nats.
    grad : RNNTheta
    """
    require_choice("reduction", reduction, ("sum", "mean"))
    checked_theta(theta)
    leaves = RNNTheta(*(p.detach().requires_grad_() for p in theta))
    with torch.enable_grad():
        run = forward(state, x, leaves, lengths, path=path)
        L = cross_entropy(run.o, y, reduction=reduction, lengths=lengths)
    grad = torch.autograd.grad(L, leaves)
    return L.detach(), RNNTheta(*grad)
