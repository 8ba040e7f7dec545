r"""The chapter's recurrence, :math:`h^{(t)} = \phi(b + W h^{(t-1)} + U x^{(t)})` (10.8), (10.9).

With `CellTheta`, which it shares with other cells, and with its fused walk: `Cell.walk` computes
the same, one `step` at a time, and a test holds the two together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn.reference.cells.carry import add_at_end, at_end
from rnn.reference.cells.contract import Cell, Walked, WalkedBack
from rnn.reference.nonlinearities import nonlinearity
from rnn.reference.products import Before, outer, product, total

__all__ = ["RNN", "CellTheta", "Memoryless", "MemorylessTheta"]


class CellTheta(NamedTuple):
    r"""Hold the parameters of a cell whose pre-activations are b + W h + U x.

    Attributes
    ----------
    U : array, (n, d_x)
        Input to state. n is d_h, or as many times that as the cell has gates.
    W : array, (n, d_h)
        State to next state.
    b : array, (n,)
        Bias.
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray


class Affine(Cell):
    r"""A cell whose drive is z = b + U x, and whose parameters are, or begin with, U, W and b."""

    def drive(self, x, theta):
        z = product(x, theta.U.T)
        z += theta.b
        return z

    def drive_adjoint(self, grad_z, extra, kept, theta):
        return product(grad_z, theta.U)


@dataclass(frozen=True)
class RNN(Affine):
    r"""The recurrent net of the chapter, one layer, without a readout.

    .. math::

        a^{(t)} &= b + W h^{(t-1)} + U x^{(t)} \qquad (10.8) \\
        h^{(t)} &= \phi(a^{(t)})               \qquad (10.9)

    Parameters
    ----------
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
        "tanh" is the book's and `torch.nn.RNN`'s. "linear" is (10.36), driven by an input.

    Its parameters are a `CellTheta` with n = d_h, its state is h, (B, d_h).

    Examples
    --------
    >>> cell, rng = RNN(), np.random.default_rng(0)
    >>> theta = cell.init_theta(rng, d_x=2, d_h=3)
    >>> run = cell.forward(None, rng.normal(size=(5, 1, 2)), theta)
    >>> run.h.shape, cell.backward(run.h, run, theta).grad.W.shape
    ((5, 1, 3), (3, 3))
    """

    nonlinearity: str = "tanh"

    def __post_init__(self):
        nonlinearity(self.nonlinearity)

    def shapes(self, d_x, d_h):
        return CellTheta(U=[d_h, d_x], W=[d_h, d_h], b=[d_h])

    def step(self, h, z, theta):
        a = z + h @ theta.W.T  # (10.8)
        after = nonlinearity(self.nonlinearity).apply(a)  # (10.9)
        return after, (h, after)

    def step_adjoint(self, grad_h, kept, theta):
        _, h = kept
        grad_a = nonlinearity(self.nonlinearity).slope(h) * grad_h
        return grad_a @ theta.W, grad_a, ()  # the first term of (10.21)

    def gather(self, x, grad_a, extra, kept, theta):
        before, _ = kept
        return CellTheta(
            U=outer(grad_a, x),  # (10.28)
            W=outer(grad_a, before),  # (10.26)
            b=total(grad_a),  # (10.23)
        )

    def walk(self, state, z, theta, counted=None):
        r"""Write each h over its z: one product, one sum and one map a step."""
        apply, W_T = nonlinearity(self.nonlinearity).apply, np.ascontiguousarray(theta.W.T)
        before, from_before = state, np.empty_like(state)
        for t, h_t in enumerate(z):
            np.dot(before, W_T, out=from_before)
            h_t += from_before  # (10.8)
            apply(h_t, out=h_t)  # (10.9)
            if counted is not None:
                np.copyto(h_t, before, where=~counted[t, :, None])
            before = h_t
        return Walked(z, before.copy(), (Before(state, z), z))

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        r"""Take the slopes of all steps at once; then one sum and two products a step."""
        grad_a, from_later = nonlinearity(self.nonlinearity).slope(kept[1]), grad_state.copy()
        if counted is not None:
            grad_a *= counted[..., None]
        for t in range(len(grad_h))[::-1]:
            grad_h_t, grad_a_t = grad_h[t], grad_a[t]
            grad_h_t += from_later  # (10.20)
            grad_a_t *= grad_h_t
            np.dot(grad_a_t, theta.W, out=from_later)  # (10.21)
            if counted is not None:
                np.add(from_later, grad_h_t, out=from_later, where=~counted[t, :, None])
        return WalkedBack(from_later, grad_a, (), grad_h)


class MemorylessTheta(NamedTuple):
    r"""Hold U (d_h, d_x) and b (d_h,)."""

    U: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Memoryless(Affine):
    r"""One layer without recurrence, :math:`h^{(t)} = \phi(b + U x^{(t)})`.

    All steps are computed at once. Inside `Feedback` it is the net of figure 10.4, whose only way
    to the future leads through its output; in a stack it is a layer of figure 10.13b.

    Parameters
    ----------
    nonlinearity : {"tanh", "relu", "sigmoid", "linear"}
    """

    nonlinearity: str = "tanh"

    def __post_init__(self):
        nonlinearity(self.nonlinearity)

    def shapes(self, d_x, d_h):
        return MemorylessTheta(U=[d_h, d_x], b=[d_h])

    def sizes(self, theta):
        return {"d_x": theta.U.shape[1], "d_h": theta.U.shape[0]}

    def step(self, h, z, theta):
        after = nonlinearity(self.nonlinearity).apply(z)
        return after, (after,)

    def step_adjoint(self, grad_h, kept, theta):
        grad_a = nonlinearity(self.nonlinearity).slope(kept[0]) * grad_h
        return np.zeros_like(grad_h), grad_a, ()

    def gather(self, x, grad_a, extra, kept, theta):
        return MemorylessTheta(U=outer(grad_a, x), b=total(grad_a))

    def walk(self, state, z, theta, counted=None):
        r"""Map all steps in one call; the last state is that of each row's last step."""
        h = nonlinearity(self.nonlinearity).apply(z)
        return Walked(h, at_end(state, h, counted), (h,))

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        first, grad_h = add_at_end(grad_h, grad_state, counted)
        grad_a = nonlinearity(self.nonlinearity).slope(kept[0]) * grad_h
        return WalkedBack(first, grad_a, (), grad_h)
