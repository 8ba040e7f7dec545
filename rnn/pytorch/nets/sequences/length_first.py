r"""Sequences whose length is drawn before anything else (§10.2.3)."""

from typing import Any, NamedTuple

import torch
from torch import nn

from rnn._checks import require_choice, require_size
from rnn.pytorch.boundary import checked_array, checked_like
from rnn.pytorch.cells.context import InContext
from rnn.pytorch.nets.sequences.ended import EndedSample, cut, lengths_and_ends
from rnn.pytorch.nets.sequences.laws import Classes, law_of
from rnn.pytorch.nets.sequences.likelihood import LogLikelihood, log_likelihood, model, summed
from rnn.pytorch.nets.sequences.sampling import draw, require_generator

__all__ = ["LengthFirst", "LengthTheta"]

LENGTHS = Classes()


class LengthTheta(NamedTuple):
    r"""Hold the parameters of a cell, and length (tau_max + 1,), the law of the length."""

    cell: Any
    length: torch.Tensor


class LengthFirst(nn.Module):
    r"""Draw the length, then a sequence of that length by a net that is told about it.

    The equations are those of `rnn.reference.nets.sequences.LengthFirst`. Here the cell is made
    first, with one input more than x has, unless ``tells="nothing"``: what it is told comes last.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        ``own="argmax"`` for classes, ``own="o"`` for numbers.
    tau_max : int
        The longest length; at first all are equally likely.
    tells : {"remaining", "tau", "nothing"}
        What the net reads beside x at step t = 1, 2, ...: how many steps follow, tau - t; or tau;
        each divided by tau_max.

    Examples
    --------
    >>> from rnn.pytorch.cells import RNN, Feedback
    >>> model = LengthFirst(Feedback(RNN(1, 3), d_y=2, own="argmax"), tau_max=5)
    >>> p = model(torch.zeros(0, 1, dtype=torch.long)).log_p.exp()
    >>> round(p.item(), 6), round(1 / 6, 6)
    (0.166667, 0.166667)
    """

    def __init__(self, cell, tau_max, tells="remaining"):
        super().__init__()
        law_of(cell)
        self.cell, self.tau_max = cell, require_size("tau_max", tau_max)
        self.tells = require_choice("tells", tells, ("remaining", "tau", "nothing"))
        self.length = nn.Parameter(next(cell.parameters()).detach().new_zeros(self.tau_max + 1))

    @property
    def theta(self):
        r"""Return the parameters as a `LengthTheta`."""
        return LengthTheta(self.cell.theta, self.length)

    def forward(self, *args, **options):
        r"""Compute `log_likelihood`."""
        return self.log_likelihood(*args, **options)

    def log_likelihood(self, y, lengths=None, *, x=None, theta=None):
        r"""Compute the log probability of sequences and of their lengths.

        Parameters
        ----------
        y : integer tensor, (tau, B), or tensor (tau, B, d_y) of numbers
        lengths : sequence of B ints in [0, tau], optional
            None of them beyond tau_max.
        x : tensor, (tau, B, d_x), or InContext, optional
            What the net reads beside the length.
        theta : LengthTheta, optional

        Returns
        -------
        LogLikelihood
            Its `log_p` has the length's share, its `log_p_t` are given the length.
        """
        theta = self._checked(theta)
        law, d_y, _, like = model(self.cell, theta.cell)
        y = law.targets(y, lengths, d_y, like)
        lengths, _ = lengths_and_ends(lengths, None, y)
        self._require_short(lengths)
        x = self._reads(len(y), lengths, x)
        given = log_likelihood(self.cell, y, x, lengths.tolist(), theta=theta.cell)
        log_p_tau = torch.log_softmax(theta.length, 0)[lengths]
        return LogLikelihood(log_p_tau + given.log_p, given.log_p_t)  # (10.34)

    def sample(self, rng, batch, x=None, *, theta=None):
        r"""Draw lengths, and a sequence for each.

        Returns
        -------
        EndedSample
            With tau_max steps; all rows have ended.
        """
        require_generator(rng)
        theta, batch = self._checked(theta), require_size("batch", batch, 0)
        noise = LENGTHS.noise(rng, (batch, self.tau_max + 1), theta.length)
        lengths = LENGTHS.value(theta.length, noise)
        x = self._reads(self.tau_max, lengths, x)
        out, y = draw(rng, self.cell, theta.cell, self.tau_max, batch, x)
        log_p = summed(-law_of(self.cell).nll(out, y, lengths.tolist())).log_p
        log_p = log_p + torch.log_softmax(theta.length, 0)[lengths]  # (10.34)
        return EndedSample(cut(y, lengths), lengths, torch.ones_like(lengths).bool(), log_p)

    def _checked(self, theta):
        theta = self.theta if theta is None else theta
        checked_like(theta, self.theta)
        return theta

    def _require_short(self, lengths):
        bad = lengths > self.tau_max
        if bad.any():
            row, tau_max = int(bad.nonzero()[0]), self.tau_max
            got = int(lengths[row])
            raise ValueError(f"lengths: row {row} has length {got}, beyond {tau_max=}")

    def _reads(self, tau, lengths, x):
        r"""Return x with what the net is told about the length behind it."""
        if isinstance(x, InContext):
            return x._replace(x=self._reads(tau, lengths, x.x))
        t = torch.arange(1, tau + 1, device=lengths.device)[:, None]
        steps = (lengths - t).clamp(min=0) if self.tells == "remaining" else lengths + 0 * t
        told = (steps.to(self.length) / self.tau_max)[..., None]
        told = told[..., : self.tells != "nothing"]
        if x is None:
            return told
        x = checked_array("x", x, self.length, "tau B d_x", tau=tau, B=len(lengths))
        return torch.cat([x, told], -1)

    def extra_repr(self):
        return f"tau_max={self.tau_max}, tells={self.tells!r}"
