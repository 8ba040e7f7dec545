r"""By what, and from where, an explicit memory is addressed: each step with its adjoint (§10.12).

As in `rnn.reference.addressing`, which reads and writes, the places come first: weights are (N, B)
and a memory is (N, B, m), N cells of m numbers. Weights are never negative and sum to 1 over the
places; what makes weights out of weights keeps that. The steps are those of the Neural Turing
Machine (Graves et al., 2014).
"""

import numpy as np

from rnn.reference.addressing import attend, attend_adjoint

__all__ = [
    "cosine",
    "cosine_adjoint",
    "content_weights",
    "content_weights_adjoint",
    "interpolate",
    "interpolate_adjoint",
    "shift",
    "shift_adjoint",
    "sharpen",
    "sharpen_adjoint",
]

EPS = 1e-6  # added to the square of every norm


def cosine(key, memory):
    r"""Compare a key with each cell by the cosine of the angle between them.

    .. math:: c_i = \frac{k \cdot M_i}{\sqrt{(k \cdot k + \epsilon)(M_i \cdot M_i + \epsilon)}},
        \qquad \epsilon = 10^{-6}

    epsilon is not the paper's. It makes the cosine smooth where a cell is empty: it is 0 there, and
    the gradient at the cell is at most 1000 times that at c.

    Parameters
    ----------
    key : array, (B, m)
    memory : array, (N, B, m)

    Returns
    -------
    array, (N, B)
    """
    return np.einsum("bm,nbm->nb", key, memory) / (_norm(key) * _norm(memory))


def cosine_adjoint(grad_c, key, memory):
    r"""Compute the gradients at the key, (B, m), and at the memory, (N, B, m)."""
    norm_key, norm_memory = _norm(key), _norm(memory)
    of_product = grad_c / (norm_key * norm_memory)
    of_norms = grad_c * cosine(key, memory)
    grad_key = np.einsum("nb,nbm->bm", of_product, memory)
    grad_key -= (of_norms.sum(axis=0) / norm_key**2)[:, None] * key
    return grad_key, of_product[..., None] * key - (of_norms / norm_memory**2)[..., None] * memory


def _norm(vectors):
    return np.sqrt((vectors * vectors).sum(axis=-1) + EPS)


def content_weights(key, beta, memory):
    r"""Address the cells that resemble a key, wherever they stand.

    .. math:: a = \mathrm{softmax}(\beta\, c), \qquad c_i = \cos(k, M_i)

    Parameters
    ----------
    key : array, (B, m)
    beta : array, (B,)
        How much the best cell is preferred: 0 addresses all cells alike.
    memory : array, (N, B, m)

    Returns
    -------
    array, (N, B)

    Examples
    --------
    >>> memory = np.array([[1.0, 1.0], [1.0, -1.0]])[:, None]
    >>> content_weights(np.array([[0.0, -5.0]]), np.array([20.0]), memory).round(3).ravel()
    array([0., 1.])
    """
    return attend(beta * cosine(key, memory))


def content_weights_adjoint(grad_weights, weights, key, beta, memory):
    r"""Compute the gradients at the key, (B, m), at beta, (B,), and at the memory, (N, B, m)."""
    grad_scores = attend_adjoint(grad_weights, weights)
    grad_beta = (grad_scores * cosine(key, memory)).sum(axis=0)
    grad_key, grad_memory = cosine_adjoint(beta * grad_scores, key, memory)
    return grad_key, grad_beta, grad_memory


def interpolate(content, before, gate):
    r"""Mix two sets of weights, :math:`g\, a^{content} + (1 - g)\, a^{(t-1)}`; gate g is (B,)."""
    return gate * content + (1 - gate) * before


def interpolate_adjoint(grad_weights, content, before, gate):
    r"""Compute the gradients at both weights, (N, B) each, and at the gate, (B,)."""
    grad_gate = (grad_weights * (content - before)).sum(axis=0)
    return gate * grad_weights, (1 - gate) * grad_weights, grad_gate


def shift(weights, steps, shifts):
    r"""Move the focus along the places, which are a ring; the content plays no part.

    .. math:: a'_i = \sum_k s_k\, a_{(i - \delta_k) \bmod N}

    Parameters
    ----------
    weights : array, (N, B)
    steps : array, (len(shifts), B)
        s, how much of the focus moves by each shift; it sums to 1.
    shifts : tuple of int
        delta; 1 moves the focus to the next place.

    Returns
    -------
    array, (N, B)

    Examples
    --------
    >>> shift(np.array([[1.0], [0.0], [0.0]]), np.array([[0.25], [0.75]]), (0, 1)).ravel()
    array([0.25, 0.75, 0.  ])
    """
    moved = [s_k * np.roll(weights, k, axis=0) for s_k, k in zip(steps, shifts, strict=True)]
    return np.sum(moved, axis=0)


def shift_adjoint(grad_shifted, weights, steps, shifts):
    r"""Compute the gradients at the weights, (N, B), and at the steps, (len(shifts), B)."""
    grad_weights = shift(grad_shifted, steps, tuple(-k for k in shifts))
    return grad_weights, np.array(
        [(grad_shifted * np.roll(weights, k, axis=0)).sum(axis=0) for k in shifts]
    )


def sharpen(weights, gamma):
    r"""Make large weights larger, :math:`a'_i = a_i^\gamma / \sum_j a_j^\gamma`.

    Computed as a softmax of :math:`\gamma \log a`, which cannot underflow to 0/0; a weight of 0
    stays 0.

    Parameters
    ----------
    weights : array, (N, B)
        In each row one at least is positive.
    gamma : array, (B,)
        At least 1, which changes nothing.

    Returns
    -------
    array, (N, B)

    Examples
    --------
    >>> sharpen(np.array([[0.75], [0.25], [0.0]]), np.array([2.0])).ravel()
    array([0.9, 0.1, 0. ])
    """
    return attend(gamma * _log(weights), weights > 0)


def sharpen_adjoint(grad_sharp, sharp, weights, gamma):
    r"""Compute the gradients at the weights, (N, B), and at gamma, (B,).

    .. math:: \nabla_{a_i} L = \frac{\gamma\, a_i^{\gamma - 1}}{\sum_j a_j^\gamma}
        \Bigl(g_i - \sum_j a'_j g_j\Bigr)

    A weight of 0 has the gradient 0 for gamma > 1, and for gamma = 1 that of weights that are
    only divided by their sum.
    """
    from_mean = grad_sharp - (sharp * grad_sharp).sum(axis=0)
    largest = weights.max(axis=0)
    ratio = weights / largest
    slope = gamma * ratio ** (gamma - 1) / (largest * (ratio**gamma).sum(axis=0))
    return slope * from_mean, (sharp * from_mean * _log(weights)).sum(axis=0)


def _log(weights):
    return np.log(np.where(weights > 0, weights, 1))
