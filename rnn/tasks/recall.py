r"""Look an item up by its neighbour: associative recall."""

import numpy as np

from rnn._checks import require_size
from rnn.tasks._common import random_lengths, require_common
from rnn.tasks.batch import Batch

__all__ = ["associative_recall"]


def associative_recall(
    rng, items, batch, *, min_items=None, item_length=3, bits=6, dtype=np.float64
):
    r"""Show a list of items, then one of them again, and ask for the item that came after it.

    An item is `item_length` random bit vectors. Each is preceded by a delimiter, which also ends
    the one before; the query stands between two delimiters of another kind, and the answer
    follows it, while the input is 0. Source: Graves, Wayne & Danihelka (2014), section 4.3:
    ``items=6, min_items=2, item_length=3, bits=6``. Here the items of a list differ from each
    other, so that every query has one answer; the query is never the last item.

    Parameters
    ----------
    rng : numpy.random.Generator
    items, batch : int
        Items in a list, k (at least 2), and sequences.
    min_items : int, optional
        If given, each list has its own k from [min_items, items].
    item_length, bits : int
        Vectors in an item, n, and their width; :math:`2^{n \cdot \mathrm{bits}}` must be at
        least `items`.
    dtype : float32 or float64

    Returns
    -------
    Batch
        With tau = (n + 1) items + 2 n + 2: x is (tau, B, bits + 2), the last two channels the
        delimiters of items and of the query; y is (tau, B, bits), bits, counted in the last n
        steps of each sequence only; lengths are (n + 1) k + 2 n + 2, or None without
        `min_items`. During the answer x is 0 and every bit is fair: without a memory a predictor
        pays ln 2 nats a bit.
    """
    dtype, batch = require_common(rng, dtype, batch)
    items, bits = require_size("items", items, 2), require_size("bits", bits)
    n = require_size("item_length", item_length)
    if 2 ** (n * bits) < items:
        raise ValueError(f"items: expected at most 2**{n * bits} different ones, got {items}")
    k = random_lengths(rng, "min_items", min_items, 2, items, batch)
    drawn = _different_items(rng, items, batch, n, bits)
    asked, rows = rng.integers(0, k - 1), np.arange(batch)
    tau, query = (n + 1) * items + 2 * n + 2, (n + 1) * k
    x, y = np.zeros((tau, batch, bits + 2), dtype), np.zeros((tau, batch, bits), dtype)
    counted = np.zeros((tau, batch), bool)
    for item in range(items):
        _show(x, (n + 1) * item, drawn[item], bits, item < k)
    _show(x, query, drawn[asked, rows], bits + 1, True)
    x[query + n + 1, rows, bits + 1] = 1
    for t in range(n):
        y[query + n + 2 + t, rows] = drawn[asked + 1, rows, t]
        counted[query + n + 2 + t, rows] = True
    return Batch(x, y, None if min_items is None else query + 2 * n + 2, np.log(2), counted)


def _show(x, place, item, delimiter, shown):
    r"""Write a delimiter and an item (B, n, bits) into x from `place` on, where `shown` is true."""
    rows, bits = np.arange(x.shape[1]), item.shape[-1]
    x[place, rows, delimiter] = shown
    for t in range(item.shape[1]):
        x[place + 1 + t, rows, :bits] = item[:, t] * np.reshape(shown, (-1, 1))


def _different_items(rng, items, batch, n, bits):
    r"""Draw (items, B, n, bits), and again wherever an item equals an earlier one of its list."""
    drawn = rng.integers(0, 2, (items, batch, n, bits))
    earlier = np.tri(items, k=-1, dtype=bool)[..., None]
    while True:
        same = (drawn[:, None] == drawn[None]).all(axis=(-1, -2)) & earlier
        again = same.any(axis=1)
        if not again.any():
            return drawn
        drawn[again] = rng.integers(0, 2, (again.sum(), n, bits))
