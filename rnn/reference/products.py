r"""Products over time and batch at once: one matrix product instead of tau of them."""

__all__ = ["product", "rows"]


def rows(array):
    r"""Merge all axes but the last, (..., n) -> (m, n)."""
    return array.reshape(-1, array.shape[-1])


def product(array, matrix):
    r"""Multiply (..., n) by (n, k) as one matrix product; NumPy would make one for each t."""
    return (rows(array) @ matrix).reshape(*array.shape[:-1], matrix.shape[1])
