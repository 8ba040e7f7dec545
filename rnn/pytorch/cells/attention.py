r"""A cell that looks anything up in a list of vectors before each step (§10.4)."""

from typing import Any, NamedTuple

import torch

from rnn._checks import require_instance, require_size
from rnn.pytorch.addressing import attend, read
from rnn.pytorch.boundary import checked_array
from rnn.pytorch.cells.carry import Still
from rnn.pytorch.cells.theta import AttentionTheta
from rnn.pytorch.cells.wrapper import Wrapper, checked_mask, cleaned

__all__ = ["Attended", "Attention"]


class Attended(NamedTuple):
    r"""Hold what an `Attention` cell reads.

    Attributes
    ----------
    x : tensor, (tau, B, d_x), or whatever the inner cell reads
    memory : tensor, (N, B, d_m)
        The vectors to attend to, the same at every step: the states of an encoder, say.
    present : boolean tensor, (N, B)
        Which of them each row has.
    """

    x: Any
    memory: torch.Tensor
    present: torch.Tensor


class Attention(Wrapper):
    r"""Read a context of its own for each step, where the state asks for it.

    The equations are those of `rnn.reference.Attention`; the query is the state's, so every step
    waits for the one before. It reads `Attended`.

    Parameters
    ----------
    cell : Cell
    d_m : int
        Width of the vectors attended to.
    path, device, dtype
        As for `Wrapper`.
    """

    Theta, fields = AttentionTheta, ("Q", "R")

    def __init__(self, cell, d_m, *, path="auto", device=None, dtype=None):
        super().__init__(cell, path)
        self.d_m = require_size("d_m", d_m)
        self.register(device, dtype, Q=(d_m, cell.d_h), R=(cell.width, d_m))

    def check_x(self, x, like):
        require_instance("x", x, Attended, "use Attended(x, memory, present)")
        inner, tau, batch = self.cell.check_x(x.x, like)
        of_memory = {"B": batch, "d_m": self.d_m}
        memory = checked_array("memory", x.memory, like, "N B d_m", **of_memory)
        shape = {"N": len(memory), "B": batch}
        present = checked_mask("present", x.present, like, "N B", **shape)
        return Attended(inner, memory, present), tau, batch

    def clear_padding(self, x, counted, check_finite):
        inner = self.cell.clear_padding(x.x, counted, check_finite)
        return Attended(inner, cleaned("memory", x.memory, x.present, check_finite), x.present)

    def moment(self, x, t):
        return x._replace(x=self.cell.moment(x.x, t))

    def turned(self, x):
        return x._replace(x=self.cell.turned(x.x))

    def drive(self, x, theta):
        return Attended(self.cell.drive(x.x, theta.cell), Still(x.memory), Still(x.present))

    def add_drive(self, z, more):
        return z._replace(x=self.cell.add_drive(z.x, more))

    def step(self, state, z, theta):
        memory = z.memory.tensor
        query = self.cell.hidden(state) @ theta.Q.T
        weights = attend(torch.einsum("bd,nbd->nb", query, memory), z.present.tensor)
        driven = self.cell.add_drive(z.x, read(weights, memory) @ theta.R.T)
        return self.cell.step(state, driven, theta.cell)

    def extra_repr(self):
        return f"d_m={self.d_m}"
