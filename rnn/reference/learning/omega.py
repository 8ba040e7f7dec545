r"""The regulariser that keeps a gradient's length on its way back (§10.11.2, (10.50)-(10.52)).

The book writes gradients as rows there, :math:`(\nabla_{h^{(t)}} L)\, J` with
:math:`J = \partial h^{(t)} / \partial h^{(t-1)}`. Here they are columns, as everywhere else, and
the same vector is :math:`J^\top \nabla_{h^{(t)}} L`: what a cell's ``step_adjoint`` computes.
"""

import numpy as np

from rnn._checks import require_choice, require_instance
from rnn._unfold import unfold
from rnn.reference.boundary import checked_theta, checked_tree, clean
from rnn.reference.cells.carry import in_order, moments, zeros_like
from rnn.reference.cells.contract import Cell, Run
from rnn.reference.cells.simple import RNN
from rnn.reference.nonlinearities import nonlinearity
from rnn.reference.products import outer, product

__all__ = ["omega", "omega_adjoint"]

# The derivative of each slope with respect to the h that came out.
BENDS = {
    "tanh": lambda h: -2 * h,
    "sigmoid": lambda h: 1 - 2 * h,
    "relu": np.zeros_like,
    "linear": np.zeros_like,
}


def omega(cell, grad_h, run, theta, *, reduction):
    r"""Compute how far the gradient's length is from staying the same, step by step.

    .. math:: \Omega = \sum_t \left( \frac{\lVert J^{(t)\top} \nabla_{h^{(t)}} L \rVert}
        {\lVert \nabla_{h^{(t)}} L \rVert} - 1 \right)^2 \qquad (10.52)

    The sum is over all steps of all rows, the first included, from which the gradient goes to the
    state before it. A step whose gradient is zero, or that lies in the padding, has no term. What
    L is multiplied by does not matter. (Pascanu et al. (2013) print this too, as (9); their code
    has squared norms in the ratio and divides by the number of terms.)

    Parameters
    ----------
    cell : Cell whose state is h, one array, such as `RNN` or `GRU`
    grad_h : array, (tau, B, d_h)
        The full gradient at each state: ``grad_h`` of the `Back` that ``backward`` returned.
    run : Run
        What `cell` computed on the way forward; in an `Output` net it is ``run.run``.
    theta : the cell's parameters
        In an `Output` net, ``theta.layer``.
    reduction : {"sum", "mean"}
        "sum" is the book's; "mean" divides by the number of steps that have a term.

    Returns
    -------
    Omega : float
    Omega_t : array, (tau, B)
        The terms.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was expected and what came; also if the gradient has exploded
        to infinity.
    """
    g = _checked(cell, grad_h, run, theta, reduction)
    _, ratio = _lengths(_one_step_back(cell, g, run, theta))
    there = g.any(axis=-1)
    Omega_t = np.where(there, (ratio - 1) ** 2, 0)  # (10.52)
    Omega_t = in_order(Omega_t, run.reverse)
    return Omega_t.sum() / (_count(there) if reduction == "mean" else 1), Omega_t


def omega_adjoint(cell, grad_h, run, theta, *, through, reduction):
    r"""Compute the gradient of `omega`, the vectors :math:`\nabla_{h^{(t)}} L` held constant.

    With p the gradient at the pre-activation, :math:`p = \mathrm{diag}(\phi'(a^{(t)}))\, g` for a
    g of length 1, the vector one step back is :math:`v = W^\top p`, and
    :math:`u = \nabla_v \Omega = 2 (\lVert v \rVert - 1)\, v / \lVert v \rVert`. Then W gets
    :math:`\sum_t p u^\top`, and the slopes get :math:`g \odot W u`. How far that is followed is
    a choice:

    ``"weights"``
        The states and their slopes are constants too: W alone has a gradient. This is what the
        code of Pascanu et al. (2013) computes, and their "immediate" derivative (10), in which
        the pre-activations are constants.
    ``"step"``
        The slope of step t depends on W, U and b through its own pre-activation; the state
        before is constant.
    ``"time"``
        That state depends on them as well, through all earlier steps: the slopes' share is
        carried by BPTT. It costs one more walk back.

    To hold the vectors constant is what makes any of them cheap (§10.11.2).

    Parameters
    ----------
    cell : RNN
    grad_h, run, theta, reduction
        As for `omega`.
    through : {"weights", "step", "time"}

    Returns
    -------
    grad : CellTheta
        Where v is zero, as behind units of slope zero, its length has no derivative; 0 is taken.
    """
    require_instance("cell", cell, RNN, "only its gradient is derived")
    require_choice("through", through, ("weights", "step", "time"))
    g = _checked(cell, grad_h, run, theta, reduction)
    h = in_order(run.h, run.reverse)
    slope = nonlinearity(cell.nonlinearity).slope(h)
    p = slope * g
    v, ratio = _lengths(product(p, theta.W))
    there = g.any(axis=-1)
    u = 2 * (ratio - 1)[..., None] * v
    if reduction == "mean":
        u /= _count(there)
    grad_h = BENDS[cell.nonlinearity](h) * g * product(u, theta.W.T)
    grad = _through(through, cell, grad_h, slope, run, theta)
    return grad._replace(W=grad.W + outer(p, u))


def _through(through, cell, grad_h, slope, run, theta):
    r"""Follow a gradient at the states, in the order of the walk, as far as was asked."""
    if through == "weights" or not len(grad_h):
        return zeros_like(theta)
    if through == "step":
        return cell.gather(run.x, slope * grad_h, (), run.kept, theta)
    return cell.backward(in_order(grad_h, run.reverse), run, theta, inputs=False).grad


def _one_step_back(cell, g, run, theta):
    r"""Return :math:`J^\top g` for every step, (tau, B, d_h): (10.50)."""

    def f(_, now, theta):
        (g_t, kept_t), _ = now
        return cell.step_adjoint(g_t, kept_t, theta)[0]  # (10.50)

    return np.array(unfold(f, None, moments((g, run.kept)), theta)).reshape(g.shape)


def _checked(cell, grad_h, run, theta, reduction):
    r"""Check the arguments; return the gradients with length 1, or 0, in the order of the walk."""
    require_instance("cell", cell, Cell)
    require_instance("run", run, Run, "in an Output net it is run.run")
    require_choice("reduction", reduction, ("sum", "mean"))
    checked_theta(cell, theta)
    if isinstance(run.state, tuple):
        got = type(run.state).__name__
        raise TypeError(f"cell: expected one whose state is one array, h; its state is {got}")
    grad_h = clean("grad_h", checked_tree("grad_h", grad_h, run.h), run.counted, True)
    return _lengths(in_order(grad_h, run.reverse))[0]


def _lengths(vectors):
    r"""Return vectors (..., d) divided by their lengths, and the lengths, (...).

    They are first divided by their largest entry, or the square of a vanishing one would be zero.
    """
    largest = np.abs(vectors).max(axis=-1, keepdims=True, initial=0)
    scaled = vectors / np.where(largest > 0, largest, 1)
    norm = np.sqrt((scaled**2).sum(axis=-1, keepdims=True))
    return scaled / np.where(norm > 0, norm, 1), (norm * largest)[..., 0]


def _count(there):
    return max(int(there.sum()), 1)
