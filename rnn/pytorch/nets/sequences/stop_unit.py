r"""A unit beside the output that says whether the sequence is over (§10.2.3)."""

from typing import Any, NamedTuple

import torch
from torch.nn.functional import linear

from rnn._checks import require_instance
from rnn.pytorch.cells.feedback import Feedback
from rnn.pytorch.cells.wrapper import StatefulWrapper

__all__ = ["StopState", "StopTheta", "StopUnit"]


class StopTheta(NamedTuple):
    r"""Hold the parameters of a `Feedback` cell, v (1, d_h) and c_stop (1,)."""

    cell: Any
    v: torch.Tensor
    c_stop: torch.Tensor


class StopState(NamedTuple):
    r"""Hold the state of the `Feedback` cell and s (B, 1), the log odds of stopping here."""

    cell: Any
    s: torch.Tensor


class StopUnit(StatefulWrapper):
    r"""Read a second output out of the hidden units: the log odds of stopping.

    The equations are those of `rnn.reference.nets.sequences.StopUnit`: a step puts out o with s
    behind it, (B, d_y + 1), and s is not fed back. Where the truth is told at every step it takes
    any path of the cell inside, with v as one more row of V.

    Parameters
    ----------
    cell : Feedback
    path, device, dtype
        As for `Wrapper`.
    """

    Theta, fields = StopTheta, ("v", "c_stop")

    def __init__(self, cell, *, path="auto", device=None, dtype=None):
        require_instance("cell", cell, Feedback)
        super().__init__(cell, path)
        self.register(device, dtype, v=(1, cell.cell.d_out), c_stop=(1,))

    @property
    def d_out(self):
        return self.cell.d_out + 1

    @property
    def widens(self):
        return self.cell.widens

    @property
    def kind(self):
        return self.cell.kind

    def zero_state(self, batch, theta):
        return StopState(self.cell.zero_state(batch, theta.cell), theta.v.new_zeros(batch, 1))

    def output(self, state):
        return torch.cat([state.cell.o, state.s], -1)

    def told(self, x):
        return self.cell.told(x)

    def remark(self, request):
        return self.cell.remark(request)

    def widened(self, x, theta, more, R):
        x, of_cell = self.cell.widened(x, theta.cell, more, R)
        return x, theta._replace(cell=of_cell)

    def step(self, state, z, theta):
        inner = self.cell.step(state.cell, z, theta.cell)
        return StopState(inner, linear(self.cell.cell.output(inner.cell), theta.v, theta.c_stop))

    def why_not(self, path, request):
        if path in ("loop", "hoisted", "graph"):
            return super().why_not(path, request)
        return self.cell.why_not(path, request)

    def driven(self, path, state, z, theta, counted):
        if not self.told(z):
            return super().driven(path, state, z, theta, counted)
        return _apart(*self.cell.driven(path, _joined(state), z, _one_more_row(theta), counted))

    def reading(self, path, state, x, theta, counted):
        if not self.told(x):
            return super().reading(path, state, x, theta, counted)
        return _apart(*self.cell.reading(path, _joined(state), x, _one_more_row(theta), counted))


def _one_more_row(theta):
    V, c = torch.cat([theta.cell.V, theta.v]), torch.cat([theta.cell.c, theta.c_stop])
    return theta.cell._replace(V=V, c=c)


def _joined(state):
    return state.cell._replace(o=torch.cat([state.cell.o, state.s], -1))


def _apart(h, state):
    return h, StopState(state._replace(o=state.o[:, :-1]), state.o[:, -1:])
