r"""Pointwise maps, and their slopes as functions of what came out.

Each slope needs only the output: so a walk keeps its states and nothing of what led to them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnn._checks import require_choice

__all__ = ["NONLINEARITIES", "Nonlinearity", "nonlinearity", "sigmoid"]


class Nonlinearity(NamedTuple):
    r"""Hold a pointwise map and its slope.

    Attributes
    ----------
    apply : callable
        a -> h, with an optional ``out=``.
    slope : callable
        h -> the derivative at the a that gave h.
    """

    apply: Callable
    slope: Callable


def sigmoid(a, out=None):
    r"""Compute :math:`\sigma(a) = 1 / (1 + e^{-a}) = \frac12 \tanh \frac a2 + \frac12`.

    The form with tanh cannot overflow.
    """
    out = np.multiply(a, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out


def _relu(a, out=None):
    return np.maximum(a, 0, out=out)


def _identity(a, out=None):
    return np.positive(a, out=out)


def _tanh_slope(h):
    slope = h * h
    return np.subtract(1, slope, out=slope)


NONLINEARITIES = {
    "tanh": Nonlinearity(np.tanh, _tanh_slope),
    "relu": Nonlinearity(_relu, lambda h: (h > 0).astype(h.dtype)),
    "sigmoid": Nonlinearity(sigmoid, lambda h: h * (1 - h)),
    "linear": Nonlinearity(_identity, np.ones_like),
}


def nonlinearity(name):
    r"""Return the pointwise map of that name: "tanh", "relu", "sigmoid" or "linear"."""
    return NONLINEARITIES[require_choice("nonlinearity", name, tuple(NONLINEARITIES))]
