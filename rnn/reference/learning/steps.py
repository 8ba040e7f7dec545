r"""What turns a gradient into a better net: Adam, and clipping by norm (10.48)-(10.49).

Every function takes parameters and gradients as a NamedTuple of arrays, such as `RNNTheta`, and
returns new ones; nothing is changed in place.
"""

from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_instance, require_positive

__all__ = ["AdamState", "adam", "adam_init", "clip_norm"]


class AdamState(NamedTuple):
    r"""Hold Adam's step count and its running averages of the gradient and of its square."""

    steps: int
    m: Any
    v: Any


def adam_init(theta):
    r"""Start Adam for these parameters: no steps yet, averages of zero."""
    zeros = type(theta)(*map(np.zeros_like, theta))
    return AdamState(0, zeros, zeros)


def adam(theta, grad, opt, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Take one step of Adam (Kingma & Ba, 2015), with the defaults of `torch.optim.Adam`.

    Parameters
    ----------
    theta, grad : NamedTuple of arrays
        Parameters and their gradient, of the same type.
    opt : AdamState
        From `adam_init` or from the step before.
    lr : float
        Learning rate, positive.

    Returns
    -------
    theta, opt
        The new parameters and the new state of the optimiser.
    """
    require_instance("opt", opt, AdamState, "use adam_init(theta)")
    lr, t, kind = require_positive("lr", lr), opt.steps + 1, type(theta)
    m = kind(*(beta1 * m + (1 - beta1) * g for m, g in zip(opt.m, grad, strict=True)))
    v = kind(*(beta2 * v + (1 - beta2) * g**2 for v, g in zip(opt.v, grad, strict=True)))
    step, scale = lr / (1 - beta1**t), 1 / np.sqrt(1 - beta2**t)
    moved = (
        p - (step * m_ / (scale * np.sqrt(v_) + eps)).astype(p.dtype)
        for p, m_, v_ in zip(theta, m, v, strict=True)
    )
    return kind(*moved), AdamState(t, m, v)


def clip_norm(grad, max_norm):
    r"""Rescale a gradient whose norm exceeds a threshold.

    .. math:: \text{if } \lVert g \rVert > v: \quad g \leftarrow g\, v / \lVert g \rVert
        \qquad (10.48), (10.49)

    Parameters
    ----------
    grad : NamedTuple of arrays
        One norm is taken over all of them, so the direction stays.
    max_norm : float
        The book's v, positive.

    Returns
    -------
    grad : the same type
    norm : float
        The norm before clipping.

    Raises
    ------
    ValueError
        If max_norm is not positive, or a gradient is not finite (it names which).
    """
    max_norm = require_positive("max_norm", max_norm)
    for name, g in zip(grad._fields, grad, strict=True):
        if not np.isfinite(g).all():
            raise ValueError(f"grad.{name}: expected finite numbers, got NaN or infinity")
    norm = float(np.sqrt(sum(np.vdot(g, g) for g in grad)))
    if norm > max_norm:  # (10.48)
        grad = type(grad)(*(g * g.dtype.type(max_norm / norm) for g in grad))  # (10.49)
    return grad, norm
