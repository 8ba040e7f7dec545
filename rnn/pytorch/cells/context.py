r"""One vector that the whole sequence depends on (§10.2.4, figure 10.9)."""

from typing import Any, NamedTuple

import torch

from rnn._checks import require_choice, require_instance, require_size
from rnn._tree import tree_leaves
from rnn.pytorch.boundary import checked_array
from rnn.pytorch.cells.contract import FROM_DRIVE
from rnn.pytorch.cells.theta import ContextTheta
from rnn.pytorch.cells.wrapper import Wrapper, cleaned

__all__ = ["Context", "InContext"]


class InContext(NamedTuple):
    r"""Hold what a `Context` cell reads: x, as the inner cell wants it, and context (B, d_c)."""

    x: Any
    context: torch.Tensor


class Context(Wrapper):
    r"""Condition a cell on one vector C.

    The equations are those of `rnn.reference.Context`. It is the outermost of nested cells, reads
    `InContext`, and takes any path that the inner cell has: R C is computed once and added to
    what drives each step; a library reads C beside x.

    Parameters
    ----------
    cell : Cell
    d_c : int
    at : {"steps", "start", "both"}
        Where the context enters.
    path, device, dtype
        As for `Wrapper`.
    """

    Theta, fields, outermost = ContextTheta, ("R", "S"), True

    def __init__(self, cell, d_c, at="steps", *, path="auto", device=None, dtype=None):
        super().__init__(cell, path)
        self.d_c = require_size("d_c", d_c)
        self.at = require_choice("at", at, ("steps", "start", "both"))
        R = (cell.width, d_c if at != "start" else 0)
        self.register(device, dtype, R=R, S=(cell.d_h, d_c if at != "steps" else 0))

    @property
    def kind(self):
        return self.cell.kind

    def check_x(self, x, like):
        require_instance("x", x, InContext, "use InContext(x, context)")
        inner, tau, batch = self.cell.check_x(x.x, like)
        shape = {"B": batch, "d_c": self.d_c}
        context = checked_array("context", x.context, like, "B d_c", **shape)
        return InContext(inner, context), tau, batch

    def clear_padding(self, x, counted, check_finite):
        context = cleaned("context", x.context[None], None, check_finite)[0]
        return InContext(self.cell.clear_padding(x.x, counted, check_finite), context)

    def moment(self, x, t):
        return x._replace(x=self.cell.moment(x.x, t))

    def turned(self, x):
        raise ValueError("reverse: expected False, a context has no time to turn round")

    def told(self, x):
        return self.cell.told(x.x)

    def remark(self, request):
        return self.cell.remark(request)

    def begin(self, state, x, theta):
        if self.at == "steps":
            return state
        return self.cell.add_hidden(state, x.context @ theta.S.T)

    def drive(self, x, theta):
        z = self.cell.drive(x.x, theta.cell)
        return z if self.at == "start" else self.cell.add_drive(z, x.context @ theta.R.T)

    def step(self, state, z, theta):
        return self.cell.step(state, z, theta.cell)

    def why_not(self, path, request):
        if path in ("loop", "hoisted", "graph"):
            return super().why_not(path, request)
        return self.cell.why_not(path, request)

    def driven(self, path, state, z, theta, counted):
        return self.cell.driven(path, state, z, theta.cell, counted)

    def reading(self, path, state, x, theta, counted):
        if path in FROM_DRIVE:
            return super().reading(path, state, x, theta, counted)
        inner, of_cell = x.x, theta.cell
        if self.at != "start":
            context = x.context.expand(len(tree_leaves(inner)[0]), -1, -1)
            inner, of_cell = self.cell.widened(inner, of_cell, context, theta.R)
        return self.cell.reading(path, state, inner, of_cell, counted)

    def extra_repr(self):
        return f"d_c={self.d_c}, at={self.at!r}"
