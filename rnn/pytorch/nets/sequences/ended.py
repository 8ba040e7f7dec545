r"""What the three ways to end a sequence share (§10.2.3)."""

from typing import NamedTuple

import torch

from rnn._checks import require_lengths
from rnn.pytorch.boundary import inside
from rnn.pytorch.cells.wrapper import checked_mask

__all__ = ["EndedSample"]


class EndedSample(NamedTuple):
    r"""Hold sequences that end by themselves, and how likely they were.

    Attributes
    ----------
    y : integer tensor, (tau, B), or tensor (tau, B, d_y) of numbers
        Zero at and after the lengths.
    lengths : integer tensor, (B,)
    ended : boolean tensor, (B,)
        False where the sequence goes on after the tau steps that were asked for.
    log_p : tensor, (B,)
        In nats: what `log_likelihood` gives for this y, these lengths and `ended`.
    """

    y: torch.Tensor
    lengths: torch.Tensor
    ended: torch.Tensor
    log_p: torch.Tensor


def lengths_and_ends(lengths, ended, y):
    r"""Return integer lengths (B,), and which rows are known to have ended; None is all of them."""
    tau, batch = y.shape[:2]
    lengths = torch.tensor(require_lengths(lengths, tau, batch), device=y.device, dtype=torch.long)
    if ended is None:
        return lengths, torch.ones_like(lengths, dtype=torch.bool)
    return lengths, checked_mask("ended", ended, y, "B", B=batch)


def first_true(events):
    r"""Return for each row the first t at which its events (tau, B) hold, or tau if none does."""
    tau, batch = events.shape
    order = torch.arange(tau + 1, device=events.device)[:, None]
    last = torch.ones(1, batch, dtype=torch.bool, device=events.device)
    return torch.where(torch.cat([events, last]), order, tau).amin(0)


def cut(y, lengths):
    r"""Return y with zeros at and after the lengths."""
    counted = inside(lengths.tolist(), *y.shape[:2], y.device)
    return torch.where(counted.reshape(*counted.shape, *[1] * (y.dim() - 2)), y, 0)
