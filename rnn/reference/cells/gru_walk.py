r"""The fused walk of a GRU that resets after W and has a gate of its own for each unit.

`GRU.step` is its definition. On the way back the slopes of all steps are computed at once.
"""

import numpy as np

from rnn.reference.cells.contract import Walked, WalkedBack
from rnn.reference.nonlinearities import sigmoid
from rnn.reference.products import Before

__all__ = ["walk", "walk_back"]


def walk(apply, h, z, theta, counted, Kept):
    r"""Write the gates and the candidate of each step over its z."""
    d_h, first, W_T = h.shape[-1], h, np.ascontiguousarray(theta.W.T)
    h_all, recurrent_all = (np.empty((len(z), *h.shape), z.dtype) for _ in range(2))
    from_h, reset = np.empty((len(h), 3 * d_h), z.dtype), np.empty_like(h)
    gates = z[..., : 2 * d_h]
    parts = np.moveaxis(z.reshape(*z.shape[:2], 3, d_h), 2, 0)
    steps = zip(gates, *parts, recurrent_all, h_all, strict=True)
    for t, (gates_t, r, u, k, recurrent, h_t) in enumerate(steps):
        np.dot(h, W_T, out=from_h)
        gates_t += from_h[:, : 2 * d_h]
        sigmoid(gates_t, out=gates_t)  # (10.46), (10.47)
        np.add(from_h[:, 2 * d_h :], theta.b_hn, out=recurrent)
        np.multiply(r, recurrent, out=reset)
        k += reset
        apply(k, out=k)
        np.subtract(h, k, out=h_t)
        h_t *= u
        h_t += k  # (10.45)
        if counted is not None:
            np.copyto(h_t, h, where=~counted[t, :, None])
        h = h_t
    before = Before(first, h_all)
    return Walked(h_all, h.copy(), Kept(before, before, *parts, gates, recurrent_all))


def walk_back(slope, grad_h, from_later, kept, W, counted):
    r"""Multiply gradients into slopes that were computed for all steps at once."""
    blocks, keeps = _slopes(slope, kept, counted)
    tau, batch, _, d_h = blocks.shape
    from_later, kept_part = from_later.copy(), np.empty_like(from_later)
    at_product = np.empty((batch, 3, d_h), from_later.dtype)
    for t in range(tau)[::-1]:
        grad_h_t, block = grad_h[t], blocks[t]
        grad_h_t += from_later
        block[:, 1:] *= grad_h_t[:, None]
        block[:, 0] *= block[:, 2]
        at_product[:, :2] = block[:, :2]
        np.multiply(block[:, 2], kept.r[t], out=at_product[:, 2])
        np.dot(at_product.reshape(batch, 3 * d_h), W, out=from_later)
        np.multiply(grad_h_t, keeps[t], out=kept_part)
        from_later += kept_part
    return WalkedBack(from_later, blocks.reshape(tau, batch, 3 * d_h), (), grad_h)


def _slopes(slope, kept, counted):
    r"""Return the slopes of r (towards k), u and k (towards h), and dh/dh past them."""
    r, u, k, h = kept.r, kept.u, kept.k, kept.h
    tau, batch, d_h = k.shape
    slopes = np.empty((tau, batch, 3, d_h), k.dtype)
    np.multiply(kept.recurrent * r, 1 - r, out=slopes[:, :, 0])
    np.subtract(h.after[:-1], k[1:], out=slopes[1:, :, 1])
    np.subtract(h.first, k[0], out=slopes[0, :, 1])
    slopes[:, :, 1] *= u * (1 - u)
    np.multiply(1 - u, slope(k), out=slopes[:, :, 2])
    if counted is not None:
        slopes *= counted[..., None, None]
        u = np.where(counted[..., None], u, 1)
    return slopes, u
