r"""What the three ways to end a sequence share (§10.2.3)."""

from typing import NamedTuple

import numpy as np

from rnn.reference.boundary import checked_array, inside

__all__ = ["EndedSample"]


class EndedSample(NamedTuple):
    r"""Hold sequences that end by themselves, and how likely they were.

    Attributes
    ----------
    y : integer array, (tau, B), or array (tau, B, d_y) of numbers
        Zero at and after the lengths.
    lengths : integer array, (B,)
    ended : boolean array, (B,)
        False where the sequence goes on after the tau steps that were asked for.
    log_p : array, (B,)
        In nats: what `log_likelihood` gives for this y, these lengths and `ended`.
    """

    y: np.ndarray
    lengths: np.ndarray
    ended: np.ndarray
    log_p: np.ndarray


def checked_ended(ended, batch):
    r"""Return which rows are known to have ended, (B,); None stands for all of them."""
    if ended is None:
        return np.ones(batch, bool)
    return checked_array("ended", ended, np.dtype(bool), "B", B=batch)


def first_true(events):
    r"""Return for each row the first t at which its events (tau, B) hold, or tau if none does."""
    tau = len(events)
    return np.where(events, np.arange(tau)[:, None], tau).min(axis=0, initial=tau)


def cut(y, lengths):
    r"""Return y with zeros at and after the lengths."""
    counted = inside(lengths, len(y))
    return np.where(counted.reshape(*counted.shape, *[1] * (y.ndim - 2)), y, np.zeros((), y.dtype))
