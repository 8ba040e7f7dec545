"""Small arrays, numbers that make the gates 1/4, 1/2 and 3/4, and a comparison number by number.

sigma(ln 3) = 3/4 with slope 3/16, sigma(0) = 1/2 with slope 1/4, sigma(-ln 3) = 1/4;
tanh(atanh 1/2) = 1/2 with slope 3/4, tanh(atanh 3/4) = 3/4 with slope 7/16.
"""

import numpy as np

LN3, HALF, THREE_QUARTERS = np.log(3), np.arctanh(1 / 2), np.arctanh(3 / 4)


def mat(*rows):
    return np.array(rows, float)


def steps(*numbers):
    """Return a sequence of single numbers, (tau, 1, 1)."""
    return np.array(numbers, float)[:, None, None]


def column(*numbers):
    """Return a matrix of one column, (n, 1)."""
    return np.array(numbers, float)[:, None]


def bias(*numbers):
    return np.array(numbers, float)


def walked(cell, theta, x, state=None, grad_h=None):
    """Walk there and back; by default the loss is the sum of the outputs of the last step."""
    run = cell.forward(state, x, theta)
    if grad_h is None:
        grad_h = np.zeros_like(run.h)
        grad_h[-1] = 1
    return run.h, cell.backward(grad_h, run, theta)


def same(found, *expected):
    """Compare one array, or a tuple of them, number by number."""
    flat = [np.concatenate([np.ravel(part) for part in parts]) for parts in (found, expected)]
    np.testing.assert_allclose(*flat, rtol=1e-13, atol=1e-15)
