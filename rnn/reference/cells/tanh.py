r"""Cells: the f of :math:`h^{(t)} = f(h^{(t-1)}, x^{(t)}; \theta)`, each with its derivative."""

import numpy as np

__all__ = ["tanh_cell", "tanh_cell_adjoint"]


def tanh_cell(h, x, theta):
    r"""Compute one step of the chapter's recurrent net.

    .. math::

        a^{(t)} &= b + W h^{(t-1)} + U x^{(t)} \qquad (10.8) \\
        h^{(t)} &= \tanh(a^{(t)})              \qquad (10.9)

    Parameters
    ----------
    h : array, (B, d_h)
        The state :math:`h^{(t-1)}`.
    x : array, (B, d_x)
        The input :math:`x^{(t)}`.
    theta : any object with fields U (d_h, d_x), W (d_h, d_h), b (d_h,)
        The book's orientation, hence the transposes. Nothing is checked here: this is the
        inner loop. `forward` checks at the boundary.

    Returns
    -------
    array, (B, d_h)
        The state :math:`h^{(t)}`.
    """
    a = theta.b + h @ theta.W.T + x @ theta.U.T  # (10.8)
    return np.tanh(a)  # (10.9)


def tanh_cell_adjoint(grad_h, h):
    r"""Carry a gradient from the state back through the tanh.

    .. math:: \nabla_{a^{(t)}} L = \mathrm{diag}(1 - (h^{(t)})^2)\, \nabla_{h^{(t)}} L

    This is the factor that (10.21), (10.23), (10.26) and (10.28) share. It needs only h,
    the output of the cell: nothing else of the forward pass has to be kept.

    Parameters
    ----------
    grad_h, h : array, (..., d_h)
        The gradient at the state, and the state itself.

    Returns
    -------
    array, (..., d_h)
        The gradient at the pre-activation a.
    """
    return (1 - h**2) * grad_h
