r"""A cell that looks anything up in a list of vectors before each step (§10.4)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_instance
from rnn.reference.addressing import attend, attend_adjoint, read
from rnn.reference.boundary import checked_array, clean, dtype_of
from rnn.reference.cells.carry import Still
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import Wrapper
from rnn.reference.products import outer

__all__ = ["Attended", "Attention", "AttentionTheta"]


class AttentionTheta(NamedTuple):
    r"""Hold the parameters of a cell and of its attention.

    Attributes
    ----------
    cell : NamedTuple
    Q : array, (d_m, d_h)
        From the state to the query.
    R : array, (n, d_m)
        From what was read to the cell.
    """

    cell: Any
    Q: np.ndarray
    R: np.ndarray


class Attended(NamedTuple):
    r"""Hold what an `Attention` cell reads.

    Attributes
    ----------
    x : array, (tau, B, d_x), or whatever the inner cell reads
    memory : array, (N, B, d_m)
        The vectors to attend to, the same at every step: the states of an encoder, say.
    present : boolean array, (N, B)
        Which of them each row has.
    """

    x: Any
    memory: np.ndarray
    present: np.ndarray


class Kept(NamedTuple):
    r"""Hold what one step leaves for the way back."""

    cell: Any
    h: np.ndarray
    query: np.ndarray
    weights: np.ndarray
    context: np.ndarray
    memory: Still


@dataclass(frozen=True)
class Attention(Wrapper):
    r"""Read a context of its own for each step, where the state asks for it.

    .. math::

        a_i^{(t)} &= \mathrm{softmax}_i\big((Q h^{(t-1)})^\top M_i\big) \\
        C^{(t)} &= \sum_i a_i^{(t)} M_i

    and :math:`R C^{(t)}` is added to what drives the cell. After Bahdanau et al. (2015), with the
    inner product for a score instead of a net: it is the content addressing of §10.12.

    Parameters
    ----------
    cell : Cell

    It reads `Attended`.
    """

    cell: Cell = RNN()
    own_sizes = ("d_m",)

    def shapes(self, **sizes):
        d_h, d_m = sizes["d_h"], sizes["d_m"]
        R = [self.cell.width(d_h), d_m]
        return AttentionTheta(self.shapes_inside(sizes), Q=[d_m, d_h], R=R)

    def sizes(self, theta):
        return self.cell.sizes(theta.cell) | {"d_m": len(theta.Q)}

    def check_x(self, x, theta):
        require_instance("x", x, Attended, "use Attended(x, memory, present)")
        inner, tau, batch = self.cell.check_x(x.x, theta.cell)
        of_memory = {"B": batch, "d_m": len(theta.Q)}
        memory = checked_array("memory", x.memory, dtype_of(theta), "N B d_m", **of_memory)
        shape = {"N": len(memory), "B": batch}
        present = checked_array("present", x.present, np.dtype(bool), "N B", **shape)
        return Attended(inner, memory, present), tau, batch

    def clear_padding(self, x, counted, check_finite):
        inner = self.cell.clear_padding(x.x, counted, check_finite)
        return Attended(inner, clean("memory", x.memory, x.present, check_finite), x.present)

    def drive(self, x, theta):
        return Attended(self.cell.drive(x.x, theta.cell), Still(x.memory), Still(x.present))

    def drive_adjoint(self, grad_z, extra, kept, theta):
        inner, grad_context, grad_scores = extra
        grad_x = self.cell.drive_adjoint(grad_z, inner, kept.cell, theta.cell)
        grad_memory = np.einsum("tnb,tbd->nbd", kept.weights, grad_context)
        grad_memory += np.einsum("tnb,tbd->nbd", grad_scores, kept.query)
        return Attended(grad_x, grad_memory, np.zeros_like(grad_memory[..., 0]))

    def add_drive(self, z, more):
        return z._replace(x=self.cell.add_drive(z.x, more))

    def step(self, state, z, theta):
        h, memory = self.cell.hidden(state), z.memory.array
        query = h @ theta.Q.T
        weights = attend(np.einsum("bd,nbd->nb", query, memory), z.present.array)
        context = read(weights, memory)
        driven = self.cell.add_drive(z.x, context @ theta.R.T)
        after, kept = self.cell.step(state, driven, theta.cell)
        return after, Kept(kept, h, query, weights, context, z.memory)

    def step_adjoint(self, grad, kept, theta):
        before, grad_z, extra = self.cell.step_adjoint(grad, kept.cell, theta.cell)
        grad_context = self.cell.of_drive(grad_z) @ theta.R
        grad_weights = np.einsum("bd,nbd->nb", grad_context, kept.memory.array)
        grad_scores = attend_adjoint(grad_weights, kept.weights)
        grad_h = read(grad_scores, kept.memory.array) @ theta.Q
        return self.cell.add_hidden(before, grad_h), grad_z, (extra, grad_context, grad_scores)

    def gather(self, x, grad_z, extra, kept, theta):
        grad = self.cell.gather(x.x, grad_z, extra[0], kept.cell, theta.cell)
        grad_query = np.einsum("tnb,nbd->tbd", extra[2], kept.memory.array)
        R = outer(self.cell.of_drive(grad_z), kept.context)
        return AttentionTheta(grad, Q=outer(grad_query, kept.h), R=R)
