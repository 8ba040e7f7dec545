r"""A unit beside the output that says whether the sequence is over (§10.2.3)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn.reference.cells.contract import Cell
from rnn.reference.cells.feedback import Feedback
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import StatefulWrapper
from rnn.reference.products import outer, total

__all__ = ["StopState", "StopTheta", "StopUnit"]

OF_CLASSES = Feedback(RNN(), "argmax")


class StopTheta(NamedTuple):
    r"""Hold the parameters of a `Feedback` cell and of the unit beside its output.

    Attributes
    ----------
    cell : FeedbackTheta
    v : array, (1, d_h)
    c_stop : array, (1,)
    """

    cell: Any
    v: np.ndarray
    c_stop: np.ndarray


class StopState(NamedTuple):
    r"""Hold the state of the `Feedback` cell and s (B, 1), the log odds of stopping here."""

    cell: Any
    s: np.ndarray


@dataclass(frozen=True)
class StopUnit(StatefulWrapper):
    r"""Read a second output out of the hidden units: the log odds of stopping.

    .. math:: s^{(t)} = c_{stop} + v \cdot h^{(t)}, \qquad
        P(\text{stop after } t \mid \text{not before}) = \sigma(s^{(t)})

    What a step puts out is o with s behind it, (B, d_y + 1). It reads `Fed`; s is not fed back:
    a sequence that goes on has always been told to go on.

    Parameters
    ----------
    cell : Feedback
    """

    cell: Cell = OF_CLASSES

    def shapes(self, **sizes):
        return StopTheta(self.shapes_inside(sizes), v=[1, sizes["d_h"]], c_stop=[1])

    def out_size(self, sizes):
        return self.cell.out_size(sizes) + 1

    def zero_state(self, batch, theta):
        inner = self.cell.zero_state(batch, theta.cell)
        return StopState(inner, np.zeros((batch, 1), theta.v.dtype))

    def output(self, state):
        return np.concatenate([state.cell.o, state.s], axis=-1)

    def grad_output(self, grad, kept):
        return np.concatenate([self.cell.grad_output(grad.cell, kept[0]), grad.s], axis=-1)

    def add_output(self, state, h):
        inner = self.cell.add_output(state.cell, h[:, :-1])
        return StopState(inner, state.s + h[:, -1:])

    def step(self, state, z, theta):
        inner, kept = self.cell.step(state.cell, z, theta.cell)
        return StopState(inner, theta.c_stop + kept.h @ theta.v.T), (kept,)

    def step_adjoint(self, grad, kept, theta):
        at_h = self.cell.cell.add_output(grad.cell.cell, grad.s @ theta.v)
        inner = grad.cell._replace(cell=at_h)
        before, grad_z, extra = self.cell.step_adjoint(inner, kept[0], theta.cell)
        return StopState(before, np.zeros_like(grad.s)), grad_z, (extra, grad.s)

    def gather(self, x, grad_z, extra, kept, theta):
        return StopTheta(
            self.cell.gather(x, grad_z, extra[0], kept[0], theta.cell),
            v=outer(extra[1], kept[0].h),
            c_stop=total(extra[1]),
        )
