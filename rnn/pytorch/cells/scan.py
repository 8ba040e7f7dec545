r"""Linear recurrences without a walk: about log2(tau) passes over all steps (10.36), (10.37).

After k passes each step has taken in the 2^k steps before it; a pass adds what stood 2^k steps
earlier, carried over 2^k steps at once. The work grows by log2(tau), the waiting shrinks to it.
"""

import torch

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
    r"""Solve :math:`h^{(t)} = \alpha^{(t)} h^{(t-1)} + z^{(t)}` unit by unit.

    alpha is (tau, B, d_h), so it may change from step to step: 1 where a row rests.
    """
    if not len(z):
        return z
    h, carry, reach = _start(alpha[0] * state, z), alpha, 1
    while reach < len(z):
        h = torch.cat([h[:reach], h[reach:] + carry[reach:] * h[:-reach]])
        carry = torch.cat([carry[:reach], carry[reach:] * carry[:-reach]])
        reach *= 2
    return h


def _start(first, z):
    return torch.cat([(z[0] + first)[None], z[1:]])
