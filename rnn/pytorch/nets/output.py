r"""Layers with an output: at every step (figure 10.3), or one at the end (figure 10.5)."""

import torch
from torch import nn

from rnn._checks import require_size
from rnn.pytorch.boundary import checked_like
from rnn.pytorch.nets.theta import OutputTheta
from rnn.pytorch.nets.wiring import require_layer

__all__ = ["LastOutput", "Output", "Readout"]


class Readout(nn.Module):
    r"""Hold a layer, V and c: what all nets with an output have in common."""

    def __init__(self, layer, d_y, *, device=None, dtype=None):
        super().__init__()
        require_layer("layer", layer)
        self.layer, self.d_y = layer, require_size("d_y", d_y)
        like = next(layer.parameters())
        options = {"device": device or like.device, "dtype": dtype or like.dtype}
        self.V = nn.Parameter(torch.empty(d_y, layer.d_out, **options))
        self.c = nn.Parameter(torch.empty(d_y, **options))
        self.reset_readout()

    def reset_readout(self):
        r"""Draw V and c uniformly from :math:`\pm 1/\sqrt{d_{out}}`; the layer stays as it is."""
        bound = self.layer.d_out**-0.5
        nn.init.uniform_(self.V, -bound, bound)
        nn.init.uniform_(self.c, -bound, bound)

    @property
    def theta(self):
        r"""Return the parameters as an `OutputTheta`."""
        return OutputTheta(self.layer.theta, self.V, self.c)

    def read(self, h, theta):
        r"""Return the outputs, (..., d_out) -> (..., d_y)."""
        return nn.functional.linear(h, theta.V, theta.c)  # (10.10)

    def extra_repr(self):
        return f"d_y={self.d_y}"


class Output(Readout):
    r"""Read an output out of every step of a layer, :math:`o^{(t)} = c + V h^{(t)}` (10.10).

    As `rnn.reference.Output`; V and c are the weight and bias of a `torch.nn.Linear`. Losses stand
    in `rnn.pytorch.cross_entropy` and its like, and autograd takes the way back.

    Parameters
    ----------
    layer : Cell, Stack, Bidirectional or the like
    d_y : int
    device, dtype
        Of V and c; those of the layer by default.

    Examples
    --------
    >>> from rnn.pytorch import LSTM
    >>> o, state = Output(LSTM(2, 3), d_y=4)(torch.zeros(5, 1, 2))
    >>> o.shape
    torch.Size([5, 1, 4])
    """

    def forward(self, x, state=None, lengths=None):
        r"""Compute the outputs.

        Parameters and errors are those of the layer.

        Returns
        -------
        o : tensor, (tau, B, d_y), or (B, d_y) for one output at the end
            Equal to c in the padding, so a gradient that arrives there goes on to c. (The
            reference does not read it; no loss here sends one.)
        state : tree of tensors
            After each row's last step, with which the walk can go on.
        """
        return self.run(state, x, self.theta, lengths)

    def run(self, state, x, theta, lengths=None, *, path=None, check_finite=None):
        r"""Compute the outputs with these parameters: `forward` as a pure function, state first."""
        checked_like(theta, self.theta)
        options = {"path": path, "check_finite": check_finite}
        h, state = self.layer.run(state, x, theta.layer, lengths, **options)
        return self.read(self.shown(h, state), theta), state

    def shown(self, h, state):
        r"""Return what is read: the outputs of the layer, or what its last state shows."""
        return h


class LastOutput(Output):
    r"""Read one output out of the last state of each row (figure 10.5)."""

    def shown(self, h, state):
        return self.layer.output(state)
