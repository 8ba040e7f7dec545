r"""Modules that hold parameters and are called like those of `torch.nn`."""

import torch
from torch import nn

from rnn._checks import require_choice, require_size
from rnn.pytorch.net import PATHS, walk

__all__ = ["TanhRNN"]


class TanhRNN(nn.Module):
    r"""Apply the chapter's recurrence (10.8)-(10.9), called like `torch.nn.RNN`.

    One bias instead of two, no readout, one layer. Parameters start uniformly in
    :math:`\pm 1/\sqrt{d_h}`, as in `torch.nn`.

    Parameters
    ----------
    d_x, d_h : int
        Widths of input and state.
    path : {"auto", "loop"}
        How the walk is executed.
    device, dtype
        As in `torch.nn`.

    Examples
    --------
    >>> h, state = TanhRNN(2, 3)(torch.zeros(5, 1, 2))
    >>> h.shape, state.shape
    (torch.Size([5, 1, 3]), torch.Size([1, 3]))
    """

    def __init__(self, d_x, d_h, *, path="auto", device=None, dtype=None):
        super().__init__()
        self.d_x, self.d_h = require_size("d_x", d_x), require_size("d_h", d_h)
        self.path = require_choice("path", path, PATHS)
        for name, shape in {"U": (d_h, d_x), "W": (d_h, d_h), "b": (d_h,)}.items():
            empty = torch.empty(*shape, device=device, dtype=dtype)
            setattr(self, name, nn.Parameter(empty))
        self.reset_parameters()

    # The parameters by the names under which a cell looks for them.
    _fields = ("U", "W", "b")

    def reset_parameters(self):
        r"""Draw all parameters anew."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(self.d_h**-0.5), self.d_h**-0.5)

    def extra_repr(self):
        return f"d_x={self.d_x}, d_h={self.d_h}, path={self.path!r}"

    def forward(self, x, state=None, *, lengths=None):
        r"""Walk through x.

        Parameters
        ----------
        x : tensor, (tau, B, d_x)
        state : tensor, (B, d_h), optional
        lengths : sequence of B ints in [0, tau], optional

        Returns
        -------
        h : tensor, (tau, B, d_h)
            Zero in the padding.
        state : tensor, (B, d_h)
            After each row's last step.
        """
        return walk(state, x, self, lengths, path=self.path)
