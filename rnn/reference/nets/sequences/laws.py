r"""What an output says about y: a class through a softmax, or numbers through a Gaussian (§10.2.3).

A law knows how the truth is told to the next step, what o makes of y in nats, and which noise,
added to o before a `Feedback` cell takes its own output, makes that output a sample.
"""

import math

import numpy as np

from rnn._checks import require_instance, require_shape
from rnn.reference.boundary import checked_array, checked_lengths, checked_targets, inside
from rnn.reference.cells.context import Context
from rnn.reference.cells.feedback import Feedback
from rnn.reference.losses import (
    cross_entropy,
    cross_entropy_adjoint,
    squared_error,
    squared_error_adjoint,
)
from rnn.reference.nets.output import LastOutput, Output, OutputTheta
from rnn.reference.nets.sequences.stop_unit import StopUnit

__all__ = ["Classes", "Numbers", "feedback_of", "law_inside", "law_of", "width_of_y"]

HALF_LOG_TWO_PI = math.log(2 * math.pi) / 2  # nats that a unit Gaussian pays per number at its mean


class Classes:
    r"""One class of d_y, y (tau, B): :math:`P(y = i) = \mathrm{softmax}(o)_i` (10.11)."""

    def targets(self, y, lengths, d_y, dtype):
        r"""Return y checked, with class 0 in the padding."""
        y = np.asarray(y)
        require_shape("y", y, "tau B")
        tau, batch = y.shape
        return checked_targets(y, inside(checked_lengths(lengths, tau, batch), tau), d_y)

    def told(self, y, d_y, dtype):
        r"""Return what the next step is told: one-hot vectors, (tau, B, d_y)."""
        return np.eye(d_y, dtype=dtype)[y]

    def nll(self, o, y, lengths=None):
        r"""Compute :math:`-\log P(y \mid o)` in nats for every step, (tau, B)."""
        return cross_entropy(o, y, reduction="none", lengths=lengths)

    def nll_adjoint(self, o, y, lengths=None):
        r"""Compute the gradient of the summed `nll` at o."""
        return cross_entropy_adjoint(o, y, reduction="sum", lengths=lengths)

    def noise(self, rng, shape, dtype):
        r"""Draw Gumbel noise: the largest of o + noise is class i with probability softmax(o)_i."""
        return rng.gumbel(size=shape).astype(dtype)

    def value(self, o, noise):
        r"""Return the sampled classes."""
        return (o + noise).argmax(axis=-1)


class Numbers:
    r"""Numbers, y (tau, B, d_y), each Gaussian of variance 1 around its o.

    .. math:: -\log p(y \mid o) = \tfrac12 \lVert o - y \rVert^2 + \tfrac{d_y}{2} \log 2\pi

    The squared error is its negative log-likelihood, doubled, up to a constant.
    """

    def targets(self, y, lengths, d_y, dtype):
        r"""Return y checked, with zeros in the padding."""
        y = checked_array("y", y, dtype, "tau B d_y", d_y=d_y)
        counted = inside(checked_lengths(lengths, *y.shape[:2]), len(y))
        return np.where(counted[..., None], y, np.zeros((), dtype))

    def told(self, y, d_y, dtype):
        r"""Return what the next step is told: y itself."""
        return y

    def nll(self, o, y, lengths=None):
        r"""Compute :math:`-\log p(y \mid o)` in nats for every step, (tau, B)."""
        tau, batch, d_y = o.shape
        counted = inside(checked_lengths(lengths, tau, batch), tau)
        half = squared_error(o, y, reduction="none", lengths=lengths) / 2
        return half + (d_y * HALF_LOG_TWO_PI * counted).astype(o.dtype)

    def nll_adjoint(self, o, y, lengths=None):
        r"""Compute the gradient of the summed `nll` at o, o - y."""
        return squared_error_adjoint(o, y, reduction="sum", lengths=lengths) / 2

    def noise(self, rng, shape, dtype):
        r"""Draw the Gaussian noise that makes o + noise a sample."""
        return rng.normal(size=shape).astype(dtype)

    def value(self, o, noise):
        r"""Return the sampled numbers."""
        return o + noise


LAWS = {"argmax": Classes(), "o": Numbers()}


def feedback_of(cell):
    r"""Return the `Feedback` inside a cell that wraps one, or None for an `Output`."""
    if isinstance(cell, Output) and not isinstance(cell, LastOutput):
        return None
    while isinstance(cell, Context | StopUnit):
        cell = cell.cell
    require_instance("cell", cell, Feedback, "or Context(Feedback(...)), or Output(...)")
    return cell


def law_of(cell):
    r"""Return the law of y, where all that the model puts out is o."""
    if isinstance(cell.cell if isinstance(cell, Context) else cell, StopUnit):
        raise TypeError("cell: expected Feedback, got StopUnit; use BernoulliStop(Feedback(...))")
    return law_inside(cell)


def law_inside(cell):
    r"""Return the law of y: classes for an `Output` and for argmax fed back, numbers for o."""
    feedback = feedback_of(cell)
    own = "argmax" if feedback is None else feedback.own
    if own not in LAWS:
        raise ValueError(
            f"cell: expected own='argmax' for classes or own='o' for numbers, got own={own!r}"
        )
    return LAWS[own]


def width_of_y(cell, theta):
    r"""Return d_y, how many classes or numbers the parameters have an output for."""
    if feedback_of(cell) is None:
        require_instance("theta", theta, OutputTheta, "use cell.init_theta")
        return len(theta.c)
    return cell.sizes(theta)["d_y"]
