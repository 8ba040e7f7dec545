r"""Sequences that end when a coin says so (§10.2.3)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn._checks import require_instance
from rnn.reference.boundary import checked_lengths
from rnn.reference.cells.context import Context
from rnn.reference.cells.feedback import Feedback
from rnn.reference.losses import bernoulli, bernoulli_adjoint
from rnn.reference.nets.sequences.ended import EndedSample, checked_ended, cut, first_true
from rnn.reference.nets.sequences.laws import law_of
from rnn.reference.nets.sequences.likelihood import model, reduced, run_told, summed
from rnn.reference.nets.sequences.sampling import draw
from rnn.reference.nets.sequences.stop_unit import OF_CLASSES, StopUnit
from rnn.reference.nonlinearities import sigmoid

__all__ = ["BernoulliStop"]


@dataclass(frozen=True)
class BernoulliStop:
    r"""Decide after each output, with a unit of its own, whether to go on.

    .. math:: P(y^{(1)}, \dots, y^{(n)}) = \sigma(s^{(n)}) \prod_{t < n} (1 - \sigma(s^{(t)}))
        \prod_{t \le n} P(y^{(t)} \mid y^{(1)}, \dots, y^{(t-1)})

    s is read out of the same hidden units as o (`StopUnit`), so that it knows the outputs before
    t but not the one at t. It needs no symbol, and ends sequences of numbers too. Every sequence
    has at least one step.

    Parameters
    ----------
    cell : Feedback, or Context around one
        ``own="argmax"`` for classes, ``own="o"`` for numbers.

    Its parameters are those of `net`: a `StopTheta` inside those of a Context, if there is one.

    Examples
    --------
    >>> from rnn.reference import RNN
    >>> model, rng = BernoulliStop(Feedback(RNN(), "o")), np.random.default_rng(0)
    >>> theta = model.init_theta(rng, d_x=0, d_h=3, d_y=2)
    >>> drawn = model.sample(rng, theta, tau=30, batch=4)
    >>> drawn.y.shape, bool(drawn.ended.all())
    ((30, 4, 2), True)
    """

    cell: Any = OF_CLASSES

    def __post_init__(self):
        inner = self.cell.cell if isinstance(self.cell, Context) else self.cell
        require_instance("cell", inner, Feedback, "or Context(Feedback(...))")
        law_of(self.cell)

    @property
    def net(self):
        r"""Return the cell with the stop unit in its place, around the `Feedback`."""
        if isinstance(self.cell, Context):
            return replace(self.cell, cell=StopUnit(self.cell.cell))
        return StopUnit(self.cell)

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64, **sizes):
        r"""Draw parameters by the cell's own rule, v and c_stop from +-1/sqrt(d_h)."""
        return self.net.init_theta(rng, d_x=d_x, d_h=d_h, d_y=d_y, dtype=dtype, **sizes)

    def log_likelihood(self, y, theta, lengths=None, *, ended=None, x=None):
        r"""Compute the log probability of sequences and of where they end.

        Parameters
        ----------
        y : integer array, (tau, B), or array (tau, B, d_y) of numbers
        theta : NamedTuple of arrays, from `init_theta`
        lengths : sequence of B ints in [1, tau], optional
            0 is allowed where `ended` is False.
        ended : boolean array, (B,), optional
            False where the sequence is known to go on after its length: then the log probability
            is that of all sequences that begin so.
        x : array, (tau, B, d_x), or InContext, optional

        Returns
        -------
        LogLikelihood
            A step's share is that of its output and of the decision after it.
        """
        y, stops, lengths = self._targets(y, theta, lengths, ended)
        told = run_told(self.net, y, theta, x, lengths)
        return summed(-self._nll(told.o, y, stops, lengths))

    def bptt(self, y, theta, lengths=None, *, reduction, ended=None, x=None):
        r"""Compute the negative log-likelihood and its gradient; see `likelihood_bptt`."""
        y, stops, lengths = self._targets(y, theta, lengths, ended)
        told = run_told(self.net, y, theta, x, lengths)
        L, share = reduced(self._nll(told.o, y, stops, lengths), reduction)
        grad_out = share * self._nll_adjoint(told.o, y, stops, lengths)
        return L, self.net.backward(grad_out, told.run, theta, inputs=False).grad

    def sample(self, rng, theta, tau, batch, x=None):
        r"""Draw sequences, each until its coin says stop or for tau steps; return `EndedSample`."""
        out, y = draw(rng, self.net, theta, tau, batch, x)
        last = first_true(rng.random(out.shape[:2]) < sigmoid(out[..., -1]))
        lengths, ended = np.minimum(last + 1, tau), last < tau
        stops = _stops(lengths, ended, out)
        log_p = summed(-self._nll(out, y, stops, lengths)).log_p
        return EndedSample(cut(y, lengths), lengths, ended, log_p)

    def _targets(self, y, theta, lengths, ended):
        law, d_y, dtype = model(self.net, theta)
        y = law.targets(y, lengths, d_y, dtype)
        tau, batch = y.shape[:2]
        lengths, ended = checked_lengths(lengths, tau, batch), checked_ended(ended, batch)
        if (ended & (lengths == 0)).any():
            row = int(np.argmax(ended & (lengths == 0)))
            raise ValueError(
                f"lengths: expected at least 1 where a row has ended, got 0 at row {row}"
            )
        return y, _stops(lengths, ended, y), lengths

    def _nll(self, out, y, stops, lengths):
        at_stop = bernoulli(out[..., -1:], stops, reduction="none", lengths=lengths)
        return law_of(self.cell).nll(out[..., :-1], y, lengths) + at_stop

    def _nll_adjoint(self, out, y, stops, lengths):
        at_stop = bernoulli_adjoint(out[..., -1:], stops, reduction="sum", lengths=lengths)
        at_o = law_of(self.cell).nll_adjoint(out[..., :-1], y, lengths)
        return np.concatenate([at_o, at_stop], axis=-1)


def _stops(lengths, ended, like):
    r"""Return the decisions, (tau, B, 1): 1 at the last step of a row that has ended."""
    last = np.arange(len(like))[:, None] == lengths - 1
    return (last & ended)[..., None].astype(int)
