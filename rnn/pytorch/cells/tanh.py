r"""Cells: the f of :math:`h^{(t)} = f(h^{(t-1)}, x^{(t)}; \theta)`; autograd has the derivative."""

import torch

__all__ = ["tanh_cell"]


def tanh_cell(h, x, theta):
    r"""Compute one step of the chapter's recurrent net, (10.8) and (10.9).

    Parameters
    ----------
    h : tensor, (B, d_h)
    x : tensor, (B, d_x)
    theta : any object with fields U (d_h, d_x), W (d_h, d_h), b (d_h,)
        One bias, as in the book; `torch.nn.RNN` has two, of which only the sum matters.

    Returns
    -------
    tensor, (B, d_h)
    """
    a = theta.b + h @ theta.W.T + x @ theta.U.T  # (10.8)
    return torch.tanh(a)  # (10.9)
