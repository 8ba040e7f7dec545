r"""Layers with an output: at every step (figure 10.3), or one at the end (figure 10.5)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_fields, require_instance
from rnn.reference.boundary import (
    checked_array,
    checked_sizes,
    checked_tree,
    dtype_of,
    require_sizes,
    uniform_theta,
)
from rnn.reference.cells.carry import blank, grad_like
from rnn.reference.cells.contract import Run
from rnn.reference.cells.simple import RNN
from rnn.reference.losses import loss_and_gradient
from rnn.reference.outputs import softmax
from rnn.reference.products import outer, product, total

__all__ = ["LastOutput", "Output", "OutputRun", "OutputTheta"]


class OutputTheta(NamedTuple):
    r"""Hold the parameters of a layer and of its readout.

    Attributes
    ----------
    layer : NamedTuple
        Those of the cell, or of whatever walks.
    V : array, (d_y, d_out)
    c : array, (d_y,)
    """

    layer: Any
    V: np.ndarray
    c: np.ndarray


class OutputRun(NamedTuple):
    r"""Hold what a net computed.

    Attributes
    ----------
    o : array, (tau, B, d_y), or (B, d_y) for one output at the end
        Unnormalised log probabilities, or predicted numbers. Equal to c in the padding.
    state : tree of arrays
        After each row's last step, with which the walk can go on.
    run : Run
        What the layer computed: ``run.h`` are its states.
    """

    o: np.ndarray
    state: Any
    run: Run

    @property
    def y_hat(self):
        r"""Return the predictive distributions (10.11)."""
        return softmax(self.o)


def require_layer(name, layer):
    r"""Refuse what is not a cell, or a net of cells, to read an output from."""
    if isinstance(layer, type) or not hasattr(layer, "check_run"):
        got = f"the class {layer.__name__}" if isinstance(layer, type) else type(layer).__name__
        raise TypeError(f"{name}: expected a cell or a net of cells, such as RNN(), got {got}")


@dataclass(frozen=True)
class Output:
    r"""Read an output out of every step of a layer, :math:`o^{(t)} = c + V h^{(t)}` (10.10).

    Around an `RNN` it is the net of figure 10.3.

    Parameters
    ----------
    layer : Cell, Stack, Bidirectional or the like

    Examples
    --------
    >>> from rnn.reference import LSTM
    >>> net, rng = Output(LSTM()), np.random.default_rng(0)
    >>> theta = net.init_theta(rng, d_x=2, d_h=3, d_y=4)
    >>> x, y = rng.normal(size=(5, 1, 2)), rng.integers(0, 4, (5, 1))
    >>> L, grad = net.bptt(None, x, y, theta, reduction="mean")
    >>> net.forward(None, x, theta).o.shape, grad.V.shape
    ((5, 1, 4), (4, 3))
    """

    layer: Any = RNN()

    def __post_init__(self):
        require_layer("layer", self.layer)

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64, **sizes):
        r"""Draw parameters: those of the layer by its own rule, V and c from +-1/sqrt(d_out)."""
        layer = self.layer.init_theta(rng, d_x, d_h, dtype=dtype, **sizes)
        d_out, d_y = self.layer.width_out(layer), checked_sizes(d_y=d_y)["d_y"]
        return OutputTheta(layer, *uniform_theta(rng, ([d_y, d_out], [d_y]), d_out**-0.5, dtype))

    def forward(self, state, x, theta, lengths=None, *, check_finite=True):
        r"""Compute the outputs.

        Parameters and errors are those of the layer's ``forward``.

        Returns
        -------
        OutputRun
        """
        self._check(theta)
        run = self.layer.forward(state, x, theta.layer, lengths, check_finite=check_finite)
        return OutputRun(self._read(run, theta), run.state, run)

    def backward(self, grad_o, run, theta, *, grad_state=None, inputs=True):
        r"""Carry gradients at the outputs back to the parameters.

        Parameters
        ----------
        grad_o : array, shaped like ``run.o``
            It is not read in the padding.
        run : OutputRun
        grad_state : tree like the state, optional
        inputs : bool
            Whether to compute grad_x.

        Returns
        -------
        Back
        """
        require_instance("run", run, OutputRun, "what forward returned")
        self._check(theta)
        self.layer.check_run(run.run, theta.layer)
        require_sizes("theta", {"d_y": len(theta.c)}, {"d_y": run.o.shape[-1]})
        grad_o = checked_tree("grad_o", grad_o, run.o)
        grad_h, grad_state, V, c = self._read_adjoint(grad_o, grad_state, run, theta)
        options = {"grad_state": grad_state, "inputs": inputs, "overwrite": True}
        back = self.layer.backward(grad_h, run.run, theta.layer, **options)
        return back._replace(grad=OutputTheta(back.grad, V, c))

    def bptt(
        self, state, x, y, theta, *, reduction, lengths=None, counted=None, loss="cross_entropy"
    ):
        r"""Compute the loss and its gradient by back-propagation through time.

        Parameters
        ----------
        state, x, theta, lengths
            As for `forward`.
        y : array
            Targets, as the loss wants them.
        reduction : {"sum", "mean"}
        counted : boolean array, (tau, B), optional
            Which steps have a target, if not all up to the lengths.
        loss : {"cross_entropy", "squared_error", "bernoulli"}

        Returns
        -------
        L : float
        grad : OutputTheta
        """
        run = self.forward(state, x, theta, lengths)
        which = {"lengths": lengths, "counted": counted}
        L, grad_o = loss_and_gradient(loss, run.o, y, reduction=reduction, **which)
        return L, self.backward(grad_o, run, theta, inputs=False).grad

    def _check(self, theta):
        require_fields("theta", theta, OutputTheta(None, None, None))
        self.layer.check_theta(theta.layer, "theta.layer")
        sizes = {"d_y": len(theta.c), "d_out": self.layer.width_out(theta.layer)}
        checked_array("theta.V", theta.V, dtype_of(theta), "d_y d_out", **sizes)
        checked_array("theta.c", theta.c, dtype_of(theta), "d_y", **sizes)

    def _read(self, run, theta):
        return theta.c + product(run.h, theta.V.T)  # (10.10)

    def _read_adjoint(self, grad_o, grad_state, run, theta):
        r"""Return the gradients at h, at the last state, at V and at c."""
        grad_o = blank(grad_o, run.run.counted)
        grad_V, grad_c = outer(grad_o, run.run.h), total(grad_o)  # (10.24), (10.22)
        return product(grad_o, theta.V), grad_state, grad_V, grad_c  # (10.19)


@dataclass(frozen=True)
class LastOutput(Output):
    r"""Read one output out of the last state of each row (figure 10.5).

    The targets are (B,) classes, or (B, d_y) numbers or bits.
    """

    def bptt(self, state, x, y, theta, *, reduction, lengths=None, loss="cross_entropy"):
        r"""Compute the loss at the end and its gradient; parameters are those of `Output.bptt`."""
        run = self.forward(state, x, theta, lengths)
        y, batch = np.asarray(y), run.o.shape[0]
        if y.ndim < 1 or len(y) != batch:
            raise ValueError(f"y: expected one target a sequence, (B={batch}, ...), got {y.shape}")
        y = y[None]
        L, grad_o = loss_and_gradient(loss, run.o[None], y, reduction=reduction)
        return L, self.backward(grad_o[0], run, theta, inputs=False).grad

    def _read(self, run, theta):
        return theta.c + self.layer.output(run.state) @ theta.V.T  # (10.10)

    def _read_adjoint(self, grad_o, grad_state, run, theta):
        h = self.layer.output(run.state)
        if grad_state is None:
            grad_state = grad_like(run.state, h.dtype)
        grad_state = self.layer.add_output(grad_state, grad_o @ theta.V)
        return np.zeros_like(run.run.h), grad_state, grad_o.T @ h, grad_o.sum(axis=0)
