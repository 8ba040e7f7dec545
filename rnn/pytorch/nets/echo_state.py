r"""Echo state networks: a reservoir that is drawn, and a readout that is solved for (§10.8)."""

import torch

from rnn._checks import require_in_range, require_instance, require_shape, require_size
from rnn._unfold import unfold
from rnn.pytorch.boundary import checked_array, inside
from rnn.pytorch.cells.theta import CellTheta
from rnn.pytorch.nets.output import Output
from rnn.pytorch.nets.reservoir import LARGEST, reservoir, ridge

__all__ = ["EchoState"]


class EchoState(Output):
    r"""Draw the recurrent weights, keep them, and solve for the readout (§10.8).

    As `rnn.reference.EchoState`, but the module holds its parameters, so `draw_reservoir` and
    `fit` write them, without a gradient. V and c start at zero. To keep an optimiser off the
    reservoir, say ``net.layer.requires_grad_(False)``.

    Parameters
    ----------
    layer : Cell
        An `RNN`, or cells around one, such as ``Leaky(RNN(1, 100))``.
    d_y : int
    washout : int
        Steps at the start of each row that `fit` leaves out.
    penalty : float
        lambda of `ridge`.
    device, dtype
        Of V and c; those of the layer by default.

    Examples
    --------
    >>> import numpy as np
    >>> from rnn.pytorch import RNN
    >>> x = torch.randn(200, 1, 1, generator=torch.Generator().manual_seed(0))
    >>> net = EchoState(RNN(1, 20), 1, washout=10)
    >>> net = net.draw_reservoir(np.random.default_rng(0), radius=0.9, input_scale=0.1)
    >>> o, _ = net.fit(x[1:], x[:-1])(x[1:])  # recall the input before
    >>> bool((o - x[:-1])[10:].abs().mean() < 0.1)
    True
    """

    def __init__(self, layer, d_y, washout=0, penalty=1e-8, *, device=None, dtype=None):
        super().__init__(layer, d_y, device=device, dtype=dtype)
        self.washout = require_size("washout", washout, 0)
        self.penalty = require_in_range("penalty", penalty, 0, LARGEST)

    def reset_readout(self):
        r"""Put zeros into V and c, until they are solved for."""
        torch.nn.init.zeros_(self.V)
        torch.nn.init.zeros_(self.c)

    @torch.no_grad()
    def draw_reservoir(self, rng, **choices):
        r"""Draw the weights of the innermost cell, and return the net.

        Parameters
        ----------
        rng : numpy.random.Generator
        **choices
            radius, input_scale, density, connections: as for `reservoir`.
        """
        theta = _innermost(self.layer.theta)
        drawn = reservoir(rng, theta.U.shape[1], theta.U.shape[0], dtype=torch.float64, **choices)
        for parameter, value in zip(theta, drawn, strict=True):
            parameter.copy_(value)
        return self

    @torch.no_grad()
    def fit(self, x, y, state=None, lengths=None):
        r"""Write the readout that is best for these sequences, and return the net.

        Parameters
        ----------
        x, state, lengths
            As for a call.
        y : tensor, (tau, B, d_y)
            Targets; not read in the washout and in the padding.
        """
        h, _ = self.layer(x, state, lengths)
        tau, batch, _ = h.shape
        checked_array("y", y, h, "tau B d_y", tau=tau, B=batch, d_y=self.d_y)
        counted = inside(lengths, tau, batch, h.device)
        counted &= torch.arange(tau, device=h.device)[:, None] >= self.washout
        V, c = ridge(h, y, self.penalty, counted=counted)
        self.V.copy_(V)
        self.c.copy_(c)
        return self

    def generate(self, x, steps, state=None):
        r"""Run freely: read the own output of each step as the input of the next.

        Parameters
        ----------
        x : tensor, (B, d_x)
            The first input: the last number known, or predicted. d_y must be d_x.
        steps : int
        state : tree of tensors, (B, ...), or None for zeros
            As a rule the last state of a call with what is known.

        Returns
        -------
        o : tensor, (steps, B, d_y)
        state : tree of tensors
            After the last step.

        Raises
        ------
        ValueError
            Also if the outputs grow beyond all bounds.
        """
        steps = require_size("steps", steps, 0)
        require_instance("x", x, torch.Tensor, "use torch.as_tensor")
        require_shape("x", x, "B d_x", d_x=self.d_y)
        start = self(x[None][:0], state)

        def f(before, _, theta):
            return self.run(before[1], before[0], theta)

        walked = [start, *unfold(f, (x[None], start[1]), range(steps), self.theta)]
        return torch.cat([o for o, _ in walked]), walked[-1][1]


def _innermost(theta):
    r"""Return the parameters of the cell inside cells, which must be an `RNN`'s."""
    if hasattr(theta, "cell"):
        return _innermost(theta.cell)
    if not isinstance(theta, CellTheta) or len(theta.U) != theta.W.shape[1]:
        raise TypeError(f"layer: expected an RNN or cells around one, got {type(theta).__name__}")
    return theta
