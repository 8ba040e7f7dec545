r"""The net of figure 10.3 as in `rnn.reference.plain`, but on the fused walk of the cell `RNN`.

What buys speed: one product ``U x`` for all steps before the walk, the slopes 1 - h^2 of all steps
at once, three in-place calls a step, and one product a weight after the walk.
"""

from typing import NamedTuple

import numpy as np

from rnn._checks import (
    require_choice,
    require_dtype,
    require_fields,
    require_instance,
    require_shape,
)
from rnn.reference.boundary import checked_inputs, inside
from rnn.reference.cells.carry import blank
from rnn.reference.cells.contract import WalkedBack
from rnn.reference.cells.simple import RNN
from rnn.reference.losses import loss_and_gradient
from rnn.reference.outputs import readout
from rnn.reference.products import Before, outer, product, rows, total
from rnn.reference.theta import Forward, RNNTheta

__all__ = ["Backward", "backward", "bptt", "forward"]

CELL = RNN()


class Backward(NamedTuple):
    r"""Hold what the walk back through time finds.

    Attributes
    ----------
    grad : RNNTheta
        The gradient at the parameters.
    grad_h : array, (tau, B, d_h)
        The full gradient at each state, :math:`\nabla_{h^{(t)}} L` of (10.19)-(10.21).
    grad_x : array, (tau, B, d_x)
        The gradient at the inputs.
    grad_state : array, (B, d_h)
        The gradient at the state before the first step.
    """

    grad: RNNTheta
    grad_h: np.ndarray
    grad_x: np.ndarray
    grad_state: np.ndarray


def forward(state, x, theta, lengths=None, *, check_finite=True):
    r"""Compute states and outputs of the chapter's net, (10.8)-(10.10).

    Parameters
    ----------
    state : array, (B, d_h), or None for zeros
        The state before the first step.
    x : array, (tau, B, d_x)
        Time first. The dtype must be that of theta.
    theta : RNNTheta
    lengths : sequence of B ints in [0, tau], optional
        What stands in x at or after a row's length is never used; it may be NaN.
    check_finite : bool
        Refuse NaN and infinity in x and in the state.

    Returns
    -------
    Forward
        With the states h, the outputs o, and the state after each row's last step.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.
    """
    state, x, lengths = _checked(state, x, theta, lengths, check_finite)
    return _walk(state, x, theta, lengths)[0]


def backward(grad_o, run, state, x, theta, lengths=None, *, grad_last=None):
    r"""Carry gradients at the outputs back through time, (10.19)-(10.28).

    Parameters
    ----------
    grad_o : array, (tau, B, d_y)
        The gradient at every output; it is not read in the padding.
    run : Forward
        What `forward` returned for the same state, x, theta and lengths.
    state, x, theta, lengths
        As given to `forward`.
    grad_last : array, (B, d_h), optional
        A gradient that arrives at the last state from a later part of the model.

    Returns
    -------
    Backward

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.
    """
    state, x, lengths = _checked(state, x, theta, lengths, False)
    require_instance("run", run, Forward, "what forward returned")
    _require_gradient("grad_o", grad_o, run.o)
    grad_last = np.zeros_like(state) if grad_last is None else grad_last
    _require_gradient("grad_last", grad_last, state)
    counted = None if lengths is None else inside(lengths, len(x))
    kept = Before(state, run.h), run.h
    parts = blank(grad_o, counted), grad_last, run, kept, x, theta, counted
    grad, back = _back(*parts)
    grad_x = product(back.grad_z, theta.U)
    return Backward(grad, blank(back.grad_h, counted), grad_x, back.grad_state)


def bptt(state, x, y, theta, *, reduction, lengths=None):
    r"""Compute the loss and its gradient by back-propagation through time, (10.17)-(10.28).

    Parameters
    ----------
    state : array, (B, d_h), or None for zeros
    x : array, (tau, B, d_x)
    y : integer array, (tau, B)
        Target classes; not read in the padding.
    theta : RNNTheta
    reduction : {"sum", "mean"}
        "sum" is the book's, over t and the batch; "mean" is nats per step that counts.
    lengths : sequence of B ints in [0, tau], optional

    Returns
    -------
    L : float
        In nats.
    grad : RNNTheta
        ``grad.W`` is :math:`\nabla_W L`, and so on.

    Examples
    --------
    >>> from rnn.reference import init_theta
    >>> rng = np.random.default_rng(0)
    >>> theta, x = init_theta(rng, d_x=2, d_h=3, d_y=4), rng.normal(size=(5, 1, 2))
    >>> L, grad = bptt(None, x, np.zeros((5, 1), int), theta, reduction="sum")
    >>> grad.W.shape
    (3, 3)
    """
    require_choice("reduction", reduction, ("sum", "mean"))
    state, x, lengths = _checked(state, x, theta, lengths)
    run, kept, counted = _walk(state, x, theta, lengths)
    L, grad_o = loss_and_gradient("cross_entropy", run.o, y, reduction=reduction, lengths=lengths)
    grad, _ = _back(grad_o, np.zeros_like(state), run, kept, x, theta, counted)
    return L, grad


def _checked(state, x, theta, lengths, check_finite=True):
    checked = checked_inputs(state, x, theta, lengths, check_finite=check_finite)
    require_fields("theta", theta, RNNTheta(*[None] * 5))
    return checked


def _walk(state, x, theta, lengths):
    counted = None if lengths is None else inside(lengths, len(x))
    walked = CELL.walk(state, CELL.drive(x, theta), theta, counted)
    h = blank(walked.h, counted)
    o = readout(rows(h), theta).reshape(*h.shape[:2], len(theta.c))  # (10.10)
    return Forward(h=h, o=o, state=walked.state), walked.kept, counted


def _back(grad_o, grad_last, run, kept, x, theta, counted):
    r"""Walk back; return the gradient at theta, and what the walk found."""
    grad_h = product(grad_o, theta.V)
    if not len(x):
        return RNNTheta(*map(np.zeros_like, theta)), WalkedBack(grad_last, grad_h, (), grad_h)
    back = CELL.walk_back(grad_h, grad_last, kept, theta, counted)
    of_cell = CELL.gather(x, back.grad_z, (), kept, theta)
    V, c = outer(grad_o, run.h), total(grad_o)  # (10.24), (10.22)
    return RNNTheta(*of_cell[:2], V, of_cell.b, c), back


def _require_gradient(name, grad, of):
    require_dtype(name, grad, of.dtype, f"{name}.astype(np.{of.dtype})")
    if grad.shape != of.shape:
        require_shape(name, grad, " ".join(map(str, of.shape)), **{str(n): n for n in of.shape})
