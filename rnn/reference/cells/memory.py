r"""A controller with an explicit memory, written and read softly (§10.12, figure 10.18)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_in_range, require_instance, require_size
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.memory_access import Access, Bank
from rnn.reference.cells.memory_head import HEADS
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import StatefulWrapper
from rnn.reference.products import outer, total

__all__ = ["ExplicitMemory", "ExplicitMemoryTheta", "MemoryState"]


class ExplicitMemoryTheta(NamedTuple):
    r"""Hold the parameters of a controller and of its heads.

    Attributes
    ----------
    cell : NamedTuple
        The parameters of the controller.
    R : array, (n, d_m)
        From what was read at the step before to the controller.
    Q : array, (n_q, d_h)
    b : array, (n_q,)
        From the hidden units to what the heads are asked; `ExplicitMemory.split` names the rows.
    """

    cell: Any
    R: np.ndarray
    Q: np.ndarray
    b: np.ndarray


class MemoryState(NamedTuple):
    r"""Hold the state of a controller and of its memory of N slots.

    Attributes
    ----------
    cell : tree of arrays
        The controller's own state.
    M : array, (B, N, d_m)
        The memory, one vector a slot.
    reading, writing : array, (B, N)
        Where the heads look; a row is never negative and sums to 1.
    r : array, (B, d_m)
        What was read.
    """

    cell: Any
    M: np.ndarray
    reading: np.ndarray
    writing: np.ndarray
    r: np.ndarray


class Kept(NamedTuple):
    r"""Hold what one step leaves for the way back."""

    cell: Any
    h: np.ndarray
    r: np.ndarray
    access: Any


@dataclass(frozen=True)
class ExplicitMemory(StatefulWrapper):
    r"""Let any cell control a memory that it writes and reads at every step (figure 10.18).

    .. math::

        a^{(t)} &= b + U x^{(t)} + R\, r^{(t-1)} + \dots \\
        M^{(t)}_i &= M^{(t-1)}_i \odot (1 - w_i e) + w_i v \\
        r^{(t)} &= \textstyle\sum_i \rho_i M^{(t)}_i

    with the weights w of a write head and rho of a read head. Each makes its new weights from a
    key k, its strength beta, a gate g, shifts s and a sharpness gamma of its own:

    .. math:: \mathrm{softmax}_i(\beta \cos(k, M_i)) \;\to\; g\,(\cdot) + (1 - g)\, w^{(t-1)}
        \;\to\; s * (\cdot) \;\to\; (\cdot)^\gamma / \textstyle\sum (\cdot)^\gamma

    All these, and e and v, are one affine map of the controller's hidden units, then softplus for
    beta, sigma for g and e, softmax for s, 1 + softplus for gamma, and nothing for k and v.

    This is the Neural Turing Machine of Graves et al. (2014) with one head of each kind. The order
    in a step is that of the paper's indices: the write head addresses :math:`M^{(t-1)}` and writes,
    then the read head addresses :math:`M^{(t)}` and reads. Around a `Memoryless` cell the
    controller is feed-forward, and yet the whole is recurrent: through M, r and the weights.

    Parameters
    ----------
    cell : Cell
        The controller.
    slots : int
        N. No parameter depends on it: the same theta runs with more slots.
    d_m : int
        Width of a slot.
    shifts : tuple of int
        How far the focus can move in a step, round a ring of N slots.
    addressing : {"both", "content", "location"}
        "both" is the paper's. "content" has the first of the four maps alone, and no past;
        "location" has the last two: what the memory holds plays no part in the weights.
    start : float
        Size of what `zero_state` puts into the memory, in [0, 1].

    What a step puts out is [h, r], (B, d_out + d_m): the controller's output, and what was read
    after it, so that a readout sees both at the same step. The state is a `MemoryState`. By default
    both heads begin at slot 0, with r = 0, and the memory is small and the same for all sequences,
    as Collier & Beel (2018) advise, but no two slots are alike, which content addressing would
    never tell apart: :math:`M_{ij} = \mathrm{start} \cdot \cos(\pi (i + 1/2)(j + 1) / N)`. To learn
    another start, pass a state and follow ``grad_state.M``.

    Examples
    --------
    >>> cell, rng = ExplicitMemory(slots=5, d_m=4), np.random.default_rng(0)
    >>> theta = cell.init_theta(rng, d_x=2, d_h=3)
    >>> run = cell.forward(None, rng.normal(size=(6, 1, 2)), theta)
    >>> run.h.shape, run.state.M.shape
    ((6, 1, 7), (1, 5, 4))
    """

    cell: Cell = RNN()
    slots: int = 16
    d_m: int = 8
    shifts: tuple = (-1, 0, 1)
    addressing: str = "both"
    start: float = 0.01

    def __post_init__(self):
        require_size("slots", self.slots)
        require_size("d_m", self.d_m)
        require_choice("addressing", self.addressing, tuple(HEADS))
        require_instance("shifts", self.shifts, tuple, "such as (-1, 0, 1)")
        for k, places in enumerate(self.shifts or (None,)):
            require_size(f"shifts[{k}]", places, -self.slots)
        require_in_range("start", self.start, 0, 1)

    @property
    def access(self):
        r"""Return how the memory is accessed: a pure step that knows nothing of the controller."""
        return Access(HEADS[self.addressing](self.d_m, self.shifts))

    def split(self, rows, axis=0):
        r"""Name the blocks of rows: ``split(theta.b)["read_key"]`` is a view."""
        ends = np.cumsum(list(self.access.rows.values()))[:-1]
        return dict(zip(self.access.rows, np.split(rows, ends, axis), strict=True))

    def shapes(self, **sizes):
        d_h, n_q = sizes["d_h"], sum(self.access.rows.values())
        R = [self.cell.width(d_h), self.d_m]
        return ExplicitMemoryTheta(self.shapes_inside(sizes), R, Q=[n_q, d_h], b=[n_q])

    def out_size(self, sizes):
        return self.cell.out_size(sizes) + self.d_m

    def zero_state(self, batch, theta):
        slot, number = np.arange(self.slots)[:, None], np.arange(self.d_m)
        code = self.start * np.cos(np.pi * (slot + 0.5) * (number + 1) / self.slots)
        M = np.tile(code.astype(theta.R.dtype), (batch, 1, 1))
        reading, writing = np.tile(np.eye(1, self.slots, dtype=M.dtype), (2, batch, 1))
        r = np.zeros((batch, self.d_m), M.dtype)
        return MemoryState(self.cell.zero_state(batch, theta.cell), M, reading, writing, r)

    def output(self, state):
        return np.concatenate([self.cell.output(state.cell), state.r], -1)

    def grad_output(self, grad, kept):
        of_cell = self.cell.grad_output(grad.cell, kept.cell)
        return np.concatenate([of_cell, grad.r], -1)

    def add_output(self, state, h):
        state = super().add_output(state, h[..., : -self.d_m])
        return state._replace(r=state.r + h[..., -self.d_m :])

    def step(self, state, z, theta):
        driven = self.cell.add_drive(z, state.r @ theta.R.T)
        inner, kept = self.cell.step(state.cell, driven, theta.cell)
        h = self.cell.hidden(inner)
        bank, accessed = self.access.step(_slots_first(state), h @ theta.Q.T + theta.b)
        return _batch_first(inner, bank), Kept(kept, h, state.r, accessed)

    def step_adjoint(self, grad, kept, theta):
        bank, grad_asked = self.access.step_adjoint(_slots_first(grad), kept.access)
        grad_cell = self.cell.add_hidden(grad.cell, grad_asked @ theta.Q)
        before, grad_z, extra = self.cell.step_adjoint(grad_cell, kept.cell, theta.cell)
        grad_r = self.cell.of_drive(grad_z) @ theta.R
        return _batch_first(before, bank._replace(r=grad_r)), grad_z, (extra, grad_asked)

    def gather(self, x, grad_z, extra, kept, theta):
        grad = self.cell.gather(x, grad_z, extra[0], kept.cell, theta.cell)
        R = outer(self.cell.of_drive(grad_z), kept.r)
        return ExplicitMemoryTheta(grad, R, Q=outer(extra[1], kept.h), b=total(extra[1]))


def _slots_first(state):
    return Bank(state.M.swapaxes(0, 1), state.reading.T, state.writing.T, state.r)


def _batch_first(cell, bank):
    return MemoryState(cell, bank.M.swapaxes(0, 1), bank.reading.T, bank.writing.T, bank.r)
