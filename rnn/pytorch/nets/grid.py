r"""Recurrent nets over a grid, such as the pixels of an image (§10.3)."""

import torch
from torch import nn

from rnn.pytorch.boundary import autocast, checked_array, checked_like

__all__ = ["FourDirections"]


class FourDirections(nn.Module):
    r"""Sweep over a grid in four directions: right, left, down and up (§10.3).

    As `rnn.reference.FourDirections`; all rows are one batch of sequences, and so are all columns.

    Parameters
    ----------
    along, across : Bidirectional
        For the rows and for the columns.

    Examples
    --------
    >>> from rnn.pytorch import RNN
    >>> from rnn.pytorch.nets import Bidirectional
    >>> net = FourDirections(*(Bidirectional(RNN(2, 3), RNN(2, 3)) for _ in range(2)))
    >>> net(torch.zeros(5, 4, 1, 2)).shape
    torch.Size([5, 4, 1, 12])
    """

    def __init__(self, along, across):
        super().__init__()
        if across.d_x != along.d_x:
            raise ValueError(f"across: expected d_x={along.d_x}, as along has, got {across.d_x}")
        self.along, self.across = along, across

    @property
    def theta(self):
        r"""Return the parameters for rows and columns: a pair."""
        return self.along.theta, self.across.theta

    @property
    def d_x(self):
        r"""Return how wide an input is."""
        return self.along.d_x

    @property
    def d_out(self):
        r"""Return how wide an output is: all four directions together."""
        return self.along.d_out + self.across.d_out

    def forward(self, x):
        r"""Sweep over the grid.

        Parameters
        ----------
        x : tensor, (height, width, B, d_x)

        Returns
        -------
        tensor, (height, width, B, d_out)
            From the left, from the right, from above, from below, side by side.
        """
        return self.run(x, self.theta)

    def run(self, x, theta, *, path=None, check_finite=None):
        r"""Sweep with these parameters: `forward` as a pure function."""
        like, x = autocast(checked_like(theta, self.theta), x)
        checked_array("x", x, like, "height width B d_x", d_x=self.d_x)
        height, width, batch, d_x = x.shape
        options = {"path": path, "check_finite": check_finite}
        lines = x.transpose(0, 1).reshape(width, height * batch, d_x)
        along, _ = self.along.run(None, lines, theta[0], **options)
        columns = x.reshape(height, width * batch, d_x)
        across, _ = self.across.run(None, columns, theta[1], **options)
        along = along.reshape(width, height, batch, self.along.d_out).transpose(0, 1)
        across = across.reshape(height, width, batch, self.across.d_out)
        return torch.cat([along, across], -1)
