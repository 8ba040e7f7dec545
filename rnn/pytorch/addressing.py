r"""Soft addressing: weights over places, and what is read there (§10.4, §10.12).

Places come first, as in `rnn.reference.addressing`: weights are (N, B), a memory is (N, B, d).
"""

import torch

__all__ = ["attend", "read", "read_one", "write"]


def attend(scores, present=None):
    r"""Turn scores into weights that are positive and sum to 1 over the places that are there.

    Parameters
    ----------
    scores : tensor, (N, B)
    present : boolean tensor, (N, B), optional
        Which places there are. A row without any gets weights of zero.

    Returns
    -------
    tensor, (N, B)
    """
    if present is None:
        return torch.softmax(scores, 0)
    lowest = torch.finfo(scores.dtype).min
    weights = torch.softmax(torch.where(present, scores, lowest), 0)
    return torch.where(present, weights, 0)


def read(weights, memory):
    r"""Read the weighted average :math:`r = \sum_i a_i M_i`: (N, B), (N, B, d) -> (B, d)."""
    return torch.einsum("nb,nbd->bd", weights, memory)


def write(memory, weights, erase, add):
    r"""Change every place by as much as it is addressed: first erase, then add.

    .. math:: M'_i = M_i \odot (1 - a_i\, e) + a_i\, v

    Parameters
    ----------
    memory : tensor, (N, B, d)
    weights : tensor, (N, B)
    erase, add : tensor, (B, d)

    Returns
    -------
    tensor, (N, B, d)
    """
    return memory + weights[..., None] * (add - erase * memory)


def read_one(rng, weights, memory):
    r"""Draw one place a row, with its weight for its probability, and read that place alone.

    Parameters
    ----------
    rng : torch.Generator, or None for that of PyTorch
    weights : tensor, (N, B)
    memory : tensor, (N, B, d)

    Returns
    -------
    r : tensor, (B, d)
    places : integer tensor, (B,)
        No gradient passes through the choice.
    """
    places = torch.multinomial(weights.detach().T, 1, generator=rng)[:, 0]
    return memory[places, torch.arange(len(places), device=places.device)], places
