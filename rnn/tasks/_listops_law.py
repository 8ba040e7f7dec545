r"""The law of the value of a random list operation, by the calculus of order statistics."""

from math import comb

import numpy as np

__all__ = ["law_of_values"]


def law_of_values(max_depth, max_args, nesting):
    r"""Return the probabilities (10,) of the values of operations of at most `max_depth` levels.

    The arguments of an operation are independent and alike, so the law of one level follows from
    that of the level below.
    """
    digit = np.full(10, 0.1)
    law = _one_level(digit, max_args)
    for _ in range(max_depth - 1):
        law = _one_level((1 - nesting) * digit + nesting * law, max_args)
    return law


def _one_level(argument, max_args):
    laws = [
        operation(argument, n)
        for n in range(2, max_args + 1)
        for operation in (_max, _min, _median, _sum)
    ]
    return np.mean(laws, axis=0)


def _max(p, n):
    return np.diff(p.cumsum() ** n, prepend=0)


def _min(p, n):
    return _max(p[::-1], n)[::-1]


def _sum(p, n):
    turned = p[(np.arange(10)[:, None] - np.arange(10)) % 10]
    return np.linalg.matrix_power(turned, n)[:, 0]


def _median(p, n):
    k = n // 2
    below = p.cumsum().clip(max=1)  # P(X <= a)
    if n % 2:
        return np.diff(_at_least(k + 1, n, below), prepend=0)
    low = np.diff(_at_least(k, n, below), prepend=0)  # the lower of the middle two
    from_here = p[::-1].cumsum()[::-1]  # P(X >= b)
    high = from_here**k - np.append(from_here[1:], 0) ** k
    apart = np.triu(comb(n, k) * np.outer(np.diff(below**k, prepend=0), high), 1)
    both = apart + np.diag(low - apart.sum(axis=1))  # of the middle two at a <= b
    middle = np.add.outer(np.arange(10), np.arange(10)) // 2
    return np.bincount(middle.ravel(), both.ravel(), minlength=10)[:10]


def _at_least(k, n, q):
    return sum(comb(n, j) * q**j * (1 - q) ** (n - j) for j in range(k, n + 1))
