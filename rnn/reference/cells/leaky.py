r"""Leaky units: a linear self-loop around any cell (§10.9.2)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_in_range
from rnn._tree import tree_leaves, tree_map
from rnn.reference.cells.carry import plus
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import Wrapper
from rnn.reference.products import total

__all__ = ["Leaky", "LeakyTheta"]


class LeakyTheta(NamedTuple):
    r"""Hold the parameters of the inner cell, and alpha (d_h,), each in [0, 1]."""

    cell: Any
    alpha: np.ndarray


@dataclass(frozen=True)
class Leaky(Wrapper):
    r"""Let each unit keep a part of its state: a running average of what the cell computes.

    .. math:: s^{(t)} = \alpha \odot s^{(t-1)} + (1 - \alpha) \odot f(s^{(t-1)}, x^{(t)}; \theta)

    alpha is the book's: 0 is the plain cell, 1 never changes, and the memory of a unit fades by
    alpha a step. Literature on reservoirs calls 1 - alpha the leak rate.

    Parameters
    ----------
    cell : Cell
        Every part of its state must be (B, d_h); an LSTM leaks in h and in s.
    alpha : float or (low, high)
        Where `init_theta` starts: the same number for all units, or one drawn for each. The
        gradient at alpha is always computed; to keep alpha fixed, do not follow it, and to learn
        it, clip it to [0, 1] after each update: it is refused elsewhere.
    """

    cell: Cell = RNN()
    alpha: float | tuple[float, float] = 0.5

    def __post_init__(self):
        for value in self._range():
            require_in_range("alpha", value, 0, 1)

    def _range(self):
        low_high = self.alpha if isinstance(self.alpha, tuple) else (self.alpha, self.alpha)
        if len(low_high) != 2 or not low_high[0] <= low_high[1]:
            raise ValueError(f"alpha: expected a number or (low, high), got {self.alpha}")
        return low_high

    def shapes(self, **sizes):
        return LeakyTheta(self.shapes_inside(sizes), alpha=[sizes["d_h"]])

    def draw_theta(self, rng, dtype, **sizes):
        alpha = rng.uniform(*self._range(), sizes["d_h"]).astype(dtype)
        return super().draw_theta(rng, dtype, **sizes)._replace(alpha=alpha)

    def check_values(self, theta):
        self.cell.check_values(theta.cell)
        self.require_units(theta)
        if not ((theta.alpha >= 0) & (theta.alpha <= 1)).all():
            advice = "clip it after each update, or freeze(grad, ...) it"
            raise ValueError(
                f"theta.alpha: expected numbers in [0, 1], got {theta.alpha}; {advice}"
            )

    def step(self, state, z, theta):
        new, kept = self.cell.step(state, z, theta.cell)
        alpha = theta.alpha
        after = tree_map(lambda s, n: alpha * s + (1 - alpha) * n, state, new)
        return after, (kept, tree_map(np.subtract, state, new))

    def step_adjoint(self, grad, kept, theta):
        inner, difference = kept
        into_cell = tree_map(lambda g: (1 - theta.alpha) * g, grad)
        before, grad_z, extra = self.cell.step_adjoint(into_cell, inner, theta.cell)
        past = tree_map(lambda g: theta.alpha * g, grad)
        grad_alpha = sum(tree_leaves(tree_map(np.multiply, grad, difference)))
        return plus(past, before), grad_z, (extra, grad_alpha)

    def gather(self, x, grad_z, extra, kept, theta):
        grad = self.cell.gather(x, grad_z, extra[0], kept[0], theta.cell)
        return LeakyTheta(grad, alpha=total(extra[1]))
