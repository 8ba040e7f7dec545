r"""How a state depends on earlier states: Jacobians of a cell, and their products."""

import numpy as np

from rnn._checks import require_shape
from rnn._tree import tree_leaves
from rnn._unfold import unfold
from rnn.reference.boundary import checked_theta, checked_tree
from rnn.reference.measure.carried import carried, identity_rows, require_cell, walked

__all__ = ["jacobian_norms_by_lag", "jacobian_product", "step_jacobian"]


def step_jacobian(cell, state, x, theta):
    r"""Return the Jacobian of one step, :math:`\partial s^{(t)} / \partial s^{(t-1)}`.

    Entry ``[b, i, j]`` is the slope of number i of the new state with respect to number j of the
    old. The numbers of a state are those of its parts one after the other, in the order of its
    fields; a count of steps is none of them. For a tanh `RNN` it is
    :math:`\mathrm{diag}(1 - h_i^{(t)\,2})\, W`, which stands in (10.21).

    Parameters
    ----------
    cell : Cell
    state : tree of arrays, (B, ...), or None for zeros
    x : array, (B, d_x), or what else the cell reads at one step
    theta : NamedTuple

    Returns
    -------
    array, (B, n, n)

    Examples
    --------
    >>> from rnn.reference import RNN, CellTheta
    >>> theta = CellTheta(U=np.zeros((2, 0)), W=np.array([[0.0, 1.0], [2.0, 0.0]]), b=np.zeros(2))
    >>> step_jacobian(RNN(), np.zeros((1, 2)), np.zeros((1, 0)), theta)[0]  # slope 1 at the origin
    array([[0., 1.],
           [2., 0.]])
    """
    require_cell(cell)
    sizes, batch = checked_theta(cell, theta), len(tree_leaves(x)[0])
    zero = cell.zero_state(batch, theta)
    state = zero if state is None else checked_tree("state", state, zero, check_finite=True)
    if not isinstance(x, tuple):
        require_shape("x", x, "B d_x", B=batch, d_x=sizes["d_x"])
    return carried(cell, identity_rows(state, theta), (state, cell.drive(x, theta)), theta)


def jacobian_product(cell, state, x, theta):
    r"""Return the Jacobian of a whole walk, :math:`\partial s^{(\tau)} / \partial s^{(0)}`.

    It is the product of the Jacobians of the steps, the last on the left. Multiplied from the
    left, as here, it is back-propagation through time with n gradients at once.

    Parameters
    ----------
    cell : Cell
    state : tree of arrays, (B, ...), or None for zeros
    x : array, (tau, B, d_x), or what else the cell reads
    theta : NamedTuple

    Returns
    -------
    array, (B, n, n)
        In the numbering of `step_jacobian`.
    """
    return _products(cell, state, x, theta)[-1]


def jacobian_norms_by_lag(cell, state, x, theta):
    r"""Return the norm of :math:`\partial s^{(\tau)} / \partial s^{(\tau-k)}` for every lag k.

    The norm is the largest singular value: the most by which a change of the state k steps ago
    can be stretched on its way to the end (§10.7).

    Parameters are those of `jacobian_product`.

    Returns
    -------
    array, (tau + 1, B)
        Entry k belongs to a lag of k steps; entry 0 is 1.
    """
    products = np.array(_products(cell, state, x, theta))
    return np.linalg.norm(products, ord=2, axis=(-2, -1))


def _products(cell, state, x, theta):
    r"""List the Jacobians of the last 0, 1, ..., tau steps together, (B, n, n) each."""
    first, steps = walked(cell, state, x, theta)
    identity = identity_rows(first, theta)

    def f(rows, step, theta):
        return carried(cell, rows, step, theta)

    return [identity, *unfold(f, identity, steps, theta, reverse=True)[::-1]]
