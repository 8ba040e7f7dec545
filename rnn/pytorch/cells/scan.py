r"""Linear recurrences without a walk from step to step (10.36), (10.37).

With a matrix, about log2(tau) passes over all steps: after k of them each step has taken in the 2^k
steps before it, and a pass adds what stood 2^k steps earlier, carried over 2^k steps at once. With
a number for each unit, sqrt(tau) blocks of sqrt(tau) steps: all blocks are walked side by side from
zero, then what enters each block is carried from block to block and added, faded, to its steps.
"""

import math

import torch

from rnn._unfold import unfold

__all__ = ["scan_diagonal", "scan_matrix", "scan_refuses"]


def scan_refuses(linear, request):
    r"""Return why there is no scan over a matrix recurrence, or None if there is."""
    if not linear:
        return "the recurrence is not linear"
    return "rows would have to rest before their first step" if request.rests_first else None


def scan_matrix(state, z, W):
    r"""Solve :math:`h^{(t)} = W h^{(t-1)} + z^{(t)}` for all t; return h, (tau, B, d_h)."""
    if not len(z):
        return z
    h, carry, reach = _start(state @ W.T, z), W.T, 1
    while reach < len(z):
        h = torch.cat([h[:reach], h[reach:] + h[:-reach] @ carry])
        carry, reach = carry @ carry, 2 * reach
    return h


def scan_diagonal(state, z, alpha):
    r"""Solve :math:`h^{(t)} = \alpha \odot h^{(t-1)} + z^{(t)}` unit by unit; alpha is (d_h,)."""
    if not len(z):
        return z
    size = math.isqrt(len(z))
    blocks = torch.cat([z, z.new_zeros(-len(z) % size, *z.shape[1:])]).unflatten(0, (-1, size))
    inside = unfold(_fade, torch.zeros_like(blocks[:, 0]), blocks.unbind(1), alpha)
    faded = alpha.expand(size, -1).cumprod(0)[:, None]
    firsts = torch.stack([state, *unfold(_fade, state, inside[-1][:-1].unbind(0), faded[-1])])
    return torch.addcmul(torch.stack(inside, 1), faded, firsts[:, None]).flatten(0, 1)[: len(z)]


def _fade(h, z, alpha):
    return torch.addcmul(z, alpha, h)


def _start(first, z):
    return torch.cat([(z[0] + first)[None], z[1:]])
