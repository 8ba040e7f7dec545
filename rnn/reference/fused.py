r"""The same net as in `rnn.reference.plain`, arranged for speed.

What buys it: one product ``U x`` for all steps before the walk, the slopes 1 - h^2 of all steps
at once, three in-place calls a step, and one product a weight after the walk.
"""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice, require_dtype, require_shape
from rnn.reference.boundary import checked_inputs, inside
from rnn.reference.losses import cross_entropy, cross_entropy_adjoint
from rnn.reference.outputs import readout
from rnn.reference.products import product, rows
from rnn.reference.theta import Forward, RNNTheta

__all__ = ["Backward", "backward", "bptt", "forward"]


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
    state, x, lengths = checked_inputs(state, x, theta, lengths, check_finite=check_finite)
    return _forward(state, x, theta, lengths)


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
    state, x, lengths = checked_inputs(state, x, theta, lengths, check_finite=False)
    _require_gradient("grad_o", grad_o, run.o)
    grad_last = np.zeros_like(state) if grad_last is None else grad_last
    _require_gradient("grad_last", grad_last, state)
    if lengths is not None:
        grad_o = np.where(inside(lengths, len(x))[..., None], grad_o, 0)
    grad_h = product(grad_o, theta.V)
    at_start = _inject(grad_h, grad_last, lengths)
    grad_a, grad_state = _walk_back(grad_h, run.h, theta.W)
    grad = _weight_gradients(grad_o, grad_a, run.h, state, x)
    return Backward(grad, grad_h, product(grad_a, theta.U), grad_state + at_start)


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
    state, x, lengths = checked_inputs(state, x, theta, lengths)
    run = _forward(state, x, theta, lengths)
    L = cross_entropy(run.o, y, reduction=reduction, lengths=lengths)
    grad_o = cross_entropy_adjoint(run.o, y, reduction=reduction, lengths=lengths)
    grad_a, _ = _walk_back(product(grad_o, theta.V), run.h, theta.W)
    return L, _weight_gradients(grad_o, grad_a, run.h, state, x)


def _forward(state, x, theta, lengths):
    h = _walk(state, x, theta)
    last = _last_state(state, h, lengths)
    if lengths is not None:
        h[~inside(lengths, len(x))] = 0
    return Forward(h=h, o=readout(rows(h), theta).reshape(*h.shape[:2], len(theta.c)), state=last)


def _walk(state, x, theta):
    h = product(x, theta.U.T)
    h += theta.b
    W_T, from_before = np.ascontiguousarray(theta.W.T), np.empty_like(state)
    for h_t in h:
        np.dot(state, W_T, out=from_before)
        h_t += from_before  # (10.8)
        state = np.tanh(h_t, out=h_t)  # (10.9)
    return h


def _walk_back(grad_h, h, W):
    r"""Add to grad_h what arrives from later; return grad_a and the gradient at the start."""
    grad_a, from_later = 1 - h * h, np.zeros_like(h[0] if len(h) else grad_h.sum(0))
    for grad_h_t, grad_a_t in zip(grad_h[::-1], grad_a[::-1], strict=True):
        grad_h_t += from_later  # (10.20), (10.21)
        grad_a_t *= grad_h_t
        np.dot(grad_a_t, W, out=from_later)
    return grad_a, from_later


def _weight_gradients(grad_o, grad_a, h, state, x):
    grad_W = rows(grad_a[1:]).T @ rows(h[:-1])  # (10.26)
    if len(h):
        grad_W += grad_a[0].T @ state
    return RNNTheta(
        U=rows(grad_a).T @ rows(x),  # (10.28)
        W=grad_W,
        V=rows(grad_o).T @ rows(h),  # (10.24)
        b=rows(grad_a).sum(axis=0),  # (10.23)
        c=rows(grad_o).sum(axis=0),  # (10.22)
    )


def _last_state(state, h, lengths):
    r"""Pick each row's state after its last step, or the one it began with."""
    if lengths is None:
        return h[-1].copy() if len(h) else state
    rows = np.arange(len(state))
    return np.concatenate([state[None], h])[lengths, rows]


def _inject(grad_h, grad_last, lengths):
    r"""Add grad_last where each row ends; return what belongs to rows of length zero."""
    tau, batch, _ = grad_h.shape
    ends = np.full(batch, tau) if lengths is None else lengths
    rows = np.flatnonzero(ends)
    grad_h[ends[rows] - 1, rows] += grad_last[rows]
    return np.where((ends == 0)[:, None], grad_last, 0)


def _require_gradient(name, grad, of):
    require_dtype(name, grad, of.dtype, f"{name}.astype(np.{of.dtype})")
    if grad.shape != of.shape:
        require_shape(name, grad, " ".join(map(str, of.shape)), **{str(n): n for n in of.shape})
