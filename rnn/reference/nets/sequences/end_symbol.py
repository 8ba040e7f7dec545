r"""Sequences that end with a symbol of their own (§10.2.3)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn.reference.boundary import checked_lengths, checked_sizes
from rnn.reference.nets.sequences.ended import EndedSample, checked_ended, cut, first_true
from rnn.reference.nets.sequences.laws import Classes, law_of
from rnn.reference.nets.sequences.likelihood import likelihood_bptt, log_likelihood, model, summed
from rnn.reference.nets.sequences.sampling import draw
from rnn.reference.nets.sequences.stop_unit import OF_CLASSES

__all__ = ["EndSymbol"]


@dataclass(frozen=True)
class EndSymbol:
    r"""Add a class to the alphabet that means: the sequence is over.

    .. math:: P(y^{(1)}, \dots, y^{(n)}) = P(\text{end} \mid y^{(1)}, \dots, y^{(n)})
        \prod_{t \le n} P(y^{(t)} \mid y^{(1)}, \dots, y^{(t-1)})

    The end is the last class of the net, d_y, and stands in no y; so a sequence of n symbols takes
    n + 1 steps, and n may be 0. An x, if there is one, has tau + 1 steps for a likelihood.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        Of classes. Its parameters are those of the model.

    Examples
    --------
    >>> model, rng = EndSymbol(), np.random.default_rng(0)
    >>> theta = model.init_theta(rng, d_x=0, d_h=3, d_y=2)
    >>> L, grad = model.bptt(np.array([[0, 1], [1, 0]]), theta, [2, 0], reduction="sum")
    >>> drawn = model.sample(rng, theta, tau=50, batch=4)
    >>> bool(drawn.ended.all())
    True
    """

    cell: Any = OF_CLASSES

    def __post_init__(self):
        if not isinstance(law_of(self.cell), Classes):
            raise ValueError("cell: expected own='argmax', an end symbol is a class; got own='o'")

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64, **sizes):
        r"""Draw parameters for d_y classes and the end symbol, by the cell's own rule."""
        d_y = checked_sizes(d_y=d_y)["d_y"] + 1
        return self.cell.init_theta(rng, d_x=d_x, d_h=d_h, d_y=d_y, dtype=dtype, **sizes)

    def log_likelihood(self, y, theta, lengths=None, *, ended=None, x=None):
        r"""Compute the log probability of sequences and of where they end.

        Parameters
        ----------
        y : integer array, (tau, B)
            Classes below d_y.
        theta : the cell's NamedTuple of arrays
        lengths : sequence of B ints in [0, tau], optional
        ended : boolean array, (B,), optional
            False where the sequence is known to go on or its end was not seen: then the log
            probability is that of all sequences that begin so.
        x : array, (tau + 1, B, d_x), or InContext, optional

        Returns
        -------
        LogLikelihood
            With tau + 1 steps.
        """
        y, lengths = self._with_end(y, theta, lengths, ended)
        return log_likelihood(self.cell, y, theta, x, lengths)

    def bptt(self, y, theta, lengths=None, *, reduction, ended=None, x=None):
        r"""Compute the negative log-likelihood and its gradient; see `likelihood_bptt`."""
        y, lengths = self._with_end(y, theta, lengths, ended)
        return likelihood_bptt(self.cell, y, theta, reduction=reduction, x=x, lengths=lengths)

    def sample(self, rng, theta, tau, batch, x=None):
        r"""Draw sequences, each until its end symbol or for tau steps.

        Returns
        -------
        EndedSample
            A sequence of tau symbols has not ended: that would have taken one step more.
        """
        out, y = draw(rng, self.cell, theta, tau, batch, x)
        law, d_out, _ = model(self.cell, theta)
        lengths = first_true(y == d_out - 1)
        ended = lengths < tau
        log_p = summed(-law.nll(out, y, lengths + ended)).log_p
        return EndedSample(cut(y, lengths), lengths, ended, log_p)

    def _with_end(self, y, theta, lengths, ended):
        r"""Return y (tau + 1, B) with the end symbol behind each row, and one step more."""
        law, d_out, dtype = model(self.cell, theta)
        y = law.targets(y, lengths, d_out - 1, dtype)
        lengths, ended = checked_lengths(lengths, *y.shape), checked_ended(ended, y.shape[1])
        y = np.concatenate([y, np.zeros_like(y, shape=(1, y.shape[1]))])
        y[lengths[ended], np.flatnonzero(ended)] = d_out - 1
        return y, lengths + ended
