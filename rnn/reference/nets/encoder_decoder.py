r"""From one sequence to another of another length (§10.4, figure 10.12)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnn._checks import require_fields, require_instance
from rnn.reference.boundary import dtype_of
from rnn.reference.cells.attention import Attended, Attention
from rnn.reference.cells.carry import grad_like
from rnn.reference.cells.context import Context, InContext
from rnn.reference.cells.contract import Cell, Run
from rnn.reference.cells.feedback import Feedback, feed
from rnn.reference.cells.simple import RNN
from rnn.reference.losses import loss_and_gradient
from rnn.reference.nets.output import require_layer

__all__ = ["AttentionDecoder", "BothTheta", "EncoderDecoder", "TranslationRun"]


class BothTheta(NamedTuple):
    r"""Hold the parameters of an encoder and of its decoder."""

    encoder: Any
    decoder: Any


class TranslationRun(NamedTuple):
    r"""Hold what both parts computed.

    Attributes
    ----------
    o : array, (tau_y, B, d_y)
        The decoder's outputs.
    encoder, decoder : Run, or LayersRun
    """

    o: np.ndarray
    encoder: Any
    decoder: Run

    @property
    def attention(self):
        r"""Return where an `AttentionDecoder` looked, (tau_y, tau_x, B), or None without attention.

        Each column sums to 1 over the steps of x that the row has.
        """
        return getattr(getattr(self.decoder.kept, "cell", None), "weights", None)


@dataclass(frozen=True)
class EncoderDecoder:
    r"""Read a sequence into one vector C, and write another sequence from it (figure 10.12).

    C is what the encoder shows after each row's last step: all that the decoder ever learns.

    Parameters
    ----------
    encoder : Cell, Stack or Bidirectional
    cell : Cell
        The decoder's: it reads its own last output, or the true one, and C.
    at : {"steps", "start", "both"}
        Where C enters the decoder, as for `Context`.
    own : {"o", "softmax", "argmax"}
        What the decoder reads of its own output, as for `Feedback`.

    Examples
    --------
    >>> net, rng = EncoderDecoder(), np.random.default_rng(0)
    >>> theta = net.init_theta(rng, d_x=2, d_h=8, d_y=3)
    >>> x, y = rng.normal(size=(7, 1, 2)), rng.integers(0, 3, (4, 1))
    >>> L, grad = net.bptt(x, y, theta, reduction="mean", x_lengths=[7], y_lengths=[4])
    >>> free = net.forward(x, np.zeros((10, 1), int), theta, [7], forced=False)  # ten steps
    >>> free.o.argmax(-1).shape
    (10, 1)
    """

    def __post_init__(self):
        require_layer("encoder", self.encoder)
        advice = "one cell, which this net wraps itself"
        require_instance("cell", self.cell, Cell, advice)
        if isinstance(self.cell, Attention | Context | Feedback):
            raise ValueError(f"cell: expected {advice}, got {self.cell}")

    encoder: Any = RNN()
    cell: Any = RNN()
    at: str = "both"
    own: str = "argmax"

    @property
    def decoder(self):
        r"""Return the decoder as a cell."""
        return Context(Feedback(self.cell, self.own), self.at)

    def init_theta(self, rng, d_x, d_h, d_y, *, dtype=np.float64):
        r"""Draw the parameters of both parts, each d_h wide."""
        encoder = self.encoder.init_theta(rng, d_x, d_h, dtype=dtype)
        widths = self._widths(encoder, d_h, d_y)
        return BothTheta(encoder, self.decoder.init_theta(rng, 0, dtype=dtype, **widths))

    def forward(self, x, y, theta, x_lengths=None, y_lengths=None, *, forced=True, noise=None):
        r"""Encode x and decode.

        Parameters
        ----------
        x : array, (tau_x, B, d_x)
        y : integer array, (tau_y, B), or array (tau_y, B, d_y)
            The true outputs, classes or numbers. Step t + 1 is told y of t where `forced`.
        theta : BothTheta
        x_lengths, y_lengths : sequence of B ints, optional
        forced : bool, or boolean array, (tau_y, B)
            Where the decoder is told the truth. False: it runs freely, and of y only the shape
            is used.
        noise : array, (tau_y, B, d_y), optional
            As for `Feedback`: Gumbel noise draws samples where ``own="argmax"``.

        Returns
        -------
        TranslationRun
        """
        require_fields("theta", theta, BothTheta(None, None))
        self.encoder.check_theta(theta.encoder, "theta.encoder")
        self.decoder.check_theta(theta.decoder, "theta.decoder")
        encoded = self.encoder.forward(None, x, theta.encoder, x_lengths)
        told = {"forced": forced, "noise": noise, "lengths": y_lengths}
        fed = feed(y, d_y=self._d_y(theta), dtype=dtype_of(theta), **told)
        if fed.y.shape[1] != encoded.h.shape[1]:
            raise ValueError(f"y: expected a batch of {encoded.h.shape[1]}, got {fed.y.shape[1]}")
        reads = self._reads(fed, encoded)
        decoded = self.decoder.forward(None, reads, theta.decoder, y_lengths)
        return TranslationRun(decoded.h, encoded, decoded)

    def backward(self, grad_o, run, theta):
        r"""Carry gradients through the decoder, through what joins the two, and the encoder.

        Parameters
        ----------
        grad_o : array, (tau_y, B, d_y)
        run : TranslationRun
        theta : BothTheta

        Returns
        -------
        Back
            ``grad_x`` is the gradient at the encoder's inputs.
        """
        require_instance("run", run, TranslationRun, "what forward returned")
        require_fields("theta", theta, BothTheta(None, None))
        decoded = self.decoder.backward(grad_o, run.decoder, theta.decoder)
        grad_h, grad_state = self._joint_adjoint(decoded.grad_x, run.encoder, dtype_of(theta))
        encoded = self.encoder.backward(grad_h, run.encoder, theta.encoder, grad_state=grad_state)
        return encoded._replace(grad=BothTheta(encoded.grad, decoded.grad))

    def bptt(self, x, y, theta, *, reduction, loss="cross_entropy", y_lengths=None, **options):
        r"""Compute the loss of y and its gradient; `options` are those of `forward`.

        Returns
        -------
        L : float
        grad : BothTheta
        """
        run = self.forward(x, y, theta, y_lengths=y_lengths, **options)
        L, grad_o = loss_and_gradient(loss, run.o, y, reduction=reduction, lengths=y_lengths)
        return L, self.backward(grad_o, run, theta).grad

    def _d_y(self, theta):
        return self.decoder.width_out(theta.decoder)

    def _widths(self, encoder, d_h, d_y):
        return {"d_h": d_h, "d_y": d_y, "d_c": self.encoder.width_out(encoder)}

    def _reads(self, fed, encoded):
        return InContext(fed, self.encoder.output(encoded.state))

    def _joint_adjoint(self, grad_reads, encoded, dtype):
        r"""Return the gradients at the encoder's outputs and at its last state."""
        zero = grad_like(encoded.state, dtype)
        return np.zeros_like(encoded.h), self.encoder.add_output(zero, grad_reads.context)


@dataclass(frozen=True)
class AttentionDecoder(EncoderDecoder):
    r"""Let the decoder look at every state of the encoder, at each step anew (§10.4).

    Nothing has to fit into one vector: the context is as long as x is. It is used like
    `EncoderDecoder`, but has no `at`; ``run.attention`` tells where it looked.
    """

    @property
    def decoder(self):
        return Feedback(Attention(self.cell), self.own)

    def _widths(self, encoder, d_h, d_y):
        return {"d_h": d_h, "d_y": d_y, "d_m": self.encoder.width_out(encoder)}

    def _reads(self, fed, encoded):
        tau, batch, _ = encoded.h.shape
        present = encoded.counted if encoded.counted is not None else np.ones((tau, batch), bool)
        return fed._replace(x=Attended(fed.x, encoded.h, present))

    def _joint_adjoint(self, grad_reads, encoded, dtype):
        return grad_reads.x.memory, None
