r"""Units that update at their own clock, and connections that are removed (§10.9.3)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_size
from rnn._tree import tree_map
from rnn.reference.cells.carry import plus
from rnn.reference.cells.contract import Cell
from rnn.reference.cells.simple import RNN
from rnn.reference.cells.wrapper import StatefulWrapper, Wrapper

__all__ = ["Clocked", "ClockedState", "Masked", "clockwork"]


class ClockedState(NamedTuple):
    r"""Hold the inner cell's state, and t (B,), how many steps each row has made."""

    cell: Any
    t: np.ndarray


@dataclass(frozen=True)
class Clocked(StatefulWrapper):
    r"""Let groups of units move only at multiples of their period, and rest in between.

    .. math:: s_i^{(t)} = f_i(s^{(t-1)}, x^{(t)}; \theta) \text{ if } T_i \mid t,
        \quad s_i^{(t)} = s_i^{(t-1)} \text{ otherwise}

    Parameters
    ----------
    cell : Cell
        Every part of its state must be (B, d_h).
    periods : tuple of int
        T of each group, in steps; the groups have d_h / len(periods) units each.

    Its parameters are those of the cell. The state carries the clock, so a walk can be cut
    anywhere; the first step of a walk from zero is t = 1.
    """

    cell: Cell = RNN()
    periods: tuple = (1,)

    def __post_init__(self):
        if not isinstance(self.periods, tuple) or not self.periods:
            raise TypeError(f"periods: expected a tuple of whole numbers, got {self.periods!r}")
        for period in self.periods:
            require_size("periods", period)

    def inner(self, theta):
        return theta

    def shapes(self, **sizes):
        return self.cell.shapes(**sizes)

    def draw_theta(self, rng, dtype, **sizes):
        _per_unit(self.periods, sizes["d_h"])
        return self.cell.draw_theta(rng, dtype, **sizes)

    def check_values(self, theta):
        self.cell.check_values(theta)
        self.require_units(theta)
        _per_unit(self.periods, self.sizes(theta)["d_h"])

    def zero_state(self, batch, theta):
        return ClockedState(self.cell.zero_state(batch, theta), np.zeros(batch, int))

    def step(self, state, z, theta):
        new, kept = self.cell.step(state.cell, z, theta)
        t = state.t + 1
        moves = t[:, None] % _per_unit(self.periods, self.sizes(theta)["d_h"]) == 0
        after = tree_map(lambda n, s: np.where(moves, n, s), new, state.cell)
        return ClockedState(after, t), (kept, moves)

    def step_adjoint(self, grad, kept, theta):
        inner, moves = kept
        into_cell = tree_map(lambda g: np.where(moves, g, 0), grad.cell)
        before, grad_z, extra = self.cell.step_adjoint(into_cell, inner, theta)
        resting = tree_map(lambda g: np.where(moves, 0, g), grad.cell)
        return ClockedState(plus(before, resting), grad.t), grad_z, (extra,)

    def gather(self, x, grad_z, extra, kept, theta):
        return self.cell.gather(x, grad_z, extra[0], kept[0], theta)


@dataclass(frozen=True)
class Masked(Wrapper):
    r"""Remove connections between groups of units: W and its gradient are zero there.

    Parameters
    ----------
    cell : Cell
        With a W among its parameters, which stay those of the cell.
    keep : tuple of tuples of bool
        ``keep[i][j]`` tells whether group i sees group j; a group has d_h / len(keep) units.
    """

    cell: Cell = RNN()
    keep: tuple = ((True,),)

    def __post_init__(self):
        if {len(row) for row in self.keep} != {len(self.keep)}:
            raise ValueError(f"keep: expected as many rows as columns, got {self.keep}")
        parameters = self.cell.shapes(**dict.fromkeys(self.cell.size_names, 1))
        if not hasattr(parameters, "W"):
            raise ValueError(f"cell: expected W among its parameters, got {parameters._fields}")

    def inner(self, theta):
        return theta._replace(W=theta.W * self._mask(theta))

    def _mask(self, theta):
        rows, d_h = theta.W.shape
        blocks = np.array(self.keep, theta.W.dtype)
        units = _group_size("keep", self.keep, d_h)
        return np.tile(blocks.repeat(units, 0).repeat(units, 1), (rows // d_h, 1))

    def shapes(self, **sizes):
        return self.cell.shapes(**sizes)

    def draw_theta(self, rng, dtype, **sizes):
        _group_size("keep", self.keep, sizes["d_h"])
        return self.cell.draw_theta(rng, dtype, **sizes)

    def sizes(self, theta):
        return self.cell.sizes(theta)

    def check_values(self, theta):
        self.cell.check_values(theta)
        _group_size("keep", self.keep, theta.W.shape[1])

    def step(self, state, z, theta):
        return self.cell.step(state, z, self.inner(theta))

    def step_adjoint(self, grad, kept, theta):
        return self.cell.step_adjoint(grad, kept, self.inner(theta))

    def grad_output(self, grad, kept):
        return self.cell.grad_output(grad, kept)

    def walk(self, state, z, theta, counted=None):
        return self.cell.walk(state, z, self.inner(theta), counted)

    def walk_back(self, grad_h, grad_state, kept, theta, counted=None):
        return self.cell.walk_back(grad_h, grad_state, kept, self.inner(theta), counted)

    def drive_adjoint(self, grad_z, extra, kept, theta):
        return self.cell.drive_adjoint(grad_z, extra, kept, theta)

    def gather(self, x, grad_z, extra, kept, theta):
        grad = self.cell.gather(x, grad_z, extra, kept, self.inner(theta))
        return grad._replace(W=grad.W * self._mask(theta))


def clockwork(periods, cell=RNN()):
    r"""Return the clockwork recurrent net of Koutník et al. (2014).

    Group k has period ``periods[k]``, and sees only itself and groups that are as slow or slower:
    what is fast may follow what is slow, never the other way round.

    Parameters
    ----------
    periods : tuple of int
        Such as (1, 2, 4, 8).
    cell : Cell

    Returns
    -------
    Masked
    """
    clocked = Clocked(cell, periods)
    return Masked(clocked, tuple(tuple(theirs >= own for theirs in periods) for own in periods))


def _group_size(name, groups, d_h):
    if d_h % len(groups):
        raise ValueError(
            f"{name}: expected a number of groups that divides d_h={d_h}, got {len(groups)}"
        )
    return d_h // len(groups)


def _per_unit(periods, d_h):
    return np.repeat(periods, _group_size("periods", periods, d_h))
