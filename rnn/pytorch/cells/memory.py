r"""A controller with an explicit memory, written and read softly (§10.12, figure 10.18)."""

import math

import torch

from rnn._checks import require_choice, require_in_range, require_instance, require_size
from rnn.pytorch.cells.memory_access import HEADS, Bank, access, rows_of
from rnn.pytorch.cells.theta import ExplicitMemoryTheta, MemoryState
from rnn.pytorch.cells.wrapper import StatefulWrapper

__all__ = ["ExplicitMemory"]


class ExplicitMemory(StatefulWrapper):
    r"""Let any cell control a memory that it writes and reads at every step (figure 10.18).

    The equations, the order in a step and the start are those of `rnn.reference.ExplicitMemory`.
    A step puts out [h, r], (B, d_out + d_m). The state is a `MemoryState`, batch first; to learn
    another start, pass one whose M is a parameter of yours.

    Parameters
    ----------
    cell : Cell
        The controller.
    slots : int
        N. No parameter depends on it.
    d_m : int
        Width of a slot.
    shifts : tuple of int
        How far the focus can move in a step, round a ring of N slots.
    addressing : {"both", "content", "location"}
    start : float
        Size of what `zero_state` puts into the memory, in [0, 1].
    path, device, dtype
        As for `Wrapper`.

    Examples
    --------
    >>> from rnn.pytorch import RNN
    >>> h, state = ExplicitMemory(RNN(2, 3), slots=5, d_m=4)(torch.zeros(6, 1, 2))
    >>> h.shape, state.M.shape
    (torch.Size([6, 1, 7]), torch.Size([1, 5, 4]))
    """

    Theta, fields = ExplicitMemoryTheta, ("R", "Q", "b")

    def __init__(
        self,
        cell,
        slots=16,
        d_m=8,
        shifts=(-1, 0, 1),
        addressing="both",
        start=0.01,
        *,
        path="auto",
        device=None,
        dtype=None,
    ):
        super().__init__(cell, path)
        self.slots, self.d_m = require_size("slots", slots), require_size("d_m", d_m)
        self.addressing = require_choice("addressing", addressing, tuple(HEADS))
        require_instance("shifts", shifts, tuple, "such as (-1, 0, 1)")
        for k, places in enumerate(shifts or (None,)):
            require_size(f"shifts[{k}]", places, -slots)
        self.shifts, self.start = shifts, require_in_range("start", start, 0, 1)
        self.rows = rows_of(addressing, d_m, shifts)
        n_q = sum(self.rows.values())
        self.register(device, dtype, R=(cell.width, d_m), Q=(n_q, cell.d_h), b=(n_q,))

    @property
    def d_out(self):
        return self.cell.d_out + self.d_m

    def split(self, rows, dim=0):
        r"""Name the blocks of rows: ``split(theta.b)["read_key"]`` is a view."""
        return dict(zip(self.rows, rows.split(list(self.rows.values()), dim), strict=True))

    def zero_state(self, batch, theta):
        slot, number = torch.arange(self.slots)[:, None], torch.arange(self.d_m)
        angle = math.pi * (slot + 0.5).double() * (number + 1) / self.slots
        M = (self.start * torch.cos(angle)).to(theta.R).expand(batch, -1, -1)
        focus = theta.R.new_zeros(batch, self.slots)
        focus[:, 0] = 1
        r = theta.R.new_zeros(batch, self.d_m)
        return MemoryState(self.cell.zero_state(batch, theta.cell), M, focus, focus, r)

    def output(self, state):
        return torch.cat([self.cell.output(state.cell), state.r], -1)

    def step(self, state, z, theta):
        driven = self.cell.add_drive(z, state.r @ theta.R.T)
        inner = self.cell.step(state.cell, driven, theta.cell)
        asked = torch.addmm(theta.b, self.cell.hidden(inner), theta.Q.T)
        bank = Bank(state.M.transpose(0, 1), state.reading.T, state.writing.T, state.r)
        M, reading, writing, r = access(self.addressing, bank, self.split(asked, -1), self.shifts)
        return MemoryState(inner, M.transpose(0, 1), reading.T, writing.T, r)

    def extra_repr(self):
        options = f"shifts={self.shifts}, addressing={self.addressing!r}"
        return f"slots={self.slots}, d_m={self.d_m}, {options}"
