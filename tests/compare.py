"""How far two trees of arrays are apart, and derivatives found one number at a time."""

import numpy as np

from rnn._tree import tree_map

VARIED = ("theta", "x", "state")


def relative(found, expected):
    """Return max|a - b| / max|b|, without the divisor if b is zero; infinity for a wrong shape."""
    found, expected = np.asarray(found) * 1, np.asarray(expected) * 1  # booleans have no minus
    if found.shape != expected.shape:
        return np.inf
    largest = np.abs(expected).max(initial=0)
    return np.abs(found - expected).max(initial=0) / (largest or 1)


def furthest(found, expected):
    """Return the worst relative error of two trees, leaf by leaf; what is None is not compared."""
    if found is None or expected is None:
        return 0.0
    if not isinstance(expected, tuple):
        return relative(found, expected)
    if not isinstance(found, tuple) or len(found) != len(expected):
        return np.inf
    return worst_of(furthest(a, b) for a, b in zip(found, expected, strict=True))


def worst_of(errors):
    """Return the largest of some errors; NaN is larger than all."""
    return float(np.max([0.0, *errors]))


def gradient_error(found, expected):
    """Return the worst error of the gradients at parameters, inputs and first state."""
    return worst_of(furthest(getattr(found, name), expected[name]) for name in VARIED)


def differentiable(leaf):
    return leaf is not None and np.issubdtype(leaf.dtype, np.floating)


def converted(p, convert, names=VARIED):
    """Return a problem with every floating array converted; the rest stays what it is."""

    def one(leaf):
        return convert(leaf) if differentiable(leaf) else leaf

    return p._replace(**{name: tree_map(one, getattr(p, name)) for name in names})


def derivatives(p, vary, slope, found):
    """Find the derivatives of which some were `found`, by ``slope(array, index)`` on `vary`."""

    def one(leaf, moving):
        if not differentiable(leaf):
            return None if leaf is None else np.zeros(np.shape(leaf))
        slopes = [slope(moving, index) for index in np.ndindex(leaf.shape)]
        return np.array(slopes, float).reshape(leaf.shape)

    def every(name):
        if getattr(found, name) is None:
            return None
        return tree_map(one, getattr(p, name), getattr(vary, name))

    return {name: every(name) for name in VARIED}
