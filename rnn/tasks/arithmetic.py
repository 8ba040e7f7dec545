r"""Small arithmetic, with the brackets in the tree and not in the sequence."""

import numpy as np

from rnn._checks import require_size
from rnn._forest import from_nested, interleave
from rnn.tasks._common import conditional_entropy, require_common
from rnn.tasks.batch import Batch, one_hot

__all__ = ["SYMBOLS", "arithmetic"]

SYMBOLS = (*"0123456789", *"+*")
PLUS = 10


def arithmetic(rng, batch, leaves, *, dtype=np.float64):
    r"""Draw expressions such as ((3 + 4) * 2), modulo 10, and ask for the value.

    Only the digits and signs are in the sequence, ``3 + 4 * 2``: which sign acts first is said
    by the tree alone, so a net with the right tree has an advantage over every other.

    Parameters
    ----------
    rng : numpy.random.Generator
    batch, leaves : int
        Number of expressions, and of the digits in each.

    Returns
    -------
    batch : Batch
        x is (2 leaves - 1, B, 12), one-hot over `SYMBOLS`; y is (B,), the values 0 to 9. The
        best predictor without memory sees the last digit; its loss, the entropy of the value
        given that digit, is computed exactly.
    forest : Forest
        The expressions, each ((left sign) right); leaf ``t * B + b`` is symbol t of
        expression b. All orders in which the signs may act are equally likely, which makes each
        sign equally likely to be the last.

    Examples
    --------
    >>> batch, forest = arithmetic(np.random.default_rng(0), 1, 3)
    >>> "".join(SYMBOLS[k] for k in batch.x[:, 0].argmax(-1)), batch.y
    ('8+6+5', array([9]))
    """
    dtype, batch = require_common(rng, dtype, batch)
    leaves = require_size("leaves", leaves)
    classes = np.empty((2 * leaves - 1, batch), int)
    classes[::2] = rng.integers(0, 10, (leaves, batch))
    classes[1::2] = rng.integers(PLUS, len(SYMBOLS), (leaves - 1, batch))
    drawn = [_bracket(rng, row) for row in classes.T.tolist()]
    y = np.array([value for _, value in drawn], int)
    x = one_hot(classes, len(SYMBOLS), dtype)
    loss = conditional_entropy(_law_given_last(leaves))
    return Batch(x, y, None, loss), interleave(from_nested(tree) for tree, _ in drawn)


def _bracket(rng, symbols):
    r"""Let the signs act in a random order; return the tree and the value."""
    parts = [(k, symbols[k]) for k in range(0, len(symbols), 2)]
    signs = list(range(1, len(symbols), 2))
    while signs:
        k = int(rng.integers(len(signs)))
        sign, ((left, a), (right, b)) = signs.pop(k), parts[k : k + 2]
        value = a + b if symbols[sign] == PLUS else a * b
        parts[k : k + 2] = [(((left, sign), right), value % 10)]
    return parts[0]


def _law_given_last(leaves):
    r"""Return P(value | last digit) as a (10, 10) table, a row for each digit."""
    values = np.arange(10)
    results = [np.add.outer(values, values) % 10, np.multiply.outer(values, values) % 10]
    acts = np.mean([r[..., None] == values for r in results], axis=0)  # P(value | left, right)
    laws = [np.eye(10)]
    for n in range(2, leaves + 1):
        pairs = [(laws[n - k - 1].mean(axis=0), laws[k - 1]) for k in range(1, n)]
        laws.append(np.mean([np.einsum("a,db,abv->dv", p, q, acts) for p, q in pairs], axis=0))
    return laws[-1]
