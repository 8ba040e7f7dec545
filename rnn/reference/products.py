r"""Products over time and batch at once: one matrix product instead of tau of them."""

from math import prod

__all__ = ["Before", "outer", "product", "rows", "total"]


def rows(array):
    r"""Merge all axes but the last, (..., n) -> (m, n)."""
    *many, n = array.shape
    return array.reshape(prod(many), n)


def product(array, matrix):
    r"""Multiply (..., n) by (n, k) as one matrix product; NumPy would make one for each t."""
    return (rows(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])


class Before:
    r"""Hold what came before each step, without a copy: `first`, then all but the last of `after`.

    Attributes
    ----------
    first : array, (B, n)
    after : array, (tau, B, n)
    """

    def __init__(self, first, after):
        self.first, self.after = first, after

    def __getitem__(self, t):
        return self.after[t - 1] if t else self.first


def outer(grad_a, into):
    r"""Compute the gradient of a matrix, :math:`\sum_t (\nabla_{a^{(t)}} L)\, v^{(t)\top}`.

    The matrix maps v to a at every step and for every row of the batch; the sum over both is one
    product. With v = h this is (10.24), with the state before (10.26), with x (10.28).
    """
    if isinstance(into, Before):
        later = rows(grad_a[1:]).T @ rows(into.after[:-1])
        return later + grad_a[0].T @ into.first
    return rows(grad_a).T @ rows(into)


def total(grad_a):
    r"""Compute the gradient of a bias, the sum over t and over the batch: (10.22), (10.23)."""
    return rows(grad_a).sum(axis=0)
