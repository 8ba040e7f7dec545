r"""The chapter's net with its own copy of theta at each step, and the gradient at each copy.

The copies are stacked in one `RNNTheta` along a first axis of length tau: W is (tau, d_h, d_h), and
so on. If all are equal, the sum of their gradients over that axis is the gradient of the recurrent
net: that is what (10.25) and (10.27) mean by the derivative with respect to one use of W or U.
"""

import numpy as np

from rnn.reference import (
    RNNTheta,
    cross_entropy_adjoint,
    tanh_cell,
    tanh_cell_adjoint,
    unfold,
)

__all__ = ["outputs", "gradient_of_copies"]


def outputs(x, thetas):
    r"""Walk with each step's own parameters; return h (tau, B, d_h) and o (tau, B, d_y)."""
    start = np.zeros((x.shape[1], thetas.b.shape[-1]))
    steps = [(x_t, RNNTheta(*theta_t)) for x_t, *theta_t in zip(x, *thetas, strict=True)]
    h = np.array(unfold(lambda h, step, _: tanh_cell(h, *step), start, steps))
    return h, h @ flipped(thetas.V) + thetas.c[:, None]


def gradient_of_copies(x, y, thetas):
    r"""Return the gradient of the mean loss at each step's copy of the parameters."""
    h, o = outputs(x, thetas)
    grad_o = cross_entropy_adjoint(o, y, reduction="mean")

    def back(grad_a_later, step, _):
        grad_from_o, h, W_later = step
        return tanh_cell_adjoint(grad_from_o + grad_a_later @ W_later, h)

    steps = list(zip(grad_o @ thetas.V, h, np.roll(thetas.W, -1, axis=0), strict=True))
    grad_a = np.array(unfold(back, np.zeros_like(h[0]), steps, reverse=True))
    h_before = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
    return RNNTheta(
        U=flipped(grad_a) @ x,  # (10.27), before the sum over t
        W=flipped(grad_a) @ h_before,  # (10.25)
        V=flipped(grad_o) @ h,
        b=grad_a.sum(axis=1),
        c=grad_o.sum(axis=1),
    )


def flipped(stack):
    r"""Transpose every matrix of a stack."""
    return stack.swapaxes(1, 2)
