r"""Skip connections through time: a link from the state d steps ago (§10.9.1)."""

import torch

from rnn._checks import require_size
from rnn.pytorch.cells.theta import SkipState, SkipTheta
from rnn.pytorch.cells.wrapper import StatefulWrapper

__all__ = ["Skip"]


class Skip(StatefulWrapper):
    r"""Add a connection with a delay of d steps to any cell.

    .. math:: a^{(t)} = b + W h^{(t-1)} + W_d h^{(t-d)} + U x^{(t)}

    The links of one step stay (§10.9.1), as in `rnn.reference.Skip`.

    Parameters
    ----------
    cell : Cell
    delay : int
        d, in steps; at least 1.
    path, device, dtype
        As for `Wrapper`.
    """

    Theta, fields = SkipTheta, ("W_d",)

    def __init__(self, cell, delay=2, *, path="auto", device=None, dtype=None):
        super().__init__(cell, path)
        self.delay = require_size("delay", delay)
        self.register(device, dtype, W_d=(cell.width, cell.d_h))

    def zero_state(self, batch, theta):
        state = self.cell.zero_state(batch, theta.cell)
        zeros = torch.zeros_like(self.cell.hidden(state))
        return SkipState(state, (zeros,) * (self.delay - 1))

    def step(self, state, z, theta):
        between = [self.cell.hidden(state.cell), *state.past]
        z = self.cell.add_drive(z, between.pop() @ theta.W_d.T)
        return SkipState(self.cell.step(state.cell, z, theta.cell), tuple(between))

    def extra_repr(self):
        return f"delay={self.delay}"
