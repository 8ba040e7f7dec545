r"""The probability of a sequence that is fully observed: one pass (10.29)-(10.33), (10.35)."""

from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_instance
from rnn.reference.boundary import checked_theta, dtype_of
from rnn.reference.cells.context import Context, InContext
from rnn.reference.cells.feedback import Fed
from rnn.reference.nets.sequences.laws import feedback_of, law_inside, law_of, width_of_y

__all__ = ["LogLikelihood", "log_likelihood", "likelihood_bptt"]


class LogLikelihood(NamedTuple):
    r"""Hold log probabilities in nats; of a density where y are numbers.

    Attributes
    ----------
    log_p : array, (B,)
        Of each row as a whole.
    log_p_t : array, (tau, B)
        Of each step given all steps before; zero in the padding.
    """

    log_p: np.ndarray
    log_p_t: np.ndarray


class Told(NamedTuple):
    r"""Hold a pass through a model that is told the truth: its outputs, run and targets."""

    o: np.ndarray
    run: Any
    y: np.ndarray


def log_likelihood(cell, y, theta, x=None, lengths=None, *, state=None):
    r"""Compute the log probability of observed sequences, row by row and step by step.

    .. math::

        P(y^{(1)}, \dots, y^{(\tau)}) &= \prod_t P(y^{(t)} \mid y^{(1)}, \dots, y^{(t-1)})
            \qquad (10.31) \\
        L = \sum_t L^{(t)}, \quad L^{(t)} &= -\log P(y^{(t)} \mid y^{(1)}, \dots, y^{(t-1)})
            \qquad (10.32), (10.33)

    With an x every factor is conditioned on it as well. A `Feedback` cell is told the true
    :math:`y^{(t-1)}` at step t, so that its terms are (10.30), and (10.15) is computed as
    (10.16). An `Output` is told nothing of y: its terms are (10.29), and their product (10.35)
    makes the y independent of each other given x.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        With ``own="argmax"``, and in an `Output`, y are classes. With ``own="o"`` they are numbers,
        Gaussian of variance 1 around o, and the probability is a density.
    y : integer array, (tau, B), or array (tau, B, d_y) of numbers
    theta : the cell's NamedTuple of arrays
    x : array, (tau, B, d_x), optional
        None stands for d_x = 0. A `Context` wants ``InContext(x, context)``.
    lengths : sequence of B ints, optional
    state : tree of arrays, optional
        Where to go on from; it stands for all that came before.

    Returns
    -------
    LogLikelihood

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.

    Examples
    --------
    >>> from rnn.reference import RNN, Feedback
    >>> cell = Feedback(RNN(), "argmax")
    >>> theta = cell.init_theta(np.random.default_rng(0), d_x=0, d_h=3, d_y=2)
    >>> pairs = log_likelihood(cell, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), theta)
    >>> float(np.exp(pairs.log_p).sum().round(12))
    1.0
    """
    law, told = law_of(cell), run_told(cell, y, theta, x, lengths, state)
    return summed(-law.nll(told.o, told.y, lengths))  # (10.29), (10.30), (10.33)


def likelihood_bptt(cell, y, theta, *, reduction, x=None, lengths=None):
    r"""Compute the negative log-likelihood and its gradient.

    Maximum likelihood conditions each step on the truth before it, which is what teacher forcing
    feeds back (10.15), (10.16).

    Parameters
    ----------
    reduction : {"sum", "mean"}
        "sum" over the batch is the book's (10.32); "mean" is the mean over the B rows, in nats
        per sequence, and not, as in `losses`, per step.

    The others are those of `log_likelihood`.

    Returns
    -------
    L : float
    grad : tree of arrays
        Of the type of theta.
    """
    law, told = law_of(cell), run_told(cell, y, theta, x, lengths)
    L, share = reduced(law.nll(told.o, told.y, lengths), reduction)
    grad_o = share * law.nll_adjoint(told.o, told.y, lengths)
    return L, cell.backward(grad_o, told.run, theta, inputs=False).grad


def run_told(cell, y, theta, x, lengths=None, state=None):
    r"""Walk through the model with the truth fed back, if anything is fed back; return `Told`."""
    law, d_y, dtype = model(cell, theta)
    y = law.targets(y, lengths, d_y, dtype)
    told = law.told(y, d_y, dtype)
    fed = Fed(x, told, np.ones(told.shape[:2], bool), np.zeros_like(told))
    out, run = run_through(cell, fed, theta, lengths, state)
    return Told(out, run, y)


def run_through(cell, fed, theta, lengths=None, state=None):
    r"""Return all that the model puts out at every step, and its run; ``fed.x`` may be None."""
    reads = reading(cell, fed)
    if feedback_of(cell) is None:
        run = cell.forward(state, reads.x, theta, lengths)  # what (10.29) is conditioned on
        return run.o, run
    run = cell.forward(state, reads, theta, lengths)  # what (10.30) is conditioned on
    return run.h, run


def model(cell, theta):
    r"""Check a model and its parameters; return its law, d_y and the dtype."""
    law = law_inside(cell)
    if feedback_of(cell) is not None:
        checked_theta(cell, theta)
    return law, width_of_y(cell, theta), dtype_of(theta)


def reading(cell, fed):
    r"""Return what the cell reads, of which ``fed.x`` is x as the caller gave it, or None."""
    if isinstance(cell, Context):
        require_instance("x", fed.x, InContext, "with x=None where the context is all")
        return InContext(reading(cell.cell, fed._replace(x=fed.x.x)), fed.x.context)
    if fed.x is not None:
        return fed
    return fed._replace(x=np.zeros((*fed.forced.shape, 0), fed.y.dtype))


def summed(log_p_t):
    r"""Return the log-likelihood of each row and of its steps."""
    return LogLikelihood(log_p_t.sum(axis=0), log_p_t)  # (10.15), (10.16), (10.31), (10.35)


def reduced(L_t, reduction):
    r"""Return L, and the factor by which the reduction scales the gradient of the sum."""
    require_choice("reduction", reduction, ("sum", "mean"))
    batch = max(L_t.shape[-1], 1)
    share = 1 / batch if reduction == "mean" else 1
    return L_t.sum() * share, share  # (10.32)
