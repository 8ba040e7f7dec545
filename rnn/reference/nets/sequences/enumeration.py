r"""Every sequence of a small alphabet, and what going through all of them tells (§10.2.3)."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_shape, require_size
from rnn._tree import tree_leaves
from rnn.reference.boundary import checked_targets
from rnn.reference.cells.context import InContext
from rnn.reference.nets.sequences.laws import Classes
from rnn.reference.nets.sequences.likelihood import log_likelihood, model

__all__ = [
    "all_sequences",
    "joint_probabilities",
    "marginals",
    "Filled",
    "missing_values",
    "table_parameters",
    "count_parameters",
]

MOST = 1_000_000
BLOCK = 4096  # sequences walked through at a time


def all_sequences(k, tau):
    r"""List every sequence of tau symbols out of k.

    Parameters
    ----------
    k, tau : int
        k**tau may be at most a million.

    Returns
    -------
    integer array, (tau, k**tau)
        In the order of a dictionary: the last symbol changes fastest.

    Examples
    --------
    >>> all_sequences(2, 2)
    array([[0, 0, 1, 1],
           [0, 1, 0, 1]])
    """
    k, tau = require_size("k", k), require_size("tau", tau, 0)
    _require_few("tau", k, tau)
    powers = k ** np.arange(tau)[::-1, None]
    return np.arange(k**tau) // powers % k


def joint_probabilities(cell, theta, tau, x=None):
    r"""Compute the probability of every sequence of tau classes (10.31).

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        Of classes.
    theta : the cell's NamedTuple of arrays
    tau : int
    x : array, (tau, 1, d_x), or InContext, optional
        One row: what all sequences are conditioned on.

    Returns
    -------
    array, (d_y**tau,)
        In the order of `all_sequences`; it sums to 1.
    """
    y = all_sequences(_classes(cell, theta), tau)
    return np.exp(_log_p(cell, y, theta, x))


def marginals(joint, k, tau):
    r"""Sum a joint distribution over all steps but one.

    .. math:: P(y^{(t)} = i) = \sum_{y : y^{(t)} = i} P(y^{(1)}, \dots, y^{(\tau)})

    Parameters
    ----------
    joint : array, (k**tau,)
        In the order of `all_sequences`.

    Returns
    -------
    array, (tau, k)
    """
    y = all_sequences(k, tau)
    joint = np.asarray(joint, float)
    require_shape("joint", joint, "n", n=y.shape[1])
    return np.array([np.bincount(y_t, joint, minlength=k) for y_t in y]).reshape(tau, k)


class Filled(NamedTuple):
    r"""Hold all ways to fill gaps.

    Attributes
    ----------
    values : integer array, (m, k**m)
        What stands in the m gaps, in the order of `all_sequences`.
    p : array, (k**m,)
        The probability of each, given all that was observed, before the gaps and after.
    """

    values: np.ndarray
    p: np.ndarray


def missing_values(cell, y, missing, theta, x=None):
    r"""Compute how likely each way to fill the gaps of a sequence is.

    .. math:: P(\text{gaps} \mid \text{rest}) = \frac{P(\text{gaps}, \text{rest})}
        {\sum_{\text{gaps}'} P(\text{gaps}', \text{rest})}

    The state between gap and rest depends on all of the past, so nothing shorter than
    enumeration is exact: it costs k**m passes for m gaps. (In a Markov chain, where the state is
    one symbol, the same sum takes of the order of m k^2.)

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        Of k classes.
    y : integer array, (tau,)
        One sequence. What stands in the gaps is not read.
    missing : boolean array, (tau,)
    theta : the cell's NamedTuple of arrays
    x : array, (tau, 1, d_x), or InContext, optional

    Returns
    -------
    Filled
    """
    y, missing = np.asarray(y), np.asarray(missing)
    if missing.dtype != bool:
        raise TypeError(f"missing: expected booleans, got dtype {missing.dtype}")
    require_shape("y", y, "tau")
    require_shape("missing", missing, "tau", tau=len(y))
    k = _classes(cell, theta)
    _require_few("missing", k, int(missing.sum()))
    values = all_sequences(k, int(missing.sum()))
    observed = checked_targets(y[:, None], ~missing[:, None], k)
    ways = np.repeat(observed, values.shape[1], axis=1)
    ways[missing] = values
    log_p = _log_p(cell, ways, theta, x)
    p = np.exp(log_p - log_p.max())
    return Filled(values, p / p.sum())


def table_parameters(k, tau):
    r"""Count the free numbers of a table of all probabilities, k**tau - 1."""
    return require_size("k", k) ** require_size("tau", tau, 0) - 1


def count_parameters(theta):
    r"""Count the numbers in the parameters of a net; tau is not among what it depends on."""
    return sum(leaf.size for leaf in tree_leaves(theta))


def _require_few(name, k, tau):
    if k > 1 and (tau > MOST.bit_length() or k**tau > MOST):
        raise ValueError(
            f"{name}: expected at most {MOST} sequences, got {k} to the power of {tau}"
        )


def _classes(cell, theta):
    law, k, _ = model(cell, theta)
    if not isinstance(law, Classes):
        raise ValueError("cell: expected own='argmax', only classes can be listed; got own='o'")
    return k


def _log_p(cell, y, theta, x):
    r"""Compute the log probability of each column of y, a block at a time, given one row of x."""
    tau, n = y.shape
    _require_one_row(x, tau)
    starts = range(0, n, BLOCK)
    blocks = [y[:, start : start + BLOCK] for start in starts]
    parts = [log_likelihood(cell, b, theta, _repeated(x, b.shape[1])).log_p for b in blocks]
    return np.concatenate(parts)


def _require_one_row(x, tau):
    if isinstance(x, InContext):
        require_shape("context", np.asarray(x.context), "B d_c", B=1)
        x = x.x
    if x is not None:
        require_shape("x", np.asarray(x), "tau B d_x", tau=tau, B=1)


def _repeated(x, n):
    if isinstance(x, InContext):
        return InContext(_repeated(x.x, n), np.repeat(x.context, n, axis=0))
    return None if x is None else np.repeat(x, n, axis=1)
