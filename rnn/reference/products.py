r"""Products over time and batch at once: one matrix product instead of tau of them."""

from math import prod

__all__ = ["outer", "product", "rows", "total"]


def rows(array):
    r"""Merge all axes but the last, (..., n) -> (m, n)."""
    *many, n = array.shape
    return array.reshape(prod(many), n)


def product(array, matrix):
    r"""Multiply (..., n) by (n, k) as one matrix product; NumPy would make one for each t."""
    return (rows(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])


def outer(grad_a, into):
    r"""Compute the gradient of a matrix, :math:`\sum_t (\nabla_{a^{(t)}} L)\, v^{(t)\top}`.

    The matrix maps v to a at every step and for every row of the batch; the sum over both is one
    product. With v = h this is (10.24), with the state before (10.26), with x (10.28).
    """
    return rows(grad_a).T @ rows(into)


def total(grad_a):
    r"""Compute the gradient of a bias, the sum over t and over the batch: (10.22), (10.23)."""
    return rows(grad_a).sum(axis=0)
