r"""Soft addressing: weights over places, and what is read there (§10.4, §10.12).

The same functions serve attention, where the places are the steps of an encoder, and explicit
memory, where they are its cells.
"""

import numpy as np

__all__ = ["attend", "attend_adjoint", "read", "read_adjoint"]


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
