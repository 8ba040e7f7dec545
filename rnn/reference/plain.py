r"""The chapter's net and its gradient, written so that they lie over the equations.

Read this page beside section 10.2.2. `rnn.reference.fused` computes the same numbers several
times faster; a test holds the two together.
"""

import numpy as np

from rnn._unfold import unfold
from rnn.reference.boundary import checked_inputs
from rnn.reference.cells.tanh import tanh_cell, tanh_cell_adjoint
from rnn.reference.losses import cross_entropy, cross_entropy_adjoint
from rnn.reference.outputs import readout
from rnn.reference.theta import Forward, RNNTheta

__all__ = ["bptt", "forward"]


def forward(state, x, theta):
    r"""Compute states and outputs, (10.8)-(10.10).

    Parameters
    ----------
    state : array, (B, d_h), or None for zeros
    x : array, (tau, B, d_x)
    theta : RNNTheta

    Returns
    -------
    Forward
    """
    state, x, _ = checked_inputs(state, x, theta)
    states = unfold(tanh_cell, state, x, theta)  # (10.8), (10.9)
    h = np.array(states, x.dtype).reshape(len(x), *state.shape)
    return Forward(h=h, o=readout(h, theta), state=states[-1] if states else state)  # (10.10)


def bptt(state, x, y, theta, *, reduction):
    r"""Compute the loss and its gradient by back-propagation through time, (10.17)-(10.28).

    Parameters
    ----------
    state : array, (B, d_h), or None for zeros
    x : array, (tau, B, d_x)
    y : integer array, (tau, B)
    theta : RNNTheta
    reduction : {"sum", "mean"}

    Returns
    -------
    L : float
        In nats.
    grad : RNNTheta
        ``grad.W`` is :math:`\nabla_W L`.
    """
    state, x, _ = checked_inputs(state, x, theta)
    h, o, _ = forward(state, x, theta)
    L = cross_entropy(o, y, reduction=reduction)
    grad_o = cross_entropy_adjoint(o, y, reduction=reduction)  # (10.17), (10.18)

    def step(later, now, theta):
        grad_a_later, _ = later
        grad_o, h = now
        grad_h = grad_a_later @ theta.W + grad_o @ theta.V  # (10.19)-(10.21)
        return tanh_cell_adjoint(grad_h, h), grad_h

    nothing_later = (np.zeros_like(state), None)
    walk = unfold(step, nothing_later, list(zip(grad_o, h, strict=True)), theta, reverse=True)
    grad_a = np.array([grad_a for grad_a, _ in walk], x.dtype).reshape(h.shape)
    h_before = np.concatenate([state[None], h])[:-1]
    grad = RNNTheta(
        c=grad_o.sum(axis=(0, 1)),  # (10.22)
        b=grad_a.sum(axis=(0, 1)),  # (10.23)
        V=np.einsum("tbi,tbj->ij", grad_o, h),  # (10.24)
        W=np.einsum("tbi,tbj->ij", grad_a, h_before),  # (10.25), (10.26)
        U=np.einsum("tbi,tbj->ij", grad_a, x),  # (10.27), (10.28)
    )
    return L, grad
