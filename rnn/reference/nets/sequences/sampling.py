r"""Sequences drawn from a model: each step is told what was drawn before (§10.2.3)."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_rng, require_size
from rnn.reference.cells.feedback import Fed
from rnn.reference.nets.sequences.laws import law_of
from rnn.reference.nets.sequences.likelihood import model, run_through, summed

__all__ = ["Sample", "sample"]


class Sample(NamedTuple):
    r"""Hold what was drawn, and how likely it was, in nats.

    Attributes
    ----------
    y : integer array, (tau, B), or array (tau, B, d_y) of numbers
    log_p : array, (B,)
    log_p_t : array, (tau, B)
    """

    y: np.ndarray
    log_p: np.ndarray
    log_p_t: np.ndarray


class Drawn(NamedTuple):
    r"""Hold outputs, all that the model puts out (o, and s behind it if there is one), and y."""

    out: np.ndarray
    y: np.ndarray


def sample(rng, cell, theta, tau, batch, x=None, first=None, *, state=None):
    r"""Draw sequences from a model, one step after the other.

    .. math:: y^{(t)} \sim P(\cdot \mid y^{(1)}, \dots, y^{(t-1)}, x)

    A class is drawn as the largest entry of o + Gumbel noise, which is class i with probability
    softmax(o)_i; so the walk is the cell's own `forward`, running freely.

    Parameters
    ----------
    rng : numpy.random.Generator
    cell : Feedback, Context around one, or Output
        As for `log_likelihood`.
    theta : the cell's NamedTuple of arrays
    tau, batch : int
        Steps and sequences.
    x : array, (tau, B, d_x), or InContext, optional
    first : array, (n, B) of classes or (n, B, d_y) of numbers, n <= tau, optional
        What every sequence begins with: told, not drawn.
    state : tree of arrays, optional
        Where to go on from.

    Returns
    -------
    Sample
        Its log probabilities are those that `log_likelihood` gives for y, `first` included.

    Examples
    --------
    >>> from rnn.reference import RNN, Feedback
    >>> cell, rng = Feedback(RNN(), "argmax"), np.random.default_rng(0)
    >>> theta = cell.init_theta(rng, d_x=0, d_h=3, d_y=2)
    >>> sample(rng, cell, theta, tau=3, batch=4, first=[[1, 1, 0, 0]]).y[0]
    array([1, 1, 0, 0])
    """
    law, (o, y) = law_of(cell), draw(rng, cell, theta, tau, batch, x, first, state)
    return Sample(y, *summed(-law.nll(o, y)))


def draw(rng, cell, theta, tau, batch, x=None, first=None, state=None):
    r"""Run a model freely; return `Drawn`."""
    require_rng(rng)
    tau, batch = require_size("tau", tau, 0), require_size("batch", batch, 0)
    law, d_y, dtype = model(cell, theta)
    noise = law.noise(rng, (tau, batch, d_y), dtype)
    begun, told = _begun(law, first, noise)
    fed = Fed(x, told, np.arange(tau)[:, None] < np.full(batch, len(begun)), noise)
    out, _ = run_through(cell, fed, theta, state=state)
    y = law.value(out[..., :d_y], noise)
    y[: len(begun)] = begun
    return Drawn(out, y)


def _begun(law, first, noise):
    r"""Return what the sequences begin with, and told (tau, B, d_y), zero after that."""
    told, (tau, batch, d_y) = np.zeros_like(noise), noise.shape
    if first is None:
        return law.value(noise[:0], noise[:0]), told
    first = law.targets(first, None, d_y, noise.dtype)
    if first.shape[1] != batch or len(first) > tau:
        raise ValueError(f"first: expected (n <= {tau}, B={batch}), got shape {first.shape}")
    told[: len(first)] = law.told(first, d_y, noise.dtype)
    return first, told
