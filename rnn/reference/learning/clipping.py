r"""What keeps one step from undoing the progress of many: clipping gradients (§10.11.1).

Gradients are trees of arrays. A gradient that holds NaN or infinity cannot be clipped, whichever
way, and is refused; `random_step` is the book's way on from there.
"""

import math

import numpy as np

from rnn._checks import require_positive, require_rng
from rnn._tree import tree_leaves, tree_map, tree_names
from rnn.reference.boundary import require_floating

__all__ = ["clip_value", "clip_norm", "random_step"]


def clip_value(grad, limit):
    r"""Clip each number of a gradient on its own, :math:`g_i \leftarrow \max(-v, \min(g_i, v))`.

    Mikolov's way (2012). What comes out may point elsewhere than the gradient, but still
    downhill: no entry changes its sign.

    Parameters
    ----------
    grad : tree of float arrays
    limit : float
        The threshold v, positive.

    Returns
    -------
    grad : the same type

    Raises
    ------
    ValueError
        If limit is not positive, or a gradient is not finite (it names which).

    Examples
    --------
    >>> clip_value((np.array([3.0, -0.5]),), 1)
    (array([ 1. , -0.5]),)
    """
    limit = require_positive("limit", limit)
    _require_finite(grad)

    def clipped(g):
        bound = g.dtype.type(min(limit, float(np.finfo(g.dtype).max)))
        return np.clip(g, -bound, bound)

    return tree_map(clipped, grad)


def clip_norm(grad, max_norm):
    r"""Rescale a gradient whose norm exceeds a threshold.

    .. math:: \text{if } \lVert g \rVert > v: \quad g \leftarrow g\, v / \lVert g \rVert
        \qquad (10.48), (10.49)

    The way of Pascanu et al. (2013). `torch.nn.utils.clip_grad_norm_` divides by the norm plus
    1e-6, and so stays a little below the threshold.

    Parameters
    ----------
    grad : tree of float arrays
        One norm is taken over all of them, so the direction stays.
    max_norm : float
        The book's v, positive.

    Returns
    -------
    grad : the same type
    norm : float
        The norm before clipping. It is computed without overflow: only where it lies beyond
        float64 is it infinity, and the gradient is still clipped to max_norm.

    Raises
    ------
    ValueError
        If max_norm is not positive, or a gradient is not finite (it names which).
    """
    max_norm = require_positive("max_norm", max_norm)
    _require_finite(grad)
    scale, scaled, norm = _scaled(grad)
    if scale * norm > max_norm:  # (10.48)
        return _times(scaled, max_norm / norm), scale * norm  # (10.49)
    return grad, scale * norm


def random_step(rng, grad, max_norm):
    r"""Replace a gradient that is too large, or not finite, by a random one.

    §10.11.1: where the gradient has exploded its direction says little, and where it is NaN or
    infinity nothing; a random step of size v usually leads away from there. It is used like
    `clip_norm`.

    Parameters
    ----------
    rng : numpy.random.Generator
        Nothing is drawn from it where the gradient stays as it is.
    grad : tree of float arrays
    max_norm : float
        The book's v, positive.

    Returns
    -------
    grad : the same type
        The gradient, if its norm is at most max_norm; else a direction drawn uniformly, of norm
        max_norm.
    norm : float
        The norm before; infinity or NaN if there are such numbers.
    """
    require_rng(rng)
    max_norm = require_positive("max_norm", max_norm)
    scale, _, norm = _scaled(grad)
    if scale * norm <= max_norm:
        return grad, scale * norm
    drawn = tree_map(lambda g: rng.normal(size=g.shape), grad)
    _, scaled, length = _scaled(drawn)
    step = tree_map(lambda r, g: (r * (max_norm / length)).astype(g.dtype), scaled, grad)
    return step, scale * norm


def _scaled(grad):
    r"""Return a scale, the gradient divided by it, and the norm of that.

    The scale is a power of two near the largest entry: no square overflows or vanishes, and no
    digit changes. Where an entry is NaN or infinity, it is that, and the norm 1.
    """
    _require_floats(grad)
    largest = float(np.max([np.abs(g).max(initial=0) for g in tree_leaves(grad)], initial=0))
    if not math.isfinite(largest):
        return largest, grad, 1.0
    scale = math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest else 1.0
    scaled = tree_map(lambda g: g / scale, grad)
    return scale, scaled, float(np.sqrt(sum(np.vdot(g, g) for g in tree_leaves(scaled))))


def _times(grad, factor):
    return tree_map(lambda g: g * g.dtype.type(factor), grad)


def _require_floats(grad):
    for name, g in zip(tree_names(grad, "grad"), tree_leaves(grad), strict=True):
        require_floating(name, getattr(g, "dtype", type(g).__name__))


def _require_finite(grad):
    _require_floats(grad)
    for name, g in zip(tree_names(grad, "grad"), tree_leaves(grad), strict=True):
        if not np.isfinite(g).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
