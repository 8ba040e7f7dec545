r"""The chapter's net (figure 10.3) as pure functions, and its gradient by autograd."""

from typing import NamedTuple

import torch

from rnn._checks import require_choice
from rnn.pytorch.boundary import (
    checked_array,
    checked_theta,
    inside,
    require_finite,
    should_look,
)
from rnn.pytorch.cells.carry import blank
from rnn.pytorch.cells.simple import RNN
from rnn.pytorch.cells.theta import CellTheta
from rnn.pytorch.outputs import cross_entropy, readout, softmax
from rnn.pytorch.paths import Request, chosen, explained, walk

__all__ = ["Forward", "RNNTheta", "bptt", "explain", "forward"]

CELL = RNN(0, 1)  # its functions are used, not its parameters


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


def explain(state, x, theta, lengths=None, *, path="auto"):
    r"""Say how `forward` with these arguments would be executed, and why.

    Returns
    -------
    str
    """
    _, x, theta, counted = _checked(state, x, theta, lengths, False)
    return explained(CELL, path, Request.of(x, theta, counted, len(theta.b)))


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
    path : {"auto", "loop", "hoisted", "fused", "library", "graph"}
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
    state, x, of_cell, counted = _checked(state, x, theta, lengths, check_finite)
    path, _ = chosen(CELL, path, Request.of(x, of_cell, counted, len(theta.b)))
    h, last = walk(CELL, path, state, x, of_cell, counted)
    h = blank(h, counted)
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


def _checked(state, x, theta, lengths, check_finite):
    d_h, d_x = checked_theta(theta)
    x = checked_array("x", x, theta.U, "tau B d_x", d_x=d_x)
    tau, batch, _ = x.shape
    state = x.new_zeros(batch, d_h) if state is None else state
    state = checked_array("state", state, theta.U, "B d_h", B=batch, d_h=d_h)
    counted = None if lengths is None else inside(lengths, tau, batch, x.device)
    if counted is not None:
        x = torch.where(counted[..., None], x, 0)
    if should_look(x, check_finite):
        require_finite("x", x, "(t, batch)")
        require_finite("state", state, "(batch,)")
    return state, x, CellTheta(theta.U, theta.W, theta.b), counted
