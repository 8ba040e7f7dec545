r"""Soft addressing: weights over places, and what is read there (§10.4, §10.12).

The same functions serve attention, where the places are the steps of an encoder, and explicit
memory, where they are its cells.
"""

import numpy as np

__all__ = [
    "attend",
    "attend_adjoint",
    "read",
    "read_adjoint",
    "write",
    "write_adjoint",
    "read_one",
    "read_one_adjoint",
]


def attend(scores, present=None):
    r"""Turn scores into weights that are positive and sum to 1 over the places that are there.

    Parameters
    ----------
    scores : array, (N, B)
    present : boolean array, (N, B), optional
        Which places there are. A row without any gets weights of zero.

    Returns
    -------
    array, (N, B)
    """
    if present is None:
        e = np.exp(scores - scores.max(axis=0))
        return e / e.sum(axis=0)
    largest = np.where(present, scores, -np.inf).max(axis=0, initial=-np.inf)
    e = np.where(
        present, np.exp(np.where(present, scores - np.where(present.any(0), largest, 0), 0)), 0
    )
    return e / np.where(present.any(0), e.sum(axis=0), 1)


def attend_adjoint(grad_weights, weights):
    r"""Compute the gradient at the scores: :math:`a_i (g_i - \sum_j a_j g_j)`.

    A place with a small weight gets a small gradient, whatever is asked of it.
    """
    return weights * (grad_weights - (weights * grad_weights).sum(axis=0))


def read(weights, memory):
    r"""Read the weighted average :math:`r = \sum_i a_i M_i`.

    Parameters
    ----------
    weights : array, (N, B)
    memory : array, (N, B, d)

    Returns
    -------
    array, (B, d)
    """
    return np.einsum("nb,nbd->bd", weights, memory)


def read_adjoint(grad_r, weights, memory):
    r"""Compute the gradients at the weights, (N, B), and at the memory, (N, B, d)."""
    return np.einsum("bd,nbd->nb", grad_r, memory), weights[..., None] * grad_r


def write(memory, weights, erase, add):
    r"""Change every place by as much as it is addressed: first erase, then add.

    .. math:: M'_i = M_i \odot (1 - a_i\, e) + a_i\, v

    A place of weight 0 is copied exactly, and so is its gradient: without decay (§10.12). After
    Graves et al. (2014).

    Parameters
    ----------
    memory : array, (N, B, d)
    weights : array, (N, B)
    erase : array, (B, d)
        e in [0, 1]: which numbers of an addressed place are wiped out.
    add : array, (B, d)
        v, what is added to an addressed place (the paper's a).

    Returns
    -------
    array, (N, B, d)

    Examples
    --------
    >>> memory, weights = np.full((2, 1, 1), 8.0), np.array([[1.0], [0.25]])
    >>> write(memory, weights, erase=np.array([[1.0]]), add=np.array([[4.0]])).ravel()
    array([4., 7.])
    """
    return memory + weights[..., None] * (add - erase * memory)


def write_adjoint(grad_after, memory, weights, erase, add):
    r"""Compute the gradients at the memory, the weights, erase and add, each of its shape."""
    grad_weights = (grad_after * (add - erase * memory)).sum(axis=-1)
    weighted = weights[..., None] * grad_after
    grad_memory = grad_after - weighted * erase
    return grad_memory, grad_weights, -(weighted * memory).sum(axis=0), weighted.sum(axis=0)


def read_one(rng, weights, memory):
    r"""Draw one place a row, with its weight for its probability, and read that place alone.

    The mean of what is read is what `read` returns; but no gradient passes through the choice,
    which needs an estimator such as `read_one_adjoint`.

    Parameters
    ----------
    rng : numpy.random.Generator
    weights : array, (N, B)
    memory : array, (N, B, d)

    Returns
    -------
    r : array, (B, d)
    places : integer array, (B,)
    """
    below = weights.cumsum(axis=0)
    drawn = rng.random(weights.shape[1]) * below[-1]
    places = (below[:-1] <= drawn).sum(axis=0)
    return memory[places, np.arange(len(places))], places


def read_one_adjoint(L, places, weights):
    r"""Estimate the gradient of the expected loss at the scores, from one draw a row (REINFORCE).

    .. math:: \nabla_z \mathbb{E}\, L \approx L\, \nabla_z \log a_i = L\, (\mathbf 1_i - a),
        \qquad a = \mathrm{softmax}(z)

    Parameters
    ----------
    L : array, (B,)
        What each row paid after its draw, in nats; a baseline may have been subtracted.
    places : integer array, (B,)
    weights : array, (N, B)

    Returns
    -------
    array, (N, B)
        Right in the mean over the draws.
    """
    return L * ((np.arange(len(weights))[:, None] == places) - weights)
