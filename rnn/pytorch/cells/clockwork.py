r"""Units that update at their own clock, and connections that are removed (§10.9.3)."""

import torch

from rnn._checks import require_size
from rnn._tree import tree_leaves, tree_map
from rnn.pytorch.cells.theta import ClockedState
from rnn.pytorch.cells.wrapper import StatefulWrapper, Wrapper

__all__ = ["Clocked", "Masked", "clockwork"]


class Clocked(StatefulWrapper):
    r"""Let groups of units move only at multiples of their period, and rest in between.

    As `rnn.reference.Clocked`; the clock in the state is int64. It has no parameters of its own:
    its theta is that of the cell.

    Parameters
    ----------
    cell : Cell
        Every part of its state must be (B, d_h).
    periods : tuple of int
        T of each group, in steps; the groups have d_h / len(periods) units each.
    path
        As for `Wrapper`.
    """

    def __init__(self, cell, periods, *, path="auto"):
        super().__init__(cell, path)
        if not isinstance(periods, tuple) or not periods:
            raise TypeError(f"periods: expected a tuple of whole numbers, got {periods!r}")
        self.periods = tuple(require_size("periods", period) for period in periods)
        units = _group_size("periods", periods, cell.d_h)
        clock = torch.tensor(self.periods, device=_device(cell)).repeat_interleave(units)
        self.register_buffer("clock", clock, persistent=False)

    @property
    def theta(self):
        return self.cell.theta

    def inner(self, theta):
        return theta

    def zero_state(self, batch, theta):
        state, t = self.cell.zero_state(batch, theta), self.clock.new_zeros(batch)
        return ClockedState(state, t)

    def step(self, state, z, theta):
        new, t = self.cell.step(state.cell, z, theta), state.t + 1
        moves = t[:, None] % self.clock == 0
        return ClockedState(tree_map(lambda n, s: torch.where(moves, n, s), new, state.cell), t)

    def extra_repr(self):
        return f"periods={self.periods}"


class Masked(Wrapper):
    r"""Remove connections between groups of units: W and its gradient are zero there.

    As `rnn.reference.Masked`. W is masked once, and the cell takes any path that it has.

    Parameters
    ----------
    cell : Cell
        With a W among its parameters, which stay those of the cell.
    keep : tuple of tuples of bool
        ``keep[i][j]`` tells whether group i sees group j; a group has d_h / len(keep) units.
    path
        As for `Wrapper`.
    """

    def __init__(self, cell, keep, *, path="auto"):
        super().__init__(cell, path)
        if {len(row) for row in keep} != {len(keep)}:
            raise ValueError(f"keep: expected as many rows as columns, got {keep}")
        if not hasattr(cell.theta, "W"):
            raise ValueError(f"cell: expected W among its parameters, got {cell.theta._fields}")
        self.keep = tuple(tuple(bool(kept) for kept in row) for row in keep)
        units = _group_size("keep", keep, cell.d_h)
        blocks = torch.tensor(self.keep, device=_device(cell))
        mask = blocks.repeat_interleave(units, 0).repeat_interleave(units, 1)
        mask = mask.repeat(len(cell.theta.W) // cell.d_h, 1)
        self.register_buffer("mask", mask, persistent=False)

    @property
    def theta(self):
        return self.cell.theta

    @property
    def kind(self):
        return self.cell.kind

    @property
    def widens(self):
        return self.cell.widens

    def inner(self, theta):
        return theta

    def widened(self, x, theta, more, R):
        return self.cell.widened(x, theta, more, R)

    def step(self, state, z, theta):
        return self.cell.step(state, z, self._masked(theta))

    def why_not(self, path, request):
        if path in ("loop", "hoisted", "graph"):
            return super().why_not(path, request)
        return self.cell.why_not(path, request)

    def driven(self, path, state, z, theta, counted):
        return self.cell.driven(path, state, z, self._masked(theta), counted)

    def reading(self, path, state, x, theta, counted):
        return self.cell.reading(path, state, x, self._masked(theta), counted)

    def _masked(self, theta):
        return theta._replace(W=torch.where(self.mask, theta.W, 0))

    def extra_repr(self):
        return f"keep={self.keep}"


def clockwork(cell, periods, *, path="auto"):
    r"""Return the clockwork recurrent net of Koutník et al. (2014).

    Group k has period ``periods[k]``, and sees only itself and groups that are as slow or slower:
    what is fast may follow what is slow, never the other way round.

    Parameters
    ----------
    cell : Cell
    periods : tuple of int
        Such as (1, 2, 4, 8).
    path
        As for `Wrapper`.

    Returns
    -------
    Masked
    """
    clocked = Clocked(cell, periods)
    keep = tuple(tuple(theirs >= own for theirs in periods) for own in periods)
    return Masked(clocked, keep, path=path)


def _device(cell):
    return tree_leaves(cell.theta)[0].device


def _group_size(name, groups, d_h):
    if d_h % len(groups):
        raise ValueError(
            f"{name}: expected a number of groups that divides d_h={d_h}, got {len(groups)}"
        )
    return d_h // len(groups)
