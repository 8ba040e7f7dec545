r"""Sequences that end with a symbol of their own (§10.2.3)."""

import torch
from torch import nn

from rnn.pytorch.nets.sequences.ended import EndedSample, cut, first_true, lengths_and_ends
from rnn.pytorch.nets.sequences.laws import Classes, law_of
from rnn.pytorch.nets.sequences.likelihood import log_likelihood, model, summed
from rnn.pytorch.nets.sequences.sampling import draw

__all__ = ["EndSymbol"]


class EndSymbol(nn.Module):
    r"""Let the last class of a net mean: the sequence is over.

    The equations are those of `rnn.reference.nets.sequences.EndSymbol`. Here the cell is made
    first, with one class more than the alphabet has: the last stands in no y.

    Parameters
    ----------
    cell : Feedback, Context around one, or Output
        Of classes. Its parameters are those of the model.

    Examples
    --------
    >>> from rnn.pytorch.cells import RNN, Feedback
    >>> model = EndSymbol(Feedback(RNN(0, 3), d_y=2 + 1, own="argmax"))
    >>> L = -model(torch.tensor([[0, 1], [1, 0]]), [2, 0]).log_p.sum()
    >>> drawn = model.sample(torch.Generator().manual_seed(0), tau=50, batch=4)
    >>> bool(drawn.ended.all())
    True
    """

    def __init__(self, cell):
        super().__init__()
        if not isinstance(law_of(cell), Classes):
            raise ValueError("cell: expected own='argmax', an end symbol is a class; got own='o'")
        self.cell = cell

    @property
    def theta(self):
        r"""Return the parameters, those of the cell."""
        return self.cell.theta

    def forward(self, *args, **options):
        r"""Compute `log_likelihood`."""
        return self.log_likelihood(*args, **options)

    def log_likelihood(self, y, lengths=None, *, ended=None, x=None, theta=None):
        r"""Compute the log probability of sequences and of where they end.

        Parameters
        ----------
        y : integer tensor, (tau, B)
            Classes below that of the end.
        lengths : sequence of B ints in [0, tau], optional
        ended : boolean tensor, (B,), optional
            False where the sequence is known to go on or its end was not seen: then the log
            probability is that of all sequences that begin so.
        x : tensor, (tau + 1, B, d_x), or InContext, optional
        theta : NamedTuple of tensors, optional

        Returns
        -------
        LogLikelihood
            With tau + 1 steps.
        """
        law, d_out, theta, like = model(self.cell, theta)
        y = law.targets(y, lengths, d_out - 1, like)
        lengths, ended = lengths_and_ends(lengths, ended, y)
        y = torch.cat([y, y.new_zeros(1, y.shape[1])])
        at_end = torch.arange(len(y), device=y.device)[:, None] == lengths
        y = torch.where(at_end & ended, d_out - 1, y)
        return log_likelihood(self.cell, y, x, (lengths + ended).tolist(), theta=theta)

    def sample(self, rng, tau, batch, x=None, *, theta=None):
        r"""Draw sequences, each until its end symbol or for tau steps.

        Returns
        -------
        EndedSample
            A sequence of tau symbols has not ended: that would have taken one step more.
        """
        out, y = draw(rng, self.cell, theta, tau, batch, x)
        law, d_out, *_ = model(self.cell, theta)
        lengths = first_true(y == d_out - 1)
        ended = lengths < tau
        log_p = summed(-law.nll(out, y, (lengths + ended).tolist())).log_p
        return EndedSample(cut(y, lengths), lengths, ended, log_p)
