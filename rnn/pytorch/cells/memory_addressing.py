r"""By what, and from where, an explicit memory is addressed, as in `rnn.reference` (§10.12).

Places come first: weights are (N, B) and a memory is (N, B, m), N cells of m numbers.
"""

import torch

from rnn.pytorch.addressing import attend

__all__ = ["content_weights", "cosine", "interpolate", "sharpen", "shift"]

EPS = 1e-6  # added to the square of every norm


def cosine(key, memory):
    r"""Compare a key (B, m) with each cell by the cosine of the angle between them; (N, B).

    .. math:: c_i = \frac{k \cdot M_i}{\sqrt{(k \cdot k + \epsilon)(M_i \cdot M_i + \epsilon)}},
        \qquad \epsilon = 10^{-6}
    """
    return torch.einsum("bm,nbm->nb", key, memory) / (_norm(key) * _norm(memory))


def _norm(vectors):
    return ((vectors * vectors).sum(-1) + EPS).sqrt()


def content_weights(key, beta, memory):
    r"""Address the cells that resemble a key (B, m), the more so the larger beta (B,) is.

    .. math:: a = \mathrm{softmax}(\beta\, c), \qquad c_i = \cos(k, M_i)

    Examples
    --------
    >>> memory = torch.tensor([[1.0, 1.0], [1.0, -1.0]])[:, None]
    >>> content_weights(torch.tensor([[0.0, -5.0]]), torch.tensor([20.0]), memory).round().ravel()
    tensor([0., 1.])
    """
    return attend(beta * cosine(key, memory))


def interpolate(content, before, gate):
    r"""Mix two sets of weights, :math:`g\, a^{content} + (1 - g)\, a^{(t-1)}`; gate g is (B,)."""
    return gate * content + (1 - gate) * before


def shift(weights, steps, shifts):
    r"""Move the focus along the places, which are a ring.

    .. math:: a'_i = \sum_k s_k\, a_{(i - \delta_k) \bmod N}

    Parameters
    ----------
    weights : tensor, (N, B)
    steps : tensor, (len(shifts), B)
        s, how much of the focus moves by each shift; it sums to 1.
    shifts : tuple of int
        delta; 1 moves the focus to the next place.

    Returns
    -------
    tensor, (N, B)
    """
    moved = [steps[k] * weights.roll(places, 0) for k, places in enumerate(shifts)]
    return torch.stack(moved).sum(0)


def sharpen(weights, gamma):
    r"""Make large weights larger, :math:`a'_i = a_i^\gamma / \sum_j a_j^\gamma`; gamma is (B,).

    Computed from :math:`a_i / \max_j a_j`, which cannot underflow to 0/0. The largest weight
    cancels, so it is a constant to autograd, and a weight of 0 has the gradient that it should.
    """
    largest = weights.detach().amax(0)
    powers = (weights / torch.where(largest > 0, largest, 1)) ** gamma
    return powers / powers.sum(0).clamp(min=1)
