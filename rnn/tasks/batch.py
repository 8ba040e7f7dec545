r"""What every task returns."""

from typing import NamedTuple

import numpy as np

__all__ = ["Batch", "one_hot"]


class Batch(NamedTuple):
    r"""Hold one minibatch of a task.

    Attributes
    ----------
    x : array, (tau, B, d_x)
        Inputs, time first.
    y : array, (tau, B) or (tau, B, d); without the tau for tasks with one target at the end
        Targets. Integers are classes; floats (with a last axis d) are numbers to come close to,
        or bits 0 and 1 in the tasks that say so.
    lengths : integer array, (B,), or None
        How many steps of each row count; None where all do. A target at the end belongs to the
        last step that counts.
    memoryless_loss : float
        Expected loss of the best predictor that sees only x at the step of the target (and not
        which step it is): nats a target for classes and bits (one bit is one target), mean
        squared error for numbers.
    counted : bool array, (tau, B), or None
        Which steps have a target. None: all of them up to the lengths (or, for y without a time
        axis, the one at the end).
    """

    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray | None
    memoryless_loss: float
    counted: np.ndarray | None = None


def one_hot(classes, k, dtype=np.float64):
    r"""Turn integer classes (...) into vectors (..., k) with a single 1.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return np.eye(k, dtype=dtype)[classes]
