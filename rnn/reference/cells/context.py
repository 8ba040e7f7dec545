r"""One vector that the whole sequence depends on (§10.2.4, figure 10.9)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_choice, require_instance
from rnn.reference.boundary import checked_array, clean, dtype_of
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import Wrapper

__all__ = ["Context", "ContextTheta", "InContext"]


class ContextTheta(NamedTuple):
    r"""Hold the parameters of a cell and the ways of the context into it.

    Attributes
    ----------
    cell : NamedTuple
    R : array, (n, d_c)
        Into every step; (n, 0) where the context enters at the start only.
    S : array, (d_h, d_c)
        Into the first state; (d_h, 0) where the context enters at the steps only.
    """

    cell: Any
    R: np.ndarray
    S: np.ndarray


class InContext(NamedTuple):
    r"""Hold what a `Context` cell reads: x, as the inner cell wants it, and context (B, d_c)."""

    x: Any
    context: np.ndarray


class Driven(NamedTuple):
    r"""Hold the drive of the inner cell, and the context (B, d_c) for the first state."""

    z: Any
    context: np.ndarray


@dataclass(frozen=True)
class Context(Wrapper):
    r"""Condition a cell on one vector C.

    .. math:: a^{(t)} = b + R C + W h^{(t-1)} + U x^{(t)}, \qquad h^{(0)} \leftarrow h^{(0)} + S C

    R C is an input-dependent bias: with another C the cell is the same with another b. (The book
    writes :math:`x^\top R` for figure 10.9, where the vector is x; here the context is a column.)

    Parameters
    ----------
    cell : Cell
        `Context` is the outermost of nested cells: ``Context(Feedback(RNN()))`` is figure 10.9.
    at : {"steps", "start", "both"}
        Where the context enters.

    It reads `InContext`. S C is added to the state that a walk is given, each time that one begins:
    to go on with a walk, use the inner cell.
    """

    cell: Cell = RNN()
    at: str = "steps"
    own_sizes = ("d_c",)

    def __post_init__(self):
        require_choice("at", self.at, ("steps", "start", "both"))

    def shapes(self, **sizes):
        d_h, d_c = sizes["d_h"], sizes["d_c"]
        R = [self.cell.width(d_h), d_c if self.at != "start" else 0]
        S = [d_h, d_c if self.at != "steps" else 0]
        return ContextTheta(self.shapes_inside(sizes), R, S)

    def sizes(self, theta):
        return self.cell.sizes(theta.cell) | {"d_c": max(theta.R.shape[1], theta.S.shape[1])}

    def check_x(self, x, theta):
        require_instance("x", x, InContext, "use InContext(x, context)")
        inner, tau, batch = self.cell.check_x(x.x, theta.cell)
        shape = {"B": batch, "d_c": self.sizes(theta)["d_c"]}
        context = checked_array("context", x.context, dtype_of(theta), "B d_c", **shape)
        return InContext(inner, context), tau, batch

    def clear_padding(self, x, counted, check_finite):
        context = clean("context", x.context[None], None, check_finite)[0]
        return InContext(self.cell.clear_padding(x.x, counted, check_finite), context)

    def forward(self, state, x, theta, lengths=None, *, reverse=False, check_finite=True):
        if reverse:
            raise ValueError("reverse: expected False, a context has no time to turn round")
        return super().forward(state, x, theta, lengths, check_finite=check_finite)

    def drive(self, x, theta):
        z = self.cell.drive(x.x, theta.cell)
        if self.at != "start":
            z = self.cell.add_drive(z, x.context @ theta.R.T)
        return Driven(z, x.context)

    def drive_adjoint(self, grad_z, extra, kept, theta):
        inner, grad_start = extra
        grad_context = np.zeros((len(grad_start), self.sizes(theta)["d_c"]), theta.R.dtype)
        if self.at != "start":
            grad_context += self.cell.of_drive(grad_z).sum(axis=0) @ theta.R
        if self.at != "steps":
            grad_context += grad_start @ theta.S
        return InContext(self.cell.drive_adjoint(grad_z, inner, kept, theta.cell), grad_context)

    def step(self, state, z, theta):
        return self.cell.step(state, z.z, theta.cell)

    def begin(self, state, x, theta):
        if self.at == "steps":
            return state
        return self.cell.add_hidden(state, x.context @ theta.S.T)

    def begin_adjoint(self, grad, x, theta):
        at_theta, at_x = super().begin_adjoint(grad, x, theta)
        if self.at == "steps":
            return at_theta, at_x
        grad_start = self.cell.hidden(grad)
        at_theta = at_theta._replace(S=grad_start.T @ x.context)
        return at_theta, at_x._replace(context=grad_start @ theta.S)

    def walk(self, state, z, theta, counted=None):
        return self.cell.walk(self.begin(state, z, theta), z.z, theta.cell, counted)

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        back = self.cell.walk_back(grad_h, grad_state, kept, theta.cell, counted)
        grad_start = self.cell.hidden(back.grad_state)
        return back._replace(extra=(back.extra, grad_start))

    def gather(self, x, grad_z, extra, kept, theta):
        at_steps = self.cell.of_drive(grad_z).sum(axis=0)
        return ContextTheta(
            self.cell.gather(x.x, grad_z, extra[0], kept, theta.cell),
            R=at_steps.T @ x.context if self.at != "start" else np.zeros_like(theta.R),
            S=extra[1].T @ x.context if self.at != "steps" else np.zeros_like(theta.S),
        )
