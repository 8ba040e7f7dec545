r"""The parameters of the chapter's net, and what the net computes."""

from typing import NamedTuple

import numpy as np

from rnn._checks import require_rng, require_size
from rnn.reference.outputs import softmax

__all__ = ["Forward", "RNNTheta", "init_theta"]


class RNNTheta(NamedTuple):
    r"""Hold the parameters of the net of figure 10.3; a gradient has the same type.

    Attributes
    ----------
    U : array, (d_h, d_x)
        Input to state.
    W : array, (d_h, d_h)
        State to next state.
    V : array, (d_y, d_h)
        State to output.
    b : array, (d_h,)
        Bias of the state.
    c : array, (d_y,)
        Bias of the output.
    """

    U: np.ndarray
    W: np.ndarray
    V: np.ndarray
    b: np.ndarray
    c: np.ndarray


class Forward(NamedTuple):
    r"""Hold what the net computed over tau steps.

    Attributes
    ----------
    h : array, (tau, B, d_h)
        The states; ``h[t]`` is the book's :math:`h^{(t+1)}`. Zero in the padding.
    o : array, (tau, B, d_y)
        The outputs, unnormalised log probabilities. Equal to c in the padding.
    state : array, (B, d_h)
        The state after each row's last step, with which the walk can go on.
    """

    h: np.ndarray
    o: np.ndarray
    state: np.ndarray

    @property
    def y_hat(self):
        r"""Return the predictive distributions (10.11), (tau, B, d_y)."""
        return softmax(self.o)


def init_theta(rng, d_x, d_h, d_y, dtype=np.float64):
    r"""Draw parameters uniformly from :math:`\pm 1/\sqrt{d_h}`, as `torch.nn.RNN` does.

    Parameters
    ----------
    rng : numpy.random.Generator
    d_x, d_h, d_y : int
        Widths of input, state and output.
    dtype : float32 or float64

    Returns
    -------
    RNNTheta

    Examples
    --------
    >>> theta = init_theta(np.random.default_rng(0), d_x=2, d_h=3, d_y=4)
    >>> theta.U.shape, theta.W.shape, theta.V.shape
    ((3, 2), (3, 3), (4, 3))
    """
    require_rng(rng)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype: expected float32 or float64, got {dtype!r}")
    d_x, d_h, d_y = (require_size(n, v) for n, v in (("d_x", d_x), ("d_h", d_h), ("d_y", d_y)))
    shapes = RNNTheta(U=(d_h, d_x), W=(d_h, d_h), V=(d_y, d_h), b=(d_h,), c=(d_y,))
    bound = 1 / np.sqrt(d_h)
    return RNNTheta(*(rng.uniform(-bound, bound, s).astype(dtype) for s in shapes))
