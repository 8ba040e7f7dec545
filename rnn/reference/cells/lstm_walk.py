r"""The fused walk of an LSTM that has all its gates and no peepholes.

`LSTM.step` is its definition. All four blocks of a step are one tanh, since sigma is
:math:`\sigma(a) = \frac12 \tanh \frac a2 + \frac12`: the halves are multiplied into z and W before
the walk. On the way back, what does not wait for a later step is computed for all at once.
"""

import numpy as np

from rnn.reference.cells.contract import Walked, WalkedBack
from rnn.reference.products import Before

__all__ = ["walk", "walk_back"]


def walk(scale, state, z, W, counted, Kept):
    r"""Write the gates of each step over its z.

    `scale` (4 d_h,) is 1/2 for the rows that sigma maps and 1 for those that tanh maps.
    """
    z *= scale
    W_T, shift = (
        np.ascontiguousarray((W * scale[:, None]).T),
        np.where(scale == 1, 0, scale).astype(z.dtype),
    )
    s_all, shown_all, h_all = (np.empty((len(z), *state.h.shape), z.dtype) for _ in range(3))
    gates = np.moveaxis(z.reshape(*z.shape[:2], 4, state.h.shape[1]), 2, 0)
    (h, s), a, written = state, np.empty_like(z[0]), np.empty_like(state.s)
    steps = zip(z, *gates, s_all, shown_all, h_all, strict=True)
    for t, (z_t, g, f, k, q, s_t, shown, h_t) in enumerate(steps):
        np.dot(h, W_T, out=a)
        z_t += a
        np.tanh(z_t, out=z_t)
        z_t *= scale
        z_t += shift  # (10.40), (10.42), (10.44), and the candidate
        np.multiply(f, s, out=s_t)
        np.multiply(g, k, out=written)
        s_t += written  # (10.41)
        np.tanh(s_t, out=shown)
        np.multiply(q, shown, out=h_t)  # (10.43)
        if counted is not None:
            rests = ~counted[t, :, None]
            np.copyto(s_t, s, where=rests)
            np.copyto(h_t, h, where=rests)
        h, s = h_t, s_t
    before = Before(state.h, h_all), Before(state.s, s_all)
    kept = Kept(*before, *gates, s_all, shown_all)
    return Walked(h_all, type(state)(h.copy(), s.copy()), kept)


def walk_back(slope_of_candidate, grad_h, grad_state, kept, W, counted):
    r"""Multiply gradients into slopes that were computed for all steps at once."""
    slopes, to_s, keeps = _slopes(slope_of_candidate, kept, counted)
    blocks = slopes.reshape(*grad_h.shape[:2], 4, grad_h.shape[2])
    from_later, grad_s = grad_state.h.copy(), grad_state.s.copy()
    through_h, order = np.empty_like(grad_s), range(len(grad_h))[::-1]
    for t in order:
        grad_h_t, block = grad_h[t], blocks[t]
        grad_h_t += from_later
        np.multiply(grad_h_t, to_s[t], out=through_h)
        grad_s += through_h
        block[:, :3] *= grad_s[:, None]
        block[:, 3] *= grad_h_t
        np.dot(slopes[t], W, out=from_later)
        grad_s *= keeps[t]
        if counted is not None:
            np.add(from_later, grad_h_t, out=from_later, where=~counted[t, :, None])
    return WalkedBack(type(grad_state)(from_later, grad_s), slopes, (), grad_h)


def _slopes(slope_of_candidate, kept, counted):
    r"""Return da/d(s or h) for the four blocks, dh/ds, and ds/ds before, for all steps."""
    _, s, g, f, k, q, s_after, shown = kept
    tau, batch, d_h = s_after.shape
    slopes = np.empty((tau, batch, 4, d_h), s_after.dtype)
    np.multiply(g * k, 1 - g, out=slopes[:, :, 0])
    np.multiply(f, 1 - f, out=slopes[:, :, 1])
    slopes[0, :, 1] *= s.first
    slopes[1:, :, 1] *= s_after[:-1]
    np.multiply(g, slope_of_candidate(k), out=slopes[:, :, 2])
    np.multiply(q * shown, 1 - q, out=slopes[:, :, 3])
    to_s = q * (1 - shown * shown)
    if counted is not None:
        slopes *= counted[..., None, None]
        to_s *= counted[..., None]
        f = np.where(counted[..., None], f, 1)
    return slopes.reshape(tau, batch, 4 * d_h), to_s, f
