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
    y : integer array, (tau, B), or (B,) for tasks with one target at the end
        Target classes.
    lengths : integer array, (B,), or None
        How many steps of each row count; None where all do.
    memoryless_loss : float
        Expected loss, in nats a target, of the best predictor that sees only x at the step of
        the target (and not which step it is).
    """

    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray | None
    memoryless_loss: float


def one_hot(classes, k, dtype=np.float64):
    r"""Turn integer classes (...) into vectors (..., k) with a single 1.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return np.eye(k, dtype=dtype)[classes]
