r"""One access to an explicit memory: look, write, look, read (§10.12).

A head makes weights (N, B) from a few numbers that the controller asks with, (B, n), the weights of
the step before, and the memory (N, B, m).
"""

from typing import NamedTuple

import torch

from rnn.pytorch.addressing import attend, read, write
from rnn.pytorch.cells.memory_addressing import content_weights, interpolate, sharpen, shift

__all__ = ["HEADS", "Bank", "access", "rows_of"]


class Bank(NamedTuple):
    r"""Hold a memory (N, B, m), where two heads look, (N, B) each, and what was read, (B, m)."""

    M: torch.Tensor
    reading: torch.Tensor
    writing: torch.Tensor
    r: torch.Tensor


def by_content(asked, before, memory, shifts):
    r"""Look for what resembles a key: the focus may jump anywhere, and has no past."""
    return content_weights(asked["key"], _softplus(asked["beta"])[:, 0], memory)


def by_location(asked, before, memory, shifts):
    r"""Move on from where the focus was, whatever the memory holds."""
    shifted = shift(before, attend(asked["shift"].T), shifts)
    return sharpen(shifted, 1 + _softplus(asked["gamma"])[:, 0])


def by_both(asked, before, memory, shifts):
    r"""Go to what resembles a key or stay, as a gate says, and move on from there."""
    content = by_content(asked, before, memory, shifts)
    mixed = interpolate(content, before, torch.sigmoid(asked["gate"])[:, 0])
    return by_location(asked, mixed, memory, shifts)


HEADS = {
    "content": (by_content, ("key", "beta")),
    "location": (by_location, ("shift", "gamma")),
    "both": (by_both, ("key", "beta", "gate", "shift", "gamma")),
}


def rows_of(addressing, d_m, shifts):
    r"""Return how many numbers are asked for what, by name, in their order."""
    sizes = {"key": d_m, "beta": 1, "gate": 1, "shift": len(shifts), "gamma": 1}
    head = {what: sizes[what] for what in HEADS[addressing][1]}
    asked = {f"{who}_{what}": n for who in ("read", "write") for what, n in head.items()}
    return asked | {"erase": d_m, "add": d_m}


def access(addressing, bank, asked, shifts):
    r"""Write to a memory, then read from what the write left.

    The write head addresses the memory as it was, the read head as it is after the write.

    Parameters
    ----------
    addressing : {"both", "content", "location"}
    bank : Bank
    asked : dict of tensors, (B, n) each
        By the names of `rows_of`.
    shifts : tuple of int

    Returns
    -------
    Bank
    """
    head, names = HEADS[addressing]
    to_read, to_write = ({n: asked[f"{who}_{n}"] for n in names} for who in ("read", "write"))
    writing = head(to_write, bank.writing, bank.M, shifts)
    M = write(bank.M, writing, torch.sigmoid(asked["erase"]), asked["add"])
    reading = head(to_read, bank.reading, M, shifts)
    return Bank(M, reading, writing, read(reading, M))


def _softplus(a):
    return torch.nn.functional.softplus(a, threshold=40)  # beyond, a is exact in float64 too
