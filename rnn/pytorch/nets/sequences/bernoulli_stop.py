r"""Sequences that end when a coin says so (§10.2.3)."""

import torch
from torch import nn

from rnn._checks import require_instance
from rnn.pytorch.cells.context import Context
from rnn.pytorch.cells.feedback import Feedback
from rnn.pytorch.nets.sequences.ended import EndedSample, cut, first_true, lengths_and_ends
from rnn.pytorch.nets.sequences.laws import law_inside, law_of, noise_dtype
from rnn.pytorch.nets.sequences.likelihood import run_told, summed
from rnn.pytorch.nets.sequences.sampling import draw
from rnn.pytorch.nets.sequences.stop_unit import StopUnit
from rnn.pytorch.outputs import bernoulli

__all__ = ["BernoulliStop"]


class BernoulliStop(nn.Module):
    r"""Decide after each output, with a unit of its own, whether to go on.

    The equations are those of `rnn.reference.nets.sequences.BernoulliStop`. Its parameters are
    those of ``net``: the cell given, which it shares, with a `StopUnit` around the `Feedback`.

    Parameters
    ----------
    cell : Feedback, or Context around one
        ``own="argmax"`` for classes, ``own="o"`` for numbers.

    Examples
    --------
    >>> from rnn.pytorch.cells import RNN
    >>> model = BernoulliStop(Feedback(RNN(0, 3), d_y=2, own="o"))
    >>> drawn = model.sample(torch.Generator().manual_seed(0), tau=30, batch=4)
    >>> drawn.y.shape, bool(drawn.ended.all())
    (torch.Size([30, 4, 2]), True)
    """

    def __init__(self, cell):
        super().__init__()
        inner = cell.cell if isinstance(cell, Context) else cell
        require_instance("cell", inner, Feedback, "or Context(Feedback(...))")
        law_of(cell)
        self.net = _with_stop(cell)

    @property
    def theta(self):
        r"""Return the parameters of `net`."""
        return self.net.theta

    def forward(self, *args, **options):
        r"""Compute `log_likelihood`."""
        return self.log_likelihood(*args, **options)

    def log_likelihood(self, y, lengths=None, *, ended=None, x=None, theta=None):
        r"""Compute the log probability of sequences and of where they end.

        Parameters
        ----------
        y : integer tensor, (tau, B), or tensor (tau, B, d_y) of numbers
        lengths : sequence of B ints in [1, tau], optional
            0 is allowed where `ended` is False.
        ended : boolean tensor, (B,), optional
            False where the sequence is known to go on after its length: then the log probability
            is that of all sequences that begin so.
        x : tensor, (tau, B, d_x), or InContext, optional
        theta : NamedTuple of tensors, optional

        Returns
        -------
        LogLikelihood
            A step's share is that of its output and of the decision after it.
        """
        out, y = run_told(self.net, y, theta, x, lengths)
        lengths, ended = lengths_and_ends(lengths, ended, y)
        _require_steps(lengths, ended)
        return summed(-self._nll(out, y, lengths, ended))

    def sample(self, rng, tau, batch, x=None, *, theta=None):
        r"""Draw sequences, each until its coin says stop or for tau steps; return `EndedSample`."""
        out, y = draw(rng, self.net, theta, tau, batch, x)
        coins = torch.rand(out.shape[:2], generator=rng, device=rng.device, dtype=noise_dtype(out))
        last = first_true(coins.to(out.device) < torch.sigmoid(out[..., -1]))
        lengths, ended = (last + 1).clamp(max=tau), last < tau
        log_p = summed(-self._nll(out, y, lengths, ended)).log_p
        return EndedSample(cut(y, lengths), lengths, ended, log_p)

    def _nll(self, out, y, lengths, ended):
        r"""Compute what each step pays for its output, and for the decision after it."""
        t = torch.arange(len(out), device=out.device)[:, None]
        stops, within = ((t == lengths - 1) & ended)[..., None].to(out), lengths.tolist()
        at_stop = bernoulli(out[..., -1:], stops, reduction="none", lengths=within)
        return law_inside(self.net).nll(out[..., :-1], y, within) + at_stop


def _with_stop(cell):
    if not isinstance(cell, Context):
        return StopUnit(cell)
    net = Context(StopUnit(cell.cell), cell.d_c, cell.at, path=cell.path)
    net.R, net.S = cell.R, cell.S
    return net


def _require_steps(lengths, ended):
    bad = ended & (lengths == 0)
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(f"lengths: expected at least 1 where a row has ended, got 0 at row {row}")
