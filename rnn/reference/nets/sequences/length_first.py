r"""Sequences whose length is drawn before anything else (§10.2.3)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_instance, require_rng, require_size
from rnn.reference.boundary import checked_array, checked_lengths, checked_sizes, dtype_of
from rnn.reference.cells.context import InContext
from rnn.reference.nets.sequences.ended import EndedSample, cut
from rnn.reference.nets.sequences.laws import Classes, law_of
from rnn.reference.nets.sequences.likelihood import (
    LogLikelihood,
    likelihood_bptt,
    log_likelihood,
    model,
    reduced,
    summed,
)
from rnn.reference.nets.sequences.sampling import draw
from rnn.reference.nets.sequences.stop_unit import OF_CLASSES

__all__ = ["LengthFirst", "LengthTheta"]

LENGTHS = Classes()


class LengthTheta(NamedTuple):
    r"""Hold the parameters of a cell, and of the law of the length.

    Attributes
    ----------
    cell : NamedTuple
    length : array, (tau_max + 1,)
        Entry n is the unnormalised log probability of length n.
    """

    cell: Any
    length: np.ndarray


@dataclass(frozen=True)
class LengthFirst:
    r"""Draw the length, then a sequence of that length by a net that is told about it.

    .. math:: P(y^{(1)}, \dots, y^{(\tau)}) = P(\tau)\, P(y^{(1)}, \dots, y^{(\tau)} \mid \tau)
        \qquad (10.34)

    P(tau) is a table, a softmax over the lengths 0 to tau_max.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        ``own="argmax"`` for classes, ``own="o"`` for numbers.
    tells : {"remaining", "tau", "nothing"}
        What the net reads beside x at step t = 1, 2, ...: how many steps follow, tau - t; or tau;
        each divided by tau_max. With "nothing" it cannot know when it will be cut off.

    Its parameters are a `LengthTheta`.

    Examples
    --------
    >>> model, rng = LengthFirst(), np.random.default_rng(0)
    >>> theta = model.init_theta(rng, d_x=0, d_h=3, d_y=2, tau_max=5)
    >>> p = np.exp(model.log_likelihood(np.zeros((0, 1), int), theta).log_p)
    >>> float(p[0].round(12)), round(1 / 6, 12)
    (0.166666666667, 0.166666666667)
    """

    cell: Any = OF_CLASSES
    tells: str = "remaining"

    def __post_init__(self):
        law_of(self.cell)
        require_choice("tells", self.tells, ("remaining", "tau", "nothing"))

    def init_theta(self, rng, d_x, d_h, d_y, tau_max, *, dtype=np.float64, **sizes):
        r"""Draw parameters by the cell's own rule; all lengths up to tau_max are equally likely."""
        d_x, tau_max = checked_sizes(0, d_x=d_x)["d_x"], require_size("tau_max", tau_max)
        d_x += self.tells != "nothing"
        cell = self.cell.init_theta(rng, d_x=d_x, d_h=d_h, d_y=d_y, dtype=dtype, **sizes)
        return LengthTheta(cell, np.zeros(tau_max + 1, dtype))

    def log_likelihood(self, y, theta, lengths=None, *, x=None):
        r"""Compute the log probability of sequences and of their lengths.

        Parameters
        ----------
        y : integer array, (tau, B), or array (tau, B, d_y) of numbers
        theta : LengthTheta
        lengths : sequence of B ints in [0, tau], optional
            None of them beyond tau_max.
        x : array, (tau, B, d_x), or InContext, optional
            What the net reads beside the length.

        Returns
        -------
        LogLikelihood
            Its `log_p` has the length's share, its `log_p_t` are given the length.
        """
        y, lengths = self._targets(y, theta, lengths)
        x = self._reads(len(y), lengths, theta, x)
        given = log_likelihood(self.cell, y, theta.cell, x, lengths)
        log_p_tau = -LENGTHS.nll(*_law_of_length(theta, lengths))[0]
        return LogLikelihood(log_p_tau + given.log_p, given.log_p_t)  # (10.34)

    def bptt(self, y, theta, lengths=None, *, reduction, x=None):
        r"""Compute the negative log-likelihood and its gradient; see `likelihood_bptt`."""
        y, lengths = self._targets(y, theta, lengths)
        x, of_length = self._reads(len(y), lengths, theta, x), _law_of_length(theta, lengths)
        how = {"reduction": reduction, "x": x, "lengths": lengths}
        L, grad = likelihood_bptt(self.cell, y, theta.cell, **how)
        L_tau, share = reduced(LENGTHS.nll(*of_length), reduction)
        grad_length = share * LENGTHS.nll_adjoint(*of_length)[0].sum(axis=0)
        return L_tau + L, LengthTheta(grad, grad_length)  # (10.34)

    def sample(self, rng, theta, batch, x=None):
        r"""Draw lengths, and a sequence for each.

        Returns
        -------
        EndedSample
            With tau_max steps; all rows have ended.
        """
        require_rng(rng)
        tau_max, batch = self._tau_max(theta), require_size("batch", batch, 0)
        o, _ = _law_of_length(theta, np.zeros(batch, int))
        lengths = LENGTHS.value(o, LENGTHS.noise(rng, o.shape, o.dtype))[0]
        x = self._reads(tau_max, lengths, theta, x)
        out, y = draw(rng, self.cell, theta.cell, tau_max, batch, x)
        log_p = summed(-law_of(self.cell).nll(out, y, lengths)).log_p
        log_p = log_p - LENGTHS.nll(o, lengths[None])[0]  # (10.34)
        return EndedSample(cut(y, lengths), lengths, np.ones(batch, bool), log_p)

    def _tau_max(self, theta):
        require_instance("theta", theta, LengthTheta, "use LengthFirst().init_theta")
        length = checked_array("theta.length", theta.length, dtype_of(theta.cell), "n")
        return require_size("tau_max, from theta.length", len(length) - 1)

    def _targets(self, y, theta, lengths):
        tau_max = self._tau_max(theta)
        law, d_y, dtype = model(self.cell, theta.cell)
        y = law.targets(y, lengths, d_y, dtype)
        lengths = checked_lengths(lengths, *y.shape[:2])
        if (lengths > tau_max).any():
            row = int(np.argmax(lengths > tau_max))
            raise ValueError(f"lengths: row {row} has length {lengths[row]}, beyond {tau_max=}")
        return y, lengths

    def _reads(self, tau, lengths, theta, x):
        r"""Return x with what the net is told about the length behind it."""
        if isinstance(x, InContext):
            return x._replace(x=self._reads(tau, lengths, theta, x.x))
        t = np.arange(1, tau + 1)[:, None]
        steps = np.maximum(lengths - t, 0) if self.tells == "remaining" else lengths + 0 * t
        told = (steps / self._tau_max(theta)).astype(theta.length.dtype)[..., None]
        told = told[..., : self.tells != "nothing"]
        if x is None:
            return told
        x = checked_array("x", x, told.dtype, "tau B d_x", tau=tau, B=len(lengths))
        return np.concatenate([x, told], axis=-1)


def _law_of_length(theta, lengths):
    r"""Return outputs (1, B, tau_max + 1) for the lengths, and the lengths as targets (1, B)."""
    return np.broadcast_to(theta.length, (1, len(lengths), len(theta.length))), lengths[None]
