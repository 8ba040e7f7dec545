r"""Skip connections through time: a link from the state d steps ago (§10.9.1)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_size
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import StatefulWrapper
from rnn.reference.products import outer

__all__ = ["Skip", "SkipState", "SkipTheta"]


class SkipTheta(NamedTuple):
    r"""Hold the parameters of the inner cell, and W_d (n, d_h), from the state d steps ago."""

    cell: Any
    W_d: np.ndarray


class SkipState(NamedTuple):
    r"""Hold the inner cell's state, and the h of the d - 1 steps before it, latest first."""

    cell: Any
    past: tuple


@dataclass(frozen=True)
class Skip(StatefulWrapper):
    r"""Add a connection with a delay of d steps to any cell.

    .. math:: a^{(t)} = b + W h^{(t-1)} + W_d h^{(t-d)} + U x^{(t)}

    The links of one step stay (§10.9.1). Without them the units can only be slow (§10.9.3):
    set W to zero and do not follow its gradient. The nets of Lin et al. (1996) are of this kind.

    Parameters
    ----------
    cell : Cell
    delay : int
        d, in steps; at least 1.
    """

    cell: Cell = RNN()
    delay: int = 2

    def __post_init__(self):
        require_size("delay", self.delay)

    def shapes(self, **sizes):
        d_h = sizes["d_h"]
        return SkipTheta(self.shapes_inside(sizes), W_d=[self.cell.width(d_h), d_h])

    def zero_state(self, batch, theta):
        state = self.cell.zero_state(batch, theta.cell)
        zeros = np.zeros_like(self.cell.hidden(state))
        return SkipState(state, (zeros,) * (self.delay - 1))

    def step(self, state, z, theta):
        between = [self.cell.hidden(state.cell), *state.past]
        oldest = between.pop()
        z = self.cell.add_drive(z, oldest @ theta.W_d.T)
        new, kept = self.cell.step(state.cell, z, theta.cell)
        return SkipState(new, tuple(between)), (kept, oldest)

    def step_adjoint(self, grad, kept, theta):
        before, grad_z, extra = self.cell.step_adjoint(grad.cell, kept[0], theta.cell)
        at_oldest = self.cell.of_drive(grad_z) @ theta.W_d
        grads = (*grad.past, at_oldest)
        before = self.cell.add_hidden(before, grads[0])
        return SkipState(before, grads[1:]), grad_z, (extra,)

    def gather(self, x, grad_z, extra, kept, theta):
        grad = self.cell.gather(x, grad_z, extra[0], kept[0], theta.cell)
        return SkipTheta(grad, W_d=outer(self.cell.of_drive(grad_z), kept[1]))
