r"""The machinery of this package: row vectors carried back through the steps of a cell.

No derivative is written here. A row vector is carried through a step by the cell's own
`step_adjoint`; carried through with the rows of the identity, it becomes the Jacobian.
"""

import numpy as np

from rnn._checks import require_instance
from rnn._tree import tree_leaves, tree_map
from rnn._unfold import unfold
from rnn.reference.boundary import dtype_of
from rnn.reference.cells.carry import Still, moments
from rnn.reference.cells.context import Context
from rnn.reference.cells.contract import Cell

__all__ = ["carried", "identity_rows", "require_cell", "walked"]


def walked(cell, state, x, theta):
    r"""Return the first state, and for each step the state before it and its drive."""
    require_cell(cell)
    state, x, _ = cell.checked(state, x, theta)

    def f(carry, now, theta):
        before, (z, _) = carry[0], now
        return cell.step(before, z, theta)[0], (before, z)

    walk = unfold(f, (state, None), moments(cell.drive(x, theta)), theta)
    return state, [step for _, step in walk]


def require_cell(cell):
    r"""Refuse what is no cell, and a `Context`, whose context has no time."""
    require_instance("cell", cell, Cell, "measure each layer by itself, or use input_jacobian")
    if isinstance(cell, Context):
        raise TypeError("cell: expected a cell without Context; add R C to the b of the inner one")


def carried(cell, rows, step, theta):
    r"""Multiply row vectors (B, k, n) into the Jacobian of one step: each is a row of a batch."""
    batch, k, n = rows.shape
    state, z = (tree_map(lambda leaf: _repeated(leaf, k), tree) for tree in step)
    _, kept = cell.step(state, z, theta)
    before, _, _ = cell.step_adjoint(_as_tree(rows.reshape(batch * k, n), state), kept, theta)
    return _as_rows(before, state).reshape(batch, k, n)


def _repeated(leaf, k):
    r"""Repeat every row of the batch k times; what stays the same in time is (N, B, ...)."""
    if isinstance(leaf, Still):
        return Still(leaf.array.repeat(k, axis=1))
    return leaf.repeat(k, axis=0)


def identity_rows(state, theta):
    r"""Return an identity for each row of the batch, (B, n, n)."""
    batch, n = _as_rows(state, state).shape
    return np.tile(np.eye(n, dtype=dtype_of(theta)), (batch, 1, 1))


def _as_rows(tree, state):
    r"""Lay the parts of a tree side by side, (B, n), leaving out those that count in `state`."""
    pairs = zip(tree_leaves(tree), tree_leaves(state), strict=True)
    parts = [leaf.reshape(len(leaf), -1) for leaf, own in pairs if _is_float(own)]
    return np.concatenate(parts, axis=-1)


def _as_tree(rows, state):
    r"""Cut rows (B, n) into a gradient at a state; a count gets zeros."""
    rest = iter(np.split(rows, np.cumsum(_widths(state))[:-1], axis=-1))

    def cut(leaf):
        return next(rest).reshape(leaf.shape) if _is_float(leaf) else np.zeros(leaf.shape)

    return tree_map(cut, state)


def _widths(state):
    return [leaf[:1].size for leaf in tree_leaves(state) if _is_float(leaf)]


def _is_float(leaf):
    return np.issubdtype(leaf.dtype, np.inexact)
