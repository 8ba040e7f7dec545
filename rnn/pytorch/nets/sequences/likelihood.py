r"""The probability of a sequence that is fully observed: one pass (10.29)-(10.33), (10.35)."""

from typing import NamedTuple

import torch

from rnn._checks import require_instance
from rnn._tree import tree_leaves
from rnn.pytorch.cells.context import Context, InContext
from rnn.pytorch.cells.fed import Fed
from rnn.pytorch.nets.sequences.laws import feedback_of, law_inside, law_of, width_of_y

__all__ = ["LogLikelihood", "log_likelihood"]


class LogLikelihood(NamedTuple):
    r"""Hold log probabilities in nats; of a density where y are numbers.

    Attributes
    ----------
    log_p : tensor, (B,)
        Of each row as a whole.
    log_p_t : tensor, (tau, B)
        Of each step given all steps before; zero in the padding.
    """

    log_p: torch.Tensor
    log_p_t: torch.Tensor


def log_likelihood(cell, y, x=None, lengths=None, *, state=None, theta=None):
    r"""Compute the log probability of observed sequences, row by row and step by step.

    The equations are those of `rnn.reference.nets.sequences.log_likelihood`. Autograd takes the
    way back, which is teacher forcing: a `Feedback` cell is told the truth at every step, so it
    runs by any path that the cell inside has, a library's too.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        With ``own="argmax"``, and in an `Output`, y are classes. With ``own="o"`` they are numbers,
        Gaussian of variance 1 around o, and the probability is a density.
    y : integer tensor, (tau, B), or tensor (tau, B, d_y) of numbers
    x : tensor, (tau, B, d_x), optional
        None stands for d_x = 0. A `Context` wants ``InContext(x, context)``.
    lengths : sequence of B ints, optional
    state : tree of tensors, optional
        Where to go on from; it stands for all that came before.
    theta : NamedTuple of tensors, optional
        Instead of the module's own parameters.

    Returns
    -------
    LogLikelihood

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came.

    Examples
    --------
    >>> from rnn.pytorch.cells import RNN, Feedback
    >>> cell = Feedback(RNN(0, 3, dtype=torch.float64), d_y=2, own="argmax")
    >>> pairs = log_likelihood(cell, torch.tensor([[0, 0, 1, 1], [0, 1, 0, 1]]))
    >>> round(pairs.log_p.exp().sum().item(), 12)
    1.0
    """
    law, (o, y) = law_of(cell), run_told(cell, y, theta, x, lengths, state)
    return summed(-law.nll(o, y, lengths))  # (10.29), (10.30), (10.33)


def run_told(cell, y, theta, x, lengths=None, state=None):
    r"""Walk with the truth fed back, if anything is; return all that is put out, and y checked."""
    law, d_y, theta, like = model(cell, theta)
    y = law.targets(y, lengths, d_y, like)
    told = law.told(y, d_y, like)
    fed = Fed(x, told, True, told.new_zeros(()).expand(told.shape))
    return run_through(cell, fed, theta, lengths, state), y


def run_through(cell, fed, theta, lengths=None, state=None):
    r"""Return all that the model puts out at every step; ``fed.x`` may be None."""
    reads = reading(cell, fed)
    reads = reads.x if feedback_of(cell) is None else reads
    return cell.run(state, reads, theta, lengths)[0]  # what (10.29), (10.30) are conditioned on


def model(cell, theta):
    r"""Return a model's law, d_y, its parameters and the first of them."""
    theta = cell.theta if theta is None else theta
    return law_inside(cell), width_of_y(cell), theta, tree_leaves(theta)[0]


def reading(cell, fed):
    r"""Return what the cell reads, of which ``fed.x`` is x as the caller gave it, or None."""
    if isinstance(cell, Context):
        require_instance("x", fed.x, InContext, "with x=None where the context is all")
        return InContext(reading(cell.cell, fed._replace(x=fed.x.x)), fed.x.context)
    if fed.x is not None:
        return fed
    return fed._replace(x=fed.y.new_zeros(*fed.y.shape[:2], 0))


def summed(log_p_t):
    r"""Return the log-likelihood of each row and of its steps."""
    return LogLikelihood(log_p_t.sum(0), log_p_t)  # (10.15), (10.16), (10.31), (10.35)
