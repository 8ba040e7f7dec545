r"""Echo state networks: a reservoir that is drawn, and a readout that is solved for (§10.8)."""

from dataclasses import dataclass

import numpy as np

from rnn._checks import require_in_range, require_shape, require_size
from rnn._unfold import unfold
from rnn.reference.boundary import checked_lengths, checked_sizes, clean, inside
from rnn.reference.cells.simple import CellTheta
from rnn.reference.nets.output import Output, OutputTheta
from rnn.reference.nets.reservoir import reservoir

__all__ = ["EchoState", "ridge"]

LARGEST = float(np.finfo(float).max)


def ridge(h, y, penalty, *, counted=None):
    r"""Solve for the readout with the least squared error.

    .. math:: \min_{V, c} \sum_t \| c + V h^{(t)} - y^{(t)} \|^2 + \lambda \sum_{ij} V_{ij}^2

    A convex problem with one answer: with the means taken off, least squares on h with
    :math:`\sqrt\lambda I` below it, which is kinder to rounding than
    :math:`(H^\top H + \lambda I)^{-1} H^\top Y`. The bias is not penalised. Computed in float64.

    Parameters
    ----------
    h : array, (tau, B, d_h)
    y : array, (tau, B, d_y)
        Numbers; one-hot vectors for classes.
    penalty : float
        lambda, at least 0; on the sum over steps, not on their mean. With 0 and fewer steps than
        units, or units that say the same, the smallest of all best V is returned.
    counted : boolean array, (tau, B), optional
        Which steps count; the others are not read. For a washout, and for lengths.

    Returns
    -------
    V : array, (d_y, d_h)
    c : array, (d_y,)
        Both in the dtype of h.
    """
    require_shape("h", h, "tau B d_h")
    tau, batch, d_h = h.shape
    require_shape("y", y, "tau B d_y", tau=tau, B=batch)
    penalty = require_in_range("penalty", penalty, 0, LARGEST)
    counted = np.ones((tau, batch), bool) if counted is None else np.asarray(counted, bool)
    require_shape("counted", counted, "tau B", tau=tau, B=batch)
    if not counted.any():
        raise ValueError("counted: expected at least one step that counts, got none")
    rows = [clean(n, a, counted, True)[counted].astype(float) for n, a in (("h", h), ("y", y))]
    means = [part.mean(axis=0) for part in rows]
    below = np.sqrt(penalty) * np.eye(d_h), np.zeros((d_h, y.shape[-1]))
    parts = zip(rows, means, below, strict=True)
    V = np.linalg.lstsq(*(np.concatenate([p - m, b]) for p, m, b in parts), rcond=None)[0].T
    c = means[1] - V @ means[0]
    return V.astype(h.dtype), c.astype(h.dtype)


@dataclass(frozen=True)
class EchoState(Output):
    r"""Draw the recurrent weights, keep them, and solve for the readout (§10.8).

    What it computes is `Output`, and its gradients are there too: drawn like this, a net may
    also be trained as a whole.

    Parameters
    ----------
    layer : Cell
        An `RNN`, or cells around one, such as ``Leaky(RNN())``. (The leak rate of the literature on
        reservoirs is 1 - alpha.)
    washout : int
        Steps at the start of each row that `fit` leaves out, because they remember state 0.
    penalty : float
        lambda of `ridge`.

    Examples
    --------
    >>> net, rng = EchoState(washout=10), np.random.default_rng(0)
    >>> theta = net.init_theta(rng, d_x=1, d_h=20, d_y=1, radius=0.9, input_scale=0.1)
    >>> x = rng.normal(size=(200, 1, 1))
    >>> theta = net.fit(None, x[1:], x[:-1], theta)  # recall the input before
    >>> bool(abs(net.forward(None, x[1:], theta).o - x[:-1])[10:].mean() < 0.1)
    True
    """

    washout: int = 0
    penalty: float = 1e-8

    def __post_init__(self):
        super().__post_init__()
        require_size("washout", self.washout, 0)
        require_in_range("penalty", self.penalty, 0, LARGEST)

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64, **choices):
        r"""Draw the parameters: a `reservoir`, and a readout of zero until it is solved for.

        Parameters
        ----------
        rng : numpy.random.Generator
        d_x, d_h, d_y : int
        dtype : float32 or float64
        **choices
            radius, input_scale, density, connections: as for `reservoir`. The radius is that of W,
            whatever a cell around it adds.
        """
        layer = self.layer.init_theta(rng, d_x, d_h, dtype=dtype)
        layer = _replaced(layer, reservoir(rng, d_x, d_h, dtype=dtype, **choices))
        d_out, d_y = self.layer.width_out(layer), checked_sizes(d_y=d_y)["d_y"]
        return OutputTheta(layer, np.zeros((d_y, d_out), dtype), np.zeros(d_y, dtype))

    def fit(self, state, x, y, theta, lengths=None):
        r"""Return the parameters with the readout that is best for these sequences.

        Parameters
        ----------
        state, x, theta, lengths
            As for `forward`.
        y : array, (tau, B, d_y)
            Targets; not read in the washout and in the padding.

        Returns
        -------
        OutputTheta
            With another V and c; the layer is the same object.
        """
        h = self.layer.forward(state, x, theta.layer, lengths).h
        tau, batch, _ = h.shape
        require_shape("y", y, "tau B d_y", tau=tau, B=batch, d_y=len(theta.c))
        counted = inside(checked_lengths(lengths, tau, batch), tau)
        counted &= np.arange(tau)[:, None] >= self.washout
        V, c = ridge(h, y, self.penalty, counted=counted)
        return OutputTheta(theta.layer, V, c)

    def generate(self, state, x, theta, steps):
        r"""Run freely: read the own output of each step as the input of the next.

        Parameters
        ----------
        state : tree of arrays, (B, ...), or None for zeros
            As a rule the last state of a `forward` through what is known.
        x : array, (B, d_x)
            The first input: the last number known, or predicted. d_y must be d_x.
        theta : OutputTheta
        steps : int

        Returns
        -------
        OutputRun
            ``o`` (steps, B, d_y), ``state`` after the last step; ``run`` is that of the last step.

        Raises
        ------
        ValueError
            Also if the outputs grow beyond all bounds.
        """
        steps, x = require_size("steps", steps, 0), np.asarray(x)
        require_shape("x", x, "B d_x", d_x=len(theta.c))
        start = self.forward(state, x[None][:0], theta)

        def f(before, _, theta):
            return self.forward(before.state, before.o, theta)

        walked = unfold(f, start._replace(o=x[None]), range(steps), theta)
        return [start, *walked][-1]._replace(o=np.concatenate([run.o for run in [start, *walked]]))


def _replaced(theta, drawn):
    r"""Return the parameters of a cell, or of cells around it, with others for the innermost."""
    if hasattr(theta, "cell"):
        return theta._replace(cell=_replaced(theta.cell, drawn))
    if not isinstance(theta, CellTheta) or theta.W.shape != drawn.W.shape:
        raise TypeError(f"layer: expected an RNN or cells around one, got {type(theta).__name__}")
    return drawn
