r"""What an output says about y: a class through a softmax, or numbers through a Gaussian (§10.2.3).

As in the reference: a law knows how the truth is told to the next step, what o makes of y in nats,
and which noise, added to o before a `Feedback` cell takes its own output, makes that a sample.
"""

import math

import torch

from rnn._checks import require_instance, require_shape
from rnn.pytorch.boundary import checked_array, checked_targets, inside
from rnn.pytorch.cells.context import Context
from rnn.pytorch.cells.feedback import Feedback
from rnn.pytorch.nets.output import LastOutput, Output
from rnn.pytorch.nets.sequences.stop_unit import StopUnit
from rnn.pytorch.outputs import cross_entropy, squared_error

__all__ = ["Classes", "Numbers", "feedback_of", "law_inside", "law_of", "noise_dtype", "width_of_y"]

HALF_LOG_TWO_PI = math.log(2 * math.pi) / 2  # nats that a unit Gaussian pays per number at its mean


class Classes:
    r"""One class of d_y, y (tau, B): :math:`P(y = i) = \mathrm{softmax}(o)_i` (10.11)."""

    def targets(self, y, lengths, d_y, like):
        r"""Return y checked, with class 0 in the padding."""
        require_instance("y", y, torch.Tensor, "use torch.as_tensor")
        require_shape("y", y, "tau B")
        return checked_targets(y, inside(lengths, *y.shape, y.device), d_y)

    def told(self, y, d_y, like):
        r"""Return what the next step is told: one-hot vectors, (tau, B, d_y)."""
        return torch.nn.functional.one_hot(y, d_y).to(like)

    def nll(self, o, y, lengths=None):
        r"""Compute :math:`-\log P(y \mid o)` in nats for every step, (tau, B)."""
        return cross_entropy(o, y, reduction="none", lengths=lengths)

    def noise(self, rng, shape, like):
        r"""Draw Gumbel noise: the largest of o + noise is class i with probability softmax(o)_i."""
        waits = torch.empty(shape, device=rng.device, dtype=noise_dtype(like))
        waits.exponential_(generator=rng).clamp_(min=torch.finfo(waits.dtype).tiny)
        return -waits.log().to(like)

    def value(self, o, noise):
        r"""Return the sampled classes."""
        return (o + noise.to(o.dtype)).argmax(-1)


class Numbers:
    r"""Numbers, y (tau, B, d_y), each Gaussian of variance 1 around its o.

    .. math:: -\log p(y \mid o) = \tfrac12 \lVert o - y \rVert^2 + \tfrac{d_y}{2} \log 2\pi
    """

    def targets(self, y, lengths, d_y, like):
        r"""Return y checked, with zeros in the padding."""
        y = checked_array("y", y, like, "tau B d_y", d_y=d_y)
        return torch.where(inside(lengths, *y.shape[:2], y.device)[..., None], y, 0)

    def told(self, y, d_y, like):
        r"""Return what the next step is told: y itself."""
        return y

    def nll(self, o, y, lengths=None):
        r"""Compute :math:`-\log p(y \mid o)` in nats for every step, (tau, B)."""
        half = squared_error(o, y, reduction="none", lengths=lengths) / 2
        counted = inside(lengths, *half.shape, o.device)
        return half + o.shape[-1] * HALF_LOG_TWO_PI * counted.to(half.dtype)

    def noise(self, rng, shape, like):
        r"""Draw the Gaussian noise that makes o + noise a sample."""
        drawn = torch.randn(shape, generator=rng, device=rng.device, dtype=noise_dtype(like))
        return drawn.to(like)

    def value(self, o, noise):
        r"""Return the sampled numbers."""
        return o + noise.to(o.dtype)


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


def width_of_y(cell):
    r"""Return d_y, how many classes or numbers there is an output for."""
    feedback = feedback_of(cell)
    return cell.d_y if feedback is None else feedback.d_y


def noise_dtype(like):
    r"""Return the dtype in which noise is drawn: half precision would have too few values."""
    return like.dtype if like.dtype == torch.float64 else torch.float32
